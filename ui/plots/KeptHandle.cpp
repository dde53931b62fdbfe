// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/KeptHandle.h"

#include "plots/CanvasDrawing.h"

#include <QFontMetricsF>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kGrip = 6;
constexpr double kPadding = 6, kDistance = 12;

QCPLayer *ownLayer(QCustomPlot *plot)
{
    addBufferedLayer(*plot, QString::fromLatin1(KeptHandle::kLayer), QStringLiteral("legend"));
    return plot->layer(QString::fromLatin1(KeptHandle::kLayer));
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
    if (m_isHatched)
        drawHatching(*painter, QRectF(QPointF(x, frame.top()), QPointF(frame.right() + 1, frame.bottom() + 1)), m_style.hatching);
    painter->setAntialiasing(true);
    const QLineF line(x, frame.top(), x, frame.bottom());
    QColor halo = m_style.surface; // tells the line from every colour of a heatmap
    halo.setAlphaF(0.6F);
    painter->setPen(QPen(halo, 4, Qt::SolidLine, Qt::FlatCap));
    painter->drawLine(line);
    painter->setPen(QPen(m_style.warning, 2, Qt::SolidLine, Qt::FlatCap));
    painter->drawLine(line);
    painter->setPen(QPen(m_style.surface, 1));
    painter->setBrush(m_style.warning);
    painter->drawEllipse(QPointF(x, frame.bottom()), kGrip, kGrip);
    drawWords(painter, frame, x);
}

QSizeF KeptHandle::sizeOf(const QStringList &lines) const
{
    const QFontMetricsF metrics(m_style.font);
    double width = 0;
    for (const QString &line : lines)
        width = std::max(width, metrics.horizontalAdvance(line));
    return {std::ceil(width) + 2 * kPadding, double(lines.size()) * metrics.lineSpacing() + 2 * kPadding};
}

/// Left of the line, where the curve has left room, as long as they fit there; else right of it.
void KeptHandle::drawWords(QCPPainter *painter, const QRect &frame, double x) const
{
    const double roomLeft = x - kDistance - frame.left(), roomRight = frame.right() - x - kDistance;
    const QStringList &lines = sizeOf(m_lines).width() <= std::max(roomLeft, roomRight) ? m_lines : m_brief;
    if (lines.isEmpty())
        return;
    const QFontMetricsF metrics(m_style.font);
    const QSizeF size = sizeOf(lines);
    double left = size.width() <= roomLeft ? x - kDistance - size.width() : x + kDistance;
    left = std::clamp(left, double(frame.left()), std::max(double(frame.left()), frame.right() - size.width()));
    const QRectF box(QPointF(left, frame.bottom() - kDistance - size.height()), size);
    painter->setFont(m_style.font);
    painter->setPen(QPen(m_style.line));
    painter->setBrush(m_style.raised);
    painter->drawRoundedRect(box, 4, 4);
    for (int i = 0; i < lines.size(); ++i) {
        painter->setPen(QPen(i == 0 ? m_style.text : m_style.mutedText));
        painter->drawText(QPointF(box.left() + kPadding, box.top() + kPadding + metrics.ascent() + i * metrics.lineSpacing()), lines[i]);
    }
}

} // namespace secateur::ui
