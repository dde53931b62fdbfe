// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/SearchHeader.h"

#include "commands/PlanEditor.h"
#include "jobs/JobTable.h"
#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/WheelGuard.h"
#include "panels/search/RemovalOrderModel.h"
#include "panels/search/SearchWords.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStringList>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {

SearchHeader::SearchHeader(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_status(bodyLabel({})),
      m_windows(new QSpinBox),
      m_search(new JobButton),
      m_remark(new InlineNote),
      m_constraints(new QWidget),
      m_protected(new ElidedLabel),
      m_forced(new ElidedLabel),
      m_clearProtected(new QToolButton),
      m_clearForced(new QToolButton)
{
    explainBy(*this, ConceptId::WidthFirst);
    setObjectName(QStringLiteral("searchHeader"));
    m_search->setPrimary(true);
    m_windows->setAccessibleName(tr("Search windows"));
    m_windows->setKeyboardTracking(false);
    m_windows->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    new WheelGuard(*m_windows);
    auto *windowsLabel = new QLabel(tr("Search windows"));
    windowsLabel->setBuddy(m_windows);

    auto *row = new QHBoxLayout;
    row->addWidget(windowsLabel);
    row->addWidget(m_windows);
    row->addSpacing(12);
    row->addWidget(m_search, 100); // at the end: nothing moves when it goes because there is nothing to search
    row->addStretch(1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_status);
    column->addLayout(row);
    column->addWidget(m_remark);
    column->addWidget(makeConstraints());

    connect(m_search, &JobButton::clicked, &m_workbench.jobs, &SessionJobs::search);
    connect(m_windows, &QSpinBox::valueChanged, this, [this](int windows) { m_workbench.editor.setSearchWindows(windows); });
    connect(m_clearProtected, &QToolButton::clicked, this,
            [this] { clearConstraint(&SearchSettings::protectedLayers, tr("Unprotect all layers")); });
    connect(m_clearForced, &QToolButton::clicked, this,
            [this] { clearConstraint(&SearchSettings::forcedLayers, tr("Remove no layer first")); });
}

QWidget *SearchHeader::makeConstraints()
{
    auto *row = new QHBoxLayout(m_constraints);
    row->setContentsMargins(0, 0, 0, 0);
    m_clearProtected->setAccessibleName(tr("Clear the protected layers"));
    m_clearForced->setAccessibleName(tr("Clear the layers removed first"));
    for (QToolButton *clear : {m_clearProtected, m_clearForced}) {
        clear->setText(tr("Clear"));
        clear->setFocusPolicy(Qt::StrongFocus);
    }
    for (ElidedLabel *label : {m_protected, m_forced})
        label->setForegroundRole(QPalette::PlaceholderText);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_protected, m_clearProtected, m_forced, m_clearForced})
        row->addWidget(widget);
    row->addStretch(1);
    return m_constraints;
}

void SearchHeader::follow()
{
    const SessionModel &session = m_workbench.session;
    const bool isPlanThere = session.hasNeurons() && session.balance().has_value();
    m_status->setText(isPlanThere ? searchStatusText(session, session.search()) : QString());
    m_status->setVisible(isPlanThere);
    followJob();
    followWindows();
    followRemark();
    followConstraints();
}

void SearchHeader::followJob()
{
    const SessionModel &session = m_workbench.session;
    const SearchState state = session.searchState();
    m_search->setOffered(state == SearchState::NotBegun || state == SearchState::Unfinished, *m_next);
    const JobInfo *job = m_workbench.runner.current();
    const bool isPruning = job && job->kind == JobKind::Prune && session.isSearchRunning();
    if (m_workbench.runner.isBusy(JobKind::Search) || isPruning) {
        const bool isRunning = isPruning || (job && job->kind == JobKind::Search);
        const QString paused = isRunning ? pausedText(*job) : QString();
        m_search->offer(tr("Searching"),
                        {!isRunning                 ? tr("Waiting for another job.")
                         : !paused.isEmpty()        ? paused
                         : job->progress.total <= 0 ? jobStateText(job->state)
                                                    : progressDetails(job->progress)},
                        {});
    } else if (m_search->isVisibleTo(this)) {
        m_search->offer(state == SearchState::Unfinished ? tr("Resume") : tr("Search"), m_workbench.jobs.canSearch(),
                        jobCostText(m_workbench.jobs.searchCost(session.draft())));
    }
}

void SearchHeader::followWindows()
{
    const SessionModel &session = m_workbench.session;
    const QSignalBlocker blocker(m_windows);
    const ShelfPlan *shelf = session.shelfPlan();
    const NeuronScores *scores = session.scores();
    const std::int64_t windows = scores ? scores->provenance.windows : shelf ? shelf->plan.calibration.windows : 1;
    const QString problem = session.isSettled() ? session.removalsProblem() : session.changeProblem();
    enableUnless(
        problem.isEmpty() && !session.hasNeurons() ? tr("Calibrate first: candidates are evaluated on windows of the calibration text.")
                                                   : problem,
        *m_windows, tr("On how many of the calibration windows each candidate is evaluated. More is slower and less a matter of chance."));
    m_windows->setRange(1, int(std::max<std::int64_t>(1, windows)));
    m_windows->setValue(int(session.draft().search.windows));
}

/// Why the search is so short, and near ties.
void SearchHeader::followRemark()
{
    const SessionModel &session = m_workbench.session;
    const SearchRecord *record = session.search();
    QStringList remarks = {session.hasNeurons() && !session.isSettled() ? shortSearchText(session) : QString(),
                           record ? nearTiesText(removalsOf(*record, session.attentionsToRemove())) : QString()};
    remarks.removeAll(QString());
    if (remarks.isEmpty())
        m_remark->clear();
    else
        m_remark->say(InlineNote::Kind::Info, remarks.join(QLatin1Char(' ')));
}

void SearchHeader::followConstraints()
{
    const SearchSettings &settings = m_workbench.session.draft().search;
    const bool hasProtected = !settings.protectedLayers.empty(), hasForced = !settings.forcedLayers.empty();
    m_protected->setWhole(tr("Protected: %1").arg(layersText(settings.protectedLayers)));
    m_forced->setWhole(tr("Removed first: %1").arg(layersText(settings.forcedLayers)));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_protected, m_clearProtected})
        widget->setVisible(hasProtected);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_forced, m_clearForced})
        widget->setVisible(hasForced);
    for (QToolButton *clear : {m_clearProtected, m_clearForced})
        enableUnless(m_workbench.session.readOnlyReason(), *clear, {});
    m_constraints->setVisible(hasProtected || hasForced);
}

void SearchHeader::clearConstraint(std::vector<std::int64_t> SearchSettings::*layers, const QString &what)
{
    PlanDraft draft = m_workbench.session.draft();
    (draft.search.*layers).clear();
    m_workbench.editor.useDraft(draft, what);
}

} // namespace secateur::ui
