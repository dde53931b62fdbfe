// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QScrollArea>
#include <QStringList>

class QLabel;
class QPushButton;
class QSortFilterProxyModel;

namespace secateur::ui {

class BusyReason;
class CopyButton;
class EvaluationModel;
class InlineNote;
class JobButton;
class RecordTable;
class TextPicker;

/// Measures perplexity on a held-out text: the current plan, the original, and a table of all that was measured in the session.
class EvaluatePanel : public QScrollArea {
    Q_OBJECT
public:
    explicit EvaluatePanel(Workbench workbench, QWidget *parent = nullptr);

    void setRecentTexts(const QStringList &files);
    void setSampleText(const QString &file);    ///< empty = there is none
    void setPasteFolder(const QString &folder); ///< where pasted texts are kept
    /// Writes the table as comma-separated values, atomically; says in place what came of it.
    void saveCsv(const QString &file);

private:
    /// A number with a caption above and, below, its sign and word.
    struct Figure {
        QLabel *value = nullptr, *note = nullptr;
    };

    void build();
    QWidget *buildFigures();
    QWidget *buildTable();
    Figure buildFigure(const QString &name, QLayout &row);
    void writeSettings();
    void followSettings();
    void followPossible();
    void followCosts(bool isOriginalPossible);
    bool hasCalibrationRead() const; ///< the text to evaluate on
    void followFigures();
    void followSelection();
    void useSelected();
    void chooseCsv();
    int selectedRow() const; ///< of the source model; -1 = none

    Workbench m_workbench;
    TextPicker *m_text;
    JobButton *m_plan, *m_dense;
    QLabel *m_costs; ///< what these cost, or why they are disabled
    const BusyReason *m_busy;
    CopyButton *m_copyCommand, *m_copyTable;
    Figure m_original, m_current, m_ratio;
    EvaluationModel *m_model;
    QSortFilterProxyModel *m_sorted;
    RecordTable *m_table;
    QPushButton *m_use, *m_save;
    InlineNote *m_note, *m_seen; ///< that the calibration has read this text
};

} // namespace secateur::ui
