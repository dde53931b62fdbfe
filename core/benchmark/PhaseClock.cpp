// SPDX-License-Identifier: GPL-3.0-or-later
#include "benchmark/PhaseClock.h"

#include "engine/Device.h"
#include "engine/ProcessMemory.h"
#include "engine/ProductRate.h"

#include <utility>

namespace secateur {

PhaseClock::PhaseClock(c10::Device device, std::vector<BenchPhase> &phases, std::function<void(const BenchPhase &)> heard)
    : m_device(device),
      m_phases(phases),
      m_heard(std::move(heard))
{
}

void PhaseClock::begin()
{
    waitFor(m_device);
    resetPeakResidentBytes();
    resetPeakDeviceBytes(m_device);
    m_start = std::chrono::steady_clock::now();
}

void PhaseClock::end(std::string name, std::optional<Work> work)
{
    waitFor(m_device);
    m_phases.push_back({.name = std::move(name),
                        .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count(),
                        .work = work,
                        .peakBytes = peakResidentBytes(),
                        .peakDeviceBytes = peakDeviceBytes(m_device)});
    if (m_heard)
        m_heard(m_phases.back());
}

} // namespace secateur
