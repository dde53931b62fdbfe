// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exporting/Export.h"
#include "panels/Workbench.h"

#include <QScrollArea>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace secateur::ui {

class Card;
class CopyButton;
class ElidedLabel;
class ExportTable;
class ExportTargetModel;
class FactList;
class InlineNote;
class JobButton;
class RecordTable;

/// Writes the plan in hand as a checkpoint and says what the check of it found. Refusals are told before anything starts.
class ExportPanel : public QScrollArea {
    Q_OBJECT
public:
    explicit ExportPanel(Workbench workbench, QWidget *parent = nullptr);

    /// What would be written now.
    ExportSettings settings() const;

private:
    void build();
    QWidget *buildTargets();
    QWidget *buildResult();
    void suggestOutput();
    void setOutput(const QString &path);
    void chooseOutput();
    void followModel();
    void followPlan();
    void followJob(int number);
    void showRecord(int row);
    void showFailure(const QString &sentence, const QString &hint);
    /// Row of exportTargets() that is chosen: by the user, else the recommended one.
    int target() const;
    void chooseRecommended();
    void followTargets();

    Workbench m_workbench;
    QComboBox *m_engine;
    ExportTargetModel *m_targetModel;
    RecordTable *m_targets;
    FactList *m_target; ///< all that is to be said of the chosen one
    InlineNote *m_targetProblem;
    bool m_isTargetChosen = false; ///< by the user, for this model
    bool m_isRecommending = false;
    QComboBox *m_dtype;
    QLineEdit *m_output;
    QString m_typed; ///< what was asked for; the field shows a free name
    QPushButton *m_browse;
    QCheckBox *m_overwrite;
    QLabel *m_written;
    InlineNote *m_refusal;
    JobButton *m_export;
    CopyButton *m_copyCommand;

    Card *m_result;
    InlineNote *m_verdict, *m_notes;
    ElidedLabel *m_folder;
    FactList *m_facts;
    QPushButton *m_openFolder;
    CopyButton *m_copyPath;
    ExportTable *m_table;
    RecordTable *m_list;
    QWidget *m_earlier;
};

} // namespace secateur::ui
