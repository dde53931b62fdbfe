// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/GgufNames.h"
#include "exporting/Export.h"
#include "exporting/TensorForm.h"
#include "foundation/JobContext.h"

#include <filesystem>
#include <string>

namespace secateur {

/// Writes a model as GGUF: in the architecture "deci" (every layer of its own kind), or the family's own. `dense` and `written` as in
/// TensorForm. Rows of q and k are interleaved where the architecture rotates neighbours; norms and biases are F32; the tokenizer goes
/// along. Returns parameters and bytes counted on what was written. One unit of progress is one tensor.
ExportResult writeGguf(const WrittenTensors &tensors, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &written,
                       const GgufArchitecture &architecture, const std::filesystem::path &file, JobContext &context);

} // namespace secateur
