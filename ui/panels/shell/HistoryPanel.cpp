// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/HistoryPanel.h"

#include <QUndoStack>
#include <QUndoView>
#include <QVBoxLayout>

namespace secateur::ui {

HistoryPanel::HistoryPanel(Workbench workbench, QWidget *parent) : QWidget(parent)
{
    auto *view = new QUndoView(&workbench.history);
    view->setEmptyLabel(tr("Start"));
    view->setAccessibleName(tr("History of plan and texts"));
    view->setTextElideMode(Qt::ElideMiddle);
    view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    view->setToolTip(tr("A click goes back, or forward, to that change"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(view);
}

} // namespace secateur::ui
