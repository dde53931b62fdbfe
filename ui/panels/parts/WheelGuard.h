// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QWidget;

namespace secateur::ui {

/// Lets the wheel over a control scroll the page around it, unless the control has the focus: scrolling must not edit the plan.
class WheelGuard : public QObject {
    Q_OBJECT
public:
    explicit WheelGuard(QWidget &control);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace secateur::ui
