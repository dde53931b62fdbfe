// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace secateur::ui {

/// A ring of light around the pointer, for people who look from afar. It lies over all of its window, takes no click, and is drawn only while it is on.
class Spotlight : public QWidget {
    Q_OBJECT
public:
    explicit Spotlight(QWidget &window);

    void setOn(bool isOn);
    bool isOn() const { return m_isOn; }
    QPoint centre() const { return m_centre; } ///< in the window
    int radius() const;                        ///< in logical pixels; grows with the letters

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    QRect ring() const;
    void follow(const QPoint &pointer);

    QWidget &m_window;
    QPoint m_centre;
    bool m_isOn = false;
};

} // namespace secateur::ui
