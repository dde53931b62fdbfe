// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Plot.h"

#include <QStringList>
#include <cstddef>
#include <memory>
#include <vector>

namespace secateur::ui {

struct QualityDrawing;

/// A model on the chart.
struct QualityPoint {
    double x = 0, y = 0; ///< in the units of the axes
    double error = 0;    ///< standard error of y; 0: none is known
    int series = -1;     ///< index of the series; -1: the original
    QString label;       ///< "2SSP, 37.5 %"
    QString planHash{};  ///< SHA-256; empty for the original
    bool isCurrent = false;
    bool operator==(const QualityPoint &) const = default;
};

/// Points that were found in the same way: one colour and one mark.
struct QualitySeries {
    QString name;
    bool isJoined = true; ///< by a line in the order of x
    bool operator==(const QualitySeries &) const = default;
};

/// What the axes are, with their units behind a comma ("parameters of the model, M"), and whether y is logarithmic.
struct QualityAxes {
    QString x, y;
    bool isLogarithmic = true;
    QString ring{}; ///< what the point with a ring is; empty: the current plan
    bool operator==(const QualityAxes &) const = default;
};

/// Quality against size (or what the title says): a point a model, the ways in which they were found as series with marks of their own. Standard errors are upright lines. The
/// current plan has a ring, what is selected elsewhere a circle.
class QualityChart : public Plot {
    Q_OBJECT
public:
    explicit QualityChart(QWidget *parent = nullptr);
    ~QualityChart() override;

    static constexpr int kMostSeries = 7; ///< that can be told apart

    /// A series keeps its look by its place, also while it has no points. Points that have no place on the axes stand in the table alone.
    void showPoints(const QualityAxes &axes, std::vector<QualitySeries> series, std::vector<QualityPoint> points);
    void setSelected(std::vector<std::size_t> points); ///< indices
    PlotTable table() const override;

signals:
    /// In the order given; by mouse, or by Space or Return on the point chosen with the arrow keys. `isAdded`: with Ctrl, to what is selected already.
    void pointClicked(qint64 index, bool isAdded);

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void fitRanges();
    void hover(qint64 index, QPoint position);
    bool walk(int key, bool isAdded); ///< whether it was a key of this plot

    std::unique_ptr<QualityDrawing> m_state;
};

} // namespace secateur::ui
