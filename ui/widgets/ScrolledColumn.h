// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QScrollArea>

namespace secateur::ui {

/// A part of a page that scrolls up and down where it has too little height. It asks for all of its height, and is never narrower than what is in it.
class ScrolledColumn : public QScrollArea {
    Q_OBJECT
public:
    explicit ScrolledColumn(QWidget *content, QWidget *parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace secateur::ui
