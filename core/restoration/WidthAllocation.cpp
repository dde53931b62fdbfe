// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/WidthAllocation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace secateur {
namespace {

[[noreturn]] void refuse(const std::string &reason)
{
    throw std::invalid_argument("allocateWidths: " + reason);
}

std::int64_t sumOf(const std::vector<std::int64_t> &numbers)
{
    return std::accumulate(numbers.begin(), numbers.end(), std::int64_t(0));
}

/// A layer on its way down.
struct Falling {
    const LossPath &path;
    std::int64_t width;
    std::size_t next = 0; ///< cut
    double marginal = 0;  ///< of the next one: the running maximum of error per neuron

    Falling(const LossPath &cuts, std::int64_t neurons) : path(cuts), width(neurons) { lookAhead(); }
    bool isAtEnd() const { return next == path.size(); }
    void cut()
    {
        width = path[next++].first;
        lookAhead();
    }
    void lookAhead()
    {
        if (isAtEnd())
            return;
        const auto [remaining, error] = path[next];
        if (remaining < 0 || remaining >= width || !std::isfinite(error) || error < 0)
            refuse("a path does not fall, or an error is none");
        marginal = std::max(marginal, error / double(width - remaining));
    }
};

/// The widths that the cheapest cuts leave, with that sum.
std::vector<std::int64_t> cheapestCuts(const std::vector<std::int64_t> &neurons, const std::vector<LossPath> &paths, std::int64_t sum)
{
    std::vector<Falling> layers;
    for (std::size_t l = 0; l < neurons.size(); ++l)
        layers.emplace_back(paths[l], neurons[l]);
    for (std::int64_t excess = sumOf(neurons) - sum; excess > 0;) {
        Falling *cheapest = nullptr;
        for (Falling &layer : layers)
            if (!layer.isAtEnd() &&
                (!cheapest || std::pair(layer.marginal, -layer.width) < std::pair(cheapest->marginal, -cheapest->width)))
                cheapest = &layer;
        if (!cheapest)
            refuse("the paths end above " + std::to_string(sum) + " neurons");
        const std::int64_t before = cheapest->width;
        if (before - cheapest->path[cheapest->next].first > excess) {
            cheapest->width -= excess;
            break;
        }
        cheapest->cut();
        excess -= before - cheapest->width;
    }
    std::vector<std::int64_t> widths;
    for (const Falling &layer : layers)
        widths.push_back(layer.width);
    return widths;
}

/// Whole numbers of units near `wanted`, each between 1 and `most`, with that sum: rounded down, then one by one where the
/// remainder is largest (or smallest, where there are too many). Of equal layers the lower one gets more.
std::vector<std::int64_t> apportion(const std::vector<double> &wanted, const std::vector<std::int64_t> &most, std::int64_t sum)
{
    std::vector<std::int64_t> units;
    for (std::size_t l = 0; l < wanted.size(); ++l)
        units.push_back(std::clamp<std::int64_t>(std::int64_t(std::floor(wanted[l])), 1, most[l]));
    for (std::int64_t missing = sum - sumOf(units); missing != 0;) {
        const std::int64_t step = missing > 0 ? 1 : -1;
        std::optional<std::size_t> best;
        const auto need = [&](std::size_t l) { return double(step) * (wanted[l] - double(units[l])); };
        for (std::size_t l = 0; l < units.size(); ++l)
            if (units[l] + step >= 1 && units[l] + step <= most[l] &&
                (!best || need(l) > need(*best) || (step < 0 && need(l) == need(*best))))
                best = l;
        if (!best)
            refuse("the layers do not hold that many neurons in such multiples");
        units[*best] += step;
        missing -= step;
    }
    return units;
}

} // namespace

std::vector<std::int64_t> allocateWidths(const std::vector<std::int64_t> &neurons, const std::vector<LossPath> &paths,
                                         std::int64_t perLayer, double share, std::int64_t multiple)
{
    const auto layers = std::int64_t(neurons.size());
    const std::int64_t sum = layers * perLayer;
    if (neurons.empty() || neurons.size() != paths.size())
        refuse("there are no layers, or not as many paths");
    if (multiple < 1 || perLayer < multiple || sum > sumOf(neurons))
        refuse("the layers cannot be that wide");
    if (!(share > 0 && share <= 1))
        refuse("the share is not in (0, 1]");

    const std::vector<std::int64_t> cheapest = cheapestCuts(neurons, paths, sum);
    std::vector<double> wanted; // in units of `multiple`
    std::vector<std::int64_t> most;
    for (std::size_t l = 0; l < neurons.size(); ++l) {
        wanted.push_back((double(perLayer) + share * double(cheapest[l] - perLayer)) / double(multiple));
        most.push_back(neurons[l] / multiple);
        if (most.back() < 1)
            refuse("a layer has fewer neurons than the multiple");
    }
    std::vector<std::int64_t> widths = apportion(wanted, most, sum / multiple);
    std::optional<std::size_t> odd; // gets what is no multiple
    const std::int64_t rest = sum % multiple;
    for (std::size_t l = 0; l < widths.size(); ++l)
        if (widths[l] * multiple + rest <= neurons[l] && (!odd || wanted[l] - double(widths[l]) > wanted[*odd] - double(widths[*odd])))
            odd = l;
    for (std::int64_t &width : widths)
        width *= multiple;
    if (rest > 0 && !odd)
        refuse("no layer has room for what is no multiple");
    if (rest > 0)
        widths[*odd] += rest;
    return widths;
}

} // namespace secateur
