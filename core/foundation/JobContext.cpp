// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/JobContext.h"

#include "foundation/Error.h"

#include <algorithm>

namespace secateur {

void JobContext::begin(std::string phase, std::int64_t total, std::string unit)
{
    check();
    m_done = 0;
    m_start = std::chrono::steady_clock::now();
    m_progress = Progress{.phase = std::move(phase), .done = 0, .total = total, .unit = std::move(unit), .seconds = 0, .eta = {}};
    tell();
}

void JobContext::step(double units)
{
    m_done += units;
    m_progress.done = std::int64_t(m_done + 1e-6); // parts of a unit add up with rounding errors
    m_progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    if (m_progress.seconds > 2 && m_done > 0)
        m_progress.eta = m_progress.seconds / m_done * std::max(0.0, double(m_progress.total) - m_done);
    tell();
    check();
}

void JobContext::tell()
{
    if (!m_listener)
        return;
    const auto before = std::chrono::steady_clock::now();
    m_listener(m_progress);
    m_start += std::chrono::steady_clock::now() - before;
}

void JobContext::check() const
{
    if (m_stop.stop_requested())
        throw Cancelled();
}

} // namespace secateur
