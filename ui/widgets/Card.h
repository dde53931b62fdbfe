// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace secateur::ui {

/// A raised surface with rounded corners that holds what belongs together.
class Card : public QWidget {
    Q_OBJECT
public:
    explicit Card(QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace secateur::ui
