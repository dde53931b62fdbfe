// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/prune/PruneCard.h"

#include "jobs/JobRunner.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/OpenFolder.h"
#include "panels/prune/PruneProgress.h"
#include "panels/prune/PruneQuestion.h"
#include "panels/prune/PruneResult.h"
#include "panels/prune/PruneTexts.h"

#include <QKeyEvent>
#include <QPointer>
#include <QPushButton>

namespace secateur::ui {

PruneCard::PruneCard(Workbench workbench, QWidget *parent)
    : QStackedWidget(parent),
      m_workbench(workbench),
      m_question(new PruneQuestion(workbench)),
      m_progress(new PruneProgress),
      m_result(new PruneResult(workbench))
{
    explainBy(*this, ConceptId::BalanceRule);
    for (QWidget *page : std::initializer_list<QWidget *>{m_question, m_progress, m_result})
        addWidget(page);
    connect(m_question, &PruneQuestion::pruneRequested, this, &PruneCard::start);
    connect(m_progress, &PruneProgress::cancelRequested, this, [this] { m_workbench.runner.cancel(m_job); });
    connect(m_result, &PruneResult::lookCloserRequested, this, &PruneCard::lookCloserRequested);
    connect(m_result, &PruneResult::againRequested, this, &PruneCard::ask);
    connect(&workbench.session, &SessionModel::modelChanged, this, &PruneCard::ask);
    connect(&workbench.runner, &JobRunner::jobChanged, this, &PruneCard::followJob);
    connect(&workbench.runner, &JobRunner::jobFinished, this, &PruneCard::followJob);
    workbench.messages.setPlace(QStringLiteral("prune"), [card = QPointer(this)] { return card && card->isVisible(); });
}

void PruneCard::setSampleTexts(const QString &calibration, const QString &evaluation)
{
    m_question->texts().setSampleTexts(calibration, evaluation);
}

void PruneCard::showEvent(QShowEvent *event)
{
    QStackedWidget::showEvent(event);
    if (currentWidget() == m_question)
        m_question->focusButton();
    if (currentWidget() == m_result)
        m_workbench.messages.resolve(QStringLiteral("prune")); // it is told here
}

/// Return presses the button that has the focus; in a field it is no click.
void PruneCard::keyPressEvent(QKeyEvent *event)
{
    auto *button = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter ? qobject_cast<QPushButton *>(focusWidget()) : nullptr;
    if (button)
        button->click();
    else
        QStackedWidget::keyPressEvent(event);
}

void PruneCard::ask()
{
    m_job = 0;
    setCurrentWidget(m_question);
    m_question->forgetFolder(); // the one before has been written
}

void PruneCard::start(const PruneRequest &request)
{
    m_draft = m_workbench.jobs.draftOf(request);
    m_command = m_workbench.jobs.pruneCommand(request);
    m_job = m_workbench.jobs.prune(request);
    followJob(m_job);
}

/// For where the card is closed: where it is open, the result says it, and the message goes to the log alone.
void PruneCard::tellDone()
{
    const auto &exports = m_workbench.session.session().exports;
    if (exports.empty())
        return;
    const bool isPassed = exports.back().verification.isPassed;
    const QString folder = QString::fromStdString(exports.back().folder.string());
    MessageLog &messages = m_workbench.messages;
    messages.post(
        {.severity = isPassed ? Message::Severity::Success : Message::Severity::Warning,
         .sentence = (isPassed ? tr("Exported to %1 and verified.") : tr("Exported to %1, but the verification failed.")).arg(folder),
         .hint = {},
         .topic = QStringLiteral("prune"),
         .actionText = tr("Open folder"),
         .action = [folder, &messages] { openFolder(folder, messages); },
         .time = {}});
}

void PruneCard::followJob(int number)
{
    const JobInfo *job = m_workbench.runner.job(number);
    if (!job || number != m_job || currentWidget() == m_result)
        return;
    if (job->isOver()) {
        setCurrentWidget(m_result);
        m_result->tell(*job, m_draft, m_command);
        if (job->state == JobInfo::State::Done)
            tellDone();
    } else {
        setCurrentWidget(m_progress);
        m_progress->follow(*job);
    }
}

} // namespace secateur::ui
