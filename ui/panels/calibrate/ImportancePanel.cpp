// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/calibrate/ImportancePanel.h"

#include "commands/PlanEditor.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/calibrate/CalibrationTable.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/EmptyState.h"
#include "panels/parts/FigureSources.h"
#include "panels/parts/PlotMessages.h"
#include "panels/plan/ShelfWords.h"
#include "plots/ScorePlots.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/SegmentedControl.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedLayout>
#include <QVBoxLayout>

namespace secateur::ui {
namespace {

constexpr std::array kScales = {ScoreScale::Raw, ScoreScale::LayerMean, ScoreScale::LayerMaximum}; ///< of Scale
constexpr int kLeastLines =
    13; ///< of text that a plot is high, with its title and the numbers of its axis; in a low window the page scrolls
static_assert(SelectionModel::kMostCompared == ScorePlot::kMostCompared);

/// Keeps a plot away from the handle of its splitter.
QWidget *padded(QWidget &plot, const QMargins &margins)
{
    auto *frame = new QWidget;
    auto *layout = new QVBoxLayout(frame);
    layout->setContentsMargins(margins);
    layout->addWidget(&plot);
    return frame;
}

} // namespace

ImportancePanel::ImportancePanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_pages(new QStackedLayout(this)),
      m_empty(new EmptyState),
      m_kept(new QLabel),
      m_scales(new SegmentedControl(tr("Scale of the scores"))),
      m_toRule(new QPushButton(tr("Back to the rule"))),
      m_plots{new ScoreHistograms, new SortedScores, new ScoreHeatmap}
{
    explainBy(*this, ConceptId::NeuronScore);
    m_plots[1]->setObjectName(QStringLiteral("sortedScores"));
    m_pages->addWidget(m_empty);
    m_pages->addWidget(makeContent());
    for (ScorePlot *plot : m_plots)
        connectPlot(*plot);

    const SessionModel &session = m_workbench.session;
    connect(m_empty, &EmptyState::actionRequested, this, &ImportancePanel::calibrateRequested);
    connect(m_empty, &EmptyState::otherRequested, this, [this] { m_workbench.editor.useCalibration(calibrationOffered()); });
    connect(m_empty, &EmptyState::openRequested, this, &ImportancePanel::openRequested);
    connect(m_toRule, &QPushButton::clicked, this, [this] { m_workbench.editor.setNeuronsKept({}); });
    connect(m_scales, &SegmentedControl::chosen, this, [this](int index) { setScale(Scale(index)); });
    connect(&session, &SessionModel::modelChanged, this, [this] {
        m_lastUsed = -1;
        follow();
    });
    for (const auto changed :
         {&SessionModel::searchChanged, &SessionModel::planHashChanged, &SessionModel::draftChanged, &SessionModel::calibrationsChanged})
        connect(&session, changed, this, &ImportancePanel::follow);
    follow();
}

QWidget *ImportancePanel::makeContent()
{
    auto *upper = new QSplitter(Qt::Horizontal);
    upper->addWidget(padded(*m_plots[0], {0, 0, 8, 6}));
    upper->addWidget(padded(*m_plots[1], {8, 0, 0, 6}));
    auto *both = new QSplitter(Qt::Vertical);
    both->addWidget(upper);
    both->addWidget(padded(*m_plots[2], {0, 6, 0, 0}));
    for (QSplitter *splitter : {upper, both}) {
        splitter->setChildrenCollapsible(false);
        splitter->setStretchFactor(0, 1);
        splitter->setStretchFactor(1, 1);
    }
    upper->setSizes({500, 500});
    both->setSizes({600, 400});
    for (ScorePlot *plot : m_plots)
        plot->setMinimumHeight(fontMetrics().height() * kLeastLines);
    auto *scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(both);

    auto *content = new QWidget;
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(12, 10, 12, 8);
    column->addWidget(makeHeader());
    column->addWidget(scroll, 1);
    return content;
}

QWidget *ImportancePanel::makeHeader()
{
    m_kept->setWordWrap(true);
    m_kept->setAccessibleName(tr("Neurons kept"));
    for (QWidget *part : std::initializer_list<QWidget *>{m_kept, m_toRule})
        explainBy(*part, ConceptId::UniformWidth);
    QSizePolicy keepsItsPlace = m_toRule->sizePolicy();
    keepsItsPlace.setRetainSizeWhenHidden(true); // the plots below do not move when it comes
    m_toRule->setSizePolicy(keepsItsPlace);
    m_toRule->setAccessibleName(tr("Give K back to the balance rule"));
    m_toRule->setFlat(true);
    m_toRule->setProperty("link", true);

    m_scales->addChoice(tr("Raw"), tr("The scores as they were measured"));
    m_scales->addChoice(tr("÷ mean"),
                        tr("Each layer's scores over their mean: layers of other scales lie above each other. The plan stays."));
    m_scales->addChoice(tr("÷ maximum"), tr("Each layer's scores over their largest. The plan stays."));
    m_scales->setCurrent(0);

    auto *header = new QWidget;
    auto *row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_kept, 1);
    row->addWidget(m_toRule);
    QLabel *scales = captionLabel(tr("Scores"));
    scales->setWordWrap(false);
    row->addWidget(scales);
    row->addWidget(m_scales);
    return header;
}

void ImportancePanel::connectPlot(ScorePlot &plot)
{
    SelectionModel &selection = m_workbench.selection;
    PlanEditor &editor = m_workbench.editor;
    connect(&plot, &ScorePlot::layerClicked, &selection, &SelectionModel::setSelectedLayer);
    connect(&plot, &ScorePlot::layerHovered, &selection, &SelectionModel::setHoveredLayer);
    connect(&selection, &SelectionModel::selectedLayerChanged, &plot, &ScorePlot::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, &plot, &ScorePlot::setHoveredLayer);
    connect(&plot, &ScorePlot::keptDragStarted, &editor, &PlanEditor::beginDrag);
    connect(&plot, &ScorePlot::keptDragged, &editor, [&editor](qint64 kept) { editor.setNeuronsKept(kept); });
    connect(&plot, &ScorePlot::keptDragFinished, &editor, &PlanEditor::endDrag);
    connect(&plot, &ScorePlot::keptStepped, &editor, [&editor](qint64 kept) { editor.setNeuronsKept(kept); });
    connect(&plot, &ScorePlot::keptResetRequested, &editor, [&editor] { editor.setNeuronsKept({}); });
    connect(&plot, &ScorePlot::layerCompareRequested, &selection, &SelectionModel::toggleCompared);
    connect(&plot, &ScorePlot::compareNoneRequested, &selection, [&selection] { selection.setComparedLayers({}); });
    connect(&selection, &SelectionModel::comparedLayersChanged, &plot, &ScorePlot::setComparedLayers);
    postSavings(plot, m_workbench.messages);
    plot.setSelectedLayer(selection.selectedLayer());
    plot.setComparedLayers(selection.comparedLayers());
}

void ImportancePanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void ImportancePanel::follow()
{
    if (!m_workbench.session.rankedScores()) {
        m_shown.reset(); // scores of a model that is gone are not kept alive
        showEmptyState();
        return;
    }
    m_lastUsed = m_workbench.session.draft().calibration;
    m_pages->setCurrentIndex(1);
    if (!isVisible())
        return;
    followScores();
    followKept();
    followSource();
}

void ImportancePanel::followScores()
{
    const std::shared_ptr<const RankedScores> scores = m_workbench.session.rankedScores();
    if (scores == m_shown)
        return;
    m_shown = scores;
    m_shownKept.reset();
    const ScoreScale scale = kScales.at(std::size_t(m_scale));
    const auto drawn = scale == ScoreScale::Raw ? scores : std::make_shared<const RankedScores>(scores->in(scale));
    for (ScorePlot *plot : m_plots) {
        plot->showScores(drawn);
        plot->setComparedLayers(m_workbench.selection.comparedLayers());
    }
}

/// The scores that are offered while none are in use: of the settings that are set, else those that were in use before, else the newest. -1: none.
qint64 ImportancePanel::calibrationOffered() const
{
    const Session &session = m_workbench.session.session();
    if (const std::int64_t ofSettings = calibrationFor(session, session.calibrationText, session.norm); ofSettings >= 0)
        return ofSettings;
    return m_lastUsed >= 0 ? m_lastUsed : qint64(session.calibrations.size()) - 1;
}

/// The current plan and its hash may change while the scores stay.
void ImportancePanel::followSource()
{
    const FigureSource source = sourceOfPlan(m_workbench.session);
    for (ScorePlot *plot : m_plots)
        plot->setSource(source);
}

void ImportancePanel::setScale(Scale scale)
{
    m_scale = scale;
    m_scales->setCurrent(int(scale));
    m_shown.reset();
    follow();
}

void ImportancePanel::followKept()
{
    const SessionModel &session = m_workbench.session;
    m_kept->setText(keptText());
    m_toRule->setVisible(session.draft().balance.neuronsKept.has_value() && !session.shelfPlan());
    enableUnless(session.readOnlyReason(), *m_toRule, tr("Home on a plot does the same"));
    if (m_shownKept == session.neuronsKept())
        return;
    m_shownKept = session.neuronsKept();
    for (ScorePlot *plot : m_plots)
        plot->setKept(*m_shownKept);
}

void ImportancePanel::showEmptyState()
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel())
        m_empty->sayNoModel();
    else if (session.shelfPlan())
        m_empty->say(tr("No scores of this plan"), noScoresText(session), session.isSettled() ? QString() : tr("Calibrate…"),
                     session.isSettled() ? QStringLiteral("info") : QStringLiteral("calibrate"));
    else if (!session.pruningProblem().isEmpty())
        m_empty->say(tr("This model cannot be pruned"), session.pruningProblem());
    else {
        const qint64 offered = calibrationOffered();
        m_empty->say(tr("Calibrate first"),
                     tr("The model reads a calibration text once, and every FFN neuron gets a score: how strongly it is active. "
                        "Here you then see the scores and choose how many neurons stay."),
                     tr("Calibrate…"), QStringLiteral("calibrate"),
                     offered < 0 ? QString()
                                 : tr("Use the scores of %1").arg(calibrationName(*session.session().calibrations[std::size_t(offered)])));
        m_empty->refuseOther(session.readOnlyReason());
    }
    m_pages->setCurrentIndex(0);
}

QString ImportancePanel::keptText() const
{
    const SessionModel &session = m_workbench.session;
    if (!session.balance())
        return tr("<b>!</b> %1 %2").arg(session.balanceProblem().toHtmlEscaped(), session.balanceHint().toHtmlEscaped());
    const QString kept =
        tr("<b>K = %1</b> of %2 neurons kept in every layer").arg(exactText(session.neuronsKept()), exactText(session.neurons()));
    if (session.shelfPlan())
        return tr("%1, chosen by the plan '%2'").arg(kept, shelfFileName(session).toHtmlEscaped());
    if (!session.draft().balance.neuronsKept)
        return tr("%1, by the balance rule").arg(kept);
    if (const std::optional<qint64> byRule = session.neuronsByRule())
        return tr("%1, by hand; the rule says %2").arg(kept, exactText(*byRule));
    return tr("%1, by hand").arg(kept);
}

} // namespace secateur::ui
