// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/ColourBar.h"

#include "plots/AxisStyle.h"
#include "plots/LogTicker.h"

namespace secateur::ui {
namespace {

constexpr int kWidth = 10;  ///< pixels
constexpr int kShades = 64; ///< as many as the eye can tell apart

} // namespace

ColourBar::ColourBar(QCustomPlot &plot) : QCPAxisRect(&plot, false), m_axis(addAxis(QCPAxis::atRight))
{
    setMinimumSize(kWidth, 0);
    setMaximumSize(kWidth, QWIDGETSIZE_MAX);
    setMinimumMargins({});
    m_axis->setLayer(QStringLiteral("axes"));
    m_axis->grid()->setLayer(QStringLiteral("grid"));
    m_axis->grid()->setVisible(false);
    m_axis->setScaleType(QCPAxis::stLogarithmic);
    m_axis->setTicker(QSharedPointer<LogTicker>::create());
    plot.plotLayout()->addElement(0, 1, this);
    // As high as the heatmap.
    auto *group = new QCPMarginGroup(&plot);
    plot.axisRect()->setMarginGroup(QCP::msTop | QCP::msBottom, group);
    setMarginGroup(QCP::msTop | QCP::msBottom, group);
}

void ColourBar::setStyle(const PlotStyle &style)
{
    styleAxis(*m_axis, style);
    m_axis->setBasePen(QPen(style.outline));
}

void ColourBar::setRange(double lowest, double highest)
{
    m_axis->setRange(lowest, highest);
}

void ColourBar::setLabel(const QString &label)
{
    m_axis->setLabel(label);
}

/// From the top down, each shade down to the foot: no light shows between them.
void ColourBar::draw(QCPPainter *painter)
{
    const QRectF bar(rect());
    painter->setAntialiasing(false);
    for (int shade = kShades - 1; shade >= 0; --shade) {
        const double top = bar.bottom() - bar.height() * (shade + 1) / kShades;
        painter->fillRect(QRectF(bar.left(), top, bar.width(), bar.bottom() - top), PlotStyle::magnitude((shade + 0.5) / kShades));
    }
}

} // namespace secateur::ui
