// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/prune/PruneProgress.h"

#include "jobs/JobTable.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

namespace secateur::ui {
namespace {

constexpr int kFine = 1000; ///< steps of the progress bar

} // namespace

PruneProgress::PruneProgress(QWidget *parent)
    : QWidget(parent),
      m_title(headingName()),
      m_bar(new QProgressBar),
      m_counts(captionLabel({})),
      m_cancel(new QPushButton(tr("Cancel")))
{
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress"));
    m_counts->setTextFormat(Qt::PlainText);
    m_cancel->setAccessibleName(tr("Cancel the pruning"));
    connect(m_cancel, &QPushButton::clicked, this, &PruneProgress::cancelRequested);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(10);
    layout->addWidget(m_title);
    layout->addWidget(m_bar);
    layout->addWidget(m_counts);
    layout->addWidget(captionLabel(tr("You can close this window: the job continues, and the tabs show what it finds.")));
    layout->addStretch();
    layout->addWidget(m_cancel, 0, Qt::AlignRight);
}

void PruneProgress::follow(const JobInfo &job)
{
    const std::optional<double> share = shareDone(job.progress);
    m_title->setWhole(job.title);
    m_bar->setRange(0, share || job.isHeld() ? kFine : 0); // without a total: busy
    m_bar->setValue(int(share.value_or(0) * kFine));
    const bool isRunning = job.state == JobInfo::State::Running;
    m_counts->setText(isRunning      ? progressText(job.progress)
                      : job.isHeld() ? tr("Paused. %1 You can continue in the job bar of the window.").arg(job.sentence)
                                     : jobStateText(job.state));
    m_counts->setAccessibleName(spoken(m_counts->text()));
    m_counts->setToolTip(isRunning ? progressDetails(job.progress) : QString());
    m_counts->setAccessibleDescription(spoken(m_counts->toolTip()));
    enableUnless(job.state == JobInfo::State::Cancelling ? tr("The job is being cancelled.") : QString(), *m_cancel, {});
}

} // namespace secateur::ui
