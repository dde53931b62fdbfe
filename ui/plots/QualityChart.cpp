// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/QualityChart.h"

#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/LogTicker.h"
#include "plots/PlotZoom.h"
#include "plots/QualityDrawing.h"

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

/// The name of an axis and its unit, which stands behind a comma.
std::pair<QString, QString> parted(const QString &axis)
{
    const qsizetype comma = axis.lastIndexOf(QStringLiteral(", "));
    return {axis.left(comma), comma < 0 ? QString() : axis.mid(comma + 2)};
}

} // namespace

QualityChart::QualityChart(QWidget *parent) : Plot(tr("Quality against size"), parent), m_state(std::make_unique<QualityDrawing>(canvas()))
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
    plot.xAxis->grid()->setVisible(false);
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis})
        axis->setNumberFormat("g");
    plot.setMouseTracking(true);
    plot.installEventFilter(this);
    m_state->zoom = &makeZoomable({plot.xAxis, plot.yAxis});
    applyStyle(style());
    showPoints({}, {}, {});
}

QualityChart::~QualityChart() = default;

void QualityChart::showPoints(const QualityAxes &axes, std::vector<QualitySeries> series, std::vector<QualityPoint> points)
{
    QualityDrawing &state = *m_state;
    QCPAxis &y = *canvas().yAxis;
    if (state.axes.isLogarithmic != axes.isLogarithmic) {
        y.setScaleType(axes.isLogarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        y.setTicker(axes.isLogarithmic ? QSharedPointer<QCPAxisTicker>(new LogTicker) : QSharedPointer<QCPAxisTicker>::create());
    }
    state.axes = axes;
    state.series = std::move(series);
    state.points = std::move(points);
    state.order.clear();
    for (std::size_t i = 0; i < state.points.size(); ++i)
        if (state.canBeDrawn(state.points[i]))
            state.order.push_back(qint64(i));
    std::ranges::stable_sort(state.order, {}, [&](qint64 index) { return state.points[std::size_t(index)].x; });
    state.hovered = state.chosen = -1;
    std::erase_if(state.selected, [&](std::size_t index) { return index >= state.points.size(); });
    canvas().xAxis->setLabel(axes.x);
    y.setLabel(axes.y);
    setEmptyText(state.order.empty() ? tr("Nothing measured yet. Measure the table, or evaluate a plan, to place it here.") : QString());
    if (!state.order.empty())
        fitRanges();
    redraw();
}

void QualityChart::setSelected(std::vector<std::size_t> points)
{
    std::erase_if(points, [&](std::size_t index) { return index >= m_state->points.size(); });
    if (std::exchange(m_state->selected, points) != points)
        redrawLayer(kMarks);
}

void QualityChart::fitRanges()
{
    const QualityDrawing &state = *m_state;
    const auto point = [&](qint64 index) -> const QualityPoint & { return state.points[std::size_t(index)]; };
    double least = point(state.order.front()).y, most = least;
    for (const qint64 index : state.order) {
        const QualityPoint &one = point(index);
        least = std::min(least, state.axes.isLogarithmic ? one.y : one.y - one.error);
        most = std::max(most, one.y + one.error);
    }
    if (state.axes.isLogarithmic) {
        const double factor = std::max(1.15, std::pow(most / least, 0.1)); // also where all are alike
        m_state->zoom->setWhole(*canvas().yAxis, {least / factor, most * factor});
    } else {
        const double margin = most > least ? 0.1 * (most - least) : std::max(1.0, 0.1 * std::abs(most));
        m_state->zoom->setWhole(*canvas().yAxis, {least - margin, most + margin});
    }
    const double left = point(state.order.front()).x, right = point(state.order.back()).x;
    const double margin = right > left ? 0.05 * (right - left) : left != 0 ? 0.1 * std::abs(left) : 1;
    m_state->zoom->setWhole(*canvas().xAxis, {left - margin, right + margin});
}

PlotTable QualityChart::table() const
{
    const auto [x, xUnit] = parted(m_state->axes.x);
    const auto [y, yUnit] = parted(m_state->axes.y);
    PlotTable table{{x, y, tr("standard error"), tr("plan"), tr("method"),
                     m_state->axes.ring.isEmpty() ? tr("current plan") : m_state->axes.ring, tr("plan hash")},
                    {},
                    {xUnit, yUnit, yUnit}};
    for (const QualityPoint &point : m_state->points) {
        const QString method =
            point.series >= 0 && point.series < int(m_state->series.size()) ? m_state->series[std::size_t(point.series)].name : QString();
        table.rows.push_back({point.x, point.y, point.error > 0 ? QVariant(point.error) : QVariant(), point.label, method,
                              point.isCurrent ? tr("yes") : QString(), point.planHash});
    }
    return table;
}

void QualityChart::applyStyle(const PlotStyle &style)
{
    m_state->style = style;
    styleAxis(*canvas().xAxis, style);
    styleAxis(*canvas().yAxis, style);
    canvas().yAxis->setBasePen(Qt::NoPen);
}

bool QualityChart::eventFilter(QObject *watched, QEvent *event)
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
            emit pointClicked(index, mouse->modifiers().testFlag(Qt::ControlModifier));
        break;
    }
    case QEvent::KeyPress: {
        const auto *key = static_cast<QKeyEvent *>(event);
        if (walk(key->key(), key->modifiers().testFlag(Qt::ControlModifier)))
            return true;
        break;
    }
    case QEvent::FocusIn:
    case QEvent::FocusOut:
        redrawLayer(kMarks);
        break;
    default:
        break;
    }
    return Plot::eventFilter(watched, event);
}

void QualityChart::hover(qint64 index, QPoint position)
{
    if (std::exchange(m_state->hovered, index) == index)
        return;
    canvas().setCursor(index < 0 ? Qt::ArrowCursor : Qt::PointingHandCursor);
    redrawLayer(kMarks);
    QToolTip::showText(position, index < 0 ? QString() : m_state->describe(m_state->points[std::size_t(index)]), &canvas());
}

bool QualityChart::walk(int key, bool isAdded)
{
    QualityDrawing &state = *m_state;
    if (state.chosen >= 0 && (key == Qt::Key_Space || key == Qt::Key_Return || key == Qt::Key_Enter)) {
        emit pointClicked(state.chosen, isAdded);
        return true;
    }
    const auto now = std::ranges::find(state.order, state.chosen);
    const qint64 next =
        steppedBy(key, Qt::Key_Left, Qt::Key_Right, now == state.order.end() ? -1 : now - state.order.begin(), qint64(state.order.size()));
    if (next < 0)
        return false;
    state.chosen = state.order[std::size_t(next)];
    const QualityPoint &point = state.points[std::size_t(state.chosen)];
    if (!state.isShown(point))
        state.zoom->showAll();
    canvas().setAccessibleDescription(state.describe(point));
    QToolTip::showText(canvas().mapToGlobal(state.pixel(point).toPoint()), state.describe(point), &canvas());
    redrawLayer(kMarks);
    return true;
}

} // namespace secateur::ui
