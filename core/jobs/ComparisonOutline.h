// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include "comparison/Comparison.h"
#include "engine/Engine.h"
#include "foundation/JobContext.h"
#include "jobs/KnownResults.h"
#include "session/Session.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secateur {

/// A row of a comparison in the making.
struct ComparisonEntry {
    ComparisonRow row; ///< without a plan its method and sparsity, and its problem where it has one
    std::optional<PruningPlan> plan{};
    std::optional<PlanDraft> draft{};                 ///< that the plan is of the session
    std::optional<RestorationSettings> restoration{}; ///< of a restored plan, how it is asked for

    /// Whether its plan is still to be found.
    bool isMissing() const { return row.method && !plan && row.problem.empty(); }
    /// Whether there is, or may be, something to measure.
    bool isPossible() const { return !row.method || plan || row.problem.empty(); }
};

/// What a comparison is about, and what of it is known before anything is computed: its texts and tasks as they were read, and the rows with the plans that
/// the session has.
class ComparisonOutline {
public:
    /// Reads all texts and tasks. Throws Error for settings that nothing can be made of, and for what cannot be read.
    ComparisonOutline(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context);

    const ModelSpec &dense() const { return m_dense; }
    const ComputeConditions &now() const { return m_now; }
    const KnownResults &known() const { return m_known; }
    const std::vector<TaskSet> &tasks() const { return m_tasks; }
    std::vector<ComparisonEntry> &entries() { return m_entries; }
    std::vector<ComparisonEntry *> entriesOf(PlanMethod method);
    /// Those of 2SSP with the restored ones behind their plan.
    std::vector<ComparisonEntry *> entriesOf2ssp();
    /// The plan that a restored one is made from.
    ComparisonEntry &plainOf(const ComparisonEntry &restored);

    /// That a method chooses by, with a number of windows that it has; those of an evolution are its samples.
    const TextSettings &textOf(PlanMethod method) const { return m_texts.at(method); }
    /// What is in them: their hash.
    const std::string &contentOf(PlanMethod method) const { return m_contents.at(method); }
    BlockSettings blockSettings(PlanMethod method, double sparsity) const;
    /// Of a plan of 2SSP by the scores of that calibration: at the sparsity, or at the size that it leaves where blocks are removed.
    PlanDraft draftOf(double sparsity, std::int64_t calibration) const;
    std::int64_t knownCalibration() const { return m_known.calibration(m_texts.at(PlanMethod::TwoSsp)); }

    const Measurement *knownPerplexity(const ComparisonEntry &entry, const TextSettings &text) const;
    const Measurement *knownTasks(const ComparisonEntry &entry) const;
    std::vector<ItemScore> knownScores(const ComparisonEntry &entry) const { return m_known.scores(entry.row.planHash, m_asked); }
    const Measurement *knownThroughput(const ComparisonEntry &entry) const;

    /// The plan of a row is there.
    void take(ComparisonEntry &entry, const PruningPlan &plan, const PlanDraft &draft) const;
    /// The same of a restored plan, whose draft is none where it is not kept.
    void takeRestored(ComparisonEntry &entry, const PruningPlan &plan, const std::optional<PlanDraft> &draft) const;
    /// Takes the restored plan that the session has of an entry whose plain plan is there, where its weights can be had.
    void takeKnownRestored(ComparisonEntry &entry);
    /// What is still to be done, with the seconds that it may take.
    std::vector<ExpectedPhase> expectedPhases();

private:
    void check() const;
    void readAll();
    TextReport read(const TextSettings &text);
    void readTextOf(PlanMethod method);
    void takeKnown(ComparisonEntry &entry);
    void addRestored(double sparsity);
    double seconds(double flop) const { return m_flopPerSecond > 0 ? flop / m_flopPerSecond : 0; }
    double seconds(const JobSize &size) const;
    void expectMeasuring(std::vector<ExpectedPhase> &phases, const ComparisonEntry &entry, const ModelSpec &left) const;
    void expectMethod(std::vector<ExpectedPhase> &phases, PlanMethod method);
    void expect2ssp(std::vector<ExpectedPhase> &phases);
    void expectMeasuringAt(std::vector<ExpectedPhase> &phases, const ComparisonEntry &entry) const;

    Engine &m_engine;
    Session &m_state;
    const ComparisonSettings &m_settings;
    JobContext &m_context;
    const ModelSpec m_dense;
    const ComputeConditions m_now;
    const DType m_cacheType;
    const KnownResults m_known;
    std::map<PlanMethod, TextSettings> m_texts;
    std::map<PlanMethod, std::string> m_contents;
    std::map<std::size_t, std::int64_t> m_windows; ///< of the evaluation texts, by their places
    std::vector<TaskSet> m_tasks;
    std::string m_asked; ///< TaskResults::hash
    std::vector<ComparisonEntry> m_entries;
    double m_flopPerSecond = 0;
};

/// Adds to a row's problems what an Error says.
void noteProblem(ComparisonRow &row, const Error &problem);

} // namespace secateur
