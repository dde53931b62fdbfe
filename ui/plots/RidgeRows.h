// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "pruning/RankedScores.h"
#include "theme/PlotStyle.h"

#include <qcustomplot.h>

#include <vector>

namespace secateur::ui {

/// What one bar of a histogram stands for.
struct RankedBar {
    bool isZeros = false;     ///< scores of 0, which have no logarithm
    double low = 0, high = 0; ///< log10 of the score
    std::int64_t count = 0, kept = 0;
};

/// The bars of a layer, zeros first (none where there are no zeros), then from low to high.
std::vector<RankedBar> barsOf(const RankedScores &scores, std::int64_t layer, std::int64_t kept);

/// One row of bars a layer, from `firstRow` on, in the axis rectangle of its plot; numbers of layers stand at its left. Only what is visible
/// is drawn, and on a layer of its own, so that a moving K does not draw the axes again.
class RidgeRows : public QCPAbstractItem {
    Q_OBJECT
public:
    static constexpr const char *kLayer = "rows";

    explicit RidgeRows(QCustomPlot *plot);

    const RankedScores *scores = nullptr;
    std::int64_t kept = 0, selected = -1, hovered = -1;
    std::vector<std::int64_t> compared;         ///< layers with a mark beside their numbers
    std::int64_t firstRow = 0, visibleRows = 1; ///< layers
    double zeroLeft = 0, zeroRight = 0;         ///< of the bin of zero scores, in log10; equal = there is none
    PlotStyle style;

    double rowHeight() const;

    double selectTest(const QPointF &, bool, QVariant * = nullptr) const override { return -1; }

protected:
    void draw(QCPPainter *painter) override;

private:
    void drawRow(QCPPainter *painter, std::int64_t layer, const QRectF &row) const;
    void drawBar(QCPPainter *painter, QList<QLineF> &hatching, double left, double right, double bottom, double height,
                 double keptShare) const;
};

} // namespace secateur::ui
