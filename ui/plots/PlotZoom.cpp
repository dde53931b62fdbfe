// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/PlotZoom.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kStep = 1.25;     ///< of one notch of the wheel and of one key
constexpr double kClosest = 1000;  ///< the whole to the least part
constexpr double kPanShare = 0.1;  ///< of what is shown, a key
constexpr double kNotch = 120;     ///< of a wheel
constexpr double kRounding = 1e-9; ///< share of the whole

double evenly(const QCPAxis &axis, double value)
{
    return axis.scaleType() == QCPAxis::stLogarithmic ? std::log10(value) : value;
}

QCPRange evenly(const QCPAxis &axis, const QCPRange &range)
{
    return {evenly(axis, range.lower), evenly(axis, range.upper)};
}

double evenAt(const QCPAxis &axis, QPointF position)
{
    return evenly(axis, axis.pixelToCoord(axis.orientation() == Qt::Horizontal ? position.x() : position.y()));
}

} // namespace

PlotZoom::PlotZoom(QCustomPlot &canvas, std::vector<QCPAxis *> axes) : QObject(&canvas), m_canvas(canvas)
{
    for (QCPAxis *axis : axes)
        m_views.push_back({axis, evenly(*axis, axis->range())});
    canvas.installEventFilter(this);
}

void PlotZoom::setWhole(QCPAxis &axis, const QCPRange &range)
{
    const auto view = std::find_if(m_views.begin(), m_views.end(), [&](const View &known) { return known.axis == &axis; });
    Q_ASSERT(view != m_views.end());
    const QCPRange whole = evenly(axis, range);
    if (whole == view->whole)
        return;
    view->whole = whole;
    axis.setRange(range);
    for (const View &other : m_views) // other numbers: a part of them means nothing here
        show(other, other.whole);
    emit changed();
}

bool PlotZoom::isZoomed() const
{
    return std::any_of(m_views.begin(), m_views.end(), [](const View &view) {
        return evenly(*view.axis, view.axis->range()).size() < view.whole.size() * (1 - kRounding);
    });
}

bool PlotZoom::show(const View &view, QCPRange range)
{
    const double size = std::clamp(range.size(), view.whole.size() / kClosest, view.whole.size());
    const double centre =
        std::clamp(range.center(), view.whole.lower + size / 2, std::max(view.whole.lower + size / 2, view.whole.upper - size / 2));
    QCPRange shown(centre - size / 2, centre + size / 2);
    if (size >= view.whole.size() * (1 - kRounding))
        shown = view.whole;
    if (view.axis->scaleType() == QCPAxis::stLogarithmic)
        shown = {std::pow(10, shown.lower), std::pow(10, shown.upper)};
    if (shown == view.axis->range())
        return false;
    view.axis->setRange(shown);
    return true;
}

void PlotZoom::zoom(double factor, std::optional<QPointF> centre)
{
    bool isChanged = false;
    for (const View &view : m_views) {
        const QCPRange now = evenly(*view.axis, view.axis->range());
        const double fixed = centre ? std::clamp(evenAt(*view.axis, *centre), now.lower, now.upper) : now.center();
        isChanged |= show(view, {fixed - (fixed - now.lower) / factor, fixed + (now.upper - fixed) / factor});
    }
    if (isChanged)
        emit changed();
}

void PlotZoom::pan(QPointF from, QPointF to)
{
    bool isChanged = false;
    for (const View &view : m_views) {
        const double way = evenAt(*view.axis, from) - evenAt(*view.axis, to);
        const QCPRange now = evenly(*view.axis, view.axis->range());
        isChanged |= show(view, {now.lower + way, now.upper + way});
    }
    if (isChanged)
        emit changed();
}

void PlotZoom::panBy(Qt::Orientation orientation, double share)
{
    bool isChanged = false;
    for (const View &view : m_views) {
        if (view.axis->orientation() != orientation)
            continue;
        const QCPRange now = evenly(*view.axis, view.axis->range());
        const double way = now.size() * share * (view.axis->rangeReversed() ? -1 : 1);
        isChanged |= show(view, {now.lower + way, now.upper + way});
    }
    if (isChanged)
        emit changed();
}

void PlotZoom::zoomIn()
{
    zoom(kStep * kStep, {});
}

void PlotZoom::zoomOut()
{
    zoom(1 / (kStep * kStep), {});
}

void PlotZoom::showAll()
{
    if (!isZoomed())
        return;
    for (const View &view : m_views)
        show(view, view.whole);
    emit changed();
}

bool PlotZoom::press(const QMouseEvent &mouse)
{
    const bool isHold = mouse.button() == Qt::MiddleButton || (mouse.button() == Qt::LeftButton && mouse.modifiers() == Qt::ShiftModifier);
    if (!isHold || !isZoomed() || !m_canvas.axisRect()->rect().contains(mouse.position().toPoint()))
        return false;
    m_held = mouse.position();
    m_canvas.setCursor(Qt::ClosedHandCursor);
    return true;
}

bool PlotZoom::key(const QKeyEvent &key)
{
    const Qt::KeyboardModifiers modifiers = key.modifiers() & ~(Qt::KeypadModifier | Qt::ShiftModifier);
    if (modifiers == Qt::NoModifier) {
        switch (key.key()) {
        case Qt::Key_Plus:
        case Qt::Key_Equal: // the same key on many keyboards
            zoomIn();
            return true;
        case Qt::Key_Minus:
            zoomOut();
            return true;
        case Qt::Key_0:
            showAll();
            return true;
        default:
            return false;
        }
    }
    if (modifiers != Qt::ControlModifier || !isZoomed())
        return false;
    switch (key.key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        panBy(Qt::Horizontal, key.key() == Qt::Key_Right ? kPanShare : -kPanShare);
        return true;
    case Qt::Key_Up:
    case Qt::Key_Down:
        panBy(Qt::Vertical, key.key() == Qt::Key_Up ? kPanShare : -kPanShare);
        return true;
    default:
        return false;
    }
}

bool PlotZoom::eventFilter(QObject *watched, QEvent *event)
{
    switch (event->type()) {
    case QEvent::Wheel: {
        auto *wheel = static_cast<QWheelEvent *>(event);
        if (wheel->modifiers() != Qt::ControlModifier)
            break;
        zoom(std::pow(kStep, wheel->angleDelta().y() / kNotch), wheel->position());
        wheel->accept(); // or what the plot lies in scrolls
        return true;
    }
    case QEvent::MouseButtonPress:
        if (press(static_cast<QMouseEvent &>(*event)))
            return true;
        break;
    case QEvent::MouseMove:
        if (m_held) {
            const QPointF now = static_cast<QMouseEvent *>(event)->position();
            pan(*m_held, now);
            m_held = now;
            return true;
        }
        break;
    case QEvent::MouseButtonRelease:
    case QEvent::Hide: // the release will not come
        if (m_held) {
            m_held.reset();
            m_canvas.unsetCursor();
            if (event->type() != QEvent::Hide)
                return true;
        }
        break;
    case QEvent::MouseButtonDblClick:
        if (static_cast<QMouseEvent *>(event)->button() == Qt::LeftButton && isZoomed()) {
            showAll();
            return true;
        }
        break;
    case QEvent::KeyPress:
        if (key(static_cast<QKeyEvent &>(*event)))
            return true;
        break;
    default:
        break;
    }
    return QObject::eventFilter(watched, event);
}

} // namespace secateur::ui
