// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "benchmark/BenchResult.h"

#include <c10/core/Device.h>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace secateur {

/// Measures phases one after another: each ends when the next begins.
class PhaseClock {
public:
    /// `heard` gets every phase as it ends.
    PhaseClock(c10::Device device, std::vector<BenchPhase> &phases, std::function<void(const BenchPhase &)> heard);

    /// Begins a phase that has not ended yet. Peaks of memory are counted from here on.
    void begin();
    /// Ends it under a name.
    void end(std::string name, std::optional<Work> work = {});

private:
    c10::Device m_device;
    std::vector<BenchPhase> &m_phases;
    std::function<void(const BenchPhase &)> m_heard;
    std::chrono::steady_clock::time_point m_start;
};

} // namespace secateur
