// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/Workbench.h"
#include "pruning/RankedScores.h"

#include <QWidget>
#include <array>
#include <memory>
#include <optional>
#include <vector>

class QLabel;
class QPushButton;
class QStackedLayout;

namespace secateur::ui {

class EmptyState;
class ScorePlot;
class SegmentedControl;

/// Stage 1: what the calibration says about every FFN neuron, and the one handle K, a rank shared by all layers. In what scale the scores
/// are drawn, and which layers are compared, changes nothing of the plan.
///
/// Scores are shown once per calibration; a change of K only moves what depends on it. A hidden panel catches up when it is shown.
class ImportancePanel : public QWidget {
    Q_OBJECT
public:
    explicit ImportancePanel(Workbench workbench, QWidget *parent = nullptr);

signals:
    void calibrateRequested();
    void openRequested();

protected:
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QWidget *makeContent();
    QWidget *makeHeader();
    void connectPlot(ScorePlot &plot);
    void follow();
    void followScores();
    qint64 calibrationOffered() const;
    void followKept();
    void followSource();
    void setScale(int index);
    void compare(qint64 layer);
    void showCompared(std::vector<std::int64_t> layers);
    void showEmptyState();
    QString keptText() const;

    Workbench m_workbench;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    QLabel *m_kept;
    SegmentedControl *m_scales;
    QPushButton *m_toRule;
    std::array<ScorePlot *, 3> m_plots;
    std::shared_ptr<const RankedScores> m_shown; ///< of the session, in the scale in which they were measured
    ScoreScale m_scale = ScoreScale::Raw;        ///< what is drawn
    std::vector<std::int64_t> m_compared;        ///< layers, those chosen first in front
    std::optional<qint64> m_shownKept;
    qint64 m_lastUsed = -1; ///< calibration whose scores were shown last, in this session
};

} // namespace secateur::ui
