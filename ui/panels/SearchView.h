// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/Workbench.h"
#include "pruning/PruningPlan.h"

#include <QString>
#include <QTimer>
#include <QWidget>
#include <string>

class QLabel;
class QSpinBox;
class QStackedLayout;
class QToolButton;

namespace secateur::ui {

class CandidateBars;
class ElidedLabel;
class EmptyState;
class InlineNote;
class JobButton;
class RemovalChips;
class SearchHeatmap;
class TransportBar;

/// Stage 2 for the plan in hand: the candidates of a step, all steps, the removal order, and the replay of what was searched.
///
/// Follows a search while it runs. The replay only moves the step of the selection model and reveals the steps up to it. When the plan has
/// no search but one for another plan was seen before, that one stays, marked as stale.
class SearchView : public QWidget {
    Q_OBJECT
public:
    explicit SearchView(Workbench workbench, QWidget *parent = nullptr);

signals:
    void calibrateRequested();

protected:
    void showEvent(QShowEvent *event) override;

private:
    /// The record that is shown, and what of it.
    struct Shown {
        const SearchRecord *record = nullptr;
        std::string key;
        qint64 kept = 0;  ///< K it was searched at
        qint64 steps = 0; ///< rows wanted
        qint64 begun = 0; ///< steps of which at least one loss is known
        bool isStale = false;
    };

    QWidget *makeHeader();
    QWidget *makePlots();
    void connectGestures();
    void connectModels();
    void followSoon();
    void followKey();
    void follow();
    void followHeader();
    void followConstraints();
    void followPlots(const Shown &shown);
    bool showEmptyState();
    void showReplayStep(qint64 step);
    void chooseStep(qint64 step);
    void clearConstraint(std::vector<std::int64_t> SearchSettings::*layers, const QString &what);

    Shown shown() const;
    QString statusText(const Shown &shown) const;
    QString staleText(const Shown &shown) const;

    Workbench m_workbench;
    QLabel *m_status;
    JobButton *m_search;
    QSpinBox *m_windows;
    InlineNote *m_stale;
    QWidget *m_constraints;
    ElidedLabel *m_protected, *m_forced;
    QToolButton *m_clearProtected, *m_clearForced;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    CandidateBars *m_bars;
    SearchHeatmap *m_heatmap;
    RemovalChips *m_chips;
    TransportBar *m_transport;
    QTimer m_soon;         ///< many losses of one turn of the event loop become one update
    std::string m_lastKey; ///< of the search that was shown last
    qint64 m_lastKept = 0;
    bool m_isReplaying = false; ///< later steps are hidden
};

} // namespace secateur::ui
