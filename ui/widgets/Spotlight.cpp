// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Spotlight.h"

#include "theme/PlotStyle.h"

#include <QCursor>
#include <QEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWindow>

namespace secateur::ui {
namespace {

constexpr double kBrush = 5, kHalo = 9; ///< width of the ring, and of what sets it off from every ground

} // namespace

Spotlight::Spotlight(QWidget &window) : QWidget(&window), m_window(window)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void Spotlight::setOn(bool isOn)
{
    if (isOn == m_isOn)
        return;
    m_isOn = isOn;
    QWindow *handle = m_window.windowHandle();
    m_window.removeEventFilter(this);
    if (handle)
        handle->removeEventFilter(this);
    if (!isOn)
        return hide();
    m_window.installEventFilter(this);
    if (handle)
        handle->installEventFilter(this); // it hears of every move; most widgets only of those with a button held
    m_centre = m_window.mapFromGlobal(QCursor::pos());
    setGeometry(m_window.rect());
    show();
    raise();
}

int Spotlight::radius() const
{
    return 2 * fontMetrics().height();
}

QRect Spotlight::ring() const
{
    const int reach = radius() + int(kHalo);
    return {m_centre - QPoint(reach, reach), QSize(2 * reach, 2 * reach)};
}

void Spotlight::follow(const QPoint &pointer)
{
    const QRect before = ring();
    m_centre = pointer;
    update(before);
    update(ring());
}

bool Spotlight::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == &m_window && event->type() == QEvent::Resize)
        setGeometry(m_window.rect());
    else if (watched != &m_window && event->type() == QEvent::MouseMove)
        follow(static_cast<QMouseEvent *>(event)->position().toPoint());
    return false;
}

void Spotlight::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QColor halo = style.surface;
    halo.setAlphaF(0.7F);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    for (const QPen &pen : {QPen(halo, kHalo), QPen(style.warning, kBrush)}) {
        painter.setPen(pen);
        painter.drawEllipse(m_centre, radius(), radius());
    }
}

} // namespace secateur::ui
