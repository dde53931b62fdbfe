// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/RidgeRows.h"
#include "plots/ScorePlots.h"

#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kLeastRow = 18;   ///< pixels
constexpr int kNumbers = 34;       ///< pixels for the layers' numbers
constexpr double kZeroGap = 1.5;   ///< bins between the zeros and the smallest score
constexpr int kWheelStep = 120;    ///< of one notch
constexpr std::int64_t kNotch = 3; ///< rows

/// "10" with a raised exponent.
QString powerOfTen(int exponent)
{
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text = QStringLiteral("10");
    if (exponent < 0)
        text += QStringLiteral("⁻");
    for (const QChar digit : QString::number(std::abs(exponent)))
        text += digits[digit.digitValue()];
    return text;
}

} // namespace

struct ScoreHistograms::State {
    RidgeRows *rows = nullptr;
    QScrollBar *scroll = nullptr;
};

ScoreHistograms::ScoreHistograms(QWidget *parent)
    : ScorePlot(tr("Scores of the FFN neurons; hatched = pruned"), parent),
      m_state(std::make_unique<State>())
{
    QCustomPlot &plot = canvas();
    m_state->rows = new RidgeRows(&plot);
    m_state->scroll = new QScrollBar(Qt::Vertical, &plot);
    m_state->scroll->setAccessibleName(tr("Layers"));
    m_state->scroll->hide();
    connect(m_state->scroll, &QScrollBar::valueChanged, this, [this](int value) {
        m_state->rows->firstRow = value;
        redrawLayer(RidgeRows::kLayer);
    });
    connect(&plot, &QCustomPlot::afterLayout, this, &ScoreHistograms::layOutRows);
    plot.yAxis->setVisible(false);
    plot.axisRect()->setAutoMargins(QCP::msBottom);
    plot.axisRect()->setMargins(QMargins(kNumbers, 4, 16, 0));
    plot.xAxis->setLabel(tr("score, mean norm of the activation"));
}

ScoreHistograms::~ScoreHistograms() = default;

void ScoreHistograms::showScores(std::shared_ptr<const RankedScores> ranked)
{
    ScorePlot::showScores(std::move(ranked));
    RidgeRows &rows = *m_state->rows;
    rows.scores = scores();
    rows.kept = kept();
    rows.selected = selectedLayer();
    rows.hovered = -1;
    if (!scores())
        return;
    const double low = scores()->lowestLog(), high = scores()->highestLog(), bin = (high - low) / double(RankedScores::kBins);
    bool hasZeros = false;
    for (std::int64_t l = 0; l < scores()->layerCount(); ++l)
        hasZeros = hasZeros || scores()->histogram(l).zeros > 0;
    rows.zeroRight = low - kZeroGap * bin;
    rows.zeroLeft = hasZeros ? rows.zeroRight - 1.5 * bin : rows.zeroRight;
    auto ticker = QSharedPointer<QCPAxisTickerText>::create();
    for (int exponent = int(std::ceil(low)); exponent <= int(std::floor(high)); ++exponent)
        ticker->addTick(exponent, powerOfTen(exponent));
    if (hasZeros)
        ticker->addTick((rows.zeroLeft + rows.zeroRight) / 2, QStringLiteral("0"));
    canvas().xAxis->setTicker(ticker);
    canvas().xAxis->setRange(hasZeros ? rows.zeroLeft - bin : low - bin, high + bin);
    redraw();
}

/// How many rows fit, now that the size of the axis rectangle is known.
void ScoreHistograms::layOutRows()
{
    RidgeRows &rows = *m_state->rows;
    if (!rows.scores)
        return;
    const QRect frame = canvas().axisRect()->rect();
    const std::int64_t layers = rows.scores->layerCount();
    rows.visibleRows = std::clamp<std::int64_t>(std::int64_t(double(frame.height()) / kLeastRow), 1, layers);
    const int last = int(layers - rows.visibleRows);
    QScrollBar &scroll = *m_state->scroll;
    scroll.setRange(0, last);
    scroll.setPageStep(int(rows.visibleRows));
    scroll.setVisible(last > 0);
    scroll.setGeometry(frame.right() + 4, frame.top(), 12, frame.height());
    rows.firstRow = scroll.value();
}

void ScoreHistograms::keptChanged()
{
    m_state->rows->kept = kept();
    redrawLayer(RidgeRows::kLayer);
}

void ScoreHistograms::selectionChanged()
{
    RidgeRows &rows = *m_state->rows;
    const bool isNewlySelected = rows.selected != selectedLayer();
    rows.selected = selectedLayer();
    rows.hovered = hoveredLayer();
    if (isNewlySelected && rows.selected >= 0) { // into view
        QScrollBar &scroll = *m_state->scroll;
        if (rows.selected < rows.firstRow)
            scroll.setValue(int(rows.selected));
        else if (rows.selected >= rows.firstRow + rows.visibleRows)
            scroll.setValue(int(rows.selected - rows.visibleRows + 1));
    }
    redrawLayer(RidgeRows::kLayer);
}

std::int64_t ScoreHistograms::layerAt(const QPointF &position) const
{
    const QRect frame = canvas().axisRect()->rect();
    if (position.x() > frame.right() || position.y() < frame.top() || position.y() >= frame.bottom())
        return -1;
    const std::int64_t layer = m_state->rows->firstRow + std::int64_t((position.y() - frame.top()) / m_state->rows->rowHeight());
    return layer < scores()->layerCount() ? layer : -1;
}

bool ScoreHistograms::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == &canvas() && event->type() == QEvent::Wheel && m_state && m_state->scroll->isVisible()) {
        const auto *wheel = static_cast<QWheelEvent *>(event);
        m_state->scroll->setValue(m_state->scroll->value() - int(wheel->angleDelta().y() * kNotch / kWheelStep));
        return true;
    }
    return ScorePlot::eventFilter(watched, event);
}

void ScoreHistograms::applyStyle(const PlotStyle &style)
{
    styleAxis(*canvas().xAxis, style);
    m_state->rows->style = style;
}

PlotTable ScoreHistograms::table() const
{
    PlotTable table;
    table.headers = {tr("layer"), tr("score from"), tr("score to"), tr("neurons"), tr("kept")};
    if (!scores())
        return table;
    const double width = (scores()->highestLog() - scores()->lowestLog()) / double(RankedScores::kBins);
    for (std::int64_t l = 0; l < scores()->layerCount(); ++l) {
        const RankedScores::Histogram &histogram = scores()->histogram(l);
        if (histogram.zeros > 0)
            table.rows.push_back({qint64(l), 0.0, 0.0, qint64(histogram.zeros), qint64(scores()->keptZeros(l, kept()))});
        for (std::int64_t bin = 0; bin < RankedScores::kBins; ++bin) {
            const double from = scores()->lowestLog() + double(bin) * width;
            table.rows.push_back({qint64(l), std::pow(10, from), std::pow(10, from + width), qint64(histogram.counts[std::size_t(bin)]),
                                  qint64(scores()->keptInBin(l, bin, kept()))});
        }
    }
    return table;
}

} // namespace secateur::ui
