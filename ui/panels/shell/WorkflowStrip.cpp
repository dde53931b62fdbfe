// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/WorkflowStrip.h"

#include "commands/PlanEditor.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/parts/ConceptId.h"
#include "panels/plan/ShelfWords.h"
#include "theme/PlotStyle.h"
#include "widgets/Enabling.h"
#include "widgets/FittingLabel.h"
#include "widgets/Quantity.h"
#include "widgets/RuleSpinBox.h"
#include "widgets/StepButton.h"

#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QSignalBlocker>

#include <algorithm>
#include <cmath>
#include <limits>

namespace secateur::ui {
namespace {

using Step = WorkflowStrip::Step;

QString nameOf(Step step)
{
    switch (step) {
    case Step::Load:
        return WorkflowStrip::tr("Load");
    case Step::Calibrate:
        return WorkflowStrip::tr("Calibrate");
    case Step::Plan:
        return WorkflowStrip::tr("Plan");
    case Step::Evaluate:
        return WorkflowStrip::tr("Evaluate");
    case Step::Export:
        return WorkflowStrip::tr("Export");
    }
    return {};
}

QString purposeOf(Step step)
{
    switch (step) {
    case Step::Load:
        return WorkflowStrip::tr("Open a model and see what it is made of");
    case Step::Calibrate:
        return WorkflowStrip::tr("Score every FFN neuron on a text");
    case Step::Plan:
        return WorkflowStrip::tr("Choose what goes: neurons by K, attentions by a search");
    case Step::Evaluate:
        return WorkflowStrip::tr("Measure the perplexity on a text");
    case Step::Export:
        return WorkflowStrip::tr("Write the pruned checkpoint and verify it");
    }
    return {};
}

/// A number as a field can hold it; a session file may hold any.
int inField(qint64 number)
{
    return int(std::clamp<qint64>(number, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

constexpr int kRest = 1000;     ///< stretch of what takes the room that is left
constexpr int kNameWidth = 120; ///< pixels that a plan's name is given at least, if it is that long

/// Shows "37.5 %", not "37.50 %".
class PercentBox : public QDoubleSpinBox {
public:
    PercentBox()
    {
        setRange(0.1, 99.9);
        setDecimals(2);
        setSingleStep(0.5);
        setSuffix(QStringLiteral(" %"));
        setKeyboardTracking(false);
    }

    QString textFromValue(double value) const override
    {
        QString text = locale().toString(value, 'f', decimals());
        while (text.endsWith(locale().zeroDigit()))
            text.chop(1);
        return text.endsWith(locale().decimalPoint()) ? text.chopped(1) : text;
    }
};

QLabel *fieldLabel(const QString &text, QWidget *buddy)
{
    auto *label = new QLabel(text);
    label->setBuddy(buddy);
    return label;
}

} // namespace

WorkflowStrip::WorkflowStrip(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_name(new FittingLabel),
      m_exactness(new FittingLabel),
      m_sparsity(new PercentBox),
      m_attentions(new RuleSpinBox),
      m_neurons(new RuleSpinBox)
{
    explainBy(*this, ConceptId::BalanceRule);
    setAccessibleName(tr("Workflow"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 6, 12, 7);
    layout->setSpacing(6);
    for (int i = 0; i < kSteps; ++i) {
        const Step step{i};
        m_buttons[std::size_t(i)] = new StepButton(nameOf(step));
        layout->addWidget(m_buttons[std::size_t(i)]);
        connect(m_buttons[std::size_t(i)], &StepButton::chosen, this, [this, step] { emit stepClicked(step); });
    }
    makeFields();
    layout->addStretch(1);
    layout->addWidget(m_exactness); // words of any length: what is right of them stays where it is
    layout->addSpacing(6);
    layout->addWidget(m_name, kRest);
    layout->addSpacing(4);
    layout->addWidget(fieldLabel(tr("sparsity"), m_sparsity));
    layout->addWidget(m_sparsity);
    layout->addWidget(fieldLabel(tr("N"), m_attentions));
    layout->addWidget(m_attentions);
    layout->addWidget(fieldLabel(tr("K"), m_neurons));
    layout->addWidget(m_neurons);

    const SessionModel &session = workbench.session;
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::searchChanged}) {
        connect(&session, signal, this, &WorkflowStrip::followPlan);
        connect(&session, signal, this, &WorkflowStrip::followSteps);
    }
    for (const auto signal : {&SessionModel::modelPresenceChanged, &SessionModel::textsChanged, &SessionModel::calibrationsChanged,
                              &SessionModel::evaluationsChanged, &SessionModel::exportsChanged, &SessionModel::planHashChanged})
        connect(&session, signal, this, &WorkflowStrip::followSteps);
    for (const auto signal : {&SessionModel::pinsChanged, &SessionModel::plansChanged}) // either may give it another name
        connect(&session, signal, this, &WorkflowStrip::followPlan);
    followSteps();
    followPlan();
}

void WorkflowStrip::makeFields()
{
    m_name->setForegroundRole(QPalette::PlaceholderText);
    m_name->setLeastWidth(kNameWidth);
    m_name->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    m_exactness->setAlignment(Qt::AlignRight | Qt::AlignVCenter);

    m_sparsity->setAccessibleName(tr("Target sparsity of the decoder layers, percent"));
    m_attentions->setAccessibleName(tr("N, attentions to remove"));
    m_neurons->setAccessibleName(tr("K, neurons kept in every FFN"));
    explainBy(*m_neurons, ConceptId::UniformWidth);
    explainBy(*m_exactness, ConceptId::Signs);

    PlanEditor &editor = m_workbench.editor;
    connect(m_sparsity, &QDoubleSpinBox::valueChanged, this, [this, &editor](double percent) {
        editor.setSparsity(percent / 100);
        followPlan();
    });
    // The editor may clamp a number or find nothing to change: what is shown follows the plan either way.
    connect(m_attentions, &RuleSpinBox::chosen, this, [this, &editor](qint64 value) {
        editor.setAttentionsToRemove(value);
        followPlan();
    });
    connect(m_attentions, &RuleSpinBox::ruleChosen, this, [this, &editor] {
        editor.setAttentionsToRemove({});
        followPlan();
    });
    connect(m_neurons, &RuleSpinBox::chosen, this, [this, &editor](qint64 value) {
        editor.setNeuronsKept(value);
        followPlan();
    });
    connect(m_neurons, &RuleSpinBox::ruleChosen, this, [this, &editor] {
        editor.setNeuronsKept({});
        followPlan();
    });
}

void WorkflowStrip::setCurrent(Step step)
{
    m_current = step;
    followSteps();
}

bool WorkflowStrip::isDone(Step step) const
{
    const SessionModel &session = m_workbench.session;
    const SearchState search = session.searchState();
    switch (step) {
    case Step::Load:
        return session.hasModel();
    case Step::Calibrate:
        return session.hasScores();
    case Step::Plan:
        return search == SearchState::Complete || search == SearchState::NotNeeded;
    case Step::Evaluate:
        return session.planEvaluation() != nullptr;
    case Step::Export: {
        const std::string hash = session.planHash().toStdString();
        const std::vector<ExportRecord> &exports = session.session().exports;
        return !hash.empty() &&
               std::any_of(exports.begin(), exports.end(), [&](const ExportRecord &record) { return record.planHash == hash; });
    }
    }
    return false;
}

/// Why a step leads nowhere yet. What is done can be looked at again, with or without the model.
QString WorkflowStrip::problemOf(Step step) const
{
    const SessionModel &session = m_workbench.session;
    const SessionJobs &jobs = m_workbench.jobs;
    if (step == Step::Load || isDone(step))
        return {};
    if (!session.hasModel())
        return tr("Open a model first.");
    switch (step) {
    case Step::Plan:
        return session.pruningProblem();
    // Their texts are chosen on these steps' own pages.
    case Step::Calibrate:
        return session.session().calibrationText.files.empty() ? session.pruningProblem() : jobs.canCalibrate().reason;
    case Step::Evaluate:
        return session.session().evaluationText.files.empty() || jobs.canEvaluateDense() ? QString() : jobs.canEvaluate().reason;
    case Step::Export:
        return jobs.canExport().reason;
    case Step::Load:
        break;
    }
    return {};
}

void WorkflowStrip::followSteps()
{
    for (int i = 0; i < kSteps; ++i) {
        const Step step{i};
        m_buttons[std::size_t(i)]->setState(isDone(step), step == m_current, problemOf(step), purposeOf(step));
    }
}

/// N; where the plan is not feasible, what was asked for, so that it can be corrected.
qint64 WorkflowStrip::shownAttentions() const
{
    const SessionModel &session = m_workbench.session;
    if (session.balance())
        return session.attentionsToRemove();
    return session.draft().balance.attentionsToRemove.value_or(session.bounds() ? session.bounds()->attentionsByRule : 0);
}

/// The fewest and the most attentions that may be removed; all where no number reaches the sparsity.
std::pair<qint64, qint64> WorkflowStrip::attentionsRange() const
{
    const SessionModel &session = m_workbench.session;
    const std::optional<BalanceBounds> &bounds = session.bounds();
    if (bounds && bounds->leastAttentions <= bounds->mostAttentions)
        return {bounds->leastAttentions, bounds->mostAttentions};
    return {0, session.layerCount()};
}

/// With K by hand, or chosen neurons, the target says nothing of the plan.
bool WorkflowStrip::isReachedByHand() const
{
    const SessionModel &session = m_workbench.session;
    return session.balance().has_value() && (session.draft().balance.neuronsKept.has_value() || session.shelfPlan());
}

double WorkflowStrip::shownSparsity() const
{
    const SessionModel &session = m_workbench.session;
    if (!isReachedByHand())
        return session.draft().balance.sparsity;
    const double reached = 1 - double(session.planFigures().layerParameters) / double(session.denseFigures().layerParameters);
    return std::round(reached * 1000) / 1000; // 55.4 %, as everywhere
}

void WorkflowStrip::followPlan()
{
    const SessionModel &session = m_workbench.session;
    const BalanceSettings &settings = session.draft().balance;
    const QString problem = session.widthProblem();
    const std::pair<qint64, qint64> range = attentionsRange();
    {
        const QSignalBlocker sparsity(m_sparsity), attentions(m_attentions), neurons(m_neurons);
        m_attentions->setRange(inField(std::min(range.first, shownAttentions())), inField(std::max(range.second, shownAttentions())));
        const bool haveOneNumber = session.hasModel() && session.neuronsKept() > 0; // not so the FFNs of a plan by hand
        m_neurons->setRange(haveOneNumber ? 1 : 0, int(session.neurons()));
        const ShelfPlan *shelf = session.shelfPlan();
        const bool isWithoutFfns = shelf && std::int64_t(shelf->plan.layersWithoutFfn().size()) == session.layerCount(); // 0 in all
        const QString noNumber = session.hasModel() && !haveOneNumber && !isWithoutFfns ? tr("differs") : QString();
        if (noNumber != m_neurons->specialValueText()) // to set it writes the text anew
            m_neurons->setSpecialValueText(noNumber);
        m_sparsity->setValue(shownSparsity() * 100);
    }
    const bool isByRule = !session.shelfPlan();
    m_attentions->setNumber(shownAttentions(), isByRule && !settings.attentionsToRemove.has_value());
    m_neurons->setNumber(session.neuronsKept(), isByRule && !settings.neuronsKept.has_value());
    enableUnless(problem, *m_sparsity,
                 isReachedByHand()
                     ? tr("Share of the decoder layers' parameters that K by hand removes. A target gives K back to the rule.")
                     : tr("Target: share of the decoder layers' parameters to remove"));
    enableUnless(session.removalsProblem(), *m_attentions,
                 (isByRule ? tr("Attentions to remove: %1 to %2 reach the sparsity. Empty: by the rule.")
                           : tr("Attentions to remove: %1 to %2. Empty: as many as the plan's file says."))
                     .arg(range.first)
                     .arg(range.second));
    enableUnless(problem, *m_neurons,
                 tr("Neurons kept in every FFN, of %1. Empty: what the sparsity asks for.").arg(exactText(session.neurons())));

    const auto &pins = session.session().pinned;
    const auto pin = std::find_if(pins.begin(), pins.end(), [&](const PinnedPlan &pinned) { return pinned.draft == session.draft(); });
    const QString unpinned = session.shelfPlan() ? shelfFileName(session) : tr("current plan");
    const QString name = pin == pins.end() ? unpinned : QString::fromStdString(pin->name);
    m_name->setTexts(session.hasModel() ? QStringList{name} : QStringList());
    m_name->setToolTip(pin == pins.end() ? tr("The current plan is not pinned") : tr("Pinned plan: %1").arg(name));
    followExactness();
}

void WorkflowStrip::followExactness()
{
    const SessionModel &session = m_workbench.session;
    const Exactness exactness = session.planExactness();
    const bool isInfeasible = session.hasModel() && !session.balance();
    const QString sign = isInfeasible ? exactnessSign(Exactness::Stale) : exactnessSign(exactness);
    const QString text = session.planExactnessText();
    const QString shortText = exactness == Exactness::Unknown ? text : exactnessWord(exactness);
    m_exactness->setTexts({QStringLiteral("%1 %2").arg(sign, text).trimmed(), QStringLiteral("%1 %2").arg(sign, shortText).trimmed()});
    m_exactness->setToolTip(isInfeasible ? session.balanceProblem() + QLatin1Char('\n') + session.balanceHint() : text);

    const PlotStyle style = PlotStyle::of(this->palette());
    const QColor ink = exactness == Exactness::Exact                   ? style.readable(style.ffn)
                       : exactness == Exactness::Stale || isInfeasible ? style.readable(style.warning)
                                                                       : style.mutedText;
    if (m_exactness->palette().color(QPalette::WindowText) == ink && m_exactness->font().bold() == (exactness == Exactness::Exact))
        return; // the usual case while a number is dragged
    QPalette colours;
    colours.setColor(QPalette::WindowText, ink);
    m_exactness->setPalette(colours);
    QFont bold;
    bold.setBold(exactness == Exactness::Exact);
    m_exactness->setFont(bold);
}

void WorkflowStrip::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    // A new style sheet takes back the palettes of children, so their colours are given once it is through.
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        QMetaObject::invokeMethod(this, &WorkflowStrip::followExactness, Qt::QueuedConnection);
}

void WorkflowStrip::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), style.surface);
    painter.setPen(style.line);
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace secateur::ui
