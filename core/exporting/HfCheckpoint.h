// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "exporting/Export.h"
#include "exporting/TensorForm.h"
#include "foundation/JobContext.h"

#include <filesystem>

namespace secateur {

/// Writes the tensors as .safetensors files into `folder`: in files of the same names as the source has where it has such files, with an
/// index when there are several. Returns parameters and bytes counted on what was written. One unit of progress is one tensor.
ExportResult writeSafetensors(const WrittenTensors &tensors, const Checkpoint &source, const std::filesystem::path &folder,
                              JobContext &context);

} // namespace secateur
