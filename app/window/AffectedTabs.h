// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"
#include "window/MainWindow.h"

#include <vector>

namespace secateur::ui {

/// The tabs that show in what two plans differ, the one that is about it first; none when they do not differ.
std::vector<MainWindow::Tab> affectedTabs(const PlanDraft &before, const PlanDraft &after);

} // namespace secateur::ui
