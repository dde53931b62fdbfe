// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/SessionModel.h"
#include "panels/compare/CompareRows.h"
#include "panels/parts/Workbench.h"

#include <QFutureWatcher>
#include <QTimer>
#include <QWidget>

class QLineEdit;
class QPushButton;
class QStackedLayout;

namespace secateur::ui {

class AddedSessions;
class CompareModel;
class CompareTable;
class ComparisonCard;
class CopyButton;
class EmptyState;
class InlineNote;
class PlanDifferenceView;
class QualityView;

/// All plans of the session, and of other sessions that are added, as a table with what was measured of each; two of them side by side; quality against
/// size with the methods as series. Measures the table of methods and sizes.
class ComparePanel : public QWidget {
    Q_OBJECT
public:
    explicit ComparePanel(Workbench workbench, QWidget *parent = nullptr);

    /// Adds the plans of a session file, which is read in the background; says in place what came of it.
    void addFile(const QString &file);
    /// Writes the table as comma-separated values, atomically; says in place what came of it.
    void saveCsv(const QString &file);
    CompareTable &table() const { return *m_table; }

signals:
    void openRequested(); ///< a model is to be opened

protected:
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeContent();
    QLayout *makeSearch();
    QLayout *makeActions();
    void connectTable();
    void connectModels();
    void follow();
    void restart();
    void makeTable();
    void takeTable();
    void showRows();
    CompareRows rowsNow() const;
    void followSelection();
    void useSelected();
    void takeRow(std::size_t row, bool isAdded);
    void chooseFile();
    void chooseCsv();
    QString useProblem() const; ///< why the selected row cannot be made current; empty: it can
    QString hint() const;       ///< what to do next, where there is little to see

    Workbench m_workbench;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    CompareModel *m_model;
    CompareTable *m_table;
    QLineEdit *m_filter;
    QPushButton *m_columns, *m_add, *m_remove, *m_measure, *m_use, *m_save;
    CopyButton *m_copy;
    InlineNote *m_note;
    ComparisonCard *m_card;
    PlanDifferenceView *m_pair;
    QualityView *m_chart;

    ComparedSession m_own; ///< of the session in hand, as it was last looked at
    AddedSessions *m_others;
    std::vector<std::string> m_pairOfKeys;                ///< of the rows that m_pair shows
    QTimer m_soon;                                        ///< the session changed, and the table follows in a moment
    QFutureWatcher<ComparedSession> m_making;             ///< the table of the session in hand
    std::shared_ptr<const Session> m_asked;               ///< of which that is; null: the session in hand is another by now
    SearchState m_searchState = SearchState::NotPossible; ///< of the current plan, when it was last told of
    bool m_isBehind = true;                               ///< the table is of an earlier state of the session
};

} // namespace secateur::ui
