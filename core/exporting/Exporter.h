// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "decoder/Decoder.h"
#include "exporting/Export.h"
#include "foundation/JobContext.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

namespace secateur {

/// What an export is made from.
struct ExportSource {
    const Checkpoint &checkpoint;
    const ModelSpec &dense;
    const PruningPlan &plan;
    const Decoder &pruned;                     ///< the plan in memory, for the verification
    std::span<const std::int32_t> checkTokens; ///< the fixed text of the verification
    nlohmann::json evaluations;                ///< measured so far, for the manifest
};

/// Bytes of the weights that an export writes of what a plan makes of the model.
std::int64_t bytesOfExport(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &pruned);

/// Throws Error for an unknown format, a plan or a tokenizer that the format cannot hold, files of the source that cannot be brought along, an
/// output that exists or cannot be written, or too little space on the disk. Reads what would be brought along, tries the tokenizer where it
/// takes another form, and writes nothing: it is called before a long job whose end is an export.
void checkExport(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &pruned,
                 std::int64_t bytesOfWeights);

/// Writes the weights, config.json, the tokenizer, licence and generation files of the source, pruning_manifest.json and a model card;
/// loads the whole back and compares logits and token ids; and only then gives the folder its name. When the comparison fails the folder is kept as
/// NAME.unverified (the next free name, when there is one from before) and an Error says so; after any other error, a full disk, or a cancel nothing is left.
ExportResult writeExport(const ExportSource &source, const ExportSettings &settings, JobContext &context);

} // namespace secateur
