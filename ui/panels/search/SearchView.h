// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "panels/search/Replay.h"
#include "session/Session.h"

#include <QString>
#include <QTimer>
#include <QWidget>
#include <optional>
#include <string>

class QPushButton;
class QStackedLayout;

namespace secateur::ui {

class BusyReason;
class CandidateBars;
class EmptyState;
class InlineNote;
class PredictionRow;
class RemovalChips;
class SearchHeader;
class SearchHeatmap;
class TransportBar;

/// Stage 2 for the current plan: the candidates of a step, all steps, the removal order, and the replay of what was searched.
///
/// Follows a search while it runs. The replay only moves the step of the selection model and reveals what lies before it, by steps, by candidates, or
/// asking for a prediction; it needs neither model nor device. When the plan has no search but one for another plan was seen before, that one stays,
/// marked as stale. Of a plan that is settled the search is shown that it was found by.
class SearchView : public QWidget {
    Q_OBJECT
public:
    explicit SearchView(Workbench workbench, QWidget *parent = nullptr);

signals:
    void calibrateRequested();

protected:
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    /// The record that is shown, and what of it.
    struct Shown {
        std::optional<SearchRecord> record;
        std::string key;
        qint64 kept = 0;  ///< K it was searched at
        qint64 steps = 0; ///< rows wanted
        qint64 begun = 0; ///< steps of which at least one loss is known
        bool isStale = false;
    };

    QWidget *makeStale();
    QWidget *makePlots();
    void connectGestures();
    void connectModels();
    void followSoon();
    void followStepSoon();
    void followKey(const Shown &shown);
    void follow();
    void followStep();
    void followHeader();
    void followWorking();
    void followPlots(const Shown &shown);
    bool showEmptyState(const Shown &shown);
    void followStale(const Shown &shown, bool isEmpty);
    void actOnEmptyState();
    void followPrediction(const Shown &shown, qint64 step);
    void showReplay(qint64 step, qint64 candidates);
    void chooseStep(qint64 step);
    void predict(qint64 layer);
    bool isAsking() const;

    Shown shown() const;
    QString staleText(const Shown &shown) const;

    Workbench m_workbench;
    SearchHeader *m_header;
    QWidget *m_staleRow;
    InlineNote *m_stale;
    QPushButton *m_searchThis, *m_goBack;
    const BusyReason *m_busy;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    CandidateBars *m_bars;
    SearchHeatmap *m_heatmap;
    RemovalChips *m_chips;
    PredictionRow *m_prediction;
    TransportBar *m_transport;
    Predictions m_predictions; ///< for the search that is shown
    QTimer m_soon;             ///< many losses of one turn of the event loop become one update
    std::string m_lastKey;     ///< of the search that was shown last
    PlanDraft m_lastDraft;     ///< the plan that it was shown for
    qint64 m_lastKept = 0;
    bool m_isReplaying = false; ///< later steps are hidden
    qint64 m_candidates = -1;   ///< of the step that a replay is at, see ReplayPosition
    bool m_isAllDue = false;    ///< more than the step has changed since the last update
};

} // namespace secateur::ui
