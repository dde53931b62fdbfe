// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"
#include "model/WeightEdits.h"

#include <cstdint>

namespace secateur {

/// Bytes that the changed weights of a plan add, about, to an export that writes all others in the type `stored`: each keeps its own. Negative where
/// theirs are smaller.
std::int64_t bytesOfEdits(const WeightEdits &edits, DType stored);

} // namespace secateur
