// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/BudgetCard.h"

#include "theme/PlotStyle.h"

#include <QFocusEvent>
#include <QPainter>
#include <QStyle>
#include <QToolTip>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kLeastSize = 10; ///< pixels of a value
constexpr int kMargin = 12, kTop = 8, kBottom = 9, kGap = 6, kBar = 4;

QColor inkOf(Exactness exactness, const PlotStyle &style)
{
    return exactness == Exactness::Stale ? style.readable(style.warning) : style.mutedText;
}

} // namespace

BudgetCard::BudgetCard(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void BudgetCard::setFigure(const BudgetFigure &figure)
{
    if (figure == m_figure)
        return;
    m_figure = figure;
    setToolTip(figure.exact);
    setAccessibleName(figure.sentence);
    update();
}

QFont BudgetCard::valueFont(int pixels) const
{
    QFont font = this->font();
    font.setPixelSize(pixels);
    font.setBold(true);
    return font;
}

int BudgetCard::largestSize() const
{
    return qRound(QFontInfo(font()).pixelSize() * 1.45);
}

/// What is stale says so before the number, where it cannot be overlooked.
QString BudgetCard::valueText() const
{
    return m_figure.exactness == Exactness::Stale ? exactnessSign(Exactness::Stale) + QLatin1Char(' ') + m_figure.value : m_figure.value;
}

int BudgetCard::fittingSize(bool isBeside) const
{
    const int before =
        m_figure.before.isEmpty() || !isBeside ? 0 : QFontMetrics(PlotStyle::of(palette()).font).horizontalAdvance(m_figure.before) + kGap;
    const int room = width() - 2 * kMargin - before;
    int pixels = largestSize();
    while (pixels > kLeastSize && QFontMetrics(valueFont(pixels)).horizontalAdvance(valueText()) > room)
        --pixels;
    return pixels;
}

void BudgetCard::setValueSize(int pixels, bool isBeside)
{
    if (pixels == m_valueSize && isBeside == m_isBeside)
        return;
    m_valueSize = pixels;
    m_isBeside = isBeside;
    update();
}

int BudgetCard::heightOfLines() const
{
    return 2 * QFontMetrics(PlotStyle::of(palette()).font).height() + QFontMetrics(valueFont(largestSize())).height();
}

QSize BudgetCard::sizeHint() const
{
    return {200, kTop + heightOfLines() + QFontMetrics(PlotStyle::of(palette()).font).height() + kBottom};
}

QSize BudgetCard::minimumSizeHint() const
{
    return {120, sizeHint().height()};
}

void BudgetCard::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    if (event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason)
        QToolTip::showText(mapToGlobal(QPoint(kMargin, 0)), toolTip(), this);
}

void BudgetCard::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    QToolTip::hideText();
}

void BudgetCard::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (hasFocus()) {
        painter.setPen(QPen(style.accent, 2));
        painter.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), 4, 4);
    }
    const int width = this->width() - 2 * kMargin;
    const QFontMetrics metrics(style.font);
    QRect line(kMargin, kTop, width, metrics.height());

    painter.setFont(style.font);
    painter.setPen(style.mutedText);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(m_figure.caption, Qt::ElideRight, width));
    line.translate(0, line.height());
    line.setHeight(QFontMetrics(valueFont(largestSize())).height());
    paintValue(painter, style, line);

    line.translate(0, line.height());
    line.setHeight(metrics.height());
    painter.setFont(style.font);
    painter.setPen(inkOf(m_figure.exactness, style));
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, changeLine(width, metrics));

    line.translate(0, line.height());
    if (!m_figure.note.isEmpty()) {
        painter.setPen(style.mutedText);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(m_figure.note, Qt::ElideRight, width));
    } else if (m_figure.share) {
        QRectF bar(kMargin, line.center().y() - kBar / 2.0 + 2, width, kBar);
        painter.setPen(style.outline);
        painter.setBrush(style.line);
        painter.drawRoundedRect(bar, kBar / 2.0, kBar / 2.0);
        painter.setPen(Qt::NoPen);
        bar.setWidth(std::max<double>(kBar, bar.width() * std::clamp(*m_figure.share, 0.0, 1.0)));
        painter.setBrush(style.accent);
        painter.drawRoundedRect(bar, kBar / 2.0, kBar / 2.0);
    }
}

void BudgetCard::paintValue(QPainter &painter, const PlotStyle &style, const QRect &line) const
{
    const QFont font = valueFont(m_valueSize > 0 ? m_valueSize : largestSize());
    painter.setFont(font);
    painter.setPen(m_figure.exactness == Exactness::Stale ? style.readable(style.warning) : style.text);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, valueText());
    if (!m_isBeside)
        return;
    painter.setFont(style.font);
    painter.setPen(style.mutedText);
    const int width = QFontMetrics(font).horizontalAdvance(valueText()) + kGap;
    painter.drawText(QStyle::visualRect(layoutDirection(), rect(), line.adjusted(width, 2, kMargin, 2)), Qt::AlignLeft | Qt::AlignVCenter,
                     m_figure.before);
}

/// "−37.5 % = exact", without the word where it does not fit.
QString BudgetCard::changeLine(int width, const QFontMetrics &metrics) const
{
    const QString sign = exactnessSign(m_figure.exactness);
    const QString word = m_figure.exactnessText.isEmpty() ? exactnessWord(m_figure.exactness) : m_figure.exactnessText;
    QStringList parts{m_figure.change, sign, word};
    parts.removeAll(QString());
    const QString whole = parts.join(QLatin1Char(' '));
    if (metrics.horizontalAdvance(whole) <= width || m_figure.change.isEmpty())
        return metrics.elidedText(whole, Qt::ElideRight, width);
    const QString number = m_figure.change + QLatin1Char(' ') + sign;
    const QString rest = metrics.elidedText(word, Qt::ElideRight, width - metrics.horizontalAdvance(number + QLatin1Char(' ')));
    return rest.size() > 2 ? number + QLatin1Char(' ') + rest : number;
}

} // namespace secateur::ui
