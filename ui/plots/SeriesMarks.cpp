// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/SeriesMarks.h"

#include "plots/QualityChart.h"

#include <QPolygonF>

#include <array>
#include <initializer_list>
#include <qcustomplot.h>

namespace secateur::ui {
namespace {

QPolygonF around(QPointF place, std::initializer_list<QPointF> corners)
{
    QPolygonF polygon;
    for (const QPointF &corner : corners)
        polygon << place + corner * kSeriesMark;
    return polygon;
}

} // namespace

QColor seriesColour(const PlotStyle &style, int series)
{
    const std::array<QColor, QualityChart::kMostSeries> colours = {style.accent, style.mutedText, style.accent, style.ffn,
                                                                   style.extra,  style.warning,   style.outline};
    return series < 0 ? style.text : colours.at(std::size_t(series) % colours.size());
}

void drawSeriesMark(QCPPainter &painter, const PlotStyle &style, QPointF place, int series)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(seriesColour(style, series));
    switch (series < 0 ? -1 : series % QualityChart::kMostSeries) {
    case -1: // the original: hollow
        painter.setPen(style.pen(seriesColour(style, series), 1.8));
        painter.setBrush(style.surface);
        painter.drawEllipse(place, kSeriesMark, kSeriesMark);
        break;
    case 0:
        painter.drawEllipse(place, kSeriesMark, kSeriesMark);
        break;
    case 1:
        painter.setPen(style.pen(seriesColour(style, series), 2));
        painter.drawLine(QLineF(place + QPointF(-kSeriesMark, -kSeriesMark), place + QPointF(kSeriesMark, kSeriesMark)));
        painter.drawLine(QLineF(place + QPointF(-kSeriesMark, kSeriesMark), place + QPointF(kSeriesMark, -kSeriesMark)));
        break;
    case 2: // of the colour of 2SSP, which it begins with
        painter.setPen(style.pen(seriesColour(style, series), 2));
        painter.drawLine(QLineF(place + QPointF(-1.2 * kSeriesMark, 0), place + QPointF(1.2 * kSeriesMark, 0)));
        painter.drawLine(QLineF(place + QPointF(0, -1.2 * kSeriesMark), place + QPointF(0, 1.2 * kSeriesMark)));
        break;
    case 3:
        painter.drawRect(QRectF(place - QPointF(kSeriesMark - 0.5, kSeriesMark - 0.5), QSizeF(2 * kSeriesMark - 1, 2 * kSeriesMark - 1)));
        break;
    case 4:
        painter.drawPolygon(around(place, {{0, -1.2}, {1.15, 0.9}, {-1.15, 0.9}}));
        break;
    case 5:
        painter.drawPolygon(around(place, {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}}));
        break;
    default:
        painter.drawPolygon(around(place, {{0, 1.2}, {1.15, -0.9}, {-1.15, -0.9}}));
        break;
    }
}

} // namespace secateur::ui
