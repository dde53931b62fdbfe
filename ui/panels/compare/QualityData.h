// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/CompareRows.h"
#include "plots/QualityChart.h"

#include <QString>

#include <cstddef>
#include <vector>

namespace secateur::ui {

/// The x axis of the chart.
enum class SizeAxis { ModelParameters, LayerParameters, Sparsity };
QString sizeAxisName(SizeAxis axis);

/// What the y axis can show of the rows: perplexity on each text, then the accuracy in each task.
struct QualityMeasure {
    bool isTask = false;
    std::size_t index = 0; ///< of CompareRows::texts or tasks
};
std::vector<QualityMeasure> qualityMeasures(const CompareRows &rows);
QString measureName(const CompareRows &rows, const QualityMeasure &measure);

/// What the chart shows: every row that was measured.
struct QualityData {
    QualityAxes axes;
    std::vector<QualitySeries> series; ///< the methods, in the order of PlanMethod
    std::vector<QualityPoint> points;
    std::vector<std::size_t> rows; ///< of each point
};
QualityData qualityData(const CompareRows &rows, SizeAxis axis, const QualityMeasure &measure);

} // namespace secateur::ui
