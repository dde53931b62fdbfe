// SPDX-License-Identifier: GPL-3.0-or-later
// A replay of a recorded search as plain values: where it is, and what comes next. Computes nothing.
#pragma once

#include "pruning/PruningPlan.h"

#include <QtGlobal>
#include <map>
#include <optional>
#include <vector>

namespace secateur::ui {

enum class ReplayDepth {
    Steps,      ///< a step after the other
    Candidates, ///< within a step a candidate after the other, then the decision
    Predict     ///< each step stops before its decision: which one would you remove?
};

/// A step of a record, as a replay goes through it.
struct ReplayStep {
    qint64 candidates = 0; ///< of which something is known: a loss, one in 16 bits, or a bound
    bool isDecided = true; ///< finished
    bool isForced = false; ///< the layer was asked for
    bool operator==(const ReplayStep &) const = default;

    /// Whether there is something to predict: it was decided among several.
    bool isQuestion() const { return isDecided && !isForced && candidates > 1; }
};
/// The first `count` steps of a record, as far as they were begun.
std::vector<ReplayStep> replaySteps(const SearchRecord &record, qint64 count);

/// What is shown.
struct ReplayPosition {
    qint64 step = -1; ///< -1: behind the last one, all of the search
    /// Candidates of the step, the first ones in the order of the layers: the record does not tell in which order they were worked on. -1: all of them and
    /// the decision.
    qint64 candidates = -1;
    bool operator==(const ReplayPosition &) const = default;

    bool isUndecided() const { return step >= 0 && candidates >= 0; }
};

using ReplaySteps = std::vector<ReplayStep>;
/// Where a step begins: at its first look that gives nothing away which is to be seen later.
ReplayPosition beginningOf(const ReplaySteps &steps, qint64 step, ReplayDepth depth);
ReplayPosition after(const ReplaySteps &steps, ReplayPosition position, ReplayDepth depth);
ReplayPosition before(const ReplaySteps &steps, ReplayPosition position, ReplayDepth depth);
/// The beginning of the step or, from there, that of the one before it.
ReplayPosition stepBefore(const ReplaySteps &steps, ReplayPosition position, ReplayDepth depth);

/// What people predicted: of each step the first answer counts.
class Predictions {
public:
    /// False where the step was answered before.
    bool add(qint64 step, qint64 layer) { return m_layers.emplace(step, layer).second; }
    void clear() { m_layers.clear(); }
    std::optional<qint64> at(qint64 step) const;
    qint64 asked() const { return qint64(m_layers.size()); }
    /// How many were the layer that went.
    qint64 hits(const SearchRecord &record) const;

private:
    std::map<qint64, qint64> m_layers; ///< by step
};

} // namespace secateur::ui
