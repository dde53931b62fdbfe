// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QDialog>
#include <QList>

namespace secateur::ui {

/// All keys of the window: those of its actions, and those that views understand while they have the focus.
class ShortcutOverview : public QDialog {
    Q_OBJECT
public:
    ShortcutOverview(const QList<QAction *> &actions, QWidget *parent);
};

} // namespace secateur::ui
