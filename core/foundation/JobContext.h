// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace secateur {

/// How far a job is, in units that the user knows.
struct Progress {
    std::string phase;         ///< what is being done: "calibrate", "search", "evaluate", ...
    std::int64_t done = 0;     ///< units finished
    std::int64_t total = 0;    ///< units in all; known before the phase starts
    std::string unit;          ///< plural noun of the units: "layers x windows", "evaluations", ...
    double seconds = 0;        ///< since the phase started
    std::optional<double> eta; ///< seconds left of the phase; known after a second

    // Of a search: the step (from 0) and how many there will be, and the layer that its candidates have reached. -1: none.
    std::int64_t step = -1, steps = 0, layer = -1;

    // Of the whole job, where its phases were told before (JobContext::expect):
    std::int64_t part = 0, parts = 0; ///< the phase under way, from 1, and how many there are
    std::optional<double> whole;      ///< share of the job that is done, by the time that was expected
    std::optional<double> wholeEta;   ///< seconds left of the job
};

/// A phase of a job that is still to come, and how long it may take. After a second of work only the ratios count.
struct ExpectedPhase {
    std::string phase; ///< as `begin` will name it
    double seconds = 0;
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

    /// Tells which phases the job has, in order. What begins under another name is done beside them; one that
    /// is skipped counts as done once a later one begins.
    void expect(std::vector<ExpectedPhase> phases);
    /// Whether that was told.
    bool isExpecting() const noexcept { return !m_expected.empty(); }
    /// Starts a phase of `total` units.
    void begin(std::string phase, std::int64_t total, std::string unit);
    /// Says where a search is; the listener hears it with the next step().
    void atStep(std::int64_t step, std::int64_t steps);
    /// The same of the layer that its candidates have reached.
    void atLayer(std::int64_t layer) { m_progress.layer = layer; }
    /// Tells that `units` more units are finished; a part of one counts too. Throws Cancelled when a stop was requested.
    void step(double units = 1);
    /// Throws Cancelled when a stop was requested.
    void check() const;
    /// What the phase took up to its last step, without what came before it (reading, loading); also when it has ended.
    double phaseSeconds() const noexcept { return m_progress.seconds; }
    bool isStopRequested() const noexcept { return m_stop.stop_requested(); }
    const std::stop_token &stopToken() const noexcept { return m_stop; } ///< for what has no context

private:
    void tell();
    void followWhole();
    void closePart();

    std::stop_token m_stop;
    Listener m_listener;
    Progress m_progress;
    double m_done = 0; ///< with parts of units
    std::chrono::steady_clock::time_point m_start;
    std::vector<ExpectedPhase> m_expected;
    bool m_isExpected = false;                 ///< whether the phase under way is one of them
    double m_taken = 0, m_takenAsExpected = 0; ///< seconds of the expected phases before it, and what they were expected to take
};

} // namespace secateur
