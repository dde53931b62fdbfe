// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/DropArea.h"

#include "theme/PlotStyle.h"

#include <QPainter>

namespace secateur::ui {

DropArea::DropArea(QWidget *parent) : QWidget(parent) {}

void DropArea::setActive(bool isActive)
{
    m_isActive = isActive;
    update();
}

void DropArea::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_isActive ? style.accent : style.outline, m_isActive ? 2 : 1.5, Qt::DashLine));
    painter.setBrush(m_isActive ? style.selected : style.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
}

} // namespace secateur::ui
