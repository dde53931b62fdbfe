// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Weights.h"
#include "foundation/JobContext.h"
#include "model/ModelSpec.h"

#include <cstdint>

namespace secateur {

/// Weights in the shapes of a model without the model: for measurements. Normal values that keep the states finite through all layers, norms
/// of 1, no bias. The same seed gives the same values on the same device, streamed or not. One unit of progress is one tensor.
Weights randomWeights(const ModelSpec &spec, at::Device device, c10::ScalarType dtype, std::uint64_t seed, bool isStreamed,
                      JobContext &context);

} // namespace secateur
