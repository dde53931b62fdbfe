// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/SearchView.h"

#include "commands/PlanEditor.h"
#include "jobs/JobTable.h"
#include "jobs/SessionJobs.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/EmptyState.h"
#include "panels/parts/FigureSources.h"
#include "panels/parts/PlotMessages.h"
#include "panels/plan/ShelfWords.h"
#include "panels/search/PredictionRow.h"
#include "panels/search/RemovalChips.h"
#include "panels/search/SearchHeader.h"
#include "panels/search/TransportBar.h"
#include "plots/SearchPlots.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedLayout>
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

} // namespace

SearchView::SearchView(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_header(new SearchHeader(workbench)),
      m_staleRow(new QWidget),
      m_stale(new InlineNote),
      m_searchThis(new QPushButton),
      m_goBack(new QPushButton),
      m_busy(new BusyReason(workbench.runner, JobKind::Search, tr("A search is running."), this)),
      m_pages(new QStackedLayout),
      m_empty(new EmptyState),
      m_bars(new CandidateBars),
      m_heatmap(new SearchHeatmap),
      m_chips(new RemovalChips),
      m_prediction(new PredictionRow),
      m_transport(new TransportBar)
{
    m_pages->addWidget(m_empty);
    m_pages->addWidget(makePlots());
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_header);
    column->addWidget(makeStale());
    column->addLayout(m_pages, 1);
    m_header->setNext(m_chips);
    connectGestures();
    connectModels();
    follow();
}

QWidget *SearchView::makeStale()
{
    auto *row = new QHBoxLayout(m_staleRow);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_stale, 1, Qt::AlignVCenter); // its sign beside its words, where buttons make the row higher
    row->addWidget(m_searchThis);
    row->addWidget(m_goBack);
    m_staleRow->hide();
    return m_staleRow;
}

QWidget *SearchView::makePlots()
{
    m_bars->setMinimumHeight(170);
    auto *order = captionLabel(tr("Removal order, with the search perplexity after each"));
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
    pageLayout->addWidget(m_prediction);
    pageLayout->addWidget(m_transport);
    m_prediction->hide();
    return page;
}

void SearchView::connectGestures()
{
    SelectionModel &selection = m_workbench.selection;
    connect(m_empty, &EmptyState::actionRequested, this, &SearchView::actOnEmptyState);
    connect(m_searchThis, &QPushButton::clicked, &m_workbench.jobs, &SessionJobs::search);
    connect(m_goBack, &QPushButton::clicked, this, [this] { m_workbench.editor.useDraft(m_lastDraft, m_goBack->text()); });
    connect(m_bars, &CandidateBars::layerClicked, &selection, &SelectionModel::setSelectedLayer);
    connect(m_bars, &CandidateBars::layerHovered, &selection, &SelectionModel::setHoveredLayer);
    connect(m_heatmap, &SearchHeatmap::layerClicked, &selection, &SelectionModel::setSelectedLayer);
    connect(m_heatmap, &SearchHeatmap::layerHovered, &selection, &SelectionModel::setHoveredLayer);
    connect(m_heatmap, &SearchHeatmap::stepClicked, this, &SearchView::chooseStep);
    connect(m_chips, &RemovalChips::stepChosen, this, &SearchView::chooseStep);
    connect(m_chips, &RemovalChips::layerClicked, &selection, &SelectionModel::setSelectedLayer);
    connect(m_chips, &RemovalChips::layerHovered, &selection, &SelectionModel::setHoveredLayer);
    connect(m_transport, &TransportBar::requested, this, &SearchView::showReplay);
    connect(m_transport, &TransportBar::depthChosen, this, &SearchView::followStepSoon);
    connect(m_transport, &TransportBar::begun, this, [this] { m_predictions.clear(); }); // a new round
    connect(m_prediction, &PredictionRow::predicted, this, &SearchView::predict);
    connect(m_bars, &CandidateBars::layerPressed, this, &SearchView::predict);
    connect(m_heatmap, &SearchHeatmap::cellPressed, this, [this](qint64 step, qint64 layer) {
        if (step == m_workbench.selection.step())
            predict(layer);
    });
    postSavings(*m_bars, m_workbench.messages);
    postSavings(*m_heatmap, m_workbench.messages);
}

void SearchView::connectModels()
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, [this] {
        if (m_isAllDue)
            follow();
        else
            followStep();
    });
    const SessionModel &session = m_workbench.session;
    for (const auto changed :
         {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::draftChanged, &SessionModel::searchChanged,
          &SessionModel::otherSearchChanged, &SessionModel::textsChanged, &SessionModel::planHashChanged})
        connect(&session, changed, this, &SearchView::followSoon);
    connect(m_busy, &BusyReason::changed, this, &SearchView::followSoon);
    const SelectionModel &selection = m_workbench.selection;
    connect(&selection, &SelectionModel::stepChanged, this, &SearchView::followStepSoon);
    connect(&selection, &SelectionModel::selectedLayerChanged, this, [this] {
        if (isAsking())
            followStepSoon(); // the field suggests it
    });
    connect(&selection, &SelectionModel::selectedLayerChanged, m_bars, &CandidateBars::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, m_bars, &CandidateBars::setHoveredLayer);
    connect(&selection, &SelectionModel::selectedLayerChanged, m_heatmap, &SearchHeatmap::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, m_heatmap, &SearchHeatmap::setHoveredLayer);
    connect(&selection, &SelectionModel::selectedLayerChanged, m_chips, &RemovalChips::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, m_chips, &RemovalChips::setHoveredLayer);
    m_bars->setSelectedLayer(selection.selectedLayer());
    m_heatmap->setSelectedLayer(selection.selectedLayer());
    m_chips->setSelectedLayer(selection.selectedLayer());
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
    followKey(shown());
    m_isAllDue = true;
    followStepSoon();
}

void SearchView::followStepSoon()
{
    if (isVisible() && !m_soon.isActive())
        m_soon.start();
}

/// In another search no step of the old one stays chosen; at once and even when hidden, because other views show the step too.
void SearchView::followKey(const Shown &shown)
{
    if (!shown.isStale)
        m_lastDraft = m_workbench.session.draft();
    if (shown.key == m_lastKey)
        return;
    m_lastKey = shown.key;
    m_lastKept = shown.kept;
    m_isReplaying = false;
    m_candidates = -1;
    m_predictions.clear();
    m_transport->pause();
    m_workbench.selection.setStep(-1);
}

void SearchView::follow()
{
    m_isAllDue = false;
    const Shown now = shown();
    followKey(now);
    followHeader();
    const bool isEmpty = showEmptyState(now) || !now.record;
    followStale(now, isEmpty);
    if (isEmpty) {
        m_transport->pause();
        return;
    }
    m_pages->setCurrentIndex(1);
    followPlots(now);
}

/// Of a replay nothing else changes, and each step is to be there within a frame.
void SearchView::followStep()
{
    followWorking();
    if (const Shown now = shown(); now.record && m_pages->currentIndex() == 1)
        followPlots(now);
}

/// What belongs to another plan says so, with both ways out.
void SearchView::followStale(const Shown &shown, bool isEmpty)
{
    m_staleRow->setVisible(shown.isStale && !isEmpty);
    if (!shown.isStale)
        return;
    m_stale->say(InlineNote::Kind::Warning, staleText(shown));
    const SessionModel &session = m_workbench.session;
    const bool isOtherK = shown.kept != session.neuronsKept();
    m_searchThis->setText(isOtherK ? tr("Search for K = %1").arg(exactText(session.neuronsKept())) : tr("Search the current plan"));
    m_goBack->setText(isOtherK ? tr("Go back to K = %1").arg(exactText(shown.kept)) : tr("Go back"));
    const Possibility possible = m_workbench.jobs.canSearch();
    enableUnless(possible ? m_busy->text() : possible.reason, *m_searchThis, {});
    enableUnless(session.readOnlyReason(), *m_goBack, {});
}

/// The search of the current plan; without one, the search shown before, if it is of the same calibration.
SearchView::Shown SearchView::shown() const
{
    const SessionModel &session = m_workbench.session;
    Shown result;
    if (session.isSettled()) { // by what it was found
        if (const SearchRecord &record = session.shelfPlan()->plan.search; record.isBegun()) {
            result.record = record;
            result.kept = session.neuronsKept();
            result.key = session.draft().plan;
            result.steps = qint64(record.steps.size());
        }
    } else if (const SearchRecord *record = session.search(); record && record->isBegun()) {
        result.record = *record;
        result.kept = session.neuronsKept();
        result.key = searchKey(session.draft(), result.kept);
        result.steps = session.attentionsToRemove();
    } else if (session.hasNeurons() && !session.isSettled() && !m_lastKey.empty() &&
               m_lastDraft.calibration < qint64(session.session().calibrations.size())) {
        result.record = searchOf(session.session(), m_lastDraft, m_lastKept);
        if (!result.record || !result.record->isBegun() || searchKey(m_lastDraft, m_lastKept) != m_lastKey)
            return {};
        result.kept = m_lastKept;
        result.key = m_lastKey;
        result.steps = qint64(result.record->steps.size());
        result.isStale = true;
    }
    if (result.record)
        result.begun = stepsBegun(*result.record, result.steps);
    return result;
}

bool SearchView::showEmptyState(const Shown &shown)
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel()) {
        m_empty->sayNoModel(); // the panel says it instead of this view
    } else if (session.isSettled() && shown.record) {
        return false;
    } else if (session.isSettled()) {
        m_empty->say(tr("Nothing to search"), nothingToSearchText(session));
    } else if (!session.pruningProblem().isEmpty()) {
        m_empty->say(tr("This model cannot be pruned"), session.pruningProblem());
    } else if (!session.hasNeurons()) {
        const JobCost cost = m_workbench.jobs.calibrationCost();
        m_empty->say(tr("Calibrate first"),
                     tr("Attentions are removed from the narrowed model, and the calibration decides which neurons stay in it."),
                     cost.seconds ? tr("Calibrate (%1)…").arg(estimated(durationText(*cost.seconds))) : tr("Calibrate…"),
                     QStringLiteral("calibrate"));
        m_empty->explain(cost.seconds ? estimateText() : QString());
    } else if (!session.balance()) {
        m_empty->say(session.balanceProblem(), session.balanceHint());
    } else if (session.attentionsToRemove() == 0) {
        const bool isByRule = session.balance()->attentionsByRule == 0;
        const QString keeps = tr("This plan keeps all attentions (N = 0).");
        m_empty->say(tr("Nothing to search"),
                     isByRule ? tr("%1 The rule gives 0 for %2 on this model.").arg(keeps, targetText(session.draft().balance.sparsity))
                              : keeps,
                     session.bounds() && session.bounds()->mostAttentions > 0 ? tr("Set N = 1") : QString());
        m_empty->refuseAction(session.readOnlyReason());
    } else if (!shown.record) {
        m_empty->say(
            tr("Not searched yet"),
            tr("No search yet for K = %1. Each step of it leaves out one attention after the other, measures what the model loses, and "
               "removes the one that matters least: %2 of %3 in all.")
                .arg(exactText(session.neuronsKept()), exactText(session.attentionsToRemove()), exactText(session.layerCount())),
            {}, QStringLiteral("search"));
    } else {
        return false;
    }
    m_pages->setCurrentIndex(0);
    return true;
}

/// What the button of the state at hand offers.
void SearchView::actOnEmptyState()
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasNeurons())
        emit calibrateRequested();
    else
        m_workbench.editor.setAttentionsToRemove(1);
}

void SearchView::followHeader()
{
    m_header->follow();
    followWorking();
}

/// Which cells are being evaluated; what is to come is not given away by that in a replay.
void SearchView::followWorking()
{
    const JobInfo *job = m_workbench.runner.current();
    const bool isWorking = job && m_workbench.session.isSearchRunning() && job->progress.step >= 0 && !m_isReplaying;
    m_heatmap->setWorking(isWorking ? job->progress.step : -1, isWorking ? job->progress.layer : -1);
}

QString SearchView::staleText(const Shown &shown) const
{
    const qint64 kept = m_workbench.session.neuronsKept();
    if (shown.kept != kept)
        return tr("Out of date: this search was made for K = %1, the plan keeps %2 neurons.").arg(exactText(shown.kept), exactText(kept));
    return tr("Out of date: the search settings changed since this search.");
}

void SearchView::followPlots(const Shown &shown)
{
    const qint64 layers = m_workbench.session.layerCount(), chosen = m_workbench.selection.step();
    const qint64 last = std::max<qint64>(0, shown.begun - 1);
    const qint64 step = chosen < 0 || chosen > last ? last : chosen;
    m_isReplaying = m_isReplaying && chosen >= 0;
    if (!m_isReplaying)
        m_candidates = -1;
    const qint64 revealed = m_isReplaying ? step + 1 : -1;
    if (shown.begun > 0)
        m_bars->showStep(*shown.record, step, layers, m_candidates);
    else
        m_bars->clear(tr("No results yet."));
    m_heatmap->showSearch(*shown.record, layers, shown.steps, revealed, m_candidates);
    m_heatmap->setSelectedStep(shown.begun > 0 ? step : -1);
    const SessionModel &session = m_workbench.session;
    for (Plot *plot : std::initializer_list<Plot *>{m_bars, m_heatmap})
        plot->setSource(shown.isStale ? sourceOfSearch(session, shown.key, *shown.record, shown.kept) : sourceOfPlan(session));
    m_chips->showRemovals(removalsOf(*shown.record, shown.steps), m_candidates >= 0 ? step : revealed);
    m_chips->setStep(m_candidates >= 0 ? -1 : step);
    m_transport->setSteps(replaySteps(*shown.record, shown.begun));
    m_transport->setPosition({.step = chosen, .candidates = m_candidates});
    followPrediction(shown, step);
}

} // namespace secateur::ui
