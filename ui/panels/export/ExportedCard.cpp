// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/export/ExportedCard.h"

#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "panels/export/ExportTable.h"
#include "panels/parts/OpenFolder.h"
#include "theme/Icons.h"
#include "widgets/Card.h"
#include "widgets/CopyButton.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace secateur::ui {

ExportedCard::ExportedCard(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_result(new Card),
      m_verdict(new InlineNote),
      m_notes(new InlineNote),
      m_folder(new ElidedLabel),
      m_facts(new FactList(2)),
      m_openFolder(new QPushButton(icon(QStringLiteral("folder")), tr("Open folder"))),
      m_copyPath(new CopyButton(tr("Copy path"), [this] { return m_folder->text(); })),
      m_table(new ExportTable(workbench.session, this)),
      m_list(new RecordTable(tr("Exports of this session"))),
      m_earlier(new QWidget)
{
    build();
    SessionModel &session = workbench.session;
    connect(m_openFolder, &QPushButton::clicked, this, [this] { openFolder(m_folder->text(), m_workbench.messages); });
    connect(m_list->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ExportedCard::follow);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::exportsChanged})
        connect(&session, signal, this, &ExportedCard::forgetFailure);
    for (const auto signal : {&SessionModel::searchChanged, &SessionModel::planHashChanged})
        connect(&session, signal, this, &ExportedCard::follow);
}

void ExportedCard::build()
{
    auto *result = new QVBoxLayout(m_result);
    result->setContentsMargins(14, 12, 14, 12);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_openFolder);
    buttons->addWidget(m_copyPath);
    buttons->addStretch();
    m_verdict->setObjectName(QStringLiteral("verdict"));
    result->addWidget(m_verdict);
    result->addWidget(m_notes);
    result->addWidget(m_folder);
    result->addWidget(m_facts);
    result->addLayout(buttons);

    m_list->setModel(m_table);
    auto *earlier = new QVBoxLayout(m_earlier);
    earlier->setContentsMargins(0, 8, 0, 0);
    earlier->addWidget(headingLabel(tr("Exports of this session")));
    earlier->addWidget(m_list);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_result);
    layout->addWidget(m_earlier);
}

QWidget *ExportedCard::verdict() const
{
    return m_verdict;
}

void ExportedCard::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void ExportedCard::follow()
{
    if (!isVisible())
        return; // showEvent() catches up
    const QModelIndex chosen = m_list->currentIndex();
    m_earlier->setVisible(m_table->rowCount() > 1);
    if (!m_failure.isEmpty()) {
        m_result->show();
        m_verdict->say(InlineNote::Kind::Problem, m_failure, m_remedy);
        m_notes->clear();
        for (QWidget *part : std::initializer_list<QWidget *>{m_folder, m_facts, m_openFolder, m_copyPath})
            part->hide();
        return;
    }
    const int row = chosen.isValid() ? chosen.row() : m_table->rowCount() - 1;
    m_result->setVisible(row >= 0);
    if (row >= 0)
        showRecord(row, chosen.isValid());
}

void ExportedCard::showRecord(int row, bool isChosen)
{
    const ExportRecord &record = m_table->record(row);
    const QString hash = QString::fromStdString(record.planHash), folder = QString::fromStdString(record.folder.string());
    const SessionModel &session = m_workbench.session;
    const SearchState search = session.searchState();
    const bool isSettled = search == SearchState::Complete || search == SearchState::NotNeeded;
    const bool isOfPlan = !hash.isEmpty() && hash == session.planHash(), isPassed = record.verification.isPassed;
    const bool isKnown = !isSettled || !session.planHash().isEmpty(); // a plan that is not settled was never written
    const bool isWhole = isOfPlan || isChosen;                        // else it is only mentioned
    const QString verdict = isPassed ? tr("Exported and verified.") : tr("Exported, but the verification failed.");
    const QString other = isKnown ? tr("It holds another plan than the current one.") : QString();
    if (isOfPlan)
        m_verdict->say(isPassed ? InlineNote::Kind::Success : InlineNote::Kind::Warning, verdict, verificationText(record.verification));
    else if (isChosen)
        m_verdict->say(isPassed ? InlineNote::Kind::Info : InlineNote::Kind::Warning, verdict,
                       tr("%1 %2", "two sentences").arg(other, verificationText(record.verification)).trimmed());
    else
        m_verdict->say(InlineNote::Kind::Info,
                       tr("Last export: %1 (%2, %3).")
                           .arg(QString::fromStdString(record.folder.filename().string()), QString::fromStdString(record.format),
                                isPassed ? tr("verified") : tr("not verified")),
                       other);
    QStringList notes;
    for (const std::string &note : record.notes)
        notes << QString::fromStdString(note);
    m_notes->clear();
    if (isWhole && !notes.isEmpty())
        m_notes->say(InlineNote::Kind::Warning, notes.join(QLatin1Char('\n')));
    m_folder->setWhole(folder);
    m_facts->setFacts({
        {tr("Plan"), (isOfPlan  ? tr("the current plan, %1…")
                      : isKnown ? tr("another plan, %1…")
                                : tr("%1…"))
                         .arg(hash.left(16))},
        {tr("Target"), QString::fromStdString(record.format)},
        {tr("Parameters"), exactText(record.parameters)},
        {tr("Size"), bytesText(record.bytes)},
    });
    m_facts->setVisible(isWhole);
    for (QWidget *part : std::initializer_list<QWidget *>{m_folder, m_openFolder, m_copyPath})
        part->show();
}

void ExportedCard::showFailure(const QString &sentence, const QString &hint)
{
    m_failure = sentence;
    m_remedy = hint;
    follow();
}

void ExportedCard::forgetFailure()
{
    m_failure.clear();
    follow();
}

} // namespace secateur::ui
