// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: what they tell assistive technology.
#pragma once

namespace secateur::ui {

/// From now on plots have a role. The canvas of one with a handle of K is a slider, whose value can be read and set; that of any other is a
/// chart. Both have the title as name, what is selected as value and description, and the keys as help. Once is enough.
void installPlotAccessible();

} // namespace secateur::ui
