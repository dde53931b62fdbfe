// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: how a report looks.
#pragma once

#include <string>

namespace secateur::html {

/// Steps of the colours of changes on either side of 0, and of those of magnitudes.
inline constexpr int kChangeSteps = 10;

/// The style sheet: light and dark by the reader's setting, light on paper; the palettes of the window (Okabe-Ito).
std::string styleSheet();
/// The look of a cell whose value is that part of the largest change, -1 to 1; 0 is neutral.
std::string changeLook(double part);

} // namespace secateur::html
