// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/QualityView.h"

#include "panels/parts/FigureSources.h"
#include "panels/parts/PlotMessages.h"
#include "panels/parts/WheelGuard.h"
#include "theme/ChoiceBox.h"
#include "widgets/Enabling.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::array kSizes = {SizeAxis::ModelParameters, SizeAxis::LayerParameters, SizeAxis::Sparsity};

} // namespace

QualityView::QualityView(const Workbench &workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_quality(new ChoiceBox),
      m_size(new ChoiceBox),
      m_chart(new QualityChart)
{
    m_chart->setMinimumHeight(340); // the legend has a corner without points
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(makeAxes());
    column->addWidget(m_chart, 1);
    connect(m_quality, &QComboBox::currentIndexChanged, this, &QualityView::followChart);
    connect(m_size, &QComboBox::currentIndexChanged, this, &QualityView::followChart);
    connect(m_chart, &QualityChart::pointClicked, this,
            [this](qint64 index, bool isAdded) { emit rowClicked(m_shown.rows[std::size_t(index)], isAdded); });
    postSavings(*m_chart, workbench.messages);
}

QLayout *QualityView::makeAxes()
{
    m_quality->setAccessibleName(tr("Y axis of the chart"));
    m_size->setAccessibleName(tr("X axis of the chart"));
    m_quality->setPlaceholderText(tr("nothing measured yet"));
    for (const SizeAxis axis : kSizes)
        m_size->addItem(sizeAxisName(axis));
    for (QComboBox *box : {m_quality, m_size}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(16);
        box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        box->setMaximumWidth(box->fontMetrics().averageCharWidth() * 48);
        new WheelGuard(*box);
    }
    auto *quality = new QLabel(tr("Show")), *size = new QLabel(tr("against"));
    quality->setBuddy(m_quality);
    size->setBuddy(m_size);
    auto *row = new QHBoxLayout;
    row->addWidget(quality);
    row->addWidget(m_quality, 3);
    row->addWidget(size);
    row->addWidget(m_size, 2);
    row->addStretch(1);
    return row;
}

void QualityView::showRows(const CompareRows &rows)
{
    m_rows = rows;
    m_selected.clear();
    followMeasures();
}

/// The choice of the y axis stays at what it was, wherever that stands now.
void QualityView::followMeasures()
{
    const QString chosen = m_quality->currentText();
    m_measures = qualityMeasures(m_rows);
    {
        const QSignalBlocker quiet(m_quality);
        m_quality->clear();
        for (const QualityMeasure &measure : m_measures)
            m_quality->addItem(measureName(m_rows, measure));
        if (!m_measures.empty())
            m_quality->setCurrentIndex(std::max(0, m_quality->findText(chosen)));
    }
    enableUnless(m_measures.empty() ? tr("Nothing measured yet.") : QString(), *m_quality, {});
    followChart();
}

void QualityView::followChart()
{
    const int chosen = m_quality->currentIndex();
    const bool isChosen = chosen >= 0 && std::size_t(chosen) < m_measures.size();
    m_shown =
        isChosen ? qualityData(m_rows, kSizes.at(std::size_t(m_size->currentIndex())), m_measures[std::size_t(chosen)]) : QualityData();
    m_chart->showPoints(m_shown.axes, m_shown.series, m_shown.points);
    m_chart->setSource(sourceOfComparison(m_workbench.session, m_shown.points.size()));
    setSelected(m_selected);
}

void QualityView::setSelected(std::vector<std::size_t> rows)
{
    m_selected = std::move(rows);
    std::vector<std::size_t> points;
    for (std::size_t point = 0; point < m_shown.rows.size(); ++point)
        if (std::ranges::find(m_selected, m_shown.rows[point]) != m_selected.end())
            points.push_back(point);
    m_chart->setSelected(std::move(points));
}

} // namespace secateur::ui
