// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/FormulaCard.h"

#include "theme/PlotStyle.h"

#include <QAbstractTextDocumentLayout>
#include <QEvent>
#include <QFontDatabase>
#include <QFontInfo>
#include <QPainter>

#include <cmath>

namespace secateur::ui {
namespace {

constexpr int kAcross = 8, kDown = 6; ///< margins
constexpr double kRadius = 6;

} // namespace

FormulaCard::FormulaCard(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    m_document.setDocumentMargin(0);
    m_document.setUndoRedoEnabled(false);
    applyFont();
}

void FormulaCard::setFormula(const QString &html)
{
    if (html == m_html)
        return;
    m_html = html;
    m_document.setHtml(html);
    setAccessibleDescription(text());
    fit();
    update();
}

void FormulaCard::applyFont()
{
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    fixed.setPixelSize(qRound(QFontInfo(font()).pixelSize() * 0.92));
    m_document.setDefaultFont(fixed);
}

void FormulaCard::fit()
{
    m_document.setTextWidth(std::max(60, width() - 2 * kAcross));
    const int height = int(std::ceil(m_document.size().height())) + 2 * kDown;
    if (height == m_height)
        return;
    m_height = height;
    updateGeometry();
}

QSize FormulaCard::sizeHint() const
{
    return {220, m_height};
}

QSize FormulaCard::minimumSizeHint() const
{
    return {120, m_height};
}

void FormulaCard::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fit();
}

void FormulaCard::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        applyFont();
        fit();
    }
}

void FormulaCard::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(style.line);
    painter.setBrush(style.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
    painter.translate(kAcross, kDown);
    QAbstractTextDocumentLayout::PaintContext context;
    context.palette.setColor(QPalette::Text, style.text);
    m_document.documentLayout()->draw(&painter, context);
}

} // namespace secateur::ui
