// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "exporting/Export.h"
#include "foundation/JobContext.h"
#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace secateur {

/// Target `hf-dropin`: the base family's class and tensor names. `intermediate_size` = K; a removed attention keeps its weights, with a
/// zero output product, so every engine that loads the base family loads this. Saves the FFN's size and time, nothing for attention.
///
/// Throws Error when the plan's widths differ between layers (the format has one number for all).
void checkHfDropin(const PruningPlan &plan);

/// Writes config.json and the weights into `folder`, in files of the same names as the source has; types stay as stored unless `dtype`
/// asks for another. Returns parameters and bytes counted on what was written. One unit of progress is one tensor.
ExportResult writeHfDropin(const Checkpoint &source, const ModelSpec &dense, const PruningPlan &plan, const std::filesystem::path &folder,
                           std::optional<DType> dtype, JobContext &context);

} // namespace secateur
