// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "exporting/Export.h"
#include "foundation/JobContext.h"

#include <cstdint>
#include <filesystem>
#include <span>

namespace secateur {

/// Loads `folder` through the ordinary loader and compares its logits with those of the model in memory, on the same device and in the
/// same type.
///
/// Passed when the largest difference is within the tolerance (fp32: 1e-5 of the largest logit, at least 1e-5; 16 bits: a few roundings
/// of the type) and the most likely token is the same on all but 0.1 % of the positions. Throws Error only when the folder cannot be
/// loaded at all.
Verification verify(const std::filesystem::path &folder, const Decoder &expected, std::span<const std::int32_t> tokens,
                    JobContext &context);

/// The model whose weights went through `stored` once: what a file in that type can hold.
Decoder roundedTo(const Decoder &decoder, c10::ScalarType stored);

} // namespace secateur
