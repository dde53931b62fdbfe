// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to theme.
#pragma once

#include "theme/PlotStyle.h"

#include <QString>

namespace secateur::ui {

/// The application's style sheet in these colours. Widgets choose a look by dynamic properties: `primary` (the one button that goes on),
/// `link` (a button without a frame), `muted` (a caption), `card` (a framed surface).
QString styleSheet(const PlotStyle &style);

} // namespace secateur::ui
