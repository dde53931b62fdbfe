// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace secateur {

/// How far a job is, in units that the user knows.
struct Progress {
    std::string phase;         ///< what is being done: "calibrate", "search", "evaluate", ...
    std::int64_t done = 0;     ///< units finished
    std::int64_t total = 0;    ///< units in all; known before the phase starts
    std::string unit;          ///< plural noun of the units: "layers x windows", "evaluations", ...
    double seconds = 0;        ///< since the phase started
    std::optional<double> eta; ///< seconds left; known after two seconds
};

/// What a job gets from whoever asked for it: a way to be stopped and a place for its progress.
///
/// One phase at a time: `begin` names it, `step` is called between units of work. `step` throws `Cancelled` when a stop was requested,
/// so a job stops within one unit. Time that the listener takes does not count: it may hold the job (a pause). Used by one thread; the
/// stop may be requested from any.
class JobContext {
public:
    using Listener = std::function<void(const Progress &)>;

    JobContext() = default;
    explicit JobContext(std::stop_token stop, Listener listener = {}) : m_stop(std::move(stop)), m_listener(std::move(listener)) {}

    /// Starts a phase of `total` units.
    void begin(std::string phase, std::int64_t total, std::string unit);
    /// Tells that `units` more units are finished; a part of one counts too. Throws Cancelled when a stop was requested.
    void step(double units = 1);
    /// Throws Cancelled when a stop was requested.
    void check() const;
    bool isStopRequested() const noexcept { return m_stop.stop_requested(); }

private:
    void tell();

    std::stop_token m_stop;
    Listener m_listener;
    Progress m_progress;
    double m_done = 0; ///< with parts of units
    std::chrono::steady_clock::time_point m_start;
};

} // namespace secateur
