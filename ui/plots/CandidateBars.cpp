// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/SearchCells.h"
#include "plots/SearchPlots.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <qcustomplot.h>
#include <utility>

namespace secateur::ui {
namespace {

constexpr double kWidestBar = 72;
constexpr double kArrow = 7; ///< height of the arrow above a bar that is cut off
constexpr const char *kSelection = "selection", *kHover = "hover";

} // namespace

struct CandidateBars::State {
    explicit State(QCustomPlot &plot) : canvas(plot) {}

    void drawSelection(QCPPainter &painter) const;
    void drawHover(QCPPainter &painter) const;
    void draw(QCPPainter &painter) const;
    void drawGone(QCPPainter &painter, std::int64_t layer, const QRectF &column) const;
    void drawBar(QCPPainter &painter, std::int64_t layer, const QRectF &column) const;
    void drawCut(QCPPainter &painter, const QRectF &bar, double width, double change) const;
    void drawShield(QCPPainter &painter, QPointF foot, double width) const;
    void drawWinner(QCPPainter &painter) const;

    QRectF column(std::int64_t layer) const;
    double lineHeight() const { return std::ceil(QFontMetricsF(style.font).height()); }
    std::int64_t layerAt(QPointF position) const;

    QCustomPlot &canvas;
    PlotStyle style;
    SearchRow row;
    std::int64_t step = 0, layers = 0, selected = -1, hovered = -1;
    std::int64_t pointed = -1; ///< the layer under the mouse
    double limit = 1;
};

// ---- drawing

QRectF CandidateBars::State::column(std::int64_t layer) const
{
    const QRect axes = canvas.axisRect()->rect();
    QRectF column = cellRect(*canvas.axisRect(), double(layer), double(layer), 0, 0);
    column.setTop(axes.top());
    column.setBottom(axes.bottom() + 1);
    return column;
}

std::int64_t CandidateBars::State::layerAt(QPointF position) const
{
    const auto layer = std::llround(canvas.xAxis->pixelToCoord(position.x()));
    const bool isInside = position.x() >= canvas.axisRect()->left() && position.x() <= canvas.axisRect()->right();
    return isInside && layer >= 0 && layer < layers ? layer : -1;
}

void CandidateBars::State::drawSelection(QCPPainter &painter) const
{
    if (selected < 0 || selected >= layers)
        return;
    const double below = canvas.plotLayout()->rect().bottom() + 1 - column(selected).bottom(); // its number too
    painter.fillRect(column(selected).adjusted(0, 0, 0, below), style.selected);
}

void CandidateBars::State::drawHover(QCPPainter &painter) const
{
    if (hovered < 0 || hovered >= layers)
        return;
    painter.setPen(QPen(style.outline, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(column(hovered).adjusted(0, 0, -1, -1));
}

void CandidateBars::State::draw(QCPPainter &painter) const
{
    painter.setFont(style.font);
    const QRect axes = canvas.axisRect()->rect();
    const double line = lineHeight();
    painter.setPen(QPen(style.mutedText));
    const QRect room = canvas.plotLayout()->rect();
    const QRectF left(room.left(), 0, axes.left() - 6 - room.left(), line);
    // Above the number at the top of the axis.
    painter.drawText(left.translated(0, std::max(double(room.top()), axes.top() - 1.5 * line - 1)), Qt::AlignRight | Qt::AlignVCenter,
                     tr("nats"));
    painter.drawText(left.translated(0, room.bottom() + 1 - line), Qt::AlignRight | Qt::AlignVCenter, tr("layer"));
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        const QRectF whole = column(layer);
        const double gap =
            std::max(std::round(whole.width() * 0.1), whole.width() > kWidestBar ? whole.width() - kWidestBar : whole.width() > 2);
        const QRectF inner = whole.adjusted(std::floor(gap / 2), 0, -std::ceil(gap / 2), 0);
        if (row.cells[std::size_t(layer)].goneIn >= 0)
            drawGone(painter, layer, inner);
        else
            drawBar(painter, layer, inner);
    }
    const double zero = std::round(canvas.yAxis->coordToPixel(0));
    painter.setPen(QPen(style.outline, 1));
    painter.drawLine(QLineF(axes.left(), zero, axes.right(), zero));
    drawWinner(painter);
}

void CandidateBars::State::drawGone(QCPPainter &painter, std::int64_t layer, const QRectF &column) const
{
    drawHatching(painter, column, style.hatching);
    const QString text = tr("#%1").arg(QLocale().toString(qlonglong(row.cells[std::size_t(layer)].goneIn + 1)));
    const double width = QFontMetricsF(style.font).horizontalAdvance(text) + 4;
    const bool isUpright = width > column.width() + 4;
    if (isUpright && column.width() + 2 < lineHeight())
        return; // the tool tip says it
    painter.save();
    painter.translate(column.center());
    if (isUpright)
        painter.rotate(-90);
    const QRectF box(-width / 2, -lineHeight() / 2, width, lineHeight());
    painter.fillRect(box, style.surface);
    painter.setPen(QPen(style.text));
    painter.drawText(box, Qt::AlignCenter | Qt::TextDontClip, text);
    painter.restore();
}

void CandidateBars::State::drawBar(QCPPainter &painter, std::int64_t layer, const QRectF &column) const
{
    const SearchCell &cell = row.cells[std::size_t(layer)];
    const double zero = std::round(canvas.yAxis->coordToPixel(0));
    QRectF bar(column.left(), zero, column.width(), 0);
    if (std::isfinite(cell.change)) {
        const double end = std::round(canvas.yAxis->coordToPixel(std::clamp(cell.change, -limit, limit)));
        bar.setTop(std::min(zero, end == zero ? end - 1 : end)); // a change of almost nothing is seen too
        bar.setBottom(std::max(zero, end));
        painter.fillRect(bar, cell.isWinner ? style.warning : style.accent);
        if (std::abs(cell.change) > limit)
            drawCut(painter, bar, canvas.axisRect()->width() / double(layers), cell.change);
    }
    if (cell.isProtected)
        drawShield(painter, {column.center().x(), bar.top() - 3}, column.width());
}

/// An arrow where the bar would go on, and its value where there is room.
void CandidateBars::State::drawCut(QCPPainter &painter, const QRectF &bar, double width, double change) const
{
    const bool isUp = change > 0;
    const double foot = isUp ? bar.top() - 2 : bar.bottom() + 2, tip = isUp ? foot - kArrow : foot + kArrow;
    const double half = std::min(kArrow, bar.width() / 2);
    const double middle = bar.center().x();
    painter.save();
    painter.setAntialiasing(true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(style.accent);
    painter.drawPolygon(QPolygonF{{middle - half, foot}, {middle + half, foot}, {middle, tip}});
    painter.restore();
    const QString text = QLocale().toString(std::abs(change), 'f', 2);
    const double textWidth = QFontMetricsF(style.font).horizontalAdvance(text);
    painter.setPen(QPen(style.text));
    if (textWidth + 2 <= width && isUp) {
        const double left = std::max(middle - textWidth / 2, double(canvas.axisRect()->left()) - 4);
        painter.drawText(QRectF(left, tip - lineHeight(), textWidth, lineHeight()), Qt::AlignCenter | Qt::TextDontClip, text);
    } else if (lineHeight() - 2 <= bar.width() && textWidth + 6 <= bar.height()) {
        painter.save();
        painter.translate(middle, isUp ? bar.top() + 4 : bar.bottom() - 4 - textWidth);
        painter.rotate(-90);
        painter.setPen(QPen(style.surface));
        painter.drawText(QRectF(-textWidth, -lineHeight() / 2, textWidth, lineHeight()), Qt::AlignCenter | Qt::TextDontClip, text);
        painter.restore();
    }
}

/// The sign of a protected layer: a small shield that stands on `foot`.
void CandidateBars::State::drawShield(QCPPainter &painter, QPointF foot, double width) const
{
    const double half = std::clamp(width / 2, 3.0, 5.5), height = 2.4 * half;
    QPainterPath shield(foot);
    shield.cubicTo(foot + QPointF(-half, -0.3 * height), foot + QPointF(-half, -0.5 * height), foot + QPointF(-half, -0.85 * height));
    shield.lineTo(foot + QPointF(0, -height));
    shield.lineTo(foot + QPointF(half, -0.85 * height));
    shield.cubicTo(foot + QPointF(half, -0.5 * height), foot + QPointF(half, -0.3 * height), foot);
    painter.save();
    painter.setAntialiasing(true);
    painter.setPen(style.pen(style.text, 1.2));
    painter.setBrush(style.raised);
    painter.drawPath(shield);
    painter.restore();
}

/// Under the column of the attention that went: an arrow to it and the word.
void CandidateBars::State::drawWinner(QCPPainter &painter) const
{
    const std::int64_t winner = row.winner();
    if (winner < 0)
        return;
    const QRectF whole = column(winner);
    const double top = whole.bottom() + 2, middle = whole.center().x();
    painter.save();
    painter.setAntialiasing(true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(style.warning);
    painter.drawPolygon(QPolygonF{{middle - 4, top + 6}, {middle + 4, top + 6}, {middle, top}});
    painter.restore();
    const QString text = row.isForced ? tr("removed, as asked") : tr("removed");
    const double width = QFontMetricsF(style.font).horizontalAdvance(text), right = canvas.axisRect()->right();
    const double left = std::clamp(middle - width / 2, double(canvas.axisRect()->left()), std::max(right - width, 0.0));
    painter.setPen(QPen(style.readable(style.warning)));
    painter.drawText(QRectF(left, top + 6, width, lineHeight()), Qt::AlignCenter | Qt::TextDontClip, text);
}

// ---- the plot

CandidateBars::CandidateBars(QWidget *parent) : Plot(QString(), parent), m_state(std::make_unique<State>(canvas()))
{
    QCustomPlot &plot = canvas();
    addBufferedLayer(plot, kSelection, "grid");
    addBufferedLayer(plot, kHover, "legend");
    new CanvasDrawing(plot, kSelection, [this](QCPPainter &painter) { m_state->drawSelection(painter); });
    new CanvasDrawing(plot, "main", [this](QCPPainter &painter) { m_state->draw(painter); });
    new CanvasDrawing(plot, kHover, [this](QCPPainter &painter) { m_state->drawHover(painter); });
    plot.xAxis->setTicker(QSharedPointer<IntegerTicker>::create(*plot.xAxis));
    plot.xAxis->grid()->setVisible(false);
    plot.yAxis->ticker()->setTickCount(4);
    plot.axisRect()->setAutoMargins(QCP::msNone);
    plot.setMouseTracking(true);
    plot.installEventFilter(this);
    applyStyle(style());
    clear(tr("There is no search to show."));
}

CandidateBars::~CandidateBars() = default;

void CandidateBars::showStep(const SearchRecord &record, std::int64_t step, std::int64_t layers, std::int64_t candidates)
{
    State &state = *m_state;
    const bool wasEmpty = state.layers == 0;
    state.row = searchRow(record, step, layers);
    state.step = step;
    state.layers = layers;
    std::vector<double> changes;
    for (const SearchCell &cell : state.row.cells)
        changes.push_back(cell.goneIn < 0 ? cell.change : NAN);
    if (candidates >= 0)
        holdBack(state.row, candidates);
    state.limit = changeLimit(changes);
    double least = 0, most = 0;
    for (const double change : changes) {
        least = std::min(least, std::isfinite(change) ? std::max(change, -state.limit) : 0);
        most = std::max(most, std::isfinite(change) ? std::min(change, state.limit) : 0);
    }
    if (least == most)
        most = state.limit;
    // The smaller side stays wide enough to tell its sign.
    const double span = most - least;
    canvas().xAxis->setRange(-0.5, double(layers) - 0.5);
    canvas().yAxis->setRange(std::min(least, -0.03 * span), std::max(most, 0.03 * span));
    if (wasEmpty)
        setEmptyText({}); // only now: a plot that is shown may draw at once

    QString text = tr("Step %1: change of the search loss when one more attention is removed").arg(QLocale().toString(qlonglong(step + 1)));
    if (std::isfinite(state.row.lossBefore))
        text = tr("%1 (nats; search perplexity %2 before)").arg(text, perplexityLabel(std::exp(state.row.lossBefore)));
    if (title() != text)
        setTitle(text);
    setSelectedLayer(state.selected);
    redraw();
}

void CandidateBars::clear(const QString &reason)
{
    m_state->layers = 0;
    m_state->row = {};
    setTitle(tr("Change of the search loss when one more attention is removed")); // of no step
    setEmptyText(reason);
    redraw();
}

void CandidateBars::setSelectedLayer(std::int64_t layer)
{
    const bool isShown = layer >= 0 && layer < m_state->layers;
    canvas().setAccessibleDescription(isShown ? describe(m_state->row, m_state->step, layer) : QString());
    if (std::exchange(m_state->selected, layer) != layer)
        redrawLayer(kSelection);
}

void CandidateBars::setHoveredLayer(std::int64_t layer)
{
    if (std::exchange(m_state->hovered, layer) != layer)
        redrawLayer(kHover);
}

PlotTable CandidateBars::table() const
{
    PlotTable table{cellHeaders(), {}, cellUnits()};
    for (std::int64_t layer = 0; layer < m_state->layers; ++layer)
        table.rows.push_back(cellValues(m_state->row, layer));
    return table;
}

void CandidateBars::applyStyle(const PlotStyle &style)
{
    m_state->style = style;
    QCustomPlot &plot = canvas();
    styleAxis(*plot.xAxis, style);
    styleAxis(*plot.yAxis, style);
    plot.xAxis->setBasePen(Qt::NoPen);
    plot.yAxis->setBasePen(Qt::NoPen);
    const int line = int(m_state->lineHeight());
    // Above: arrows and values of bars that are cut off. Below: the word under the winner, then the numbers of the layers.
    plot.xAxis->setTickLabelPadding(line + 10);
    plot.axisRect()->setMargins(searchPlotMargins(style, line + int(kArrow) + 5, 2 * line + 10));
}

bool CandidateBars::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != &canvas())
        return Plot::eventFilter(watched, event);
    State &state = *m_state;
    switch (event->type()) {
    case QEvent::MouseMove: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        const std::int64_t layer = state.layerAt(mouse->position());
        if (std::exchange(state.pointed, layer) == layer)
            break;
        emit layerHovered(layer);
        QToolTip::showText(mouse->globalPosition().toPoint(), layer < 0 ? QString() : describe(state.row, state.step, layer), &canvas());
        break;
    }
    case QEvent::Leave:
        if (std::exchange(state.pointed, -1) >= 0)
            emit layerHovered(-1);
        break;
    case QEvent::MouseButtonPress: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        if (const std::int64_t layer = state.layerAt(mouse->position()); layer >= 0 && mouse->button() == Qt::LeftButton) {
            emit layerClicked(layer);
            emit layerPressed(layer);
        }
        break;
    }
    case QEvent::KeyPress: {
        const int key = static_cast<QKeyEvent *>(event)->key();
        const std::int64_t next = steppedBy(key, Qt::Key_Left, Qt::Key_Right, state.selected, state.layers);
        if (next < 0)
            break;
        if (next != state.selected)
            emit layerClicked(next);
        return true;
    }
    default:
        break;
    }
    return Plot::eventFilter(watched, event);
}

} // namespace secateur::ui
