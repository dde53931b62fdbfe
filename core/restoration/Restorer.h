// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "pruning/PruningPlan.h"
#include "restoration/GramFile.h"

#include <ATen/core/Tensor.h>
#include <functional>

namespace secateur {

} // namespace secateur
