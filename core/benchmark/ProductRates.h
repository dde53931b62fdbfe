// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "benchmark/BenchResult.h"
#include "foundation/JobContext.h"
#include "model/ModelSpec.h"

#include <ATen/core/Tensor.h>
#include <vector>

namespace secateur {

/// The rate of every kind of product that the model has, in its shapes, alone: what this machine can do at best. Each is repeated for a
/// short while, and the best run counts. One unit of progress is one product.
std::vector<ProductRate> measureProducts(const ModelSpec &spec, std::int64_t rows, at::Device device, c10::ScalarType dtype,
                                         JobContext &context);

} // namespace secateur
