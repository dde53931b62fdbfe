// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QDialog>
#include <cstdint>
#include <vector>

class QCheckBox;
class QPushButton;
class QSpinBox;

namespace secateur::ui {

class InlineNote;

/// Asks how many neurons of a layer's FFN stay, or of every layer's. Says what the plan is then, and which export targets can hold it. Does not hold up the
/// window.
class WidthDialog : public QDialog {
    Q_OBJECT
public:
    WidthDialog(Workbench workbench, qint64 layer, QWidget *parent);

private:
    void follow();
    void apply();
    std::vector<std::int64_t> widths() const; ///< of every layer, as asked for
    bool staysTwoSsp() const;                 ///< one width for all, of a plan that is made from scores

    Workbench m_workbench;
    qint64 m_layer;
    QSpinBox *m_width;
    QCheckBox *m_all;
    InlineNote *m_note;
    QPushButton *m_set;
};

/// Why the width of a layer cannot be set; empty when it can.
QString setWidthProblem(const Workbench &workbench, qint64 layer);
/// Opens the dialog beside the window.
void askForWidth(const Workbench &workbench, qint64 layer, QWidget *parent);

} // namespace secateur::ui
