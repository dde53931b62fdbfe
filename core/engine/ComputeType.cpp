// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ComputeType.h"

#include "decoder/CausalAttention.h"
#include "decoder/Tensors.h"
#include "engine/ProductRate.h"
#include "foundation/Error.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

namespace secateur {

double measuredRate(const ModelSpec &spec, c10::Device device, DType type)
{
    constexpr std::int64_t kRows = 1024, kLeast = 512, kMost = 4096; // small products tell of calls, not of the processor
    constexpr double kSeconds = 0.1;
    const std::int64_t inner = std::clamp(spec.hiddenSize, kLeast, kMost), columns = std::clamp(spec.mostNeurons(), 2 * kLeast, kMost);
    static std::map<std::tuple<std::int64_t, std::int64_t, std::string, int, DType>, double> known;
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    double &rate = known[{inner, columns, device.str(), at::get_num_threads(), type}];
    if (rate == 0)
        rate = productRate(kRows, inner, columns, device, scalarType(type), kSeconds);
    return rate;
}

std::optional<DType> screeningType(const std::string &wanted, LossesKnown losses, c10::Device device, DType deciding, const ModelSpec &spec)
{
    constexpr double kClearly = 1.4; // measured: a search takes 1 / ratio of the time and a sixth
    if (wanted == "none")
        return {};
    if (wanted != "auto") {
        const DType type = dtypeFromConfigName(wanted);
        if (bytesPerElement(type) >= bytesPerElement(deciding))
            throw Error("Candidates cannot be screened in " + std::string(configName(type)) + " by a search in " +
                            std::string(configName(deciding)) + ".",
                        "Screen in a narrower type, or not at all (--screen none).");
        return type;
    }
    if (losses == LossesKnown::All || deciding != DType::Float32 || (device.is_cpu() && !isAttentionFastInBFloat16()))
        return {};
    const bool isFaster = measuredRate(spec, device, DType::BFloat16) > kClearly * measuredRate(spec, device, DType::Float32);
    return isFaster ? std::optional(DType::BFloat16) : std::nullopt;
}

std::optional<DType> chooseScreening(const std::string &wanted, LossesKnown losses, c10::Device device, DType deciding,
                                     const ModelSpec &spec, JobSize &job, const ForecastBasis &basis)
{
    if (job.searchWindows < 1 || job.removals < 1)
        return {};
    const std::optional<DType> type = screeningType(wanted, losses, device, deciding, spec);
    if (!type)
        return {};
    JobSize screened = job;
    screened.screenBytes = std::int64_t(bytesPerElement(*type));
    if (fitsBeside(spec, screened, basis)) {
        job = screened;
        return type;
    }
    if (wanted != "auto")
        throw Error("There is not enough memory for the weights in " + std::string(configName(*type)) +
                        " beside the model, so candidates cannot be screened.",
                    "Give more memory, or do not screen (--screen none).");
    return {};
}

std::string computeType(const std::string &wanted, c10::Device device, DType stored, const ModelSpec &spec)
{
    const bool isMeasured = wanted == "fastest";
    if (wanted != "auto" && !isMeasured)
        return std::string(configName(dtypeFromConfigName(wanted)));
    if (!device.is_cpu())
        return std::string(configName(stored));
    if (!isMeasured)
        return std::string(configName(DType::Float32));
    constexpr double kClearly = 1.1; // 16 bits lose precision: not for a few percent
    const auto rate = [&](DType type) { return measuredRate(spec, device, type); };
    const DType type = rate(DType::BFloat16) > kClearly * rate(DType::Float32) ? DType::BFloat16 : DType::Float32;
    return std::string(configName(type));
}

} // namespace secateur
