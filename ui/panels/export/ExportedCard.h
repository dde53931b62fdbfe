// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QString>
#include <QWidget>

class QPushButton;

namespace secateur::ui {

class Card;
class CopyButton;
class ElidedLabel;
class ExportTable;
class FactList;
class InlineNote;
class RecordTable;

/// What the last export made and what the check of it found, or why it failed; and the exports before it. What was written of another plan than the current
/// one is called so, and does not look like the outcome of the form above it.
class ExportedCard : public QWidget {
    Q_OBJECT
public:
    explicit ExportedCard(Workbench workbench, QWidget *parent = nullptr);

    /// What a job said that failed: until the plan changes, or the next export begins.
    void showFailure(const QString &sentence, const QString &hint);
    void forgetFailure();
    bool showsFailure() const { return !m_failure.isEmpty(); }
    QWidget *verdict() const;

protected:
    void showEvent(QShowEvent *event) override;

private:
    void build();
    void follow();
    void showRecord(int row, bool isChosen);

    Workbench m_workbench;
    QString m_failure, m_remedy;
    Card *m_result;
    InlineNote *m_verdict, *m_notes;
    ElidedLabel *m_folder; ///< that was made
    FactList *m_facts;
    QPushButton *m_openFolder;
    CopyButton *m_copyPath;
    ExportTable *m_table;
    RecordTable *m_list;
    QWidget *m_earlier;
};

} // namespace secateur::ui
