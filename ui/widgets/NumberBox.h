// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDoubleSpinBox>

namespace secateur::ui {

/// A spin box that takes a number when it is whole, not while it is typed. Escape gives the number from before back; with nothing typed, it is left to
/// the window around.
class NumberBox : public QDoubleSpinBox {
    Q_OBJECT
public:
    /// `name`: what the number is, for screen readers.
    explicit NumberBox(const QString &name, QWidget *parent = nullptr);

protected:
    void keyPressEvent(QKeyEvent *event) override;
};

} // namespace secateur::ui
