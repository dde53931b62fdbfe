// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/MethodCard.h"

#include "commands/PlanEditor.h"
#include "foundation/Error.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/MethodWords.h"
#include "panels/parts/WheelGuard.h"
#include "pruning/PruningPlan.h"
#include "theme/ChoiceBox.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/SegmentedControl.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr std::array kPresets = {0.25, 0.375, 0.5};

/// How far a choice is: "BlockPruner: removed 3 of 8: attention 5, FFN 2, attention 7". Empty of one that is made in one pass.
QString progressText(const BlockRecord &record, std::int64_t layers)
{
    constexpr qsizetype kMostNamed = 8; // the last ones: of a deep model a hundred may go
    const QString method = QLatin1String(titleOf(record.settings.method));
    if (!record.evolution.empty())
        return MethodCard::tr("%1: generation %2 of %3, divergence %4 nats a token")
            .arg(method, exactText(qint64(record.evolution.size()) - 1), exactText(generationsOf(record.settings, record.blocks, layers)),
                 QLocale().toString(record.evolution.back().divergence, 'g', 3));
    if (record.steps.empty())
        return {};
    QStringList removed;
    for (const BlockStep &step : record.steps)
        if (step.removed >= 0)
            removed << (step.part == Part::Attention ? MethodCard::tr("attention %1") : MethodCard::tr("FFN %1")).arg(step.removed);
    const QString count = MethodCard::tr("%1: removed %2 of %3").arg(method, exactText(removed.size()), exactText(2 * record.blocks));
    if (removed.isEmpty())
        return count;
    if (removed.size() > kMostNamed)
        removed = QStringList{QStringLiteral("…")} + removed.last(kMostNamed);
    return MethodCard::tr("%1: %2", "how much was removed, and what").arg(count, removed.join(QStringLiteral(", ")));
}

} // namespace

MethodCard::MethodCard(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_method(new ChoiceBox),
      m_variant(new ChoiceBox),
      m_sentence(captionLabel({})),
      m_outcome(bodyLabel({})),
      m_variantLabel(new QLabel(tr("As in"))),
      m_back(new QPushButton(tr("Go back to 2SSP"))),
      m_asked(new QWidget),
      m_presets(new SegmentedControl(tr("Share of the layers to remove"))),
      m_sparsity(new QDoubleSpinBox),
      m_find(new JobButton),
      m_copyCommand(new CopyButton(tr("Copy search as command"), [this] { return m_workbench.jobs.blocksCommand(settings()); })),
      m_progress(captionLabel({})),
      m_busy(new BusyReason(workbench.runner, JobKind::FindBlocks, tr("A plan is being made."), this))
{
    layOut();
    connect(m_method, &QComboBox::activated, this, &MethodCard::chooseMethod);
    connect(m_variant, &QComboBox::activated, this, &MethodCard::follow);
    connect(m_presets, &SegmentedControl::chosen, this, [this](int index) { m_sparsity->setValue(kPresets.at(std::size_t(index)) * 100); });
    connect(m_sparsity, &QDoubleSpinBox::valueChanged, this, &MethodCard::follow);
    connect(m_back, &QPushButton::clicked, this, [this] { m_workbench.editor.useCalibration(calibrationToUse()); });
    connect(m_find, &JobButton::clicked, this, [this] { m_workbench.jobs.findBlocks(settings()); });
    connect(m_busy, &BusyReason::changed, this, &MethodCard::follow);
    const SessionModel &session = workbench.session;
    for (const auto changed : {&SessionModel::modelChanged, &SessionModel::textsChanged, &SessionModel::modelPresenceChanged,
                               &SessionModel::calibrationsChanged, &SessionModel::draftChanged, &SessionModel::blocksInProgressChanged})
        connect(&session, changed, this, &MethodCard::follow);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &MethodCard::follow); // then times are known
    follow();
}

void MethodCard::layOut()
{
    m_method->setAccessibleName(tr("Method"));
    for (const PlanMethod method : kOfferedMethods)
        m_method->addItem(QString::fromUtf8(titleOf(method)), int(method));
    m_variant->setAccessibleName(tr("Variant of the method"));
    m_variant->addItem(tr("the 2SSP authors' code"), int(BlockVariant::Authors));
    m_variant->addItem(tr("the method's own paper"), int(BlockVariant::Original));
    m_variantLabel->setBuddy(m_variant);
    for (const double preset : kPresets)
        m_presets->addChoice(targetText(preset));
    m_sparsity->setAccessibleName(tr("Share of the layers to remove, percent"));
    m_sparsity->setRange(0.1, 99.9);
    m_sparsity->setDecimals(1);
    m_sparsity->setSuffix(tr(" %"));
    m_sparsity->setValue(37.5);
    m_sparsity->setKeyboardTracking(false);
    for (QWidget *control : std::initializer_list<QWidget *>{m_method, m_variant, m_sparsity})
        new WheelGuard(*control);

    auto *label = new QLabel(tr("Method"));
    label->setBuddy(m_method);
    auto *choice = new QHBoxLayout;
    choice->addWidget(label);
    choice->addWidget(m_method);
    choice->addWidget(m_sentence, 1);
    auto *amount = new QHBoxLayout;
    amount->addWidget(m_presets);
    amount->addWidget(m_sparsity);
    amount->addSpacing(8);
    amount->addWidget(m_variantLabel);
    amount->addWidget(m_variant);
    amount->addStretch(1);
    auto *start = new QHBoxLayout;
    start->addWidget(m_find, 1);
    start->addWidget(m_copyCommand);
    auto *asked = new QVBoxLayout(m_asked);
    asked->setContentsMargins(0, 0, 0, 0);
    asked->addLayout(amount);
    asked->addWidget(m_outcome);
    asked->addLayout(start);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(choice);
    column->addWidget(m_back, 0, Qt::AlignLeft);
    column->addWidget(m_asked);
    column->addWidget(m_progress);
}

PlanMethod MethodCard::method() const
{
    return PlanMethod(m_method->currentData().toInt());
}

void MethodCard::showPlan(const PruningPlan *plan)
{
    const PlanMethod method = plan ? plan->method : PlanMethod::TwoSsp;
    m_method->setCurrentIndex(std::max(0, m_method->findData(int(method)))); // the next plan after one by hand is one of 2SSP
    if (plan && plan->blocks) {
        const QSignalBlocker sparsity(m_sparsity);
        m_sparsity->setValue(plan->blocks->settings.sparsity * 100);
        m_variant->setCurrentIndex(m_variant->findData(int(plan->blocks->settings.variant)));
    }
    follow();
}

void MethodCard::chooseMethod()
{
    follow();
    emit methodChosen();
}

BlockSettings MethodCard::settings() const
{
    return {.method = method(), .variant = BlockVariant(m_variant->currentData().toInt()), .sparsity = m_sparsity->value() / 100};
}

/// What the method would remove; empty where it cannot remove that much, which the button says.
QString MethodCard::outcome(const BlockSettings &asked) const
{
    const std::int64_t layers = m_workbench.session.layerCount();
    try {
        const std::int64_t blocks = blocksToRemove(asked.sparsity, layers);
        const bool isByLayer = isByStates(asked.method);
        const QString share = percentText(double(blocks) / double(layers));
        return (isByLayer ? tr("Removes %1 of %2 layers (%3).") : tr("Removes %1 of %2 attentions and %1 of %2 FFNs (%3)."))
            .arg(exactText(blocks), exactText(layers), share);
    } catch (const Error &) {
        return {};
    }
}

/// Of the job that runs, else of what one has begun by the settings that are shown: the next job goes on from there.
QString MethodCard::progress() const
{
    const SessionModel &session = m_workbench.session;
    if (const std::optional<BlockRecord> &running = session.blocksInProgress())
        return progressText(*running, session.layerCount());
    if (!isOfBlocks(method()))
        return {};
    const std::vector<BlockRecord> &begun = session.session().choices;
    const auto same = std::ranges::find(begun, settings(), &BlockRecord::settings);
    const QString text = same == begun.end() ? QString() : progressText(*same, session.layerCount());
    return text.isEmpty() ? text : tr("%1. On the same text it goes on from there.").arg(text);
}

/// The scores that a plan by 2SSP is made from: those of the calibration's settings, else the latest. -1: there are none.
std::int64_t MethodCard::calibrationToUse() const
{
    const Session &session = m_workbench.session.session();
    const std::int64_t ofSettings = calibrationFor(session, session.calibrationText, session.norm);
    return ofSettings >= 0 ? ofSettings : std::int64_t(session.calibrations.size()) - 1;
}

void MethodCard::followBack()
{
    const SessionModel &session = m_workbench.session;
    const ShelfPlan *shelf = session.hasModel() ? session.shelfPlan() : nullptr;
    const bool isOfHere = shelf && (isOfBlocks(shelf->plan.method) || shelf->plan.restoration ||
                                    (shelf->plan.method == PlanMethod::Manual && isFoundHere(*shelf)));
    const bool isWanted = isOfHere && !isOfBlocks(method());
    if (!isWanted && m_back->hasFocus())
        m_method->setFocus();
    m_back->setVisible(isWanted);
    const QString problem = session.changeProblem();
    enableUnless(problem.isEmpty() && calibrationToUse() < 0 ? tr("Calibrate first: 2SSP goes by the scores of neurons.") : problem,
                 *m_back, tr("Takes the scores of the calibration into use again. Undo brings this plan back."));
}

void MethodCard::follow()
{
    const SessionModel &session = m_workbench.session;
    const QString problem = session.changeProblem();
    explainBy(*this, conceptOf(method()).value_or(ConceptId::WidthFirst));
    m_sentence->setText(methodSentence(method()));
    m_asked->setVisible(isOfBlocks(method()));
    for (QWidget *control : std::initializer_list<QWidget *>{m_method, m_presets, m_sparsity, m_variant})
        enableUnless(problem, *control, {});
    followBack();
    const QString progress = session.hasModel() ? this->progress() : QString();
    m_progress->setText(progress);
    m_progress->setVisible(!progress.isEmpty());
    if (isOfBlocks(method()) && session.hasModel())
        followAsked();
}

void MethodCard::followAsked()
{
    const BlockSettings asked = settings();
    const auto preset = std::ranges::find_if(kPresets, [&](double value) { return std::abs(value - asked.sparsity) < 1e-9; });
    m_presets->setCurrent(preset != kPresets.end() ? int(preset - kPresets.begin()) : -1);
    const bool hasVariants = asked.method != PlanMethod::EvoPress; // search, mutation and selection are the same there
    m_variant->setVisible(hasVariants);
    m_variantLabel->setVisible(hasVariants);
    const QString outcome = this->outcome(asked);
    m_outcome->setText(outcome);
    m_outcome->setVisible(!outcome.isEmpty());
    Possibility possible = m_workbench.jobs.canFindBlocks(asked);
    m_copyCommand->setProblem(possible.reason);
    if (possible)
        possible.reason = m_busy->text();
    m_find->offer(tr("Make the plan"), possible, possible ? jobCostText(m_workbench.jobs.blocksCost(asked)) : QString());
}

} // namespace secateur::ui
