// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

class QLabel;
class QMenu;
class QStackedWidget;

namespace secateur::ui {

class FittingLabel;
class LayerModel;
class LayerView;

/// The table of contents of the model, always there: one row a layer, with what the plan keeps of it. The way to select a layer, to protect
/// an attention and to force its removal.
class MapPanel : public QWidget {
    Q_OBJECT
public:
    explicit MapPanel(Workbench workbench, QWidget *parent = nullptr);

    QSize sizeHint() const override { return {250, 500}; }

private:
    void followModel();
    void showMenu(int layer, QPoint globalPosition);

    Workbench m_workbench;
    LayerModel *m_model;
    LayerView *m_view;
    FittingLabel *m_title;
    QLabel *m_count;
    QStackedWidget *m_stack;
};

} // namespace secateur::ui
