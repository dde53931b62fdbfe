// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/BalanceSlider.h"

#include "widgets/BalanceSliderParts.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QScopedValueRollback>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::ui {

BalanceSlider::BalanceSlider(QWidget *parent) : QAbstractSlider(parent), m_style(PlotStyle::of(palette()))
{
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Balance between width and depth: number of attentions to remove"));
    changeBase();
}

void BalanceSlider::setRange(qint64 layers)
{
    m_layers = layers;
    m_value = std::min(m_value, layers);
    setFeasible(0, layers, {}, {});
}

void BalanceSlider::setFeasible(qint64 least, qint64 most, const QString &reasonBelow, const QString &reasonAbove)
{
    m_least = std::max<qint64>(least, 0);
    m_most = std::min(most, m_layers);
    m_reasonBelow = reasonBelow;
    m_reasonAbove = reasonAbove;
    changeBase();
}

void BalanceSlider::setRule(qint64 n, const QString &label)
{
    m_rule = n;
    m_ruleLabel = label;
    changeBase();
}

void BalanceSlider::setValue(qint64 n)
{
    m_value = std::clamp<qint64>(n, 0, m_layers);
    changeBase();
}

void BalanceSlider::setProblem(const QString &problem)
{
    m_problem = problem;
    setEnabled(problem.isEmpty());
    setToolTip(problem);
    changeBase();
}

/// Brings the base class, and so the accessible value, up to what is shown.
void BalanceSlider::changeBase()
{
    const QScopedValueRollback guard(m_isSetting, true);
    QAbstractSlider::setRange(int(m_least), int(std::max(m_least, m_most)));
    setPageStep(4);
    QAbstractSlider::setValue(int(m_value));

    const QLocale locale;
    QStringList parts{tr("N = %1").arg(locale.toString(m_value))};
    if (m_least > m_most)
        parts << tr("no number of attentions reaches the sparsity");
    else if (!canReach(m_value))
        parts << tr("does not reach the sparsity; from %1 to %2 do").arg(locale.toString(m_least), locale.toString(m_most));
    else
        parts << tr("possible from %1 to %2").arg(locale.toString(m_least), locale.toString(m_most));
    if (m_rule >= 0)
        parts << m_ruleLabel;
    if (!m_problem.isEmpty())
        parts << m_problem;
    setAccessibleDescription(parts.join("; "));
    update();
}

/// A change that is not ours comes from assistive technology.
void BalanceSlider::sliderChange(SliderChange change)
{
    QAbstractSlider::sliderChange(change);
    if (change == SliderValueChange && !m_isSetting) {
        m_value = value();
        changeBase();
        emit valueStepped(m_value);
    }
}

// ---- gestures

/// The feasible N nearest to `n`. Only where there is one.
qint64 BalanceSlider::reachable(double n) const
{
    return std::clamp<qint64>(std::llround(n), m_least, m_most);
}

void BalanceSlider::moveTo(qint64 n)
{
    m_value = n;
    changeBase();
}

void BalanceSlider::stepTo(double n)
{
    if (m_least > m_most || reachable(n) == m_value)
        return;
    moveTo(reachable(n));
    emit valueStepped(m_value);
}

void BalanceSlider::dragTo(double x)
{
    const double share = (x - Sizes::kSide) / std::max(double(width()) - 2 * Sizes::kSide, 1.0);
    const qint64 n = reachable(share * double(m_layers));
    if (n == m_value)
        return;
    if (!m_isDragging)
        emit dragStarted();
    m_isDragging = true;
    moveTo(n);
    emit valueDragged(n);
}

void BalanceSlider::finishDrag()
{
    m_grab.reset();
    update();
    if (std::exchange(m_isDragging, false))
        emit dragFinished();
}

void BalanceSlider::mousePressEvent(QMouseEvent *event)
{
    const QPointF position = event->position();
    if (event->button() != Qt::LeftButton)
        return event->ignore();
    if (m_rule >= 0 && ruleMark().contains(position)) {
        emit ruleRequested();
        return;
    }
    const double fromHandle = position.x() - handleX();
    const double belowTrack = position.y() - rows().track;
    if (m_least > m_most || belowTrack < -Sizes::kFocusRing || belowTrack > Sizes::kTickTop + Sizes::kTickLength)
        return;
    if (std::abs(fromHandle) <= Sizes::kFocusRing) {
        m_grab = fromHandle;
        update();
    } else if (const QString reason = reasonAt(position); hatchedBelow().contains(position) || hatchedAbove().contains(position)) {
        QToolTip::showText(event->globalPosition().toPoint(), reason, this);
    } else {
        m_grab = 0;
        dragTo(position.x());
    }
}

void BalanceSlider::mouseMoveEvent(QMouseEvent *event)
{
    if (m_grab)
        dragTo(event->position().x() - *m_grab);
}

void BalanceSlider::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton)
        finishDrag();
}

/// Scrolling past the slider must not change the plan.
void BalanceSlider::wheelEvent(QWheelEvent *event)
{
    event->ignore();
}

void BalanceSlider::keyPressEvent(QKeyEvent *event)
{
    const double n = double(m_value);
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down:
        return stepTo(n - 1);
    case Qt::Key_Right:
    case Qt::Key_Up:
        return stepTo(n + 1);
    case Qt::Key_PageDown:
        return stepTo(n - pageStep());
    case Qt::Key_PageUp:
        return stepTo(n + pageStep());
    case Qt::Key_End:
        return stepTo(double(m_layers));
    case Qt::Key_Home:
        emit ruleRequested();
        return;
    default:
        event->ignore();
    }
}

bool BalanceSlider::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip || !m_problem.isEmpty())
        return QAbstractSlider::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const QPointF position = help->pos();
    const QString rule = m_rule >= 0 && ruleMark().contains(position) ? tr("Go to %1 (Home)").arg(m_ruleLabel) : QString();
    QToolTip::showText(help->globalPos(), rule.isEmpty() ? reasonAt(position) : rule, this);
    return true;
}

void BalanceSlider::changeEvent(QEvent *event)
{
    QAbstractSlider::changeEvent(event);
    if (event->type() == QEvent::EnabledChange && !isEnabled())
        finishDrag();
    if (event->type() == QEvent::FontChange)
        updateGeometry();
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::EnabledChange) {
        m_style = PlotStyle::of(palette());
        update();
    }
}

void BalanceSlider::hideEvent(QHideEvent *event)
{
    QAbstractSlider::hideEvent(event);
    finishDrag();
}

} // namespace secateur::ui
