// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/BlockScores.h"

#include "decoder/FiniteCheck.h"
#include "foundation/Error.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/stack.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

namespace secateur {
namespace {

at::Tensor cosine(const at::Tensor &one, const at::Tensor &other)
{
    constexpr double kLeastNorm = 1e-8;
    return at::cosine_similarity(one, other, /*dim=*/-1, kLeastNorm);
}

/// What is kept of a window while it goes through the layers.
struct WindowStates {
    at::Tensor x; ///< [1, T, d]
    std::vector<at::Tensor>
        last; ///< of each state its last position, [1, d] in fp32: what leaves a layer; in the paper the embedding before them
    std::vector<at::Tensor>
        alike; ///< of each layer the mean cosine of what enters and leaves it, over all positions, in fp64; in the paper alone

    void keepLast() { last.push_back(x.select(1, x.size(1) - 1).to(at::kFloat)); }
};

/// Takes a window through a layer. Of what leaves the last one only one position is asked for, but in the paper.
void pass(const Decoder &dense, std::int64_t layer, BlockVariant variant, WindowStates &window)
{
    const at::Tensor before = window.x;
    window.x = dense.addAttention(layer, window.x);
    if (variant == BlockVariant::Authors && layer + 1 == dense.layerCount())
        window.x = window.x.narrow(1, window.x.size(1) - 1, 1).contiguous();
    window.x = dense.addFfn(layer, window.x);
    if (variant == BlockVariant::Original)
        window.alike.push_back(cosine(before.to(at::kFloat), window.x.to(at::kFloat)).to(at::kDouble).mean());
    window.keepLast();
}

/// The numbers of a window: cosines of all pairs of states, row-major, then the layers' own.
std::vector<double> numbersOf(const WindowStates &window)
{
    const at::Tensor states = at::cat(window.last);
    std::vector<at::Tensor> rows;
    for (const at::Tensor &state : window.last)
        rows.push_back(cosine(states, state).to(at::kDouble));
    if (!window.alike.empty())
        rows.push_back(at::stack(window.alike));
    const at::Tensor all = at::cat(rows).to(at::kCPU).contiguous();
    const double *values = all.const_data_ptr<double>();
    return {values, values + all.numel()};
}

/// Throws Error that names the first state of which the cosine with itself is no number.
void checkFinite(const std::vector<double> &numbers, std::int64_t states, std::int64_t layers, const Decoder &dense)
{
    for (std::int64_t i = 0; i < states; ++i)
        if (!std::isfinite(numbers[std::size_t(i * states + i)])) {
            const std::int64_t layer = i - (states - layers);
            throw Error(layer < 0 ? "The embeddings of the text are not finite."
                                  : "What leaves layer " + std::to_string(layer) + " is not finite.",
                        remedyOfNonFinite(dense.dtype()));
        }
}

/// The sum of all windows' numbers, added in the order of the windows: `own` holds those of this rank.
std::vector<double> sumOfAll(const std::vector<std::vector<double>> &own, std::int64_t windows, std::size_t count, Ranks &ranks,
                             const JobContext &context)
{
    std::string mine;
    for (const std::vector<double> &numbers : own)
        mine.append(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(double));
    const std::vector<std::string> all = ranks.exchange(std::move(mine), context);
    std::vector<double> sum(count), numbers(count);
    std::vector<std::size_t> used(all.size());
    for (std::int64_t w = 0; w < windows; ++w) {
        const auto owner = std::size_t(ranks.ownerOf(w));
        const std::size_t bytes = count * sizeof(double);
        if (used[owner] + bytes > all[owner].size())
            throw Error("Rank " + std::to_string(owner) + " measured other windows.", "Start all ranks with the same command.");
        std::memcpy(numbers.data(), all[owner].data() + used[owner], bytes);
        used[owner] += bytes;
        std::ranges::transform(sum, numbers, sum.begin(), std::plus<>());
    }
    return sum;
}

/// 1 less the angle of a cosine in half turns.
double nearness(double cosine)
{
    return 1 - std::acos(std::clamp(cosine, -1.0, 1.0)) / std::numbers::pi;
}

} // namespace

BlockScores scoreBlocks(const Decoder &dense, const at::Tensor &tokens, std::int64_t together, BlockVariant variant, JobContext &context,
                        Ranks &ranks)
{
    const bool isOriginal = variant == BlockVariant::Original;
    const std::int64_t layers = dense.layerCount(), windows = tokens.size(0), states = layers + (isOriginal ? 1 : 0);
    std::vector<std::int64_t> owned;
    for (std::int64_t w = 0; w < windows; ++w)
        if (ranks.owns(w))
            owned.push_back(w);
    context.begin("search", layers * std::int64_t(owned.size()), "layers × windows");

    std::vector<std::vector<double>> numbers; // of each window of this rank
    for (std::size_t first = 0; first < owned.size(); first += std::size_t(together)) {
        std::vector<WindowStates> group;
        for (std::size_t i = first; i < std::min(owned.size(), first + std::size_t(together)); ++i) {
            group.push_back({.x = dense.embed(tokens.narrow(0, owned[i], 1)), .last = {}, .alike = {}});
            if (isOriginal)
                group.back().keepLast();
        }
        for (std::int64_t layer = 0; layer < layers; ++layer)
            for (WindowStates &window : group) {
                pass(dense, layer, variant, window);
                context.step();
            }
        for (const WindowStates &window : group) {
            numbers.push_back(numbersOf(window));
            checkFinite(numbers.back(), states, layers, dense);
            if (isOriginal)
                std::transform(numbers.back().begin(), numbers.back().begin() + states * states, numbers.back().begin(), nearness);
        }
    }

    const auto cosines = std::size_t(states * states);
    std::vector<double> mean = sumOfAll(numbers, windows, cosines + (isOriginal ? std::size_t(layers) : 0), ranks, context);
    for (double &value : mean)
        value /= double(windows);
    BlockScores scores;
    for (std::int64_t i = 0; i < states; ++i)
        scores.similarities.emplace_back(mean.begin() + i * states, mean.begin() + (i + 1) * states);
    for (std::int64_t i = 0; i < layers; ++i) {
        if (isOriginal)
            scores.influence.push_back(1 - mean[cosines + std::size_t(i)]);
        else // what enters layer 0 is not among the states
            scores.influence.push_back(i == 0 ? 1 : 1 - scores.similarities[std::size_t(i - 1)][std::size_t(i)]);
    }
    return scores;
}

} // namespace secateur
