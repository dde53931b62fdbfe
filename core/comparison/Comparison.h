// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/Evaluation.h"
#include "evaluation/Throughput.h"
#include "foundation/ComputeConditions.h"
#include "pruning/BlockRecord.h"
#include "pruning/PlanMethod.h"
#include "pruning/RestorationRecord.h"
#include "tasks/Task.h"
#include "text/TokenWindows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a comparison measures.
struct ComparisonSettings {
    std::vector<PlanMethod> methods;
    std::vector<double> sparsities;
    bool isEqualSize = false; ///< 2SSP at the sizes that the methods of blocks reach, instead of those asked for
    TextSettings
        text; ///< to calibrate and search on. `windows` none: as many as the authors take of each method, as far as the text has them
    std::vector<TextSettings> evaluations; ///< for perplexities
    TaskSettings tasks;                    ///< without paths: none
    std::optional<ThroughputSettings> throughput;
    BlockSettings blocks;                            ///< of the methods of blocks: variant, seed, generations and tokens
    std::vector<RestorationSettings> restorations{}; ///< of the plans of 2SSP: each plan has a row for each of them behind its own
    bool operator==(const ComparisonSettings &) const = default;
};

/// A model of a comparison: the dense one, or that of a method at a size. What was not measured, or not yet, is none.
struct ComparisonRow {
    std::optional<PlanMethod> method; ///< none: the dense model
    double sparsity = 0;              ///< as asked for
    /// Of PlanMethod::Restored: the steps that its plan has; without a plan those that are asked for.
    std::vector<RestorationStep> restored{};
    bool isGated = false; ///< a step stayed only where no text got worse by it
    std::string problem;  ///< why there is no plan or a number is missing: a sentence; else empty

    std::string planHash;
    std::int64_t attentionsRemoved = 0, ffnsRemoved = 0;
    std::int64_t neuronsKept = 0; ///< K of 2SSP; 0 where layers have widths of their own
    std::int64_t layerParameters = 0, modelParameters = 0;
    double sparsityLayers = 0, sparsityModel = 0; ///< shares that were reached
    std::int64_t cacheBytes = 0;                  ///< keys and values of a token, in the type computed in
    double flop = 0;                              ///< of a token, without attention's dependence on the position

    std::optional<double> pruningSeconds; ///< without loading and reading, but for what a first pass waits for
    std::optional<std::int64_t> windowsForwarded;
    std::vector<std::optional<Evaluation>> evaluations; ///< as ComparisonSettings::evaluations
    std::optional<TaskResults> tasks;
    std::vector<Throughput> throughput;
};

struct Comparison {
    ComparisonSettings settings;
    std::string modelHash, modelName;
    ComputeConditions computed;
    std::vector<ComparisonRow>
        rows;           ///< the dense model, then by method and sparsity in the order of the settings; restored ones behind their plan
    double seconds = 0; ///< of this run: what was known before took none
};

} // namespace secateur
