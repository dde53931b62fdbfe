// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "model/ModelSpec.h"

#include <c10/core/Device.h>
#include <string>

namespace secateur {

/// The name of the type to compute in. `wanted` is a type, or "auto": as stored on a GPU, float32 on the CPU; or "fastest": as stored on a GPU,
/// and on the CPU float32 or bfloat16, whichever multiplies matrices of the model's shapes faster here, as a moment's measurement finds.
/// Throws Error when there is no type of that name.
std::string computeType(const std::string &wanted, c10::Device device, DType stored, const ModelSpec &spec);

} // namespace secateur
