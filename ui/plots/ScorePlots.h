// SPDX-License-Identifier: GPL-3.0-or-later
// The three views of stage 1: histograms, sorted curve, heatmap.
#pragma once

#include "plots/Plot.h"
#include "pruning/RankedScores.h"

#include <QPointF>
#include <memory>
#include <optional>
#include <vector>

class QAction;
class QCPPainter;

namespace secateur::ui {

/// What the three views of the neuron scores share: the scores, K, the layers in focus, and the gestures.
///
/// K is a rank shared by all layers. Its handle is dragged with the mouse and moved with the keys (Left and Right by 1, with Shift by 16,
/// PageUp and PageDown by a tenth, Home back to the balance rule); Up and Down choose a layer, Space and Ctrl with a click compare one.
/// `setKept` costs well under a frame for 80 layers x 28,672 neurons: what does not depend on K is drawn once. Scores are shown in their
/// own scale (RankedScores::scale), which the titles of the axes tell.
class ScorePlot : public Plot {
    Q_OBJECT
public:
    static constexpr std::size_t kMostCompared = 4; ///< layers beside the selected one

    /// Null: nothing was calibrated yet.
    virtual void showScores(std::shared_ptr<const RankedScores> scores);
    void setKept(std::int64_t kept);
    void setSelectedLayer(std::int64_t layer); ///< -1: none
    void setHoveredLayer(std::int64_t layer);  ///< -1: none
    /// Layers beside the selected one, at most kMostCompared, in the order in which they were chosen; those that the scores do not have
    /// are left out.
    void setComparedLayers(std::vector<std::int64_t> layers);

    std::int64_t kept() const { return m_kept; }
    std::int64_t neurons() const { return m_scores ? m_scores->neurons() : 0; }
    std::int64_t selectedLayer() const { return m_selected; } ///< within the scores, or -1
    /// As the keys do: asks for another K, within its range.
    void stepTo(double kept);
    QString keptText() const;                    ///< "K = 193 of 512"
    QString layerText(std::int64_t layer) const; ///< what K keeps of a layer; empty without

signals:
    void layerClicked(qint64 layer);
    void layerCompareRequested(qint64 layer); ///< to be compared, or no longer
    void compareNoneRequested();
    void layerHovered(qint64 layer); ///< -1: none
    void keptDragStarted();
    void keptDragged(qint64 kept); ///< between keptDragStarted and keptDragFinished
    void keptDragFinished();
    void keptStepped(qint64 kept); ///< by keyboard or assistive technology
    void keptResetRequested();     ///< Home

protected:
    ScorePlot(const QString &title, QWidget *parent);

    const RankedScores *scores() const { return m_scores.get(); } ///< null without
    std::int64_t hoveredLayer() const { return m_hovered; }
    const std::vector<std::int64_t> &comparedLayers() const { return m_compared; } ///< within the scores
    bool isCompared(std::int64_t layer) const;
    QString scoreAxis() const; ///< title of an axis of scores
    QString scoreUnit() const; ///< what a score of 1 is

    virtual void keptChanged() = 0;
    virtual void selectionChanged() = 0; ///< selected or hovered layer
    virtual void comparisonChanged() {}  ///< the layers that are compared
    /// Layer at a point of the canvas, -1 for none.
    virtual std::int64_t layerAt(const QPointF &position) const = 0;
    /// Rank at a point, and where a rank lies; none where the plot has no axis of ranks.
    virtual std::optional<double> rankAt(const QPointF &position) const = 0;
    virtual std::optional<double> xOfRank(double rank) const = 0;
    virtual QString toolTipAt(const QPointF &position) const; ///< empty: none

    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void addComparing();
    void followComparing();
    bool press(const QPointF &position, Qt::KeyboardModifiers modifiers);
    void endDrag();
    void drag(double x);
    void move(const QPointF &position, const QPoint &global);
    bool step(int key, bool isLarge);
    bool isNearHandle(const QPointF &position) const;

    std::shared_ptr<const RankedScores> m_scores;
    std::int64_t m_kept = 0, m_selected = -1, m_hovered = -1;
    std::vector<std::int64_t> m_compared;
    QAction *m_compare = nullptr, *m_compareNone = nullptr;
    bool m_isDragging = false;
    std::int64_t m_keptBefore = 0; ///< the drag
    double m_grabOffset = 0; ///< pixels from the handle to where it was taken
};

/// One histogram of log10 score a layer: kept solid, pruned hatched, the cut marked, zero scores in a bin of their own at the left. Rows are
/// never less than 18 pixels high; what does not fit is scrolled to (wheel, scroll bar, PageUp and PageDown) and is in saved figures.
class ScoreHistograms : public ScorePlot {
    Q_OBJECT
public:
    explicit ScoreHistograms(QWidget *parent = nullptr);
    ~ScoreHistograms() override;
    void showScores(std::shared_ptr<const RankedScores> scores) override;
    PlotTable table() const override;

protected:
    void applyStyle(const PlotStyle &style) override;
    void keptChanged() override;
    void selectionChanged() override;
    void comparisonChanged() override;
    std::int64_t layerAt(const QPointF &position) const override;
    std::optional<double> rankAt(const QPointF &) const override { return {}; }
    std::optional<double> xOfRank(double) const override { return {}; }
    QSize figureCanvas(const QSize &shown) const override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void layOutRows();
    bool scrolls(QEvent &event);

    struct State;
    std::unique_ptr<State> m_state;
};

/// Scores by rank on a logarithmic axis: the selected layer (the first where none is) as a line, all layers as a band from the lowest to the
/// highest score at a rank, and the cumulative share of score kept, dashed, on an axis of its own. Has the handle of K. Layers that are
/// compared are lines of other dashes and marks, and a legend names them all.
class SortedScores : public ScorePlot {
    Q_OBJECT
public:
    explicit SortedScores(QWidget *parent = nullptr);
    ~SortedScores() override;
    void showScores(std::shared_ptr<const RankedScores> scores) override;
    PlotTable table() const override;

protected:
    void applyStyle(const PlotStyle &style) override;
    void keptChanged() override;
    void selectionChanged() override;
    std::int64_t layerAt(const QPointF &) const override { return -1; }
    std::optional<double> rankAt(const QPointF &position) const override;
    std::optional<double> xOfRank(double rank) const override;
    QString toolTipAt(const QPointF &position) const override;
    void comparisonChanged() override;

private:
    void showBand();
    void showLayer();
    void showCompared();
    bool isFree(const QRectF &place) const;

    struct State;
    std::unique_ptr<State> m_state;
};

/// Layers x rank, each cell the mean score of its ranks as a share of the layer's largest, coloured by its logarithm. There are at most 400
/// columns. Has the handle of K too.
class ScoreHeatmap : public ScorePlot {
    Q_OBJECT
public:
    explicit ScoreHeatmap(QWidget *parent = nullptr);
    ~ScoreHeatmap() override;
    void showScores(std::shared_ptr<const RankedScores> scores) override;
    PlotTable table() const override;

protected:
    void applyStyle(const PlotStyle &style) override;
    void keptChanged() override;
    void selectionChanged() override;
    std::int64_t layerAt(const QPointF &position) const override;
    std::optional<double> rankAt(const QPointF &position) const override;
    std::optional<double> xOfRank(double rank) const override;
    QString toolTipAt(const QPointF &position) const override;

private:
    QRectF rowOf(std::int64_t layer) const; ///< on the canvas
    void drawCells(QCPPainter &painter) const;
    void drawRectangles(QCPPainter &painter) const;
    void drawFrames(QCPPainter &painter) const;

    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace secateur::ui
