// SPDX-License-Identifier: GPL-3.0-or-later
// What front ends ask of Gram matrices before there are any, without Torch.
#pragma once

#include "model/ModelSpec.h"

#include <cstdint>

namespace secateur {

/// Bytes of a file of the Gram matrices of all layers of a model.
std::int64_t bytesOfGrams(const ModelSpec &dense, bool areWeighted);

} // namespace secateur
