// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace secateur::ui {

/// What people point at: one for the window, observed by every view, so that a layer that is hovered or clicked in one lights up in all.
class SelectionModel : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    qint64 hoveredLayer() const { return m_hoveredLayer; }
    qint64 selectedLayer() const { return m_selectedLayer; }
    qint64 step() const { return m_step; }
    /// Whether the removal of that step is held back: a replay has not come to it, or asks which one it will be. Views do not give it away.
    bool isUndecided() const { return m_isUndecided; }
    /// Layers whose scores are compared with those of the selected one, those chosen first in front.
    const std::vector<std::int64_t> &comparedLayers() const { return m_compared; }
    bool isCompared(qint64 layer) const;

    static constexpr std::size_t kMostCompared = 4; ///< at a time

public slots:
    void setHoveredLayer(qint64 layer);  ///< -1: none
    void setSelectedLayer(qint64 layer); ///< -1: none
    /// The step of the search that is looked at (replay too), from 0; -1: the last one, following a search that runs.
    void setStep(qint64 step) { setStepOf(step, false); }
    /// The same before its removal (isUndecided). Needs a step.
    void setUndecidedStep(qint64 step) { setStepOf(step, true); }
    /// Adds a layer to those that are compared, or takes it away; the one chosen first gives way to one too many.
    void toggleCompared(qint64 layer);
    void setComparedLayers(const std::vector<std::int64_t> &layers);

public:
    /// Takes back what was clicked last: the layer, then the step. False when nothing was. What Esc does in every view.
    bool clear();

signals:
    void hoveredLayerChanged(qint64 layer);
    void selectedLayerChanged(qint64 layer);
    void stepChanged(qint64 step); ///< or isUndecided()
    void comparedLayersChanged(const std::vector<std::int64_t> &layers);

private:
    void setStepOf(qint64 step, bool isUndecided);

    qint64 m_hoveredLayer = -1, m_selectedLayer = -1, m_step = -1;
    bool m_isUndecided = false;
    std::vector<std::int64_t> m_compared;
};

} // namespace secateur::ui
