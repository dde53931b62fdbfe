// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QScrollArea>
#include <QStringList>
#include <map>

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;

namespace secateur::ui {

class BusyReason;
class CalibrationTable;
class Card;
class CopyButton;
class FactList;
class InlineNote;
class JobButton;
class RecordTable;
class TextPicker;

/// Stage 1: chooses the calibration text and the norm, runs the calibration, and says what the scores in use came from.
class CalibratePanel : public QScrollArea {
    Q_OBJECT
public:
    explicit CalibratePanel(Workbench workbench, QWidget *parent = nullptr);

    void setRecentTexts(const QStringList &files);
    void setSampleText(const QString &file);    ///< empty = there is none
    void setPasteFolder(const QString &folder); ///< where pasted texts are kept

private:
    void build();
    QWidget *buildResult();
    QLayout *buildKeeping();
    void writeSettings();
    void followSettings();
    void followPossible();
    void followResult();
    void followKeeping();
    void followUnused();
    void rememberTime(int job);
    void useSelected();
    qint64 foundCalibration() const;

    Workbench m_workbench;
    std::map<qint64, double> m_seconds; ///< of the calibrations of this run
    qint64 m_newest = -1;               ///< that a job gave
    TextPicker *m_text;
    QComboBox *m_norm;
    QCheckBox *m_keep; ///< what restoring needs
    QLabel *m_kept;
    QPushButton *m_deleteKept;
    JobButton *m_calibrate;
    const BusyReason *m_busy;
    CopyButton *m_copyCommand;
    InlineNote *m_tokenizer; ///< that there is none
    InlineNote *m_unused;    ///< that no scores are in use, where there are some
    QPushButton *m_useFound; ///< those of the settings
    Card *m_result;
    FactList *m_facts;
    CalibrationTable *m_table;
    RecordTable *m_list;
    QPushButton *m_use;
    QWidget *m_earlier;
};

} // namespace secateur::ui
