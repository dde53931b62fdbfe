// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace secateur {

/// From here on, operations of LibTorch are counted: those on the thread that calls this, and those on all others. To be called once, while
/// nothing computes. Shows neither Torch nor Qt.
void watchTorch();
std::int64_t torchCallsHere();
std::int64_t torchCallsElsewhere();

} // namespace secateur
