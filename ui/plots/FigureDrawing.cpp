// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/FigureDrawing.h"

#include <QBuffer>
#include <QFontMetrics>
#include <QPdfWriter>
#include <QRegion>
#include <QSvgGenerator>

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr int kAnyHeight = 100000;
constexpr double kInch = 0.0254; ///< metres
const QString kCreator = QStringLiteral("Secateur");

} // namespace

int FigureDrawing::heightOf(const QString &text, const QFont &font) const
{
    if (text.isEmpty())
        return 0;
    const QRect room(0, 0, canvasSize.width(), kAnyHeight);
    return QFontMetrics(font).boundingRect(room, Qt::TextWordWrap, text).height() + kMargin;
}

QSize FigureDrawing::size() const
{
    const int texts = heightOf(title, style.titleFont) + heightOf(source.caption(), style.font);
    return canvasSize + QSize(2 * kMargin, 2 * kMargin + texts);
}

/// The canvas first: what it draws beyond its sides, where a format cannot clip, is covered.
void FigureDrawing::paint(QCPPainter &painter) const
{
    const QRect whole(QPoint(), size());
    const QRect inner = whole.marginsRemoved(QMargins(kMargin, kMargin, kMargin, kMargin));
    const QRect drawing(QPoint(inner.left(), inner.top() + heightOf(title, style.titleFont)), canvasSize);
    painter.fillRect(whole, style.surface);
    if (emptyText.isEmpty()) {
        painter.save();
        painter.translate(drawing.topLeft());
        paintCanvas(painter);
        painter.restore();
    }
    for (const QRect &margin : QRegion(whole).subtracted(drawing))
        painter.fillRect(margin, style.surface);
    painter.setPen(QPen(style.text));
    painter.setFont(style.titleFont);
    painter.drawText(inner, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, title);
    painter.setPen(QPen(style.mutedText));
    painter.setFont(style.font);
    painter.drawText(inner, Qt::AlignLeft | Qt::AlignBottom | Qt::TextWordWrap, source.caption());
    painter.drawText(drawing, Qt::AlignCenter | Qt::TextWordWrap, emptyText);
}

void FigureDrawing::paintCanvas(QCPPainter &painter) const
{
    const QRect shown = canvas.viewport();
    canvas.setViewport(QRect(QPoint(), canvasSize));
    emit canvas.beforeReplot(); // where a plot fits its margins to the size
    canvas.toPainter(&painter, canvasSize.width(), canvasSize.height());
    canvas.setViewport(shown);
}

QImage FigureDrawing::image(int scale) const
{
    QImage image(size() * scale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(scale);
    const int dotsPerInch = image.logicalDpiX();
    QCPPainter painter(&image);
    painter.setMode(QCPPainter::pmNonCosmetic);
    paint(painter);
    painter.end();
    for (const auto setDots : {&QImage::setDotsPerMeterX, &QImage::setDotsPerMeterY}) // so that it is as wide on paper as was asked
        (image.*setDots)(int(std::lround(scale * dotsPerInch / kInch)));
    const std::pair<QLatin1String, QString> notes[] = {
        {QLatin1String("Title"), title}, {QLatin1String("Description"), source.wholeCaption()}, {QLatin1String("Software"), kCreator}};
    for (const auto &[key, text] : notes) // keys of PNG
        image.setText(key, text);
    return image;
}

QByteArray FigureDrawing::png(int scale) const
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image(scale).save(&buffer, "PNG");
    return bytes;
}

QByteArray FigureDrawing::svg() const
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(canvas.logicalDpiX()); // texts as large as on the screen
    generator.setSize(size());
    generator.setViewBox(QRect(QPoint(), size()));
    generator.setTitle(title.toHtmlEscaped()); // it writes them as they are, "&" and "<" too
    generator.setDescription(source.wholeCaption().toHtmlEscaped());
    QCPPainter painter(&generator);
    painter.setMode(QCPPainter::pmVectorized);
    paint(painter);
    painter.end();
    return bytes;
}

QByteArray FigureDrawing::pdf() const
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    const int dotsPerInch = canvas.logicalDpiX();
    writer.setResolution(dotsPerInch);
    writer.setPageSize(QPageSize(QSizeF(size()) * 72.0 / dotsPerInch, QPageSize::Point, QString(), QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF());
    const QString description = source.wholeCaption(); // the format has no place for one of its own
    writer.setTitle(description.isEmpty() ? title : title + QStringLiteral(" (") + description + u')');
    writer.setCreator(kCreator);
    QCPPainter painter(&writer);
    painter.setMode(QCPPainter::pmVectorized);
    paint(painter);
    painter.end();
    return bytes;
}

} // namespace secateur::ui
