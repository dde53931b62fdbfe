// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "window/MainWindow.h"

#include <QString>

#include <span>

namespace secateur::ui {

/// A station of the tour: what it says, and the control that it points at. All of it is plain values; Tour walks them.
struct TourStation {
    const char *id; ///< kept in the settings: where the tour goes on
    MainWindow::Tab tab;
    const char *control;     ///< object name of a widget of that page
    const char *title;       ///< not translated yet, as all words here
    const char *text;        ///< what to do
    const char *unavailable; ///< what to do first, where the control is not there
    bool (*isDone)(const SessionModel &session);

    QString translatedTitle() const;
    QString translatedText() const;
    QString translatedUnavailable() const;
};

/// All stations, in their order.
std::span<const TourStation> tourStations();

} // namespace secateur::ui
