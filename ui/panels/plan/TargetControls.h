// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QToolButton;

namespace secateur::ui {

class SegmentedControl;

/// What the balance is asked for: the target sparsity, alpha of the rule, and the multiple that K is rounded to.
class TargetControls : public QWidget {
    Q_OBJECT
public:
    explicit TargetControls(Workbench workbench, QWidget *parent = nullptr);

    /// Shows the settings of the current plan.
    void follow();

private:
    void layOut();
    void connectEdits();

    Workbench m_workbench;
    SegmentedControl *m_presets;
    QDoubleSpinBox *m_sparsity, *m_alpha;
    QToolButton *m_resetAlpha;
    QComboBox *m_multiple;
};

} // namespace secateur::ui
