// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/JobContext.h"

#include "foundation/Error.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace secateur {
namespace {

constexpr double kMeasured = 1; ///< seconds of work from which on it tells how fast the rest will go

} // namespace

void JobContext::expect(std::vector<ExpectedPhase> phases)
{
    m_expected = std::move(phases);
    m_isExpected = false;
    m_taken = m_takenAsExpected = 0;
    m_progress = {};
    m_progress.parts = std::int64_t(m_expected.size());
    double all = 0;
    for (const ExpectedPhase &phase : m_expected)
        all += phase.seconds;
    if (all <= 0)
        return;
    m_progress.whole = 0;
    m_progress.wholeEta = all;
}

void JobContext::begin(std::string phase, std::int64_t total, std::string unit)
{
    check();
    closePart();
    const auto next = std::find_if(m_expected.begin() + m_progress.part, m_expected.end(),
                                   [&](const ExpectedPhase &expected) { return expected.phase == phase; });
    m_isExpected = next != m_expected.end();
    if (m_isExpected)
        m_progress.part = std::distance(m_expected.begin(), next) + 1;
    m_done = 0;
    m_start = std::chrono::steady_clock::now();
    m_progress.phase = std::move(phase);
    m_progress.done = 0;
    m_progress.total = total;
    m_progress.unit = std::move(unit);
    m_progress.seconds = 0;
    m_progress.eta.reset();
    atStep(-1, 0);
    followWhole();
    tell();
}

/// What the phase that ends took says how good the expectations are.
void JobContext::closePart()
{
    if (!std::exchange(m_isExpected, false))
        return;
    m_taken += m_progress.seconds;
    m_takenAsExpected += m_expected[std::size_t(m_progress.part - 1)].seconds;
}

void JobContext::followWhole()
{
    if (!m_isExpected)
        return;
    double all = 0, before = 0, left = 0;
    for (std::int64_t i = 0; i < m_progress.parts; ++i) {
        const double seconds = m_expected[std::size_t(i)].seconds;
        all += seconds;
        (i < m_progress.part - 1 ? before : left) += seconds;
    }
    if (all <= 0)
        return;
    const double own = m_expected[std::size_t(m_progress.part - 1)].seconds;
    const double share = m_progress.total > 0 ? std::min(1.0, m_done / double(m_progress.total)) : 0;
    m_progress.whole = (before + own * share) / all;
    const double expected = m_takenAsExpected + own * share, taken = m_taken + m_progress.seconds;
    const double factor = taken > kMeasured && expected > 0 ? taken / expected : 1;
    m_progress.wholeEta = m_progress.eta.value_or(own * (1 - share) * factor) + (left - own) * factor;
}

void JobContext::atStep(std::int64_t step, std::int64_t steps)
{
    m_progress.step = step;
    m_progress.steps = steps;
    m_progress.layer = -1;
}

void JobContext::step(double units)
{
    m_done += units;
    m_progress.done = std::int64_t(m_done + 1e-6); // parts of a unit add up with rounding errors
    m_progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    if (m_progress.seconds > kMeasured && m_done > 0)
        m_progress.eta = m_progress.seconds / m_done * std::max(0.0, double(m_progress.total) - m_done);
    followWhole();
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
