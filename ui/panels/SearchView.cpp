// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/SearchView.h"

#include "commands/PlanEditor.h"
#include "jobs/JobTable.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/EmptyState.h"
#include "panels/FigureSources.h"
#include "panels/JobButton.h"
#include "panels/JobCostText.h"
#include "panels/PlotMessages.h"
#include "panels/RemovalChips.h"
#include "panels/TransportBar.h"
#include "panels/WheelGuard.h"
#include "plots/SearchPlots.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedLayout>
#include <QStringList>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

/// Steps of which at least one loss is known, among the first `count`.
qint64 stepsBegun(const SearchRecord &record, qint64 count)
{
    qint64 begun = 0;
    for (qint64 i = 0; i < std::min(count, qint64(record.steps.size())); ++i) {
        const std::vector<double> &losses = record.steps[std::size_t(i)].losses;
        if (std::any_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); }))
            begun = i + 1;
    }
    return begun;
}

QString layerList(const std::vector<std::int64_t> &layers)
{
    QStringList names;
    for (const std::int64_t layer : layers)
        names << QString::number(layer);
    const QString list = names.join(QStringLiteral(", "));
    return layers.size() == 1 ? SearchView::tr("layer %1").arg(list) : SearchView::tr("layers %1").arg(list);
}

} // namespace

SearchView::SearchView(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_status(bodyLabel({})),
      m_search(new JobButton),
      m_windows(new QSpinBox),
      m_stale(new InlineNote),
      m_constraints(new QWidget),
      m_protected(new ElidedLabel),
      m_forced(new ElidedLabel),
      m_clearProtected(new QToolButton),
      m_clearForced(new QToolButton),
      m_pages(new QStackedLayout),
      m_empty(new EmptyState),
      m_bars(new CandidateBars),
      m_heatmap(new SearchHeatmap),
      m_chips(new RemovalChips),
      m_transport(new TransportBar)
{
    m_pages->addWidget(m_empty);
    m_pages->addWidget(makePlots());
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(makeHeader());
    column->addWidget(m_stale);
    column->addLayout(m_pages, 1);
    connectGestures();
    connectModels();
    follow();
}

QWidget *SearchView::makeHeader()
{
    m_search->setPrimary(true);
    m_windows->setAccessibleName(tr("Search windows"));
    m_windows->setToolTip(
        tr("On how many of the calibration windows each candidate is evaluated. More is slower and less a matter of chance."));
    m_windows->setKeyboardTracking(false);
    new WheelGuard(*m_windows);
    auto *windowsLabel = new QLabel(tr("Search &windows"));
    windowsLabel->setBuddy(m_windows);

    auto *constraints = new QHBoxLayout(m_constraints);
    constraints->setContentsMargins(0, 0, 0, 0);
    m_clearProtected->setAccessibleName(tr("Clear the protected layers"));
    m_clearForced->setAccessibleName(tr("Clear the forced layers"));
    for (QToolButton *clear : {m_clearProtected, m_clearForced}) {
        clear->setText(tr("Clear"));
        clear->setFocusPolicy(Qt::StrongFocus);
    }
    for (ElidedLabel *label : {m_protected, m_forced})
        label->setForegroundRole(QPalette::PlaceholderText);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_protected, m_clearProtected, m_forced, m_clearForced})
        constraints->addWidget(widget);
    constraints->addStretch(1);

    auto *header = new QWidget;
    auto *column = new QVBoxLayout(header);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_status);
    auto *row = new QHBoxLayout;
    m_windows->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    row->addWidget(m_search, 100); // hidden when there is nothing to search: then the rest stays at the left
    row->addWidget(windowsLabel);
    row->addWidget(m_windows);
    row->addStretch(1);
    column->addLayout(row);
    column->addWidget(m_constraints);
    return header;
}

QWidget *SearchView::makePlots()
{
    m_bars->setMinimumHeight(170);
    m_heatmap->setMinimumHeight(140);
    auto *order = captionLabel(tr("Removal order"));
    order->setWordWrap(false); // what wraps would have the page take its preferred height, and scroll where it need not
    auto *column = new QWidget;
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addWidget(m_bars, 5);
    layout->addWidget(m_heatmap, 4);
    layout->addWidget(order);
    layout->addWidget(m_chips);

    auto *scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(column);

    auto *page = new QWidget;
    auto *pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->addWidget(scroll, 1);
    pageLayout->addWidget(m_transport);
    return page;
}

void SearchView::connectGestures()
{
    SelectionModel &selection = m_workbench.selection;
    connect(m_search, &JobButton::clicked, &m_workbench.jobs, &SessionJobs::search);
    connect(m_windows, &QSpinBox::valueChanged, this, [this](int windows) { m_workbench.editor.setSearchWindows(windows); });
    connect(m_empty, &EmptyState::actionRequested, this, &SearchView::calibrateRequested);
    connect(m_clearProtected, &QToolButton::clicked, this,
            [this] { clearConstraint(&SearchSettings::protectedLayers, tr("Unprotect all layers")); });
    connect(m_clearForced, &QToolButton::clicked, this, [this] { clearConstraint(&SearchSettings::forcedLayers, tr("Force no layer")); });
    connect(m_bars, &CandidateBars::layerClicked, &selection, &SelectionModel::setSelectedLayer);
    connect(m_bars, &CandidateBars::layerHovered, &selection, &SelectionModel::setHoveredLayer);
    connect(m_heatmap, &SearchHeatmap::layerClicked, &selection, &SelectionModel::setSelectedLayer);
    connect(m_heatmap, &SearchHeatmap::layerHovered, &selection, &SelectionModel::setHoveredLayer);
    connect(m_heatmap, &SearchHeatmap::stepClicked, this, &SearchView::chooseStep);
    connect(m_chips, &RemovalChips::stepChosen, this, &SearchView::chooseStep);
    connect(m_transport, &TransportBar::stepRequested, this, &SearchView::showReplayStep);
    postSavings(*m_bars, m_workbench.messages);
    postSavings(*m_heatmap, m_workbench.messages);
}

void SearchView::connectModels()
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &SearchView::follow);
    const SessionModel &session = m_workbench.session;
    for (const auto changed :
         {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::draftChanged, &SessionModel::searchChanged,
          &SessionModel::otherSearchChanged, &SessionModel::textsChanged, &SessionModel::planHashChanged})
        connect(&session, changed, this, &SearchView::followSoon);
    const SelectionModel &selection = m_workbench.selection;
    connect(&selection, &SelectionModel::stepChanged, this, &SearchView::followSoon);
    connect(&selection, &SelectionModel::selectedLayerChanged, m_bars, &CandidateBars::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, m_bars, &CandidateBars::setHoveredLayer);
    connect(&selection, &SelectionModel::selectedLayerChanged, m_heatmap, &SearchHeatmap::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, m_heatmap, &SearchHeatmap::setHoveredLayer);
    m_bars->setSelectedLayer(selection.selectedLayer());
    m_heatmap->setSelectedLayer(selection.selectedLayer());
    for (const auto changed : {&JobRunner::jobAdded, &JobRunner::jobChanged, &JobRunner::jobFinished})
        connect(&m_workbench.runner, changed, this, [this] {
            if (isVisible())
                followHeader();
        });
}

void SearchView::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void SearchView::followSoon()
{
    followKey();
    if (isVisible() && !m_soon.isActive())
        m_soon.start();
}

/// In another search no step of the old one stays chosen; at once and even when hidden, because other views show the step too.
void SearchView::followKey()
{
    const Shown now = shown();
    if (now.key == m_lastKey)
        return;
    m_lastKey = now.key;
    m_lastKept = now.kept;
    m_isReplaying = false;
    m_transport->pause();
    m_workbench.selection.setStep(-1);
}

void SearchView::follow()
{
    followKey();
    followHeader();
    followConstraints();
    const Shown now = shown();
    if (showEmptyState() || !now.record) {
        m_transport->pause();
        m_stale->clear();
        return;
    }
    m_pages->setCurrentIndex(1);
    if (now.isStale)
        m_stale->say(InlineNote::Kind::Warning, staleText(now), tr("Search to see what this plan removes."));
    else
        m_stale->clear();
    followPlots(now);
}

/// The search of the plan in hand; without one, the search shown before, if it is of the same calibration.
SearchView::Shown SearchView::shown() const
{
    const SessionModel &session = m_workbench.session;
    Shown result;
    if (const SearchRecord *record = session.search(); record && record->isBegun()) {
        result.record = record;
        result.kept = session.neuronsKept();
        result.key = searchKey(session.draft(), result.kept);
        result.steps = session.attentionsToRemove();
    } else if (const auto last = session.session().searches.find(m_lastKey);
               last != session.session().searches.end() && last->second.isBegun() && session.hasScores()) {
        result.record = &last->second;
        result.kept = m_lastKept;
        result.key = m_lastKey;
        result.steps = qint64(last->second.steps.size());
        result.isStale = true;
    }
    if (result.record)
        result.begun = stepsBegun(*result.record, result.steps);
    return result;
}

bool SearchView::showEmptyState()
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel()) {
        m_empty->say(tr("No model is open"), tr("Open a model first: drop its folder on the window."));
    } else if (!session.pruningProblem().isEmpty()) {
        m_empty->say(tr("This model cannot be pruned"), session.pruningProblem());
    } else if (!session.hasScores()) {
        m_empty->say(tr("Calibrate first"),
                     tr("Attentions are removed from the narrowed model, and the calibration decides which neurons stay in it."),
                     tr("Calibrate…"));
    } else if (!session.balance()) {
        m_empty->say(session.balanceProblem(), session.balanceHint());
    } else if (session.attentionsToRemove() == 0) {
        m_empty->say(tr("Nothing to search"),
                     tr("N = 0: the plan removes no attention, so there is nothing to search. Move the balance towards deep."));
    } else if (!shown().record) {
        m_empty->say(tr("Not searched yet"),
                     tr("Each step of the search leaves out one attention after the other, measures what the model loses, and removes the "
                        "one that matters least: %1 of %2 in all.")
                         .arg(exactText(session.attentionsToRemove()), exactText(session.layerCount())));
    } else {
        return false;
    }
    m_pages->setCurrentIndex(0);
    return true;
}

void SearchView::followHeader()
{
    const SessionModel &session = m_workbench.session;
    const bool isPlanThere = session.hasScores() && session.balance().has_value();
    m_status->setText(isPlanThere ? statusText(shown()) : QString());
    m_status->setVisible(isPlanThere);
    m_search->setVisible(isPlanThere && session.attentionsToRemove() > 0 && session.searchState() != SearchState::Complete);

    const JobInfo *job = m_workbench.runner.current();
    const bool isWorking = job && session.isSearchRunning() && job->progress.step >= 0 && !m_isReplaying;
    m_heatmap->setWorking(isWorking ? job->progress.step : -1, isWorking ? job->progress.layer : -1);

    const bool isBegun = session.searchState() == SearchState::Unfinished || (session.search() && session.search()->isBegun());
    const bool isPruning = job && job->kind == JobKind::Prune && session.isSearchRunning();
    if (m_workbench.runner.isBusy(JobKind::Search) || isPruning) {
        const bool isRunning = isPruning || (job && job->kind == JobKind::Search);
        m_search->offer(tr("Searching"), {isRunning ? progressText(job->progress) : tr("Waiting for another job.")}, {});
        if (isRunning && job->progress.total <= 0)
            m_search->offer(tr("Searching"), {jobStateText(job->state)}, {});
    } else {
        const JobCost cost = isPlanThere ? m_workbench.jobs.searchCost(session.draft()) : JobCost();
        m_search->offer(isBegun ? tr("Resume") : tr("Search"), m_workbench.jobs.canSearch(), jobCostText(cost));
    }

    const QSignalBlocker blocker(m_windows);
    const NeuronScores *scores = session.scores();
    m_windows->setEnabled(scores != nullptr);
    m_windows->setRange(1, scores ? int(std::max<std::int64_t>(1, scores->provenance.windows)) : 1);
    m_windows->setValue(int(session.draft().search.windows));
}

QString SearchView::statusText(const Shown &shown) const
{
    const SessionModel &session = m_workbench.session;
    const QString plan = tr("<b>K = %1, N = %2</b>").arg(exactText(session.neuronsKept()), exactText(session.attentionsToRemove()));
    switch (session.searchState()) {
    case SearchState::Complete: {
        const QString steps = shown.steps == 1 ? tr("one step") : tr("%1 steps").arg(exactText(shown.steps));
        return tr("%1: searched, %2; search perplexity %3 before, <b>%4</b> after")
            .arg(plan, steps, perplexityText(std::exp(shown.record->initialLoss)),
                 perplexityText(session.searchPerplexity().value_or(std::exp(shown.record->initialLoss))));
    }
    case SearchState::Unfinished:
        return tr("%1: %2 of %3 removals found").arg(plan).arg(session.removalOrder().size()).arg(session.attentionsToRemove());
    case SearchState::NotBegun:
        return tr("%1: not searched yet").arg(plan);
    default:
        return plan;
    }
}

QString SearchView::staleText(const Shown &shown) const
{
    const qint64 kept = m_workbench.session.neuronsKept();
    if (shown.kept != kept)
        return tr("Out of date: this search was made for K = %1, the plan keeps %2 neurons.").arg(exactText(shown.kept), exactText(kept));
    return tr("Out of date: the search settings changed since this search.");
}

void SearchView::followConstraints()
{
    const SearchSettings &settings = m_workbench.session.draft().search;
    const bool hasProtected = !settings.protectedLayers.empty(), hasForced = !settings.forcedLayers.empty();
    m_protected->setWhole(tr("Protected: %1").arg(layerList(settings.protectedLayers)));
    m_forced->setWhole(tr("Removed first: %1").arg(layerList(settings.forcedLayers)));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_protected, m_clearProtected})
        widget->setVisible(hasProtected);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_forced, m_clearForced})
        widget->setVisible(hasForced);
    m_constraints->setVisible(hasProtected || hasForced);
}

void SearchView::clearConstraint(std::vector<std::int64_t> SearchSettings::*layers, const QString &what)
{
    PlanDraft draft = m_workbench.session.draft();
    (draft.search.*layers).clear();
    m_workbench.editor.useDraft(draft, what);
}

void SearchView::followPlots(const Shown &shown)
{
    const qint64 layers = m_workbench.session.layerCount(), chosen = m_workbench.selection.step();
    const qint64 last = std::max<qint64>(0, shown.begun - 1);
    const qint64 step = chosen < 0 || chosen > last ? last : chosen;
    m_isReplaying = m_isReplaying && chosen >= 0;
    const qint64 revealed = m_isReplaying ? step + 1 : -1;
    if (shown.begun > 0)
        m_bars->showStep(*shown.record, step, layers);
    else
        m_bars->clear(tr("No candidate is evaluated yet."));
    m_heatmap->showSearch(*shown.record, layers, shown.steps, revealed);
    m_heatmap->setSelectedStep(shown.begun > 0 ? step : -1);
    const SessionModel &session = m_workbench.session;
    for (Plot *plot : std::initializer_list<Plot *>{m_bars, m_heatmap})
        plot->setSource(shown.isStale ? sourceOfSearch(session, shown.key, *shown.record, shown.kept) : sourceOfPlan(session));
    m_chips->showRemovals(removalsOf(*shown.record, shown.steps), revealed);
    m_chips->setStep(step);
    m_transport->setSteps(shown.begun);
    m_transport->setStep(chosen);
}

/// Chosen to be looked at: nothing is hidden.
void SearchView::chooseStep(qint64 step)
{
    m_transport->pause();
    m_isReplaying = false;
    m_workbench.selection.setStep(step);
    followSoon();
}

void SearchView::showReplayStep(qint64 step)
{
    m_isReplaying = step >= 0;
    m_workbench.selection.setStep(step);
    followSoon();
}

} // namespace secateur::ui
