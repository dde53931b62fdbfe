// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Forecast.h"
#include "model/Arithmetic.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

struct BenchSettings {
    std::int64_t windows = 32;          ///< of stage 1; the search takes the first
    std::int64_t length = 2048;         ///< tokens of a window
    std::int64_t evaluationWindows = 4; ///< of the perplexity of the pruned model; at most `windows`
    BalanceSettings balance;
    LossesKnown losses = LossesKnown::Deciding; ///< of the search
    std::uint64_t seed = 1;                     ///< of random tokens and weights
    MemoryLimits memory;
    bool isExported = true; ///< a checkpoint is written and verified; not with random weights
};

/// One product of the model, measured alone: [rows, inner] x [inner, columns].
struct ProductRate {
    std::string name; ///< "gate and up"
    std::int64_t rows = 0, inner = 0, columns = 0;
    double flopPerSecond = 0; ///< the best of several runs
};

/// One phase as it was.
struct BenchPhase {
    std::string name; ///< "load", "stage 1", "stage 2, removal 3", ...
    double seconds = 0;
    std::optional<Work> work;         ///< by arithmetic; none where the phase has no products
    std::int64_t peakBytes = 0;       ///< largest resident size of the process during the phase
    std::int64_t peakDeviceBytes = 0; ///< of tensors on the GPU; 0 on the CPU
};

struct BenchResult {
    std::vector<ProductRate> products;
    std::vector<BenchPhase> phases;
    SparsityBalance balance;
    Forecast forecast;              ///< told before the first phase
    std::string dtype;              ///< in which it was computed
    std::string screening = "none"; ///< the type in which the search screened, or "none"
    std::string kernels;            ///< the instructions of our own kernels for `dtype`; empty: there are none

    /// Largest memory of all phases: resident of the process, and tensors on the GPU.
    std::int64_t peakBytes() const;
    std::int64_t peakDeviceBytes() const;

    /// The best rate of a product, FLOP/s: what shares are shares of.
    double peak() const;
    /// Seconds and work of the phases whose names begin so.
    BenchPhase sum(const std::string &beginning) const;
};

nlohmann::json toJson(const BenchResult &result);

} // namespace secateur
