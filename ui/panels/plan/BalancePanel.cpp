// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/BalancePanel.h"

#include "commands/PlanEditor.h"
#include "jobs/JobTable.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "panels/evaluate/EvaluationModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/EmptyState.h"
#include "panels/parts/FigureSources.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/PlotMessages.h"
#include "panels/parts/WheelGuard.h"
#include "panels/plan/BalanceWords.h"
#include "panels/plan/CurveCard.h"
#include "panels/plan/CurveLines.h"
#include "panels/plan/DraftOfRecord.h"
#include "panels/plan/MethodCard.h"
#include "panels/plan/RestoreCard.h"
#include "panels/plan/ShelfWords.h"
#include "panels/plan/TargetControls.h"
#include "theme/ChoiceBox.h"
#include "widgets/BalanceSlider.h"
#include "widgets/Card.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/SegmentedControl.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::array kAxes = {CurveAxis::LayerParameters, CurveAxis::ModelParameters, CurveAxis::Bytes, CurveAxis::FlopPerToken,
                              CurveAxis::KvBytesPerToken};

} // namespace

BalancePanel::BalancePanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_pages(new QStackedLayout(this)),
      m_empty(new EmptyState),
      m_method(new MethodCard(workbench)),
      m_shelf(new InlineNote),
      m_target(new TargetControls(workbench)),
      m_slider(new BalanceSlider),
      m_sentence(bodyLabel({})),
      m_problem(new Card),
      m_problemNote(new InlineNote),
      m_nearest(new QPushButton),
      m_restore(new RestoreCard(workbench)),
      m_axis(new ChoiceBox),
      m_scale(new SegmentedControl(tr("Scale of the x axis"))),
      m_curve(new PerplexityCurve),
      m_measure(new JobButton),
      m_measureCurve(new QPushButton(tr("Measure the curve…"))),
      m_copyCommand(new CopyButton(tr("Copy evaluation as command"), [this] { return m_workbench.jobs.commandOf(JobKind::Evaluate); })),
      m_curveCard(new CurveCard(workbench))
{
    explainBy(*this, ConceptId::BalanceRule);
    explainBy(*m_curve, ConceptId::Perplexity);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(makeContent());
    connect(m_empty, &EmptyState::openRequested, this, &BalancePanel::openRequested);
    connect(m_method, &MethodCard::methodChosen, this, &BalancePanel::follow);
    connectSlider();
    connectCurve();
    connectModels();
    follow();
}

QWidget *BalancePanel::makeContent()
{
    m_curve->setMinimumHeight(220);
    m_curveCard->hide();
    m_slider->setAccessibleName(tr("Attentions to remove"));

    auto *column = new QWidget;
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(12, 10, 12, 10);
    layout->setSpacing(8);
    layout->addWidget(m_method);
    layout->addWidget(m_shelf);
    layout->addWidget(m_target);
    layout->addWidget(m_slider);
    layout->addWidget(m_sentence);
    layout->addWidget(makeProblem());
    layout->addWidget(m_restore);
    layout->addLayout(makeMeasuring());
    layout->addWidget(m_curveCard);
    layout->addLayout(makeAxis());
    layout->addWidget(m_curve, 1);

    auto *scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    scroll->setWidget(column);
    return scroll;
}

QWidget *BalancePanel::makeProblem()
{
    auto *row = new QHBoxLayout(m_problem);
    row->setContentsMargins(12, 8, 12, 8);
    row->addWidget(m_problemNote, 1, Qt::AlignVCenter);
    row->addWidget(m_nearest);
    return m_problem;
}

QLayout *BalancePanel::makeMeasuring()
{
    m_measureCurve->setCheckable(true);
    m_measureCurve->setAccessibleName(tr("Measure the curve"));
    auto *row = new QHBoxLayout;
    row->addWidget(m_measure, 1);
    row->addWidget(m_measureCurve);
    return row;
}

QLayout *BalancePanel::makeAxis()
{
    m_axis->setAccessibleName(tr("X axis of the curve"));
    for (const CurveAxis axis : kAxes)
        m_axis->addItem(curveAxisName(axis));
    m_axis->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_axis->setMinimumContentsLength(14);
    m_axis->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_axis->setMaximumWidth(m_axis->fontMetrics().averageCharWidth() * 40);
    new WheelGuard(*m_axis);
    m_scale->addChoice(tr("%"), tr("In percent of the original"));
    m_scale->addChoice(tr("absolute"));
    m_scale->setCurrent(0);
    auto *label = new QLabel(tr("Against"));
    label->setBuddy(m_axis);
    auto *row = new QHBoxLayout;
    row->addWidget(label);
    row->addWidget(m_axis, 3);
    row->addWidget(m_scale);
    row->addStretch(1);
    row->addWidget(m_copyCommand);
    return row;
}

void BalancePanel::connectSlider()
{
    PlanEditor &editor = m_workbench.editor;
    connect(m_nearest, &QPushButton::clicked, this, &BalancePanel::takeNearest);
    connect(m_slider, &BalanceSlider::dragStarted, &editor, &PlanEditor::beginDrag);
    connect(m_slider, &BalanceSlider::valueDragged, &editor, [&editor](qint64 n) { editor.setAttentionsToRemove(n); });
    connect(m_slider, &BalanceSlider::dragFinished, &editor, &PlanEditor::endDrag);
    connect(m_slider, &BalanceSlider::valueStepped, &editor, [&editor](qint64 n) { editor.setAttentionsToRemove(n); });
    connect(m_slider, &BalanceSlider::ruleRequested, &editor, [&editor] { editor.setAttentionsToRemove({}); });
}

void BalancePanel::connectCurve()
{
    connect(m_axis, &QComboBox::currentIndexChanged, this, &BalancePanel::followCurve);
    connect(m_scale, &SegmentedControl::chosen, this, &BalancePanel::followCurve);
    connect(m_curve, &PerplexityCurve::pointClicked, this, &BalancePanel::takePoint);
    connect(m_measure, &JobButton::clicked, &m_workbench.jobs, &SessionJobs::evaluate);
    connect(m_measureCurve, &QPushButton::toggled, this, &BalancePanel::setCurveCardShown);
    connect(m_curveCard, &CurveCard::closed, m_measureCurve, [this] {
        m_measureCurve->setChecked(false);
        m_measureCurve->setFocus();
    });
    postSavings(*m_curve, m_workbench.messages);
}

void BalancePanel::connectModels()
{
    const SessionModel &session = m_workbench.session;
    for (const auto changed : {&SessionModel::modelChanged, &SessionModel::evaluationsChanged, &SessionModel::textsChanged})
        connect(&session, changed, this, [this] { m_areLinesKnown = false; });
    connect(&session, &SessionModel::modelChanged, this, &BalancePanel::follow);
    connect(&session, &SessionModel::draftChanged, this, &BalancePanel::follow);
    connect(&session, &SessionModel::plansChanged, this, &BalancePanel::follow); // the plan's file may have another name now
    for (const auto changed : {&SessionModel::evaluationsChanged, &SessionModel::textsChanged, &SessionModel::searchChanged,
                               &SessionModel::modelPresenceChanged, &SessionModel::planHashChanged})
        connect(&session, changed, this, [this] {
            if (isVisible()) {
                followCurve();
                followMeasuring();
            }
        });
    for (const auto changed : {&JobRunner::jobAdded, &JobRunner::jobChanged, &JobRunner::jobFinished})
        connect(&m_workbench.runner, changed, this, [this] {
            if (isVisible())
                followMeasuring();
        });
}

void BalancePanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void BalancePanel::follow()
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel() || (!session.pruningProblem().isEmpty() && !session.isSettled())) {
        if (session.hasModel())
            m_empty->say(tr("This model cannot be pruned"), session.pruningProblem());
        else
            m_empty->sayNoModel();
        m_pages->setCurrentIndex(0);
        return;
    }
    m_pages->setCurrentIndex(1);
    if (!isVisible())
        return;
    if (session.shelfPlan())
        m_shelf->say(InlineNote::Kind::Info, shelfPlanText(session));
    else
        m_shelf->clear();
    followMethod();
    m_target->follow();
    followSlider();
    followSentence();
    followCurve();
    followMeasuring();
}

/// The method of another plan that became the current one is shown; what is chosen stays otherwise. Target and slider are those of 2SSP.
void BalancePanel::followMethod()
{
    const ShelfPlan *shelf = m_workbench.session.shelfPlan();
    if (std::exchange(m_shownPlan, m_workbench.session.draft().plan) != m_shownPlan)
        m_method->showPlan(shelf ? &shelf->plan : nullptr);
    else
        m_method->follow();
    const bool isTwoSsp = !isOfBlocks(m_method->method());
    m_target->setVisible(isTwoSsp);
    m_slider->setVisible(isTwoSsp);
    m_restore->setVisible(isTwoSsp);
}

void BalancePanel::followSlider()
{
    const SessionModel &session = m_workbench.session;
    const QString readOnly = session.readOnlyReason();
    enableUnless(readOnly, *m_nearest, {});
    m_slider->setProblem(session.removalsProblem());
    m_slider->setRange(session.layerCount());
    const std::optional<BalanceBounds> &bounds = session.bounds();
    if (!bounds)
        return;
    const QString target = targetText(session.draft().balance.sparsity);
    const ShelfPlan *shelf = session.shelfPlan();
    const bool isOfHere = shelf && isFoundHere(*shelf);
    const QString settled = shelf && isSetByHand(*shelf) ? tr("N is settled by hand")
                            : isOfHere                   ? tr("N is settled by %1").arg(shelfName(*shelf))
                                                         : tr("N is settled by the plan's file"),
                  tooSmall = tr("N too small: pruning every neuron would not reach %1").arg(target),
                  tooLarge = tr("N too large: %1 attentions alone exceed %2").arg(bounds->mostAttentions + 1).arg(target);
    m_slider->setFeasible(bounds->leastAttentions, bounds->mostAttentions, shelf ? settled : tooSmall, shelf ? settled : tooLarge);
    m_slider->setRule(
        bounds->attentionsByRule,
        shelf && isSetByHand(*shelf) ? tr("the plan by hand: N = %1").arg(bounds->attentionsByRule)
        : isOfHere                   ? tr("the plan by %1: N = %2").arg(shelfName(*shelf)).arg(bounds->attentionsByRule)
        : shelf                      ? tr("the plan '%1': N = %2").arg(shelfFileName(session)).arg(bounds->attentionsByRule)
                : tr("the rule (α = %1): N = %2").arg(locale().toString(session.draft().balance.alpha)).arg(bounds->attentionsByRule));
    m_slider->setValue(session.balance() ? session.attentionsToRemove()
                                         : session.draft().balance.attentionsToRemove.value_or(bounds->attentionsByRule));
}

void BalancePanel::followSentence()
{
    const SessionModel &session = m_workbench.session;
    const bool isFeasible = session.balance().has_value();
    m_sentence->setVisible(isFeasible && !isOfBlocks(m_method->method()));
    m_sentence->setText(isFeasible ? planSentence(session) : QString());
    const bool isProblem = !isFeasible && !isOfBlocks(m_method->method()); // other methods ask for other numbers
    m_problem->setVisible(isProblem);
    if (!isProblem)
        return;
    const std::optional<BalanceBounds> &bounds = session.bounds();
    const bool canBeMended = bounds && bounds->leastAttentions <= bounds->mostAttentions;
    m_problemNote->say(InlineNote::Kind::Problem, canBeMended ? infeasibleText(session) : session.balanceProblem(),
                       canBeMended ? tr("Use the nearest N, another alpha, or another sparsity.") : session.balanceHint());
    m_nearest->setVisible(canBeMended);
    if (canBeMended) {
        const std::int64_t wanted = session.draft().balance.attentionsToRemove.value_or(bounds->attentionsByRule);
        m_nearest->setText(tr("Use N = %1").arg(std::clamp(wanted, bounds->leastAttentions, bounds->mostAttentions)));
    }
}

void BalancePanel::takeNearest()
{
    const SessionModel &session = m_workbench.session;
    if (session.bounds()) // the editor takes the nearest that is feasible
        m_workbench.editor.setAttentionsToRemove(session.draft().balance.attentionsToRemove.value_or(session.bounds()->attentionsByRule));
}

void BalancePanel::followCurve()
{
    m_shown = curveData(m_workbench.session, kAxes.at(std::size_t(m_axis->currentIndex())), m_scale->current() == 0);
    if (!std::exchange(m_areLinesKnown, true)) // they do not depend on the current plan, which may be dragged
        m_lines = curveLines(m_workbench.session.session(), m_shown.records);
    m_curve->showPoints(m_shown.axis, m_shown.points, m_shown.current, m_lines);
    m_curve->setSource(sourceOfMeasurements(m_workbench.session));
}

/// Goes back to the settings that gave a measured plan. Where its search is not there to go back to (its order was borrowed), N and K by hand.
void BalancePanel::takePoint(qint64 index)
{
    const Session &session = m_workbench.session.session();
    const Measurement &record = session.measurements[m_shown.records[std::size_t(index)]];
    if (record.planHash.empty())
        return; // the original is no plan
    const QString what = tr("Plan of the curve: %1").arg(planText(m_workbench.session, record));
    if (const DraftOfRecord found = draftOfRecord(session, record, session.draft); found.draft) {
        m_workbench.editor.useDraft(*found.draft, what);
        return;
    }
    PlanDraft draft = session.draft;
    draft.plan.clear();
    draft.calibration = record.calibration;
    draft.balance.attentionsToRemove = std::int64_t(record.removed.size());
    draft.balance.neuronsKept = record.neuronsKept;
    m_workbench.editor.useDraft(draft, what);
}

void BalancePanel::followMeasuring()
{
    const SessionModel &session = m_workbench.session;
    const QString unscored = session.shelfPlan()   ? session.widthProblem()
                             : session.hasScores() ? QString()
                                                   : tr("Calibrate first: no neurons are chosen yet.");
    const QString readOnly = session.readOnlyReason(), problem = readOnly.isEmpty() ? unscored : readOnly;
    enableUnless(problem, *m_measureCurve, tr("Several plans, one after the other"));
    if (!problem.isEmpty())
        m_measureCurve->setChecked(false);
    m_copyCommand->setProblem(m_workbench.jobs.canEvaluateDense().reason); // of the original as long as there is no plan
    if (m_workbench.runner.isBusy(JobKind::Evaluate) || m_workbench.runner.isBusy(JobKind::Curve)) {
        const JobInfo *job = m_workbench.runner.current();
        const QString paused = job ? pausedText(*job) : QString();
        m_measure->offer(tr("Measure this point"),
                         {!job                ? tr("Measuring.")
                          : !paused.isEmpty() ? paused
                                              : tr("%1: %2").arg(job->title, progressDetails(job->progress))},
                         {});
        return;
    }
    if (const Measurement *known = session.planEvaluation()) {
        m_measure->offer(tr("Measure this point"), {tr("Measured: perplexity %1.").arg(perplexityText(known->result.perplexity))}, {});
        return;
    }
    if (!session.balance()) {
        m_measure->offer(tr("Measure this point"), {tr("This plan is not feasible.")}, {});
        return;
    }
    m_measure->offer(tr("Measure this point"), m_workbench.jobs.canEvaluate(), evaluationCostText(m_workbench.jobs));
}

void BalancePanel::setCurveCardShown(bool isShown)
{
    m_curveCard->setVisible(isShown);
}

} // namespace secateur::ui
