// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <map>
#include <string>

class QWidget;

namespace secateur::ui {

/// Dynamic property of a widget that has an objectName: the name of the property that a session keeps of it ("currentIndex").
constexpr const char *kRemembered = "remembered";

/// What the widgets of a window show of a session, as words for the session's file: table or figure of every plot, and whatever asks for it
/// (see kRemembered).
std::map<std::string, std::string> viewOf(const QWidget &window);
/// Shows it so again. Words of a widget that is not there, or that it does not understand, are passed over.
void applyView(QWidget &window, const std::map<std::string, std::string> &view);

/// How wide the parts of every splitter are, which belongs to the window and not to a session.
QByteArray splittersOf(const QWidget &window);
/// False when the bytes are not understood; then nothing has changed.
bool applySplitters(QWidget &window, const QByteArray &state);

/// Moves a window of its own away from where it is, so that it is seen to be one, and whole onto its screen.
void stepAside(QWidget &window);
/// Moves a window of its own (a floating dock) so that it can be reached on the screens that there are now.
void bringOnScreen(QWidget &window);

} // namespace secateur::ui
