// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

class QPushButton;
class QTableView;

namespace secateur::ui {

class PinModel;

/// The plans that were given a name and kept: make one current again, rename it, let it go, or keep the current one.
class PlansPanel : public QWidget {
    Q_OBJECT
public:
    explicit PlansPanel(Workbench workbench, QWidget *parent = nullptr);

private:
    void follow();
    void use();
    void pinCurrent();

    Workbench m_workbench;
    PinModel *m_model;
    QTableView *m_view;
    QPushButton *m_use, *m_rename, *m_remove, *m_pin;
};

} // namespace secateur::ui
