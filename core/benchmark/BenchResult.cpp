// SPDX-License-Identifier: GPL-3.0-or-later
#include "benchmark/BenchResult.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace secateur {

double BenchResult::peak() const
{
    double best = 0;
    for (const ProductRate &product : products)
        best = std::max(best, product.flopPerSecond);
    return best;
}

std::int64_t BenchResult::peakBytes() const
{
    std::int64_t most = 0;
    for (const BenchPhase &phase : phases)
        most = std::max(most, phase.peakBytes);
    return most;
}

std::int64_t BenchResult::peakDeviceBytes() const
{
    std::int64_t most = 0;
    for (const BenchPhase &phase : phases)
        most = std::max(most, phase.peakDeviceBytes);
    return most;
}

BenchPhase BenchResult::sum(const std::string &beginning) const
{
    BenchPhase sum;
    sum.name = beginning;
    for (const BenchPhase &phase : phases) {
        if (!phase.name.starts_with(beginning))
            continue;
        sum.seconds += phase.seconds;
        if (phase.work)
            sum.work = sum.work.value_or(Work()) += *phase.work;
        sum.peakBytes = std::max(sum.peakBytes, phase.peakBytes);
        sum.peakDeviceBytes = std::max(sum.peakDeviceBytes, phase.peakDeviceBytes);
    }
    return sum;
}

nlohmann::json toJson(const BenchResult &result)
{
    nlohmann::json products = nlohmann::json::array(), phases = nlohmann::json::array();
    for (const ProductRate &p : result.products)
        products.push_back(
            {{"name", p.name}, {"rows", p.rows}, {"inner", p.inner}, {"columns", p.columns}, {"flopPerSecond", p.flopPerSecond}});
    for (const BenchPhase &p : result.phases) {
        nlohmann::json phase = {
            {"name", p.name}, {"seconds", p.seconds}, {"peakBytes", p.peakBytes}, {"peakDeviceBytes", p.peakDeviceBytes}};
        if (p.work)
            phase.update({{"flop", p.work->flop},
                          {"bytes", p.work->bytes},
                          {"flopPerSecond", p.work->flop / p.seconds},
                          {"shareOfPeak", p.work->flop / p.seconds / result.peak()}});
        phases.push_back(std::move(phase));
    }
    return {{"products", products},
            {"peakFlopPerSecond", result.peak()},
            {"dtype", result.dtype},
            {"screening", result.screening},
            {"kernels", result.kernels},
            {"forecast", toJson(result.forecast)},
            {"peakBytes", result.peakBytes()},
            {"peakDeviceBytes", result.peakDeviceBytes()},
            {"phases", phases},
            {"attentionsToRemove", result.balance.attentionsToRemove},
            {"neuronsKept", result.balance.neuronsKept}};
}

} // namespace secateur
