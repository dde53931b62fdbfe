// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/PerplexityCurve.h"

#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/LogTicker.h"
#include "plots/PlotZoom.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <array>
#include <cmath>
#include <qcustomplot.h>
#include <utility>

namespace secateur::ui {
namespace {

constexpr double kDot = 4.5, kRing = 8, kReach = 12;                        ///< radii; how near the mouse must come
constexpr double kPadding = 10;                                             ///< inside the legend
constexpr const char *kPoints = "main", *kPlan = "plan", *kMarks = "marks"; ///< layers

bool canBeDrawn(const CurvePoint &point)
{
    return std::isfinite(point.x) && std::isfinite(point.perplexity) && point.perplexity > 0;
}

/// Whether points look the same but for the ring, which is drawn by itself.
bool areDrawnAlike(const std::vector<CurvePoint> &some, const std::vector<CurvePoint> &others)
{
    return std::equal(some.begin(), some.end(), others.begin(), others.end(), [](CurvePoint one, const CurvePoint &other) {
        one.isCurrent = other.isCurrent;
        return one == other;
    });
}

} // namespace

struct PerplexityCurve::State {
    explicit State(QCustomPlot &plot) : canvas(plot) {}

    struct Entry {
        QString text;
        void (State::*symbol)(QCPPainter &, QPointF) const;
    };
    struct Label {
        QString text;
        QRectF box;
    };

    QPointF pixel(const CurvePoint &point) const;
    bool isShown(const CurvePoint &point) const { return canvas.axisRect()->rect().contains(pixel(point).toPoint()); } ///< zoomed to
    qint64 at(QPointF position) const; ///< index of the point there; -1: none
    const CurvePoint *currentPoint() const;
    QString describe(const CurvePoint &point) const;
    QRectF beside(QPointF anchor, const QString &text, double distance) const;
    std::vector<Label> labels() const;
    std::vector<Entry> entries() const;
    QRectF legendPlace(QSizeF size, const std::vector<Label> &labels) const;
    double textWidth(const QString &text) const { return std::ceil(QFontMetricsF(style.font).horizontalAdvance(text)); }
    double lineHeight() const { return std::ceil(QFontMetricsF(style.font).height()); }

    void clip(QCPPainter &painter) const;
    void drawPoints(QCPPainter &painter) const;
    void drawPlan(QCPPainter &painter) const;
    void drawCurrent(QCPPainter &painter) const;
    void drawLegend(QCPPainter &painter, const std::vector<Label> &labels) const;
    void drawMarks(QCPPainter &painter) const;
    void drawMeasured(QCPPainter &painter, QPointF place) const;
    void drawBorrowed(QCPPainter &painter, QPointF place) const;
    void drawRing(QCPPainter &painter, QPointF place) const;

    QCustomPlot &canvas;
    PlotZoom *zoom = nullptr;
    PlotStyle style;
    QString axis;
    std::vector<CurvePoint> points;
    std::vector<qint64> order; ///< of the points that can be drawn, by x
    std::optional<double> current;
    qint64 hovered = -1, chosen = -1; ///< points, by mouse and by keyboard
};

// ---- places

QPointF PerplexityCurve::State::pixel(const CurvePoint &point) const
{
    return {canvas.xAxis->coordToPixel(point.x), canvas.yAxis->coordToPixel(point.perplexity)};
}

qint64 PerplexityCurve::State::at(QPointF position) const
{
    qint64 nearest = -1;
    double distance = kReach;
    for (const qint64 index : order) {
        if (!isShown(points[std::size_t(index)]))
            continue;
        const double length = QLineF(position, pixel(points[std::size_t(index)])).length();
        if (length > distance)
            continue;
        nearest = index;
        distance = length;
    }
    return nearest;
}

const CurvePoint *PerplexityCurve::State::currentPoint() const
{
    const auto found =
        std::find_if(points.begin(), points.end(), [](const CurvePoint &point) { return point.isCurrent && canBeDrawn(point); });
    return found == points.end() ? nullptr : &*found;
}

QString PerplexityCurve::State::describe(const CurvePoint &point) const
{
    QStringList lines;
    if (!point.label.isEmpty())
        lines << point.label;
    lines << tr("Perplexity %1").arg(perplexityLabel(point.perplexity));
    lines << tr("%1: %2").arg(axis, QLocale().toString(point.x, 'g', 4));
    if (point.isBorrowedOrder)
        lines << tr("Measured with the removal order of another K");
    if (point.isCurrent)
        lines << tr("Current plan");
    return lines.join(u'\n');
}

/// A place for a text right above the anchor, or left below it at the right edge: where a falling curve is not.
QRectF PerplexityCurve::State::beside(QPointF anchor, const QString &text, double distance) const
{
    const QRectF axes(canvas.axisRect()->rect());
    const QSizeF size(textWidth(text), lineHeight());
    QRectF box(QPointF(anchor.x() + distance, anchor.y() - size.height()), size);
    if (box.right() > axes.right())
        box.moveTopLeft({anchor.x() - distance - size.width(), anchor.y() + 2});
    if (box.left() < axes.left())
        box.moveLeft(axes.left() + 4);
    box.moveTop(std::clamp(box.top(), axes.top(), axes.bottom() - size.height()));
    return box;
}

std::vector<PerplexityCurve::State::Label> PerplexityCurve::State::labels() const
{
    std::vector<Label> labels;
    const CurvePoint *now = currentPoint();
    for (const qint64 index : order) {
        const CurvePoint &point = points[std::size_t(index)];
        if (point.isDense && isShown(point))
            labels.push_back({tr("original"), beside(pixel(point), tr("original"), kDot + 5)});
    }
    if (now && isShown(*now)) {
        const QString text = now->isBorrowedOrder ? tr("current plan, borrowed order") : tr("current plan, measured");
        labels.push_back({text, beside(pixel(*now), text, kRing + 5)});
    } else if (!now && current && canvas.xAxis->range().contains(*current)) {
        const QString text = tr("current plan: not measured");
        labels.push_back({text, beside({canvas.xAxis->coordToPixel(*current), double(canvas.axisRect()->top())}, text, 6)});
    }
    return labels;
}

std::vector<PerplexityCurve::State::Entry> PerplexityCurve::State::entries() const
{
    const auto has = [this](bool isBorrowed) {
        return std::any_of(order.begin(), order.end(), [&](qint64 i) { return points[std::size_t(i)].isBorrowedOrder == isBorrowed; });
    };
    std::vector<Entry> entries;
    if (has(false))
        entries.push_back({tr("measured"), &State::drawMeasured});
    if (has(true))
        entries.push_back({tr("measured, borrowed order"), &State::drawBorrowed});
    if (currentPoint())
        entries.push_back({tr("current plan"), &State::drawRing});
    return entries;
}

/// The corner where the legend covers least; the first of those that cover as little.
QRectF PerplexityCurve::State::legendPlace(QSizeF size, const std::vector<Label> &labels) const
{
    const QRectF axes = QRectF(canvas.axisRect()->rect()).adjusted(kPadding, kPadding, -kPadding, -kPadding);
    const QPointF far(axes.right() - size.width(), axes.bottom() - size.height());
    QRectF best;
    int leastCovered = -1;
    for (const QPointF &corner : {QPointF(far.x(), axes.top()), axes.topLeft(), QPointF(axes.left(), far.y()), far}) {
        const QRectF place(corner, size);
        int covered = 0;
        for (const qint64 index : order)
            covered += place.adjusted(-kRing, -kRing, kRing, kRing).contains(pixel(points[std::size_t(index)])) ? 1 : 0;
        for (const Label &label : labels)
            covered += place.intersects(label.box) ? 1 : 0;
        if (leastCovered >= 0 && covered >= leastCovered)
            continue;
        best = place;
        leastCovered = covered;
    }
    return best;
}

// ---- drawing

void PerplexityCurve::State::clip(QCPPainter &painter) const
{
    painter.setClipRect(zoom->isZoomed() ? QRectF(canvas.axisRect()->rect()) : QRectF(canvas.viewport())); // marks at the sides are whole
}

void PerplexityCurve::State::drawPoints(QCPPainter &painter) const
{
    painter.setAntialiasing(true);
    painter.save();
    clip(painter);
    QPolygonF line;
    for (const qint64 index : order)
        if (const CurvePoint &point = points[std::size_t(index)]; !point.isBorrowedOrder)
            line << pixel(point);
    painter.setPen(QPen(style.accent, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(line);
    for (const qint64 index : order) {
        const CurvePoint &point = points[std::size_t(index)];
        if (isShown(point))
            point.isBorrowedOrder ? drawBorrowed(painter, pixel(point)) : drawMeasured(painter, pixel(point));
    }
    painter.restore();
}

/// What depends on the current plan: its line or ring, the labels, and the legend, which makes room for them.
void PerplexityCurve::State::drawPlan(QCPPainter &painter) const
{
    painter.setFont(style.font);
    painter.setAntialiasing(true);
    drawCurrent(painter);
    if (const CurvePoint *now = currentPoint(); now && isShown(*now)) {
        painter.save();
        clip(painter);
        drawRing(painter, pixel(*now));
        painter.restore();
    }
    const std::vector<Label> labels = this->labels();
    for (const Label &label : labels) {
        painter.fillRect(label.box.adjusted(-2, 0, 2, 0), style.surface);
        painter.setPen(QPen(style.text));
        painter.drawText(label.box, Qt::AlignCenter | Qt::TextDontClip, label.text);
    }
    drawLegend(painter, labels);
}

void PerplexityCurve::State::drawCurrent(QCPPainter &painter) const
{
    if (!current || !canvas.xAxis->range().contains(*current))
        return;
    const QRect axes = canvas.axisRect()->rect();
    const double x = std::round(canvas.xAxis->coordToPixel(*current));
    painter.setPen(QPen(style.warning, 1, Qt::DashLine));
    painter.drawLine(QLineF(x, axes.top(), x, axes.bottom()));
}

void PerplexityCurve::State::drawMeasured(QCPPainter &painter, QPointF place) const
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(style.accent);
    painter.drawEllipse(place, kDot, kDot);
}

void PerplexityCurve::State::drawBorrowed(QCPPainter &painter, QPointF place) const
{
    painter.setPen(QPen(style.accent, 1.8));
    painter.setBrush(style.surface);
    painter.drawEllipse(place, kDot, kDot);
}

void PerplexityCurve::State::drawRing(QCPPainter &painter, QPointF place) const
{
    painter.setPen(QPen(style.warning, 2.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(place, kRing, kRing);
}

void PerplexityCurve::State::drawLegend(QCPPainter &painter, const std::vector<Label> &labels) const
{
    const std::vector<Entry> entries = this->entries();
    if (entries.empty())
        return;
    double width = 0;
    for (const Entry &entry : entries)
        width = std::max(width, textWidth(entry.text));
    const double row = std::max(lineHeight(), 2 * kRing) + 4, symbols = 2 * kRing + 8;
    const QRectF place = legendPlace({width + symbols + 2 * kPadding, row * double(entries.size()) + kPadding}, labels);
    painter.setPen(QPen(style.line, 1));
    painter.setBrush(style.surface);
    painter.drawRoundedRect(place, 4, 4);
    QRectF line(place.left() + kPadding, place.top() + kPadding / 2, width + symbols, row);
    for (const Entry &entry : entries) {
        (this->*entry.symbol)(painter, {line.left() + kRing, line.center().y()});
        painter.setPen(QPen(style.mutedText));
        painter.drawText(line.adjusted(symbols, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextDontClip, entry.text);
        line.translate(0, row);
    }
}

void PerplexityCurve::State::drawMarks(QCPPainter &painter) const
{
    painter.setAntialiasing(true);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(style.text, 2));
    for (const qint64 index : {hovered, canvas.hasFocus() ? chosen : -1})
        if (index >= 0 && isShown(points[std::size_t(index)]))
            painter.drawEllipse(pixel(points[std::size_t(index)]), kDot + 2, kDot + 2);
}

// ---- the plot

PerplexityCurve::PerplexityCurve(QWidget *parent)
    : Plot(tr("Perplexity of the evaluation text, as measured"), parent),
      m_state(std::make_unique<State>(canvas()))
{
    QCustomPlot &plot = canvas();
    coverMargins(plot, m_state->style);
    addBufferedLayer(plot, kPlan, "margins");
    addBufferedLayer(plot, kMarks, "legend");
    new CanvasDrawing(plot, kPoints, [this](QCPPainter &painter) { m_state->drawPoints(painter); });
    new CanvasDrawing(plot, kPlan, [this](QCPPainter &painter) { m_state->drawPlan(painter); });
    new CanvasDrawing(plot, kMarks, [this](QCPPainter &painter) { m_state->drawMarks(painter); });
    plot.yAxis->setScaleType(QCPAxis::stLogarithmic);
    plot.yAxis->setTicker(QSharedPointer<LogTicker>::create());
    plot.yAxis->setLabel(tr("perplexity"));
    plot.xAxis->grid()->setVisible(false);
    plot.xAxis->setNumberFormat("g");
    plot.setMouseTracking(true);
    plot.installEventFilter(this);
    m_state->zoom = &makeZoomable({plot.xAxis, plot.yAxis});
    applyStyle(style());
    showPoints({}, {}, {});
}

PerplexityCurve::~PerplexityCurve() = default;

void PerplexityCurve::showPoints(const QString &axis, std::vector<CurvePoint> points, std::optional<double> current)
{
    State &state = *m_state;
    const QCPRange xBefore = canvas().xAxis->range(), yBefore = canvas().yAxis->range();
    const bool isAlike = axis == state.axis && areDrawnAlike(points, state.points);
    state.axis = axis;
    state.points = std::move(points);
    state.current = current && std::isfinite(*current) ? current : std::nullopt;
    state.order.clear();
    for (std::size_t i = 0; i < state.points.size(); ++i)
        if (canBeDrawn(state.points[i]))
            state.order.push_back(qint64(i));
    const auto point = [&](qint64 index) -> const CurvePoint & { return state.points[std::size_t(index)]; };
    std::stable_sort(state.order.begin(), state.order.end(), [&](qint64 a, qint64 b) { return point(a).x < point(b).x; });
    state.hovered = state.chosen = -1;
    canvas().xAxis->setLabel(axis);
    setEmptyText(state.order.empty() ? tr("Nothing measured yet. Evaluate a plan to place it on the curve.") : QString());
    if (!state.order.empty())
        fitRanges();
    if (!isAlike || canvas().xAxis->range() != xBefore || canvas().yAxis->range() != yBefore)
        return redraw();
    for (const char *layer : {kPlan, kMarks}) // thousands of points take longer than a drag may
        redrawLayer(layer);
    refreshTable();
}

void PerplexityCurve::fitRanges()
{
    const State &state = *m_state;
    const auto point = [&](qint64 index) -> const CurvePoint & { return state.points[std::size_t(index)]; };
    double left = point(state.order.front()).x, right = point(state.order.back()).x;
    if (state.current) {
        left = std::min(left, *state.current);
        right = std::max(right, *state.current);
    }
    const double margin = right > left ? 0.05 * (right - left) : left != 0 ? 0.1 * std::abs(left) : 1;
    m_state->zoom->setWhole(*canvas().xAxis, {left - margin, right + margin});

    double least = point(state.order.front()).perplexity, most = least;
    for (const qint64 index : state.order) {
        least = std::min(least, point(index).perplexity);
        most = std::max(most, point(index).perplexity);
    }
    const double factor = std::max(1.15, std::pow(most / least, 0.1)); // also where all are alike
    m_state->zoom->setWhole(*canvas().yAxis, {least / factor, most * factor});
}

PlotTable PerplexityCurve::table() const
{
    const qsizetype comma = m_state->axis.lastIndexOf(QStringLiteral(", "));
    PlotTable table{{m_state->axis.left(comma), tr("perplexity"), tr("plan"), tr("removal order"), tr("current plan"), tr("plan hash")},
                    {},
                    {comma < 0 ? QString() : m_state->axis.mid(comma + 2)}};
    for (const CurvePoint &point : m_state->points) {
        const QString removals = point.isDense ? QString() : point.isBorrowedOrder ? tr("borrowed") : tr("searched");
        table.rows.push_back({point.x, point.perplexity, point.label, removals, point.isCurrent ? tr("yes") : QString(), point.planHash});
    }
    return table;
}

void PerplexityCurve::applyStyle(const PlotStyle &style)
{
    m_state->style = style;
    styleAxis(*canvas().xAxis, style);
    styleAxis(*canvas().yAxis, style);
    canvas().yAxis->setBasePen(Qt::NoPen);
}

bool PerplexityCurve::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != &canvas())
        return Plot::eventFilter(watched, event);
    switch (event->type()) {
    case QEvent::MouseMove: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        hover(m_state->at(mouse->position()), mouse->globalPosition().toPoint());
        break;
    }
    case QEvent::Leave:
        hover(-1, {});
        break;
    case QEvent::MouseButtonPress: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        if (const qint64 index = m_state->at(mouse->position()); index >= 0 && mouse->button() == Qt::LeftButton)
            emit pointClicked(index);
        break;
    }
    case QEvent::KeyPress:
        if (walk(static_cast<QKeyEvent *>(event)->key()))
            return true;
        break;
    case QEvent::FocusIn:
    case QEvent::FocusOut:
        redrawLayer(kMarks);
        break;
    default:
        break;
    }
    return Plot::eventFilter(watched, event);
}

void PerplexityCurve::hover(qint64 index, QPoint position)
{
    if (std::exchange(m_state->hovered, index) == index)
        return;
    canvas().setCursor(index < 0 ? Qt::ArrowCursor : Qt::PointingHandCursor);
    redrawLayer(kMarks);
    QToolTip::showText(position, index < 0 ? QString() : m_state->describe(m_state->points[std::size_t(index)]), &canvas());
}

bool PerplexityCurve::walk(int key)
{
    State &state = *m_state;
    if (state.chosen >= 0 && (key == Qt::Key_Space || key == Qt::Key_Return || key == Qt::Key_Enter)) {
        emit pointClicked(state.chosen);
        return true;
    }
    const auto now = std::find(state.order.begin(), state.order.end(), state.chosen);
    const qint64 next =
        steppedBy(key, Qt::Key_Left, Qt::Key_Right, now == state.order.end() ? -1 : now - state.order.begin(), qint64(state.order.size()));
    if (next < 0)
        return false;
    state.chosen = state.order[std::size_t(next)];
    const CurvePoint &point = state.points[std::size_t(state.chosen)];
    if (!state.isShown(point))
        state.zoom->showAll();
    canvas().setAccessibleDescription(state.describe(point));
    QToolTip::showText(canvas().mapToGlobal(state.pixel(point).toPoint()), state.describe(point), &canvas());
    redrawLayer(kMarks);
    return true;
}

} // namespace secateur::ui
