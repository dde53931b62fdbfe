// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace secateur {

/// Largest resident size of this process so far, in bytes.
std::int64_t peakResidentBytes();

} // namespace secateur
