// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace secateur::ui {

class MessageLog;
class Plot;

/// Has the message log told of every file that the plot's menu saves, or why one could not be saved.
void postSavings(const Plot &plot, MessageLog &messages);

} // namespace secateur::ui
