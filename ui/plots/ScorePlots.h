// SPDX-License-Identifier: GPL-3.0-or-later
// The three views of stage 1: histograms, sorted curve, heatmap.
#pragma once

#include "plots/Plot.h"
#include "pruning/RankedScores.h"

#include <memory>

namespace secateur::ui {

/// What the three views of the neuron scores share: the scores, K, the layers in focus, and the gestures.
///
/// K is a rank shared by all layers. Its handle is dragged with the mouse and moved with the keys (arrows by 1, with Shift by 16, Home
/// back to the balance rule). `setKept` costs well under a frame for 80 layers x 28,672 neurons: what does not depend on K is drawn once.
class ScorePlot : public Plot {
    Q_OBJECT
public:
    using Plot::Plot;

    /// Null: nothing was calibrated yet.
    virtual void showScores(std::shared_ptr<const RankedScores> scores) = 0;
    virtual void setKept(std::int64_t kept) = 0;
    virtual void setSelectedLayer(std::int64_t layer) = 0; ///< -1: none
    virtual void setHoveredLayer(std::int64_t layer) = 0;  ///< -1: none

signals:
    void layerClicked(qint64 layer);
    void layerHovered(qint64 layer); ///< -1: none
    void keptDragStarted();
    void keptDragged(qint64 kept); ///< between keptDragStarted and keptDragFinished
    void keptDragFinished();
    void keptStepped(qint64 kept); ///< by keyboard
    void keptResetRequested();     ///< Home
};

/// One histogram of log10 score a layer: kept solid, pruned hatched, the cut marked, zero scores in a bin of their own at the left.
class ScoreHistograms : public ScorePlot {
    Q_OBJECT
public:
    explicit ScoreHistograms(QWidget *parent = nullptr);
    ~ScoreHistograms() override;
    void showScores(std::shared_ptr<const RankedScores> scores) override;
    void setKept(std::int64_t kept) override;
    void setSelectedLayer(std::int64_t layer) override;
    void setHoveredLayer(std::int64_t layer) override;
    PlotTable table() const override;

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Scores by rank: the selected layer as a line, all layers as a band, and the cumulative share of score kept. Has the handle of K.
class SortedScores : public ScorePlot {
    Q_OBJECT
public:
    explicit SortedScores(QWidget *parent = nullptr);
    ~SortedScores() override;
    void showScores(std::shared_ptr<const RankedScores> scores) override;
    void setKept(std::int64_t kept) override;
    void setSelectedLayer(std::int64_t layer) override;
    void setHoveredLayer(std::int64_t layer) override;
    PlotTable table() const override;

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Layers x rank, each cell the share of the layer's largest score. Has the handle of K too.
class ScoreHeatmap : public ScorePlot {
    Q_OBJECT
public:
    explicit ScoreHeatmap(QWidget *parent = nullptr);
    ~ScoreHeatmap() override;
    void showScores(std::shared_ptr<const RankedScores> scores) override;
    void setKept(std::int64_t kept) override;
    void setSelectedLayer(std::int64_t layer) override;
    void setHoveredLayer(std::int64_t layer) override;
    PlotTable table() const override;

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace secateur::ui
