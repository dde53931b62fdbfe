// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTimer>

#include <cstddef>

namespace secateur::ui {

class Callout;
class MainWindow;
class SessionModel;
class Settings;

/// The tour for newcomers: goes through tourStations() with a callout. It goes on by its button, and by itself once people have done what a station asks for.
/// Where it was left is kept in the settings, and a start goes on from there. It never starts by itself; that it was offered once is kept, too.
class Tour : public QObject {
    Q_OBJECT
public:
    /// The window is shown the pages of the stations; it and the settings outlive the tour.
    Tour(MainWindow &window, const SessionModel &session, Settings &settings);

    /// Whether it was neither offered nor begun before; noteOffer() makes it false for good.
    bool isNew() const;
    void noteOffer();

    /// From the station where it was left, or from the first; again while it runs does nothing.
    void start();
    void leave(); ///< to go on later
    bool isRunning() const { return m_isRunning; }
    std::size_t station() const { return m_station; }
    Callout &callout() const { return *m_callout; }

private:
    void show(std::size_t station);
    void goOn();
    void finish();
    void follow();
    void goOnByItself();
    void point();

    MainWindow &m_window;
    const SessionModel &m_session;
    Settings &m_settings;
    Callout *m_callout;
    std::size_t m_station = 0;
    bool m_isRunning = false;
    bool m_wasDone = false; ///< what the station asks for, when it was shown
    QTimer m_soon;          ///< the next station comes
};

} // namespace secateur::ui
