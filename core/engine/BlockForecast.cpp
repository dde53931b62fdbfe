// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/BlockForecast.h"

#include "pruning/Evolution.h"

#include <algorithm>

namespace secateur {
namespace {

/// Seconds of a job of that size without what every job takes.
double computing(const ModelSpec &dense, const JobSize &size, ForecastBasis basis)
{
    basis.limits = {};
    basis.freeHost = basis.freeDevice = std::int64_t(1) << 60; // only the time is asked for
    return forecast(dense, size, basis).seconds - kSecondsToBegin;
}

/// Of all evolutions, about: every selection takes its tokens once for each candidate, which lacks its blocks.
double secondsOfEvolutions(const ModelSpec &dense, const BlockSettings &settings, const std::vector<double> &sparsities,
                           std::int64_t windows, std::int64_t length, const ForecastBasis &basis)
{
    constexpr double kFirst = 64, kOffspring = 32, kFinalists = 3; // candidates of a selection
    constexpr double kApart = 0.73;                                // of the layers, those that candidates do not share with one another
    const double layers = computing(dense, {.windows = 1, .length = length}, basis);
    const double whole = computing(dense, {.length = length, .searchWindows = 1, .neuronsKept = dense.mostNeurons()}, basis);
    double seconds = whole * double(windows);
    for (const double sparsity : sparsities) {
        const std::int64_t L = dense.layerCount(), n = blocksToRemove(sparsity, L);
        const double tokens =
            kFirst * double(settings.coarseTokens) +
            double(generationsOf(settings, n, L)) * (kOffspring * double(settings.coarseTokens) + kFinalists * double(settings.fineTokens));
        const double left = 1 - double(n) / double(L);
        seconds += tokens / double(length) * (kApart * left * layers + (whole - layers));
    }
    return seconds;
}

} // namespace

JobSize sizeOfBlocks(const ModelSpec &dense, const BlockSettings &settings, std::int64_t blocks, std::int64_t windows, std::int64_t length,
                     const ForecastBasis &basis)
{
    if (settings.method == PlanMethod::BlockPruner)
        return {.length = length,
                .searchWindows = windows,
                .removals = blocks,
                .neuronsKept = dense.mostNeurons(),
                .searched = settings.variant == BlockVariant::Original ? Searched::Pool : Searched::InTurn};
    JobSize size{.windows = 1, .length = length, .textTokens = windows * length};
    if (settings.method == PlanMethod::EvoPress)
        size.keptBytes = evolutionBytes(dense, settings, windows * length, basis.elementBytes);
    return size;
}

Forecast forecastBlocks(const ModelSpec &dense, const BlockSettings &settings, const std::vector<double> &sparsities, std::int64_t windows,
                        std::int64_t length, const ForecastBasis &basis)
{
    std::int64_t blocks = 0;
    for (const double sparsity : sparsities)
        blocks = std::max(blocks, blocksToRemove(sparsity, dense.layerCount()));
    const JobSize size = sizeOfBlocks(dense, settings, blocks, windows, length, basis);
    Forecast result = forecast(dense, size, basis);
    if (basis.flopPerSecond == 0)
        return result;
    if (settings.method == PlanMethod::EvoPress)
        result.seconds = kSecondsToBegin + secondsOfEvolutions(dense, settings, sparsities, windows, length, basis);
    else if (settings.method != PlanMethod::BlockPruner) // one window after another
        result.seconds = kSecondsToBegin + double(windows) * computing(dense, {.windows = 1, .length = length}, basis);
    return result;
}

} // namespace secateur
