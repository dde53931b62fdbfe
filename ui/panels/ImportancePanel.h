// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/Workbench.h"
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

/// Stage 1: what the calibration says about every FFN neuron, and the one handle K, a rank shared by all layers.
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
    void followKept();
    void showEmptyState();
    QString keptText() const;

    Workbench m_workbench;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    QLabel *m_kept;
    QPushButton *m_toRule;
    std::array<ScorePlot *, 3> m_plots;
    std::shared_ptr<const RankedScores> m_shown;
    std::optional<qint64> m_shownKept;
};

} // namespace secateur::ui
