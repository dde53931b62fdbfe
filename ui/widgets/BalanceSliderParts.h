// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to BalanceSlider: where things lie, for what is drawn there and for the mouse.
#pragma once

#include "widgets/BalanceSlider.h"

namespace secateur::ui {

struct BalanceSlider::Rows {
    double line = 0;                                               ///< height of a line of text
    double rule = 0, track = 0, numbers = 0, reasons = 0, end = 0; ///< tops; of the track its middle
};

struct BalanceSlider::Sizes {
    static constexpr double kFocusRing = 12;                ///< radius of the ring around the handle
    static constexpr double kSide = 16;                     ///< from the edge of the widget to the ends of the track
    static constexpr double kTickTop = 14, kTickLength = 5; ///< below the middle of the track
};

} // namespace secateur::ui
