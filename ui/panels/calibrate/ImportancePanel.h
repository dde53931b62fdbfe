// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "pruning/RankedScores.h"

#include <QWidget>
#include <array>
#include <memory>
#include <optional>

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
    Q_PROPERTY(Scale scale READ scale WRITE setScale)
public:
    enum class Scale { Raw, LayerMean, LayerMaximum }; ///< in the order of the choices
    Q_ENUM(Scale)

    explicit ImportancePanel(Workbench workbench, QWidget *parent = nullptr);

    Scale scale() const { return m_scale; }
    void setScale(Scale scale);

signals:
    void calibrateRequested();
    void openRequested();

protected:
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeContent();
    QWidget *makeHeader();
    void connectPlot(ScorePlot &plot);
    void follow();
    void followScores();
    qint64 calibrationOffered() const;
    void followKept();
    void followSource();
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
    Scale m_scale = Scale::Raw;                  ///< what is drawn
    std::optional<qint64> m_shownKept;
    qint64 m_lastUsed = -1; ///< calibration whose scores were shown last, in this session
};

} // namespace secateur::ui
