// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

namespace secateur {

/// Resident size of this process now, in bytes; 0 when the system does not say.
std::int64_t residentBytes();
/// Largest resident size of this process since its start or the last reset, in bytes.
std::int64_t peakResidentBytes();
/// Counts the peak anew from here on.
void resetPeakResidentBytes();

/// Bytes of memory that this process can still take without swapping or being killed: what the machine has available (MemAvailable), or what
/// the limits of its control groups leave, whichever is less. Docker, Slurm and systemd limit by such groups; memory that the kernel would
/// give back first (files that were read) counts as free. 0 when the system does not say.
///
/// `root` is where the system's own files lie, for tests: proc/meminfo, proc/self/cgroup, proc/self/mountinfo and what these name.
std::int64_t availableMemoryBytes(const std::filesystem::path &root = "/");

} // namespace secateur
