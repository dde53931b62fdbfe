// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: what parts of a comparison compute, by arithmetic, for estimates of their time.
#pragma once

#include "comparison/Comparison.h"
#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <vector>

namespace secateur {

/// Products of one window of that many tokens, with the head for every one of them.
double flopOfWindow(const ModelSpec &spec, std::int64_t tokens);

/// Of choosing blocks at all of these sparsities, in one go. `windows` of `length` tokens: of the text. A sparsity that cannot be is left out.
double flopOfBlocks(const ModelSpec &dense, const BlockSettings &settings, const std::vector<double> &sparsities, std::int64_t windows,
                    std::int64_t length);

/// Of restoring a plan, with a pass over `windows` of `length` tokens that sums its Gram matrices. `outline`: see outlineOf(). Throws Error where no plan is
/// of that size.
double flopOfRestoration(const ModelSpec &dense, const RestorationSettings &settings, const PruningPlan &outline, std::int64_t windows,
                         std::int64_t length);

/// Of scoring the items of tasks, whose tokens are guessed from their letters.
double flopOfTasks(const ModelSpec &spec, const std::vector<TaskSet> &tasks);

/// Of measuring throughput. A token that is written alone takes as long as several of a prompt: its products wait for the weights.
double flopOfThroughput(const ModelSpec &spec, const ThroughputSettings &settings);

} // namespace secateur
