// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/StepButton.h"

#include "theme/PlotStyle.h"

#include <QEnterEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

namespace secateur::ui {
namespace {

constexpr int kTick = 14, kPadding = 14, kLeastPadding = 6;

} // namespace

StepButton::StepButton(const QString &text, QWidget *parent) : QAbstractButton(parent)
{
    setText(text);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(this, &QAbstractButton::clicked, this, [this] {
        if (isPossible())
            emit chosen();
        else
            QToolTip::showText(mapToGlobal(rect().bottomLeft()), toolTip(), this);
    });
}

void StepButton::setState(bool isDone, bool isCurrent, const QString &reason, const QString &toolTip)
{
    const QString &help = reason.isEmpty() ? toolTip : reason;
    if (isDone == m_isDone && isCurrent == m_isCurrent && reason == m_reason && help == this->toolTip() && !accessibleName().isEmpty())
        return; // while a number is dragged
    m_isDone = isDone;
    m_isCurrent = isCurrent;
    m_reason = reason;
    setToolTip(help);
    const QString state = !reason.isEmpty() ? tr("not possible yet") : isDone ? tr("done") : tr("possible");
    setAccessibleName(tr("%1, %2").arg(text(), isCurrent ? tr("current step, %1").arg(state) : state));
    setAccessibleDescription(this->toolTip());
    updateGeometry();
    update();
}

int StepButton::widthWith(int padding) const
{
    return fontMetrics().horizontalAdvance(text()) + kTick + 4 + 2 * padding; // room for the tick always: steps do not shift
}

QSize StepButton::sizeHint() const
{
    return {widthWith(kPadding), fontMetrics().height() + 13};
}

QSize StepButton::minimumSizeHint() const
{
    return {fontMetrics().horizontalAdvance(text()) + 2 * kLeastPadding, sizeHint().height()}; // large letters leave no room for a tick
}

void StepButton::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);

    const QRectF frame = QRectF(rect()).adjusted(1.5, 1.5, -1.5, -1.5);
    const double radius = frame.height() / 2;
    const bool isHot = isPossible() && (underMouse() || isDown());
    const int textWidth = fontMetrics().horizontalAdvance(text());
    const bool hasTick = m_isDone && textWidth + kTick + 4 + kLeastPadding <= width(); // else a thicker outline stands for it
    QPen border(m_isCurrent ? style.accent : style.outline, m_isDone && !hasTick ? 2.5 : 1);
    if (!isPossible())
        border.setStyle(Qt::DashLine);
    painter.setPen(border);
    painter.setBrush(m_isCurrent ? style.accent : isHot ? style.selected : style.surface);
    painter.drawRoundedRect(frame, radius, radius);
    if (hasFocus()) {
        const double inset = m_isCurrent ? 2.5 : 0;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(m_isCurrent ? style.onAccent : style.accent, m_isCurrent ? 1.5 : 2));
        painter.drawRoundedRect(frame.adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset);
    }

    const QColor ink = m_isCurrent ? style.onAccent : !isPossible() ? style.mutedText : m_isDone ? style.readable(style.ffn) : style.text;
    const double left = frame.center().x() - (textWidth + (hasTick ? kTick + 4 : 0)) / 2.0;
    painter.setPen(QPen(ink, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    if (hasTick) {
        const QPointF middle(left + kTick / 2.0, frame.center().y());
        QPainterPath tick(middle + QPointF(-4.5, 0.5));
        tick.lineTo(middle + QPointF(-1.5, 3.5));
        tick.lineTo(middle + QPointF(4.5, -3.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(tick);
    }
    painter.drawText(QRectF(left + (hasTick ? kTick + 4 : 0), 0, textWidth + 2, height()), Qt::AlignVCenter | Qt::AlignLeft, text());
}

void StepButton::enterEvent(QEnterEvent *event)
{
    QAbstractButton::enterEvent(event);
    update();
}

void StepButton::leaveEvent(QEvent *event)
{
    QAbstractButton::leaveEvent(event);
    update();
}

} // namespace secateur::ui
