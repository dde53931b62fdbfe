// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "plots/Figure.h"
#include "theme/PlotStyle.h"

#include <QImage>
#include <QSize>
#include <QString>

class QCPPainter;
class QCustomPlot;

namespace secateur::ui {

/// A plot as a picture of its own: title above, caption below, in the bytes of a format. Draws the canvas as it is styled at the moment.
struct FigureDrawing {
    static constexpr int kMargin = 8; ///< on every side, in logical pixels

    QCustomPlot &canvas;
    PlotStyle style;
    QSize canvasSize; ///< to draw the canvas with, in logical pixels
    QString title;
    FigureSource source;
    QString emptyText; ///< stands in place of the canvas; empty: none

    QSize size() const; ///< of the whole, in logical pixels
    /// `scale` pixels for each logical one.
    QImage image(int scale) const;
    QByteArray png(int scale) const;
    QByteArray svg() const;
    QByteArray pdf() const;

private:
    void paint(QCPPainter &painter) const;
    void paintCanvas(QCPPainter &painter) const;
    int heightOf(const QString &text, const QFont &font) const; ///< wrapped, with the distance to the canvas
};

} // namespace secateur::ui
