// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include <QObject>
#include <QPointF>

#include <qcustomplot.h>

#include <optional>
#include <vector>

class QKeyEvent;
class QMouseEvent;

namespace secateur::ui {

/// Lets people look at a part of a plot: Ctrl and the wheel zoom at the pointer, Shift and a drag (or the middle button) pans, a double
/// click shows all again; by keyboard + and -, Ctrl and the arrows, 0. Never leaves what there is to see.
class PlotZoom : public QObject {
    Q_OBJECT
public:
    /// Hears the canvas before those who were there before it.
    PlotZoom(QCustomPlot &canvas, std::vector<QCPAxis *> axes);

    /// What an axis shows when nothing is zoomed. Unless it is the same as before, all axes show all of theirs now.
    void setWhole(QCPAxis &axis, const QCPRange &range);
    bool isZoomed() const;
    void zoomIn();
    void zoomOut();
    void showAll();

signals:
    void changed(); ///< the part that is shown

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct View {
        QCPAxis *axis;
        QCPRange whole; ///< as below
    };

    void zoom(double factor, std::optional<QPointF> centre);
    void pan(QPointF from, QPointF to);
    void panBy(Qt::Orientation orientation, double share);
    bool press(const QMouseEvent &mouse);
    bool key(const QKeyEvent &key);
    /// Shows a range, moved and narrowed to what there is. In the numbers in which the axis is even: logarithms where it is logarithmic.
    static bool show(const View &view, QCPRange range);

    QCustomPlot &m_canvas;
    std::vector<View> m_views;
    std::optional<QPointF> m_held; ///< where the mouse holds the plot
};

} // namespace secateur::ui
