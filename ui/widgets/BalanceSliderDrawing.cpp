// SPDX-License-Identifier: GPL-3.0-or-later
// What a balance slider looks like: where its parts lie, and how they are drawn.
#include "widgets/BalanceSliderParts.h"

#include <QFontMetricsF>
#include <QLocale>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kHandleRadius = 8;
constexpr double kTrackHeight = 6, kHatchHeight = 18;
constexpr double kMarkWidth = 12, kMarkHeight = 8;
constexpr double kGap = 6;

/// The smallest of 1, 2, 5, 10, 20, ... steps of `unit` pixels that is at least `space` pixels wide.
qint64 thinned(double unit, double space)
{
    for (qint64 decade = 1; decade < 1'000'000; decade *= 10)
        for (const qint64 step : {decade, 2 * decade, 5 * decade})
            if (double(step) * unit >= space)
                return step;
    return 1'000'000;
}

QFont bold(QFont font)
{
    font.setBold(true);
    return font;
}

/// The place of a text of this width: centred on x, but inside [left, right].
double centred(double x, double width, double left, double right)
{
    return std::clamp(x - width / 2, left, std::max(left, right - width));
}

} // namespace

// ---- places

BalanceSlider::Rows BalanceSlider::rows() const
{
    Rows rows;
    rows.line = std::ceil(QFontMetricsF(bold(font())).height());
    rows.rule = rows.line + 2;
    rows.track = rows.rule + rows.line + Sizes::kFocusRing + 2;
    rows.numbers = rows.track + Sizes::kTickTop + Sizes::kTickLength + 1;
    rows.reasons = rows.numbers + rows.line + 2;
    rows.end = rows.reasons + 2 * rows.line;
    return rows;
}

QSize BalanceSlider::sizeHint() const
{
    return {640, int(rows().end)};
}

QSize BalanceSlider::minimumSizeHint() const
{
    return {260, int(rows().end)};
}

double BalanceSlider::xOf(double n) const
{
    return Sizes::kSide + (double(width()) - 2 * Sizes::kSide) * n / double(std::max<qint64>(m_layers, 1));
}

QRectF BalanceSlider::hatchedBelow() const
{
    if (m_least == 0)
        return {};
    const double right = xOf(std::min(double(m_least) - 0.5, double(m_layers)));
    return {Sizes::kSide - kTrackHeight, rows().track - kHatchHeight / 2, right - Sizes::kSide + kTrackHeight, kHatchHeight};
}

QRectF BalanceSlider::hatchedAbove() const
{
    const double left = std::max(xOf(std::max(double(m_most) + 0.5, 0.0)), hatchedBelow().right());
    const double right = double(width()) - Sizes::kSide + kTrackHeight;
    if (m_most >= m_layers || left >= right)
        return {};
    return {left, rows().track - kHatchHeight / 2, right - left, kHatchHeight};
}

QRectF BalanceSlider::ruleMark() const
{
    if (m_rule < 0 || m_rule > m_layers)
        return {};
    const double x = xOf(double(m_rule));
    const double text = QFontMetricsF(font()).horizontalAdvance(m_ruleLabel) + kGap;
    const bool isLeft = x + kMarkWidth / 2 + text > double(width()) && x - kMarkWidth / 2 - text >= 0;
    return {isLeft ? x - kMarkWidth / 2 - text : x - kMarkWidth / 2, rows().rule, kMarkWidth + text, rows().line};
}

QString BalanceSlider::reasonAt(QPointF position) const
{
    const double below = rows().reasons - hatchedAbove().bottom(); // what is written under the hatching belongs to it
    if (hatchedBelow().adjusted(0, 0, 0, below).contains(position))
        return m_reasonBelow;
    return hatchedAbove().adjusted(0, 0, 0, below).contains(position) ? m_reasonAbove : QString();
}

// ---- drawing

void BalanceSlider::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setLayoutDirection(Qt::LeftToRight); // words stand at their end of the axis
    painter.setFont(font());
    const Rows rows = this->rows();
    drawCaptions(painter, rows);
    drawTrack(painter, rows);
    drawTicks(painter, rows);
    drawRule(painter, rows);
    drawHandle(painter, rows);
    drawReasons(painter, rows);
}

void BalanceSlider::drawCaptions(QPainter &painter, const Rows &rows) const
{
    painter.setPen(isEnabled() ? m_style.text : m_style.mutedText);
    const QRectF line(Sizes::kSide - kTrackHeight, 0, double(width()) - 2 * (Sizes::kSide - kTrackHeight), rows.line);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, tr("Wide: remove neurons"));
    painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, tr("Deep: remove attentions"));
}

void BalanceSlider::drawRule(QPainter &painter, const Rows &rows) const
{
    const QRectF mark = ruleMark();
    if (mark.isNull())
        return;
    const double x = xOf(double(m_rule));
    const double bottom = rows.rule + rows.line - 1;
    painter.setPen(Qt::NoPen);
    painter.setBrush(isEnabled() ? m_style.ffn : m_style.outline);
    painter.drawPolygon(QPolygonF{{x - kMarkWidth / 2, bottom - kMarkHeight}, {x + kMarkWidth / 2, bottom - kMarkHeight}, {x, bottom}});
    const bool isLeft = mark.left() < x - kMarkWidth / 2 - 1;
    painter.setPen(isEnabled() ? m_style.text : m_style.mutedText);
    painter.drawText(isLeft ? mark.adjusted(0, 0, -kMarkWidth - kGap, 0) : mark.adjusted(kMarkWidth + kGap, 0, 0, 0),
                     (isLeft ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter | Qt::TextDontClip, m_ruleLabel);
}

void BalanceSlider::drawTrack(QPainter &painter, const Rows &rows) const
{
    for (const QRectF &part : {hatchedBelow(), hatchedAbove()}) {
        if (part.isEmpty())
            continue;
        painter.setPen(m_style.outline);
        painter.setBrush(m_style.hatch());
        painter.drawRect(part.toAlignedRect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5));
    }
    if (m_least > m_most)
        return;
    const double left = hatchedBelow().isNull() ? Sizes::kSide - kTrackHeight / 2 : hatchedBelow().right();
    const double right = hatchedAbove().isNull() ? double(width()) - Sizes::kSide + kTrackHeight / 2 : hatchedAbove().left();
    const QRectF groove(left, rows.track - kTrackHeight / 2, right - left, kTrackHeight);
    painter.setPen(QPen(m_style.outline, 1));
    painter.setBrush(m_style.line);
    painter.drawRoundedRect(groove, kTrackHeight / 2, kTrackHeight / 2);
    QRectF filled = groove;
    filled.setRight(std::clamp(handleX(), groove.left(), groove.right()));
    painter.setPen(Qt::NoPen);
    painter.setBrush(isEnabled() ? m_style.accent : m_style.outline);
    painter.drawRoundedRect(filled, kTrackHeight / 2, kTrackHeight / 2);
}

void BalanceSlider::drawTicks(QPainter &painter, const Rows &rows) const
{
    const QLocale locale;
    const QFontMetricsF metrics(font());
    const QFontMetricsF boldMetrics(bold(font()));
    const QString value = (canReach(m_value) ? tr("N = %1") : tr("! N = %1")).arg(locale.toString(m_value));
    const double valueWidth = std::ceil(boldMetrics.horizontalAdvance(value));
    const QRectF valueBox(centred(handleX(), valueWidth, 0, double(width())), rows.numbers, valueWidth, rows.line);

    const double unit = (double(width()) - 2 * Sizes::kSide) / double(std::max<qint64>(m_layers, 1));
    const qint64 step = thinned(unit, 5);
    const qint64 numbered = std::max(step, thinned(unit, metrics.horizontalAdvance(locale.toString(m_layers)) + 2 * kGap));
    for (qint64 n = 0; n <= m_layers; n += step) {
        const double x = std::floor(xOf(double(n))) + 0.5;
        const bool isNumbered = n % numbered == 0;
        painter.setPen(m_style.outline);
        const double top = rows.track + Sizes::kTickTop;
        painter.drawLine(QPointF(x, top), QPointF(x, top + (isNumbered ? Sizes::kTickLength : Sizes::kTickLength - 2)));
        const QString text = locale.toString(n);
        const double width = metrics.horizontalAdvance(text);
        const QRectF box(x - width / 2, rows.numbers, width, rows.line);
        if (!isNumbered || box.adjusted(-kGap, 0, kGap, 0).intersects(valueBox))
            continue;
        painter.setPen(m_style.mutedText);
        painter.drawText(box, Qt::AlignCenter | Qt::TextDontClip, text);
    }
    painter.setFont(bold(font()));
    painter.setPen(canReach(m_value) ? m_style.text : m_style.readable(m_style.warning));
    painter.drawText(valueBox, Qt::AlignCenter | Qt::TextDontClip, value);
    painter.setFont(font());
}

void BalanceSlider::drawHandle(QPainter &painter, const Rows &rows) const
{
    const QPointF centre(handleX(), rows.track);
    const QColor colour = !isEnabled() ? m_style.outline : canReach(m_value) ? m_style.accent : m_style.warning;
    painter.setBrush(m_style.surface);
    painter.setPen(Qt::NoPen);
    painter.drawEllipse(centre, kHandleRadius + 2, kHandleRadius + 2);
    painter.setBrush(colour);
    painter.drawEllipse(centre, kHandleRadius, kHandleRadius);
    if (!hasFocus())
        return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(m_style.text, 2));
    painter.drawEllipse(centre, Sizes::kFocusRing - 1, Sizes::kFocusRing - 1);
}

void BalanceSlider::drawReasons(QPainter &painter, const Rows &rows) const
{
    const QFontMetricsF metrics(font());
    const QRectF lines(Sizes::kSide - kTrackHeight, rows.reasons, double(width()) - 2 * (Sizes::kSide - kTrackHeight), 2 * rows.line);
    const bool hasBelow = !hatchedBelow().isNull() && !m_reasonBelow.isEmpty();
    const bool hasAbove = !hatchedAbove().isNull() && !m_reasonAbove.isEmpty();
    const double half = (lines.width() - 3 * kGap) / 2;
    painter.setPen(m_style.mutedText);
    if (hasBelow)
        painter.drawText(hasAbove ? QRectF(lines.topLeft(), QSizeF(half, lines.height())) : lines, Qt::AlignLeft | Qt::TextWordWrap,
                         m_reasonBelow);
    if (!hasAbove)
        return;
    QRectF place = lines;
    if (hasBelow)
        place.setLeft(lines.right() - half);
    // Under its hatching where it fits, else up to the right edge.
    const double left = hatchedAbove().left();
    if (left >= place.left() && left + metrics.horizontalAdvance(m_reasonAbove) <= lines.right())
        painter.drawText(QRectF(left, lines.top(), lines.right() - left + 1, lines.height()), Qt::AlignLeft, m_reasonAbove);
    else
        painter.drawText(place, Qt::AlignRight | Qt::TextWordWrap, m_reasonAbove);
}

} // namespace secateur::ui
