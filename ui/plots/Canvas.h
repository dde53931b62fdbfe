// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include <QColor>

#include <qcustomplot.h>

namespace secateur::ui {

/// A QCustomPlot that takes the focus, shows it when it came by keyboard, and opens its context menu with Shift+F10 or the menu key.
class Canvas : public QCustomPlot {
    Q_OBJECT
public:
    explicit Canvas(QWidget *parent = nullptr);

    void setFocusColour(const QColor &colour) { m_focusColour = colour; }

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void wheelEvent(QWheelEvent *event) override; ///< left to what the plot lies in, which may scroll

private:
    QColor m_focusColour;
    bool m_isFocusShown = false;
};

} // namespace secateur::ui
