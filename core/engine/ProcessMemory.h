// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace secateur {

/// Resident size of this process now, in bytes; 0 when the system does not say.
std::int64_t residentBytes();
/// Largest resident size of this process since its start or the last reset, in bytes.
std::int64_t peakResidentBytes();
/// Counts the peak anew from here on.
void resetPeakResidentBytes();
/// Bytes of the host's memory that can still be used without swapping (MemAvailable); 0 when the system does not say.
std::int64_t availableMemoryBytes();

} // namespace secateur
