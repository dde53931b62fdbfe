// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Forecast.h"
#include "pruning/BlockRecord.h"

#include <cstdint>
#include <vector>

namespace secateur {

/// The memory that a choice of blocks takes, as the size of a job: of `windows` of `length` tokens, or samples of EvoPress. `blocks`: the most that go.
JobSize sizeOfBlocks(const ModelSpec &dense, const BlockSettings &settings, std::int64_t blocks, std::int64_t windows, std::int64_t length,
                     const ForecastBasis &basis);

/// What choosing blocks at all of these sparsities in one go will take (Engine::findBlocks). Throws Error for a sparsity that cannot be, and what forecast()
/// throws.
Forecast forecastBlocks(const ModelSpec &dense, const BlockSettings &settings, const std::vector<double> &sparsities, std::int64_t windows,
                        std::int64_t length, const ForecastBasis &basis);

} // namespace secateur
