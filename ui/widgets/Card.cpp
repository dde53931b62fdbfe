// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Card.h"

#include "theme/PlotStyle.h"

#include <QPainter>

namespace secateur::ui {
namespace {

constexpr double kRadius = 6;

} // namespace

Card::Card(QWidget *parent) : QWidget(parent) {}

void Card::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(style.line, 1));
    painter.setBrush(style.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
}

} // namespace secateur::ui
