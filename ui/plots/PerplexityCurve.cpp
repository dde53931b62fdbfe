// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/PerplexityCurve.h"

#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/CurveDrawing.h"
#include "plots/LogTicker.h"
#include "plots/PlotZoom.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <qcustomplot.h>
#include <utility>

namespace secateur::ui {
namespace {

constexpr const char *kPoints = "main", *kPlan = "plan", *kMarks = "marks"; ///< layers

/// Whether points look the same but for the ring, which is drawn by itself.
bool areDrawnAlike(const std::vector<CurvePoint> &some, const std::vector<CurvePoint> &others)
{
    return std::equal(some.begin(), some.end(), others.begin(), others.end(), [](CurvePoint one, const CurvePoint &other) {
        one.isCurrent = other.isCurrent;
        return one == other;
    });
}

} // namespace

PerplexityCurve::PerplexityCurve(QWidget *parent)
    : Plot(tr("Perplexity of the evaluation text, as measured"), parent),
      m_state(std::make_unique<CurveDrawing>(canvas()))
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

void PerplexityCurve::showPoints(const QString &axis, std::vector<CurvePoint> points, std::optional<double> current,
                                 std::vector<CurveLine> lines)
{
    CurveDrawing &state = *m_state;
    const QCPRange xBefore = canvas().xAxis->range(), yBefore = canvas().yAxis->range();
    const bool isAlike = axis == state.axis && lines == state.lines && areDrawnAlike(points, state.points);
    state.axis = axis;
    state.points = std::move(points);
    state.lines = std::move(lines);
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
    const CurveDrawing &state = *m_state;
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
    CurveDrawing &state = *m_state;
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
