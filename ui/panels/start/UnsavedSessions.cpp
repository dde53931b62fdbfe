// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/start/UnsavedSessions.h"

#include "checkpoint/ModelName.h"
#include "widgets/Card.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>
#include <QStringList>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::size_t kFirstShown = 3; ///< before all are asked for

/// "calibrated, 312 candidates searched, not evaluated"
QString doneText(const RecoverableSession &session)
{
    const auto counted = [](std::int64_t count, const QString &none, const QString &one, const QString &many) {
        return count == 0 ? none : count == 1 ? one : many.arg(exactText(count));
    };
    const QString calibrated = counted(session.calibrations, UnsavedSessions::tr("not calibrated"), UnsavedSessions::tr("calibrated"),
                                       UnsavedSessions::tr("%1 calibrations"));
    const QString searched =
        counted(session.candidates, QString(), UnsavedSessions::tr("1 candidate searched"), UnsavedSessions::tr("%1 candidates searched"));
    const QString evaluated = counted(session.evaluations, UnsavedSessions::tr("not evaluated"), UnsavedSessions::tr("1 evaluation"),
                                      UnsavedSessions::tr("%1 evaluations"));
    QStringList parts = {calibrated, searched, evaluated};
    if (!session.stoppedJob.empty())
        parts << UnsavedSessions::tr("stopped: %1", "a job, when the window was closed").arg(QString::fromStdString(session.stoppedJob));
    parts.removeAll(QString());
    return parts.join(UnsavedSessions::tr(", ", "between what was done in a session"));
}

QString timeText(std::chrono::system_clock::time_point time)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    return QLocale().toString(QDateTime::fromSecsSinceEpoch(seconds), QLocale::ShortFormat);
}

} // namespace

UnsavedSessions::UnsavedSessions(QWidget *parent) : QWidget(parent), m_rows(new QVBoxLayout), m_all(new QPushButton)
{
    m_all->setProperty("link", true);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 10);
    column->addWidget(headingLabel(tr("Unsaved sessions")));
    column->addLayout(m_rows);
    column->addWidget(m_all, 0, Qt::AlignLeft);
    connect(m_all, &QPushButton::clicked, this, [this] {
        m_areAllShown = true;
        showRows();
    });
    showRows();
}

void UnsavedSessions::setSessions(std::vector<RecoverableSession> sessions)
{
    std::stable_partition(sessions.begin(), sessions.end(), [](const RecoverableSession &session) { return !session.wasClosed; });
    m_sessions = std::move(sessions);
    m_areAllShown = false;
    showRows();
}

void UnsavedSessions::showRows()
{
    while (QLayoutItem *item = m_rows->takeAt(0)) {
        item->widget()->hide(); // the keyboard must not find it any more
        item->widget()->deleteLater();
        delete item;
    }
    const std::size_t count = m_sessions.size(), shown = m_areAllShown ? count : std::min(count, kFirstShown);
    for (std::size_t i = 0; i < shown; ++i)
        m_rows->addWidget(makeRow(m_sessions[i], i == 0 && !m_sessions[i].wasClosed));
    m_all->setText(tr("Show all %1").arg(count));
    m_all->setVisible(shown < count);
    setVisible(count > 0);
}

QWidget *UnsavedSessions::makeRow(const RecoverableSession &session, bool isSuggested)
{
    const QString folder = QString::fromStdString(session.folder.string()), problem = QString::fromStdString(session.problem);
    const QString file = QString::fromStdString(session.sessionFile.filename().string());
    const QString model = !problem.isEmpty() ? tr("A newer session")
                          : file.isEmpty()   ? QString::fromStdString(modelName(session.modelFolder).brief)
                                             : file;
    auto *row = new Card;
    auto *layout = new QVBoxLayout(row);
    layout->setContentsMargins(12, 10, 12, 10);
    layout->setSpacing(4);
    auto *note = new InlineNote;
    layout->addWidget(note);
    note->say(session.wasClosed ? InlineNote::Kind::Info : InlineNote::Kind::Warning,
              !session.wasClosed ? tr("%1 was interrupted").arg(model)
              : file.isEmpty()   ? tr("%1, not saved").arg(model)
                                 : tr("%1, unsaved changes").arg(model));
    layout->addWidget(captionLabel(timeText(session.lastChange)));
    layout->addWidget(captionLabel(problem.isEmpty() ? doneText(session) : problem));
    auto *restore = new QPushButton(tr("Restore")), *discard = new QPushButton(tr("Discard"));
    restore->setProperty("primary", isSuggested);
    enableUnless(problem, *restore, {});
    restore->setAccessibleName(tr("Restore the session of %1").arg(model));
    discard->setAccessibleName(tr("Discard the session of %1").arg(model));
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(restore);
    buttons->addWidget(discard);
    buttons->addStretch();
    layout->addLayout(buttons);
    connect(restore, &QPushButton::clicked, this, [this, folder] { emit restoreRequested(folder); });
    connect(discard, &QPushButton::clicked, this, [this, folder] { emit discardRequested(folder); });
    return row;
}

} // namespace secateur::ui
