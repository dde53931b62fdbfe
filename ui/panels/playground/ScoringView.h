// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"
#include "panels/parts/Workbench.h"

#include <QWidget>
#include <array>
#include <memory>
#include <string>

class QComboBox;
class QLabel;
class QModelIndex;
class QPlainTextEdit;
class QPushButton;
class QSortFilterProxyModel;

namespace secateur::ui {

class AskedModels;
class BusyReason;
class CopyButton;
class ElidedLabel;
class InlineNote;
class JobButton;
class RecordTable;
class TokenTable;
class TokenView;

/// Shows by which tokens of a text a plan is more surprised than the original, and by which less: coloured in the text, and as a table.
class ScoringView : public QWidget {
    Q_OBJECT
public:
    /// `models`: whom it asks; the original must be the first.
    ScoringView(Workbench workbench, const AskedModels &models, QWidget *parent = nullptr);

    void setText(const QString &text);
    bool isRunning() const;
    void start();
    void stop();
    /// No token is chosen any more. False: none was.
    bool letGo();
    /// Writes the losses as comma-separated values, atomically; says in place what came of it.
    void saveCsv(const QString &file);

    TokenView &tokens() const { return *m_tokens; }
    RecordTable &table() const { return *m_table; }

protected:
    void showEvent(QShowEvent *event) override;

private:
    QLayout *layOutText();
    QLayout *layOutActions();
    QWidget *layOutResult();
    QWidget *layOutDetails();
    QLayout *layOutTable();
    void connectControls();
    void follow();
    void take(const ScoredRun &run);
    void clear();
    void showRun();
    void showTokens();
    void showSums();
    void showDetails(int token);
    void followCurrent(int token);
    void followRow(const QModelIndex &current);
    QString detailsOf(int token) const;
    QString likeliest(std::size_t model, int token) const;
    double scale() const;
    std::size_t plan() const; ///< index of the model whose differences are shown; 0: there is none
    std::string text() const;
    std::string commandText() const;

    static constexpr std::size_t kMostModels = 3;

    Workbench m_workbench;
    const AskedModels &m_models;
    QPlainTextEdit *m_text;
    QPushButton *m_texts, *m_stop, *m_save;
    JobButton *m_start;
    BusyReason *m_busy;
    CopyButton *m_copyCommand, *m_copyTable;
    QWidget *m_result = nullptr; ///< all that is there once a text was scored
    QLabel *m_sums, *m_legend;
    QComboBox *m_shownPlan;
    TokenView *m_tokens;
    ElidedLabel *m_detail;                              ///< of the token that is pointed at
    std::array<ElidedLabel *, kMostModels> m_likeliest; ///< by each model
    TokenTable *m_model;
    QSortFilterProxyModel *m_sorted;
    RecordTable *m_table;
    InlineNote *m_cut, *m_note;
    QStringList m_names;                    ///< of m_run's models
    std::shared_ptr<const ScoredRun> m_run; ///< null before the first
};

} // namespace secateur::ui
