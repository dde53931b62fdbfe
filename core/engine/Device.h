// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "foundation/ComputeConditions.h"

#include <c10/core/Device.h>
#include <cstdint>
#include <string>

namespace secateur {

/// The device of that name: "cpu", "cuda", "cuda:1", or "auto" (CUDA where it works, else the CPU). CUDA's library is opened on the first
/// call that asks for it. Throws Error when the name is not one of these, or when CUDA or that device is not there (with the reason).
c10::Device deviceFromName(const std::string &name);

/// The device of that name, and the process made ready for it: `threads` threads (0 = one a core), and on the CPU the C library keeps freed
/// memory for the next tensor of that size, instead of giving it back and taking it again page by page (about 5 % of the time of a layer).
/// `waiting` says what threads do that wait for others (CoreSharing). Throws Error as deviceFromName does, and for a number of threads out of range.
c10::Device prepareDevice(const std::string &name, int threads, const std::string &waiting = "auto");

/// What computes in that type on the device of this process, as it was prepared.
ComputeConditions conditionsOf(c10::Device device, const std::string &dtype);

/// How threads wait for each other since then; see CoreSharing::policy. Empty where a GPU computes.
std::string waitingPolicy();

/// CUDA devices of this machine; 0 where CUDA cannot be used.
int cudaDevices();

/// Bytes that can still be used on the device: free memory of a GPU, available memory of the host for the CPU.
std::int64_t freeMemory(c10::Device device);
/// Largest amount of a GPU's memory used by tensors since the start or the last reset, in bytes; 0 for the CPU.
std::int64_t peakDeviceBytes(c10::Device device);
/// Counts that peak anew from here on.
void resetPeakDeviceBytes(c10::Device device);

} // namespace secateur
