// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ComputeType.h"

#include "engine/ProductRate.h"
#include "model/Tensors.h"

#include <algorithm>

namespace secateur {

std::string computeType(const std::string &wanted, c10::Device device, DType stored, const ModelSpec &spec)
{
    const bool isMeasured = wanted == "fastest";
    if (wanted != "auto" && !isMeasured)
        return std::string(configName(dtypeFromConfigName(wanted)));
    if (!device.is_cpu())
        return std::string(configName(stored));
    if (!isMeasured)
        return std::string(configName(DType::Float32));
    constexpr std::int64_t kRows = 1024, kMostColumns = 4096;
    constexpr double kSeconds = 0.2, kClearly = 1.1; // 16 bits lose precision: not for a few percent
    const std::int64_t columns = std::min(spec.layers.front().ffn.neurons, kMostColumns);
    const auto rate = [&](DType type) { return productRate(kRows, spec.hiddenSize, columns, device, scalarType(type), kSeconds); };
    const DType type = rate(DType::BFloat16) > kClearly * rate(DType::Float32) ? DType::BFloat16 : DType::Float32;
    return std::string(configName(type));
}

} // namespace secateur
