// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace secateur::ui {

/// Where the session bus is: DBUS_SESSION_BUS_ADDRESS, or where desktops put it otherwise. Empty when it is nowhere.
std::string sessionBusAddress();

/// Whether the bus at an address takes connections and answers none with a line for so long. Qt itself waits for such a bus for ever, on the
/// interface's thread. One that is not there or that hangs up is not mute, as nobody waits for it, nor is one that is reached otherwise than by a Unix socket.
bool isMute(const std::string &address, std::chrono::milliseconds patience);

/// Keeps Qt from a session bus that is mute for two seconds; true when it was. To be called before there is a QApplication.
bool leaveMuteSessionBus();

} // namespace secateur::ui
