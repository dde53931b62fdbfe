// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/AttentionPanel.h"

#include "jobs/JobRunner.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/EmptyState.h"
#include "panels/search/ImpactView.h"
#include "panels/search/SearchView.h"
#include "widgets/CopyButton.h"
#include "widgets/SegmentedControl.h"

#include <QHBoxLayout>
#include <QStackedLayout>
#include <QVBoxLayout>

namespace secateur::ui {

AttentionPanel::AttentionPanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_pages(new QStackedLayout(this)),
      m_empty(new EmptyState),
      m_choice(new SegmentedControl(tr("What is shown"))),
      m_views(new QStackedLayout)
{
    explainBy(*this, ConceptId::GreedyStep);
    m_choice->addChoice(tr("Search of the plan"), tr("What the current plan removes, and why"));
    m_choice->addChoice(tr("Impact on the original"), tr("What each attention means to the model as it is"));
    m_copySearch = new CopyButton(tr("Copy search as command"), [this] { return m_workbench.jobs.commandOf(JobKind::Search); });
    m_copyImpact = new CopyButton(tr("Copy impact as command"), [this] { return m_workbench.jobs.commandOf(JobKind::Impact); });
    auto *search = new SearchView(workbench);
    m_views->addWidget(search);
    m_views->addWidget(new ImpactView(workbench));

    auto *top = new QHBoxLayout;
    top->addWidget(m_choice);
    top->addStretch(1);
    top->addWidget(m_copySearch);
    top->addWidget(m_copyImpact);
    auto *content = new QWidget;
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(12, 10, 12, 8);
    column->setSpacing(8);
    column->addLayout(top);
    column->addLayout(m_views, 1);
    m_empty->sayNoModel();
    m_pages->addWidget(m_empty);
    m_pages->addWidget(content);

    connect(m_empty, &EmptyState::openRequested, this, &AttentionPanel::openRequested);
    connect(m_choice, &SegmentedControl::chosen, this, [this](int index) { setView(View(index)); });
    connect(search, &SearchView::calibrateRequested, this, &AttentionPanel::calibrateRequested);
    connect(&m_workbench.session, &SessionModel::modelChanged, this, &AttentionPanel::startOver);
    connect(&m_workbench.session, &SessionModel::draftChanged, this, &AttentionPanel::followCalibration);
    connect(&m_workbench.runner, &JobRunner::jobAdded, this, [this](int number) { // what is being computed is what people want to see
        const JobInfo *job = m_workbench.runner.job(number);
        if (job && job->kind == JobKind::Impact)
            setView(View::Impact);
        else if (job && (job->kind == JobKind::Search || job->kind == JobKind::Prune))
            setView(View::Search);
    });
    for (const auto signal :
         {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::textsChanged, &SessionModel::draftChanged})
        connect(&m_workbench.session, signal, this, &AttentionPanel::followCopy);
    followCopy();
    startOver();
}

AttentionPanel::View AttentionPanel::view() const
{
    return View(m_views->currentIndex());
}

void AttentionPanel::setView(View view)
{
    m_choice->setCurrent(int(view));
    m_views->setCurrentIndex(int(view));
    m_copySearch->setVisible(view == View::Search);
    m_copyImpact->setVisible(view == View::Impact);
}

/// Before a calibration the impact on the original is what can be looked at.
void AttentionPanel::startOver()
{
    m_pages->setCurrentIndex(m_workbench.session.hasModel() ? 1 : 0);
    m_wasCalibrated = m_workbench.session.hasNeurons();
    setView(m_wasCalibrated || !m_workbench.session.hasModel() ? View::Search : View::Impact);
}

/// A line that does the same as the jobs of the two views.
void AttentionPanel::followCopy()
{
    const SessionModel &session = m_workbench.session;
    const QString help = tr("Copies a line for the terminal that does the same"), problem = session.changeProblem();
    const QString noPlan = session.isSettled() ? session.removalsProblem() : session.hasNeurons() ? QString() : tr("Calibrate first.");
    m_copySearch->setProblem(problem.isEmpty() ? noPlan : problem, help);
    m_copyImpact->setProblem(m_workbench.jobs.canMeasureImpact().reason, help);
}

void AttentionPanel::followCalibration()
{
    if (!m_wasCalibrated && m_workbench.session.hasNeurons())
        setView(View::Search);
    m_wasCalibrated = m_workbench.session.hasNeurons();
}

} // namespace secateur::ui
