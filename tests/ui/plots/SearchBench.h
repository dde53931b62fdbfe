// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of the plots of stage 2 and of the balance share.
#pragma once

#include "plots/Plot.h"
#include "pruning/PruningPlan.h"

#include <QApplication>
#include <QImage>
#include <QLabel>
#include <QRegularExpression>
#include <QTest>
#include <limits>
#include <qcustomplot.h>

namespace secateur::ui {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Tool tips and sizes on the offscreen platform are no faults of ours.
inline void failOnWarnings()
{
    QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)"));
}

/// Four layers; two steps finished (layer 2 goes, then 3), the third begun. All losses are exact in binary.
inline SearchRecord threeSteps()
{
    SearchRecord record;
    record.initialLoss = 2;
    record.steps = {{.losses = {2.5, 6, 1.75, 2.25}, .removed = 2, .isForced = false},
                    {.losses = {2, 5.75, kUnknown, 1.875}, .removed = 3, .isForced = false},
                    {.losses = {2.125, kUnknown, kUnknown, kUnknown}, .removed = -1, .isForced = false}};
    return record;
}

inline void show(Plot &plot)
{
    plot.resize(600, 360);
    plot.show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
}

inline QCustomPlot &canvasOf(const Plot &plot)
{
    return *plot.findChild<QCustomPlot *>();
}

/// The pixel of a place in the units of the axes.
inline QPoint place(const Plot &plot, double x, double y)
{
    const QCustomPlot &canvas = canvasOf(plot);
    return QPointF(canvas.xAxis->coordToPixel(x), canvas.yAxis->coordToPixel(y)).toPoint();
}

/// What is on the screen, once everything queued is drawn.
inline QImage pictureOf(const Plot &plot)
{
    QCoreApplication::processEvents();
    return canvasOf(plot).grab().toImage();
}

/// Pixels of a colour in a rectangle.
inline int count(const QImage &picture, const QRect &rect, const QColor &colour)
{
    int found = 0;
    for (int y = rect.top(); y <= rect.bottom(); ++y)
        for (int x = rect.left(); x <= rect.right(); ++x)
            found += picture.valid(x, y) && picture.pixel(x, y) == colour.rgb();
    return found;
}

inline void leave(const Plot &plot)
{
    QEvent event(QEvent::Leave);
    QApplication::sendEvent(&canvasOf(plot), &event);
}

/// The text that stands in place of the plot.
inline QString emptyTextOf(const Plot &plot)
{
    if (canvasOf(plot).isVisible())
        return {};
    for (const QLabel *label : plot.findChildren<QLabel *>())
        if (label->isVisible() && label->text() != plot.title())
            return label->text();
    return {};
}

} // namespace secateur::ui
