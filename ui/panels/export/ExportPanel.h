// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exporting/Export.h"
#include "panels/export/ExportOutput.h"
#include "panels/parts/Workbench.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QScrollArea;

namespace secateur::ui {

class BusyReason;
class CopyButton;
class EngineBox;
class ExportedCard;
class ExportFolder;
class ExportTargetModel;
class FactList;
class InlineNote;
class JobButton;
class RecordTable;

/// Writes the current plan as a checkpoint and says what the check of it found. Refusals are told before anything starts. The page scrolls; what is wrong
/// and the button stay below it, in sight.
class ExportPanel : public QWidget {
    Q_OBJECT
public:
    explicit ExportPanel(Workbench workbench, QWidget *parent = nullptr);

    /// What would be written now.
    ExportSettings settings() const;

protected:
    void showEvent(QShowEvent *event) override;

private:
    void build();
    QWidget *buildTargets();
    QWidget *buildAction();
    void followModel();
    void followPlan();
    /// Shows what would be written. Why the folder will not do.
    QString suggestedName() const;
    OutputProblem showOutput(qint64 parameters);
    void followJob(int number);
    /// Row of exportTargets() that is chosen: by the user, else the recommended one.
    int target() const;
    void chooseRecommended();
    void followTargets();

    Workbench m_workbench;
    QScrollArea *m_page;
    EngineBox *m_engine;
    ExportTargetModel *m_targetModel;
    RecordTable *m_targets;
    FactList *m_target; ///< all that is to be said of the chosen one
    InlineNote *m_targetProblem;
    bool m_isTargetChosen = false; ///< by the user, for this model
    bool m_isRecommending = false;
    QComboBox *m_dtype;
    ExportFolder *m_output;
    QCheckBox *m_overwrite;
    QLabel *m_written;
    InlineNote *m_refusal;
    InlineNote *m_unmeasured; ///< that the plan was never evaluated
    JobButton *m_export;
    const BusyReason *m_busy;
    CopyButton *m_copyCommand;
    ExportedCard *m_exported;
};

} // namespace secateur::ui
