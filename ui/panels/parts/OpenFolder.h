// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace secateur::ui {

class MessageLog;

/// Has the desktop show a folder. Where it cannot, or the folder is gone, a message says so and offers to copy its path.
void openFolder(const QString &folder, MessageLog &messages);

} // namespace secateur::ui
