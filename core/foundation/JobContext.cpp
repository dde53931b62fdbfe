// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/JobContext.h"

#include "foundation/Error.h"

namespace secateur {

void JobContext::begin(std::string phase, std::int64_t total, std::string unit)
{
    check();
    m_start = std::chrono::steady_clock::now();
    m_progress = Progress{.phase = std::move(phase), .done = 0, .total = total, .unit = std::move(unit), .seconds = 0, .eta = {}};
    if (m_listener)
        m_listener(m_progress);
}

void JobContext::step(std::int64_t units)
{
    m_progress.done += units;
    m_progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    if (m_progress.done > 1)
        m_progress.eta = m_progress.seconds / double(m_progress.done) * double(m_progress.total - m_progress.done);
    if (m_listener)
        m_listener(m_progress);
    check();
}

void JobContext::check() const
{
    if (m_stop.stop_requested())
        throw Cancelled();
}

} // namespace secateur
