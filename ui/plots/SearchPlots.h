// SPDX-License-Identifier: GPL-3.0-or-later
// The two views of stage 2: one step as bars, all steps as a heatmap.
#pragma once

#include "plots/Plot.h"
#include "pruning/PruningPlan.h"

#include <memory>

class QMouseEvent;

namespace secateur::ui {

struct HeatmapDrawing;

/// Change of the search loss (nats per token) for every layer in one step: what removing that attention too would cost. Removed layers
/// are hatched with their number, the winner is marked, protected layers carry a sign, a bar that is cut off says so with an arrow and its value.
class CandidateBars : public Plot {
    Q_OBJECT
public:
    explicit CandidateBars(QWidget *parent = nullptr);
    ~CandidateBars() override;

    /// `step` counts from 0 and may be the unfinished one. Losses are relative to the loss before the step. Sets the title, which names the
    /// step; where the record is no search, give another after it.
    /// `candidates`: only so many, in the order of the layers, and no decision, as a replay has it; -1: all. The axis is that of all.
    void showStep(const SearchRecord &record, std::int64_t step, std::int64_t layers, std::int64_t candidates = -1);
    void clear(const QString &reason);
    void setSelectedLayer(std::int64_t layer);
    void setHoveredLayer(std::int64_t layer);
    PlotTable table() const override;

signals:
    void layerClicked(qint64 layer); ///< or walked to by keys
    void layerPressed(qint64 layer); ///< by the mouse alone, after the former
    void layerHovered(qint64 layer);

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Steps x layers, coloured by the change of the search loss (diverging, centred on 0): a cell is empty until it is evaluated, hatched once
/// its layer is gone; the winner of a step has a ring, with the number of the step in it where the cell has room for that. Its least height
/// follows the number of steps, so that rows have that room unless they are very many. Fills cell by cell: drawing one more cell does not
/// redraw the others' data.
class SearchHeatmap : public Plot {
    Q_OBJECT
public:
    explicit SearchHeatmap(QWidget *parent = nullptr);
    ~SearchHeatmap() override;

    /// `steps` = rows to show (the N wanted, even when fewer are done); `shownSteps` = rows revealed by the replay, -1 = all. `shownCandidates`: of
    /// the last of those rows only so many, in the order of the layers, and no decision; -1 = all.
    void showSearch(const SearchRecord &record, std::int64_t layers, std::int64_t steps, std::int64_t shownSteps = -1,
                    std::int64_t shownCandidates = -1);
    void clear(const QString &reason);
    /// While it runs: a step's candidates that have no loss yet show how much of the model they have passed. -1: nothing runs.
    void setWorking(std::int64_t step, std::int64_t layer);
    void setSelectedStep(std::int64_t step); ///< -1: none
    void setSelectedLayer(std::int64_t layer);
    void setHoveredLayer(std::int64_t layer);
    PlotTable table() const override;

signals:
    void stepClicked(qint64 step);
    void layerClicked(qint64 layer);
    void cellPressed(qint64 step, qint64 layer); ///< by the mouse alone, after the former
    void layerHovered(qint64 layer);

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void describeSelection();
    void fitMargins();
    void fitRows();
    void pointAt(const QMouseEvent &mouse);
    bool walk(int key); ///< whether it was a key of this plot
    std::unique_ptr<HeatmapDrawing> m_state;
};

} // namespace secateur::ui
