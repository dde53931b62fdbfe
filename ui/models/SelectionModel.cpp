// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SelectionModel.h"

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

void SelectionModel::setStep(qint64 step)
{
    if (step == m_step)
        return;
    m_step = step;
    emit stepChanged(step);
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
