// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

namespace secateur::ui {

/// Every change of the plan, to go back to by a click.
class HistoryPanel : public QWidget {
    Q_OBJECT
public:
    explicit HistoryPanel(Workbench workbench, QWidget *parent = nullptr);
};

} // namespace secateur::ui
