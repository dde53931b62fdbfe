// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SelectionModel.h"

#include <algorithm>

namespace secateur::ui {

void SelectionModel::setHoveredLayer(qint64 layer)
{
    if (layer == m_hoveredLayer)
        return;
    m_hoveredLayer = layer;
    emit hoveredLayerChanged(layer);
}

void SelectionModel::setSelectedLayer(qint64 layer)
{
    if (layer == m_selectedLayer)
        return;
    m_selectedLayer = layer;
    emit selectedLayerChanged(layer);
}

void SelectionModel::setStepOf(qint64 step, bool isUndecided)
{
    if (step == m_step && isUndecided == m_isUndecided)
        return;
    m_step = step;
    m_isUndecided = isUndecided;
    emit stepChanged(step);
}

bool SelectionModel::isCompared(qint64 layer) const
{
    return std::find(m_compared.begin(), m_compared.end(), layer) != m_compared.end();
}

void SelectionModel::toggleCompared(qint64 layer)
{
    std::vector<std::int64_t> layers = m_compared;
    if (std::erase(layers, layer) == 0)
        layers.push_back(layer);
    if (layers.size() > kMostCompared)
        layers.erase(layers.begin());
    setComparedLayers(layers);
}

void SelectionModel::setComparedLayers(const std::vector<std::int64_t> &layers)
{
    if (layers == m_compared)
        return;
    m_compared = layers;
    emit comparedLayersChanged(m_compared);
}

bool SelectionModel::clear()
{
    const bool hadLayer = m_selectedLayer >= 0, hadStep = m_step >= 0;
    if (hadLayer)
        setSelectedLayer(-1);
    else if (hadStep)
        setStep(-1);
    return hadLayer || hadStep;
}

} // namespace secateur::ui
