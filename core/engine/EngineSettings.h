// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Forecast.h"
#include "foundation/ComputeConditions.h"
#include "foundation/Ranks.h"
#include "pruning/PruningPlan.h"
#include "text/TokenWindows.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace secateur {

/// Hears what a text turned out to be, after it was read for a job and before that computes.
using TextListener = std::function<void(const TextSettings &, const TextReport &)>;

/// Where and how to compute.
struct EngineSettings {
    std::string device = "auto"; ///< "auto", "cpu", "cuda", "cuda:N"
    std::string dtype = "auto";  ///< "float32", "bfloat16", "float16", "auto", "fastest"; see ComputeType
    /// Of a search's candidates: "none", "bfloat16", "float16", "auto" (see screeningType). By "auto" a record of all losses is not screened.
    std::string screening = "none";
    int threads = 0;                       ///< of the CPU; 0 = all cores
    std::string waiting = "auto";          ///< what threads do that wait for others: "spin", "sleep", or "auto": by the load (CoreSharing)
    std::shared_ptr<Ranks> ranks{};        ///< with which stage 1 and the search are shared; none = this process alone
    LossesKnown losses = LossesKnown::All; ///< of a search, and so of its record
    MemoryLimits memory{};                 ///< that the jobs may take
    TextListener textRead{};               ///< on the thread of the job; may be none
};

/// What an engine computes with, for the record of a run.
struct EngineReport {
    ComputeConditions computed;             ///< before a model is open, with the type as it was asked for
    std::string waiting;                    ///< what decides how threads wait for each other; see CoreSharing
    std::int64_t peakMemoryBytes = 0;       ///< resident in the host so far
    std::int64_t peakDeviceMemoryBytes = 0; ///< of the GPU's tensors so far; 0 on the CPU
    std::int64_t bytesRead = 0;             ///< of the open model's weights so far
    bool isStreamed = false;                ///< its layers are read when they are needed
};

} // namespace secateur
