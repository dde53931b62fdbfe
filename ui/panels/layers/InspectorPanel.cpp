// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/InspectorPanel.h"

#include "commands/PlanEditor.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/layers/LayerFacts.h"
#include "panels/layers/RefitWords.h"
#include "panels/layers/WidthDialog.h"
#include "panels/parts/ConceptId.h"
#include "panels/plan/BalanceWords.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"
#include "widgets/FactLines.h"
#include "widgets/FormulaCard.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QStringList>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kNarrowest = 200; ///< pixels

void setChoice(QPushButton &button, bool isChecked, const QString &problem, const QString &toolTip)
{
    button.setChecked(isChecked);
    enableUnless(problem, button, toolTip);
}

/// The tensors of a layer that the plan changes, without what all end in: "ffn.down"; empty where it changes none.
QString changedWeightsText(const SessionModel &session, qint64 layer)
{
    const QString ending = QStringLiteral(".weight");
    QStringList names;
    if (session.shelfPlan())
        for (const WeightEdit &edit : session.shelfPlan()->plan.edits.list)
            if (edit.role.layer == layer) {
                QString name = QString::fromStdString(ownTensorName(edit.role)).section(QLatin1Char('.'), 2); // without "layers.3."
                if (name.endsWith(ending))
                    name.chop(ending.size());
                names << name;
            }
    return names.join(QStringLiteral(", "));
}

} // namespace

InspectorPanel::InspectorPanel(Workbench workbench, QWidget *parent) : QWidget(parent), m_workbench(workbench)
{
    explainBy(*this, ConceptId::GreedyStep);
    setAccessibleName(tr("Inspector"));
    setMinimumWidth(kNarrowest);
    makeParts();
    const SessionModel &session = workbench.session;
    const SelectionModel &selection = workbench.selection;
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::plansChanged})
        connect(&session, signal, this, &InspectorPanel::follow);
    for (const auto signal : {&SessionModel::searchChanged, &SessionModel::denseImpactChanged, &SessionModel::calibrationsChanged})
        connect(&session, signal, this, &InspectorPanel::followLayer);
    for (const auto signal : {&SelectionModel::hoveredLayerChanged, &SelectionModel::selectedLayerChanged, &SelectionModel::stepChanged})
        connect(&selection, signal, this, &InspectorPanel::followLayer);
    connect(m_protect, &QPushButton::clicked, this, [this] { m_workbench.editor.toggleProtected(layer()); });
    connect(m_force, &QPushButton::clicked, this, [this] { m_workbench.editor.toggleForced(layer()); });
    connect(m_setWidth, &QPushButton::clicked, this, [this] { askForWidth(m_workbench, layer(), this); });
    follow();
}

void InspectorPanel::makeParts()
{
    m_content = new QWidget;
    auto *parts = new QVBoxLayout(m_content);
    parts->setContentsMargins(12, 10, 12, 10);
    parts->setSpacing(6);
    m_title = headingLabel({});
    m_hint = captionLabel({});
    m_facts = new FactLines;
    m_protect = new QPushButton(icon(QStringLiteral("shield")), tr("Protect"));
    m_protect->setAccessibleName(tr("Protect attention"));
    m_force = new QPushButton(icon(QStringLiteral("force")), tr("Remove first"));
    for (QPushButton *button : {m_protect, m_force})
        button->setCheckable(true);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_protect);
    buttons->addWidget(m_force);
    buttons->addStretch(1);
    parts->addWidget(m_title);
    parts->addWidget(m_hint);
    parts->addWidget(m_facts);
    parts->addLayout(buttons);
    m_setWidth = new QPushButton(tr("Set width…"));
    m_setWidth->setAccessibleName(tr("Set the width of the layer"));
    parts->addWidget(m_setWidth, 0, Qt::AlignLeft);
    m_refitTitle = headingLabel(tr("What the refit does here"));
    m_refitText = captionLabel({});
    m_refit = new FormulaCard;
    m_refit->setAccessibleName(tr("How the weights of this layer were fitted"));
    parts->addWidget(m_refitTitle);
    parts->addWidget(m_refitText);
    parts->addWidget(m_refit);
    parts->addSpacing(8);
    m_explained = headingLabel({});
    parts->addWidget(m_explained);
    m_explanation = captionLabel({});
    parts->addWidget(m_explanation);
    m_depth = new FormulaCard;
    m_depth->setAccessibleName(tr("How N is computed"));
    m_width = new FormulaCard;
    m_width->setAccessibleName(tr("How K is computed"));
    parts->addWidget(m_depth);
    parts->addWidget(m_width);
    parts->addWidget(captionLabel(tr("Keep in mind: low perplexity on one window does not guarantee accuracy on tasks.")));
    parts->addStretch(1);

    auto *scroll = new QScrollArea;
    scroll->setWidget(m_content);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus); // Tab goes through the controls; it shows no focus
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
}

qint64 InspectorPanel::layer() const
{
    const SelectionModel &selection = m_workbench.selection;
    const qint64 layer = selection.hoveredLayer() >= 0 ? selection.hoveredLayer() : selection.selectedLayer();
    return layer < m_workbench.session.layerCount() ? layer : -1;
}

void InspectorPanel::follow()
{
    followLayer();
    const BalanceWords words = balanceWords(m_workbench.session);
    const ShelfPlan *shelf = m_workbench.session.shelfPlan();
    m_explained->setText(!shelf                ? tr("Explain: the balance rule")
                         : isSetByHand(*shelf) ? tr("The plan by hand")
                         : isFoundHere(*shelf) ? tr("The plan by %1").arg(shelfName(*shelf))
                                               : tr("The plan of a file"));
    m_explanation->setText(words.explanation.isEmpty() ? tr("How many attentions go and how many neurons stay, for a target sparsity.")
                                                       : words.explanation);
    m_depth->setFormula(words.depth);
    m_depth->setVisible(!words.depth.isEmpty());
    m_width->setFormula(words.width);
    m_width->setVisible(!words.width.isEmpty());
    fitWidth();
}

/// Nothing is cut at its side, which does not scroll. It stays as wide as it once had to be with these letters: a page that is pointed at does not move.
void InspectorPanel::fitWidth()
{
    const int needed = m_content->minimumSizeHint().width() + style()->pixelMetric(QStyle::PM_ScrollBarExtent, nullptr, this);
    setMinimumWidth(std::max(minimumWidth(), needed));
}

void InspectorPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    fitWidth(); // now the style is known
}

void InspectorPanel::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::FontChange)
        return;
    setMinimumWidth(kNarrowest);                                                      // letters may be smaller now
    QMetaObject::invokeMethod(this, &InspectorPanel::fitWidth, Qt::QueuedConnection); // when what is in it has the font, too
}

void InspectorPanel::followLayer()
{
    const SessionModel &session = m_workbench.session;
    const qint64 at = layer();
    m_title->setText(at < 0 ? tr("No layer selected") : tr("Layer %1").arg(at));
    m_hint->setText(session.hasModel() ? tr("Point at a layer anywhere, or choose one on the map.") : tr("Open a model first."));
    m_hint->setVisible(at < 0);
    m_facts->setVisible(at >= 0);
    m_protect->setVisible(at >= 0);
    m_force->setVisible(at >= 0);
    m_setWidth->setVisible(at >= 0);
    followRefit();
    if (at < 0)
        return;
    const LayerFacts facts = layerFacts(session, m_workbench.selection, at);
    FactLines::Facts lines = {{tr("Attention"), attentionText(facts)},
                              {impactName(), impactText()},
                              {tr("Runner-up"), runnerUpText()},
                              {tr("FFN"), facts.hasFfn && !facts.isFfnRemoved()
                                              ? tr("%1 of %2").arg(exactText(facts.kept), exactText(facts.neurons))
                                              : ffnText(facts)},
                              {tr("Score kept"), facts.shareKept ? percentText(*facts.shareKept) : QStringLiteral("—")}};
    if (const QString changed = changedWeightsText(session, at); !changed.isEmpty())
        lines.emplace_back(tr("Changed"), changed);
    m_facts->setFacts(lines);
    followButtons();
}

void InspectorPanel::followButtons()
{
    const SessionModel &session = m_workbench.session;
    setChoice(*m_protect, session.isProtected(layer()), protectProblem(session, layer()), tr("The search leaves this attention alone"));
    setChoice(*m_force, session.isForced(layer()), forceProblem(session, layer()),
              tr("This attention goes first, whatever the search says"));
    enableUnless(setWidthProblem(m_workbench, layer()), *m_setWidth,
                 tr("How many neurons of this layer stay: not 2SSP where layers differ"));
}

void InspectorPanel::followRefit()
{
    const RefitWords words = refitWords(m_workbench.session, layer());
    const bool isShown = !words.explanation.isEmpty();
    m_refitTitle->setVisible(isShown);
    m_refitText->setText(words.explanation);
    m_refitText->setVisible(isShown);
    m_refit->setFormula(words.formula);
    m_refit->setVisible(!words.formula.isEmpty());
}

namespace {

/// The step whose losses say most about a layer: the one that removed it, or the last one at the point that is looked at.
qint64 stepOf(const SessionModel &session, const SelectionModel &selection, qint64 layer)
{
    const SearchRecord *search = session.search();
    if (!search)
        return -1;
    const LayerFacts facts = layerFacts(session, selection, layer);
    if (facts.isRemoved())
        return facts.removal;
    const auto last = std::min<qint64>(qint64(search->steps.size()), session.attentionsToRemove()) - 1;
    for (qint64 step = selection.step() < 0 ? last : std::min(last, selection.step()); step >= 0; --step)
        if (candidateFacts(*search, step, layer))
            return step;
    return -1;
}

} // namespace

QString InspectorPanel::impactName() const
{
    const qint64 step = stepOf(m_workbench.session, m_workbench.selection, layer());
    return step >= 0 ? tr("Impact at step %1").arg(step + 1) : tr("Impact");
}

QString InspectorPanel::impactText() const
{
    const SessionModel &session = m_workbench.session;
    const qint64 step = stepOf(session, m_workbench.selection, layer());
    if (const SearchRecord *search = session.search(); search && step >= 0)
        if (const auto facts = candidateFacts(*search, step, layer()))
            return changeText(1, 1 + facts->perplexityChange());
    if (const SearchRecord *dense = session.denseImpact())
        if (const auto facts = candidateFacts(*dense, 0, layer()))
            return tr("%1, original").arg(changeText(1, 1 + facts->perplexityChange()));
    return tr("not measured");
}

QString InspectorPanel::runnerUpText() const
{
    const SessionModel &session = m_workbench.session;
    const LayerFacts facts = layerFacts(session, m_workbench.selection, layer());
    const SearchRecord *search = session.search();
    const auto removal = search && facts.isRemoved() ? candidateFacts(*search, facts.removal, layer()) : std::nullopt;
    if (!removal)
        return QStringLiteral("—");
    if (removal->isForced || removal->runnerUp < 0)
        return tr("none");
    const QString gap = percentText(removal->gap, 2);
    return removal->isNearTie() ? tr("layer %1, near tie (%2)").arg(removal->runnerUp).arg(gap)
                                : tr("layer %1, gap %2").arg(removal->runnerUp).arg(gap);
}

} // namespace secateur::ui
