// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/QualityData.h"
#include "panels/parts/Workbench.h"

#include <QWidget>

#include <cstddef>
#include <vector>

class QComboBox;

namespace secateur::ui {

class QualityChart;

/// The chart of quality against size, with the choice of both axes.
class QualityView : public QWidget {
    Q_OBJECT
public:
    explicit QualityView(const Workbench &workbench, QWidget *parent = nullptr);

    void showRows(const CompareRows &rows);
    void setSelected(std::vector<std::size_t> rows);

signals:
    void rowClicked(std::size_t row, bool isAdded); ///< `isAdded`: to what is selected already

private:
    QLayout *makeAxes();
    void followMeasures();
    void followChart();

    const Workbench m_workbench;
    QComboBox *m_quality, *m_size;
    QualityChart *m_chart;
    CompareRows m_rows;
    std::vector<std::size_t> m_selected;    ///< rows
    std::vector<QualityMeasure> m_measures; ///< entries of m_quality
    QualityData m_shown;                    ///< what the chart shows
};

} // namespace secateur::ui
