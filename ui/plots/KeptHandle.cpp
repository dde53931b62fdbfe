// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/KeptHandle.h"

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr double kGrip = 6;
constexpr int kPadding = 6, kDistance = 10;

QCPLayer *ownLayer(QCustomPlot *plot)
{
    plot->addLayer(QString::fromLatin1(KeptHandle::kLayer), plot->layer(QStringLiteral("overlay")), QCustomPlot::limBelow);
    QCPLayer *layer = plot->layer(QString::fromLatin1(KeptHandle::kLayer));
    layer->setMode(QCPLayer::lmBuffered);
    return layer;
}

} // namespace

KeptHandle::KeptHandle(QCustomPlot *plot, bool isHatched) : QCPAbstractItem(plot), m_isHatched(isHatched)
{
    setLayer(ownLayer(plot));
    setClipToAxisRect(false); // the grip sticks out
    setSelectable(false);
}

void KeptHandle::draw(QCPPainter *painter)
{
    const QRect frame = mParentPlot->axisRect()->rect();
    const double x = mParentPlot->xAxis->coordToPixel(m_kept);
    if (m_isHatched) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_style.hatch());
        painter->drawRect(QRectF(QPointF(x, frame.top()), QPointF(frame.right(), frame.bottom())));
    }
    painter->setAntialiasing(true);
    painter->setPen(QPen(m_style.warning, 2));
    painter->drawLine(QLineF(x, frame.top(), x, frame.bottom()));
    painter->setBrush(m_style.warning);
    painter->drawEllipse(QPointF(x, frame.bottom()), kGrip, kGrip);
    drawWords(painter, frame, x);
}

void KeptHandle::drawWords(QCPPainter *painter, const QRect &frame, double x) const
{
    if (m_lines.isEmpty())
        return;
    painter->setFont(m_style.font);
    const QFontMetrics metrics(m_style.font);
    int width = 0;
    for (const QString &line : m_lines)
        width = std::max(width, metrics.horizontalAdvance(line));
    const QSize size(width + 2 * kPadding, int(m_lines.size()) * metrics.lineSpacing() + 2 * kPadding);
    const bool fitsRight = x + kDistance + size.width() < frame.right();
    double left = fitsRight ? x + kDistance : x - kDistance - size.width();
    left = std::clamp<double>(left, frame.left(), std::max(frame.left(), frame.right() - size.width()));
    const QRectF box(QPointF(left, frame.top() + kDistance), size);
    painter->setPen(QPen(m_style.line));
    painter->setBrush(m_style.raised);
    painter->drawRoundedRect(box, 4, 4);
    for (int i = 0; i < m_lines.size(); ++i) {
        painter->setPen(QPen(i == 0 ? m_style.text : m_style.mutedText));
        painter->drawText(QPointF(box.left() + kPadding, box.top() + kPadding + metrics.ascent() + i * metrics.lineSpacing()), m_lines[i]);
    }
}

} // namespace secateur::ui
