// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "pruning/BlockRecord.h"

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace secateur {
struct PruningPlan;
}

namespace secateur::ui {

class BusyReason;
class CopyButton;
class JobButton;
class SegmentedControl;

/// The choice of the method: 2SSP, or one of those that remove whole attentions and FFNs. What one of these needs to be asked for follows it: how much, and as
/// whose code does it.
class MethodCard : public QWidget {
    Q_OBJECT
public:
    explicit MethodCard(Workbench workbench, QWidget *parent = nullptr);

    PlanMethod method() const;
    /// Shows by which method, and by which of its settings, a plan was found; null: by 2SSP. Emits nothing.
    void showPlan(const PruningPlan *plan);
    /// Shows what can be done now.
    void follow();

signals:
    void methodChosen(); ///< by a gesture

private:
    void layOut();
    void chooseMethod();
    BlockSettings settings() const;
    QString outcome(const BlockSettings &settings) const;
    QString progress() const;
    std::int64_t calibrationToUse() const;
    void followBack();
    void followAsked();

    Workbench m_workbench;
    QComboBox *m_method, *m_variant;
    QLabel *m_sentence, *m_outcome, *m_variantLabel;
    QPushButton *m_back; ///< from a plan of blocks, or one that is settled otherwise, to one by scores
    QWidget *m_asked;    ///< what a method of blocks is asked for
    SegmentedControl *m_presets;
    QDoubleSpinBox *m_sparsity;
    JobButton *m_find;
    CopyButton *m_copyCommand;
    QLabel *m_progress; ///< of the choice that a job makes, or that one has begun
    BusyReason *m_busy;
};

} // namespace secateur::ui
