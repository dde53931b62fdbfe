// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace secateur::ui {

/// Brings what gets the focus by keyboard into view, in whatever it is scrolled. Qt does so only where the focus moves within one scroll area,
/// not where it comes in from outside. One per application.
class ScrollToFocus : public QObject {
    Q_OBJECT
public:
    explicit ScrollToFocus(QObject *parent);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace secateur::ui
