// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "theme/Theme.h"

#include <QByteArray>
#include <QObject>
#include <QPointer>
#include <QRect>
#include <QTimer>
#include <optional>

class QLabel;
class QMainWindow;
class QTabWidget;

namespace secateur::ui {

class Spotlight;

/// One page on the whole screen, for people who look from afar: large letters, thick lines, nothing around it. Leaving brings back all that it
/// found: place and size of the window, docks, splitters, size of letters, the focus.
///
/// What lies around the pages is the window's to hide and to show, when changed() tells it to.
class PresentMode : public QObject {
    Q_OBJECT
public:
    /// Height of the smallest letters (PlotStyle::font) in a window of 1080 pixels; larger screens have larger ones.
    static constexpr int kSmallestLetters = 18;

    PresentMode(QMainWindow &window, QTabWidget &tabs, Theme &theme, QObject *parent);

    bool isOn() const { return m_isOn; }
    /// Whether the size of the window is not one that people gave it: it is on, or the window is on its way back.
    bool keepsLayout() const { return m_isOn || m_isSettling; }
    void enter();
    void leave();

    /// Letters of another size for as long as it is on, as a multiple of the usual ones.
    void setType(double type);
    void setSpotlight(bool isOn);
    Spotlight &spotlight() const { return *m_spotlight; }

    /// How large letters are in a window of that height, for those that people use elsewhere.
    static double typeFor(int height, double type, const QFont &usual);

signals:
    void changed(bool isOn);
    void spotlightChanged(bool isOn);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    /// What it found.
    struct Kept {
        Qt::WindowStates state;
        QRect geometry;
        QByteArray docks, splitters;
        QPointer<QWidget> focus;
        Theme::Size size;
    };

    void restoreSize();
    void restoreLayout();
    void followHeight();
    void showHint();
    void placeHint();

    QMainWindow &m_window;
    QTabWidget &m_tabs;
    Theme &m_theme;
    Spotlight *m_spotlight;
    QLabel *m_hint;
    QTimer m_hintTime, m_settled;
    Kept m_kept;
    std::optional<double> m_type; ///< that was chosen while it is on
    bool m_isOn = false, m_isSettling = false;
};

} // namespace secateur::ui
