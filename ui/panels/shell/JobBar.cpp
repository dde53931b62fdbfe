// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/JobBar.h"

#include "jobs/JobRunner.h"
#include "jobs/JobTable.h"
#include "models/SessionModel.h"
#include "theme/Icons.h"
#include "theme/PlotStyle.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/FittingLabel.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QKeySequence>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kRest = 1000;      ///< stretch of what takes the room that is left
constexpr int kFine = 1000;      ///< steps of the progress bar, whatever the units of the job
constexpr int kTitleWidth = 140; ///< pixels of a job's title that are shown at least
const QKeySequence kCancelKeys(Qt::CTRL | Qt::Key_Period);

/// Whether a job that is cancelled leaves numbers that the next one goes on from.
bool keepsParts(JobKind kind)
{
    return kind == JobKind::Search || kind == JobKind::Impact || kind == JobKind::Curve || kind == JobKind::Prune;
}

QString endText(const JobInfo &job)
{
    switch (job.state) {
    case JobInfo::State::Done:
        return JobBar::tr("%1: done in %2").arg(job.title, durationText(job.seconds));
    case JobInfo::State::Cancelled:
        return (keepsParts(job.kind) ? JobBar::tr("%1: cancelled after %2, what was measured is kept")
                                     : JobBar::tr("%1: cancelled after %2"))
            .arg(job.title, durationText(job.seconds));
    case JobInfo::State::Failed:
        return JobBar::tr("%1: failed").arg(job.title); // why is told where it happened, or by a message
    default:
        return job.title;
    }
}

} // namespace

JobBar::JobBar(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_runner(workbench.runner),
      m_title(new FittingLabel),
      m_counts(new FittingLabel),
      m_progress(new QProgressBar),
      m_cpu(new QPushButton(tr("Continue on the CPU"))),
      m_pause(new QPushButton(icon(QStringLiteral("pause")), tr("Pause"))),
      m_cancel(new QPushButton(tr("Cancel  %1").arg(kCancelKeys.toString(QKeySequence::NativeText)))),
      m_copy(new CopyButton(tr("Copy as command"), [this] { return m_runner.job(m_shown)->command; }))
{
    setAccessibleName(tr("Current job"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    QFont bold;
    bold.setBold(true);
    m_title->setFont(bold);
    m_title->setLeastWidth(kTitleWidth); // the counts have shorter words
    m_title->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    m_counts->setForegroundRole(QPalette::PlaceholderText);
    m_progress->setAccessibleName(tr("Progress of the current job"));
    m_progress->setTextVisible(false);
    m_progress->setToolTip(timeLeftFormula());
    m_progress->setMinimumWidth(60);
    m_progress->setFixedHeight(8);
    m_cpu->setAccessibleName(tr("Continue the current job on the CPU"));
    m_cpu->setToolTip(tr("Everything is computed there until the program is started again. A search that was begun on the GPU starts anew: "
                         "losses of different devices cannot be compared."));
    m_cancel->setAccessibleName(tr("Cancel the current job"));
    m_copy->setToolTip(tr("Copies a line for the terminal that does the same"));
    m_copy->setFlat(true);

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 3, 12, 3);
    layout->setSpacing(10);
    layout->addWidget(m_title, kRest);
    layout->addWidget(m_progress, 2);
    layout->addWidget(m_counts);
    layout->addWidget(m_cpu);
    layout->addWidget(m_pause);
    layout->addWidget(m_cancel);
    layout->addStretch(1);
    layout->addWidget(m_copy);

    connect(m_cpu, &QPushButton::clicked, this, [this] { m_runner.continueOnCpu(m_shown); });
    connect(m_pause, &QPushButton::clicked, this, &JobBar::togglePause);
    connect(m_cancel, &QPushButton::clicked, this, &JobBar::cancel);
    connect(&m_runner, &JobRunner::jobAdded, this, &JobBar::follow);
    connect(&m_runner, &JobRunner::jobChanged, this, &JobBar::follow);
    connect(&m_runner, &JobRunner::jobFinished, this, &JobBar::showEnd);
    connect(&workbench.session, &SessionModel::modelChanged, this, &JobBar::forgetSession);
    hide();
    follow();
}

void JobBar::showRunning(bool isRunning, bool isHeld)
{
    for (QWidget *widget : {static_cast<QWidget *>(m_counts), static_cast<QWidget *>(m_pause), static_cast<QWidget *>(m_cancel)})
        widget->setVisible(isRunning);
    m_progress->setVisible(isRunning && !isHeld);
    m_cpu->setVisible(isHeld);
}

void JobBar::follow()
{
    const JobInfo *job = m_runner.current();
    if (!job)
        return;
    m_shown = job->number;
    const bool isPaused = job->state == JobInfo::State::Paused, isCancelling = job->state == JobInfo::State::Cancelling;
    const auto &jobs = m_runner.jobs();
    const auto waiting = std::count_if(jobs.begin(), jobs.end(), [this](const JobInfo &other) {
        return other.state == JobInfo::State::Waiting && other.number != m_shown;
    });

    const QString state = jobStateText(job->state);
    if (job->waitsFor != 0) // such jobs come from there alone
        m_title->setTexts({tr("%1 waits for the playground").arg(job->title), tr("Waits for the playground")});
    else
        m_title->setTexts(isPaused || isCancelling ? QStringList{tr("%1 (%2)").arg(job->title, state.toLower()), state}
                                                   : QStringList{job->title});
    m_title->setToolTip(job->title);
    const Progress &progress = job->progress;
    const std::optional<double> share = shareDone(progress);
    m_progress->setRange(0, share ? kFine : 0); // without a total: busy
    m_progress->setValue(int(share.value_or(0) * kFine));
    QStringList counts = progressTexts(progress);
    m_counts->setToolTip(progressDetails(progress));
    if (waiting > 0 && !counts.isEmpty())
        counts.prepend(tr("%1 · %2 more to come").arg(counts.constFirst()).arg(waiting));
    m_counts->setTexts(counts);
    m_pause->setText(isPaused ? tr("Resume") : tr("Pause"));
    if (std::exchange(m_offersToGoOn, isPaused) != isPaused) // not with every unit of work: it lays the window out anew
        m_pause->setIcon(icon(isPaused ? QStringLiteral("play") : QStringLiteral("pause")));
    m_pause->setAccessibleName(isPaused ? tr("Resume the current job") : tr("Pause the current job"));
    const QString cancelling = isCancelling ? tr("The job is being cancelled.") : QString();
    enableUnless(cancelling, *m_pause, {});
    enableUnless(cancelling, *m_cancel,
                 tr("%1 cancels it from anywhere; Esc does in this bar").arg(kCancelKeys.toString(QKeySequence::NativeText)));
    m_copy->setVisible(!job->command.isEmpty());
    showRunning(true, job->isHeld());
    if (job->isHeld())
        followHeld(*job, waiting);
    m_counts->setAccessibleDescription(spoken(m_counts->toolTip()));
    show();
}

/// Why it does not go on, in place of how far it is.
void JobBar::followHeld(const JobInfo &job, std::int64_t waiting)
{
    QStringList texts{tr("%1 What was finished is kept.").arg(job.sentence), job.sentence};
    if (waiting > 0) // for this one
        texts.prepend(tr("%1 · %2 more to come").arg(texts.constFirst()).arg(waiting));
    m_counts->setTexts(texts);
    m_counts->setToolTip(tr("%1 What was finished is kept. %2").arg(job.sentence, job.hint));
    m_pause->setText(tr("Retry"));
    m_pause->setAccessibleName(tr("Retry the current job on %1").arg(job.failedDevice));
    m_pause->setToolTip(tr("On %1 once more. A GPU that failed may need the program to be started again.").arg(job.failedDevice));
}

void JobBar::showEnd(int number)
{
    const JobInfo *job = m_runner.job(number);
    if (!job || m_runner.current())
        return;
    if (number <= m_forgotten && job->kind != JobKind::Open) // it was still being cancelled
        return hide();
    m_shown = number;
    m_title->setTexts({endText(*job)});
    m_title->setToolTip(job->state == JobInfo::State::Failed ? job->sentence : endText(*job));
    m_copy->setVisible(!job->command.isEmpty());
    showRunning(false, false);
    show();
}

/// How a job of another session ended says nothing about this one. What still runs stays on show, to be cancelled.
void JobBar::forgetSession()
{
    m_forgotten = m_runner.jobs().empty() ? 0 : m_runner.jobs().back().number;
    if (!m_runner.current())
        hide();
}

void JobBar::togglePause()
{
    if (const JobInfo *job = m_runner.current())
        m_runner.setPaused(job->number, job->state != JobInfo::State::Paused);
}

void JobBar::cancel()
{
    if (const JobInfo *job = m_runner.current())
        m_runner.cancel(job->number);
}

void JobBar::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_runner.current()) {
        cancel();
        return;
    }
    QWidget::keyPressEvent(event);
}

void JobBar::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), style.raised);
    painter.setPen(style.line);
    painter.drawLine(0, 0, width(), 0);
}

} // namespace secateur::ui
