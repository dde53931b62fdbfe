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
    m_place = {};
    if (m_isHatched) {
        const double left = std::clamp(x, double(frame.left()), frame.right() + 1.0);
        drawHatching(*painter, QRectF(QPointF(left, frame.top()), QPointF(frame.right() + 1, frame.bottom() + 1)), m_style.hatching);
    }
    if (x < frame.left() - 1 || x > frame.right() + 2) // beyond what is zoomed to
        return;
    painter->setAntialiasing(true);
    const QLineF line(x, frame.top(), x, frame.bottom());
    QColor halo = m_style.surface; // tells the line from every colour of a heatmap
    halo.setAlphaF(0.6F);
    painter->setPen(m_style.pen(halo, 4, Qt::SolidLine, Qt::FlatCap));
    painter->drawLine(line);
    painter->setPen(m_style.pen(m_style.warning, 2, Qt::SolidLine, Qt::FlatCap));
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

/// At the foot of the line, left of it, if it is free there and there is room; else right of it or higher up. Where it was, it stays as long
/// as that is free, so that it does not jump about while the line moves.
QRectF KeptHandle::placeFor(const QSizeF &size, const QRect &frame, double x, int &slot) const
{
    constexpr int kHeights = 5;
    const double highest = frame.top() + kDistance, lowest = std::max(highest, frame.bottom() - kDistance - size.height());
    const double leftmost = frame.left(), rightmost = std::max(leftmost, frame.right() - size.width());
    const auto place = [&](int number) {
        const double left = number % 2 == 0 ? x - kDistance - size.width() : x + kDistance;
        return QRectF(QPointF(left, lowest + (highest - lowest) * (number / 2) / (kHeights - 1)), size);
    };
    const auto isInside = [&](const QRectF &box) { return box.left() >= leftmost && box.left() <= rightmost; };
    std::vector<int> numbers{slot};
    for (int number = 0; number < 2 * kHeights; ++number)
        numbers.push_back(number);
    for (const int number : numbers)
        if (const QRectF box = place(number); isInside(box) && (!m_isFree || m_isFree(box))) {
            slot = number;
            return box;
        }
    QRectF box = place(isInside(place(0)) ? 0 : 1); // nowhere is free
    box.moveLeft(std::clamp(box.left(), leftmost, rightmost));
    return box;
}

void KeptHandle::drawWords(QCPPainter *painter, const QRect &frame, double x)
{
    const double roomLeft = x - kDistance - frame.left(), roomRight = frame.right() - x - kDistance;
    const QStringList &lines = sizeOf(m_lines).width() <= std::max(roomLeft, roomRight) ? m_lines : m_brief;
    if (lines.isEmpty())
        return;
    const QFontMetricsF metrics(m_style.font);
    int slot = m_slot;
    m_place = placeFor(sizeOf(lines), frame, x, slot);
    if (!painter->modes().testFlag(QCPPainter::pmNoCaching)) // a figure decides nothing for the screen
        m_slot = slot;
    painter->setFont(m_style.font);
    painter->setPen(QPen(m_style.line));
    painter->setBrush(m_style.raised);
    painter->drawRoundedRect(m_place, 4, 4);
    for (int i = 0; i < lines.size(); ++i) {
        painter->setPen(QPen(i == 0 ? m_style.text : m_style.mutedText));
        painter->drawText(QPointF(m_place.left() + kPadding, m_place.top() + kPadding + metrics.ascent() + i * metrics.lineSpacing()),
                          lines[i]);
    }
}

} // namespace secateur::ui
