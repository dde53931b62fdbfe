// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>
#include <exception>
#include <utility>

namespace secateur {

/// What Torch threw, as ours: memory and devices that gave out as MachineFailure, what should never happen as Error. Anything that is not Torch's own
/// is thrown again as it is. To be called where it is being handled.
[[noreturn]] void rethrowAsOurs(c10::Device device);

/// Runs a job under Torch's inference mode and turns what Torch throws into our Error, which names the device. The one place where that happens.
/// `device` may be chosen by the job itself.
template <typename Job>
auto underTorch(const c10::Device &device, Job &&job) -> decltype(job())
{
    const c10::InferenceMode guard;
    try {
        return std::forward<Job>(job)();
    } catch (const std::exception &) {
        rethrowAsOurs(device);
    }
}

} // namespace secateur
