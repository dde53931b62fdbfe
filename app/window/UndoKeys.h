// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace secateur::ui {

/// Number fields keep the keys of undo and redo for themselves. With this filter (of the application) they do so only as long as they hold
/// text that was typed and not taken over: else the keys undo the plan.
class UndoKeys : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace secateur::ui
