// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/NeuronScoring.h"

#include "decoder/FiniteCheck.h"
#include "decoder/RowKernels.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace secateur {
namespace {

/// Norm of each neuron's activation over the tokens, in fp32: [T, I] to [I]. On a GPU the library's norm reads the activation once, whatever its
/// type; on the CPU it is slower than sums, which are vectorised along the rows.
at::Tensor windowNorm(const at::Tensor &stored, ScoreNorm norm)
{
    if (!stored.is_cpu())
        return at::linalg_vector_norm(stored, norm == ScoreNorm::L1 ? 1 : 2, {0}, /*keepdim=*/false, at::kFloat);
    if (norm == ScoreNorm::L2 && canTakeRows(stored))
        return columnSquares(stored).sqrt_();
    const at::Tensor activation = stored.to(at::kFloat);
    return norm == ScoreNorm::L1 ? activation.abs().sum(0) : activation.square().sum(0).sqrt_();
}

/// The sum of all windows' norms, added in the order of the windows: `own` holds those of this rank.
at::Tensor sumOfAll(const std::vector<at::Tensor> &own, std::int64_t windows, Ranks &ranks, const JobContext &context)
{
    std::string mine;
    for (const at::Tensor &norm : own) {
        const at::Tensor bytes = norm.to(at::kCPU).contiguous();
        mine.append(reinterpret_cast<const char *>(bytes.const_data_ptr<float>()), bytes.nbytes());
    }
    const std::vector<std::string> all = ranks.exchange(std::move(mine), context);
    const std::size_t bytes = own.front().nbytes();
    at::Tensor sum = at::zeros(own.front().sizes(), at::kFloat);
    std::vector<std::size_t> used(all.size());
    for (std::int64_t w = 0; w < windows; ++w) {
        const auto owner = std::size_t(ranks.ownerOf(w));
        at::Tensor norm = at::empty(own.front().sizes(), at::kFloat);
        if (used[owner] + bytes > all[owner].size())
            throw Error("Rank " + std::to_string(owner) + " scored other windows.", "Start all ranks with the same command.");
        std::memcpy(norm.mutable_data_ptr<float>(), all[owner].data() + used[owner], bytes);
        used[owner] += bytes;
        sum += norm;
    }
    return sum;
}

} // namespace

std::vector<at::Tensor> normsOfLayer(const Decoder &decoder, std::int64_t layer, std::vector<at::Tensor> &states, ScoreNorm norm,
                                     JobContext &context, ActivationWatcher *watcher)
{
    std::vector<at::Tensor> norms;
    const LayerSpec &spec = decoder.spec().layers[std::size_t(layer)];
    const bool hasFfn = spec.ffn.has_value();
    if (hasFfn && watcher)
        watcher->beginLayer(layer, spec.neurons());
    for (at::Tensor &x : states) {
        x = decoder.addAttention(layer, x);
        if (!hasFfn) {
            context.step();
            continue;
        }
        const at::Tensor activation = decoder.ffnActivation(layer, x);
        norms.push_back(windowNorm(activation.squeeze(0), norm));
        if (layer + 1 < decoder.layerCount() || watcher) // nobody else asks for what the last layer gives
            x = x + decoder.ffnDown(layer, activation);
        if (watcher)
            watcher->window(activation.squeeze(0), x.squeeze(0));
        context.step();
    }
    return norms;
}

std::vector<std::vector<float>> scoreNeurons(const Decoder &decoder, const at::Tensor &tokens, ScoreNorm norm, JobContext &context)
{
    Ranks alone;
    return scoreNeurons(decoder, tokens, norm, context, alone);
}

std::vector<std::vector<float>> scoreNeurons(const Decoder &decoder, const at::Tensor &tokens, ScoreNorm norm, JobContext &context,
                                             Ranks &ranks, ActivationWatcher *watcher)
{
    const std::int64_t layers = decoder.layerCount(), windows = tokens.size(0);
    if (windows < ranks.size())
        throw Error("The text has " + counted(windows, "window") + " for " + std::to_string(ranks.size()) + " processes.",
                    "Use more windows (--windows), or start fewer processes.");
    std::vector<at::Tensor> hidden; // of each window of this rank, [1, T, d]
    for (std::int64_t w = 0; w < windows; ++w)
        if (ranks.owns(w))
            hidden.push_back(decoder.embed(tokens.narrow(0, w, 1)));
    context.begin("calibrate", layers * std::int64_t(hidden.size()), "layers × windows");

    std::vector<std::vector<float>> scores;
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::vector<at::Tensor> norms = normsOfLayer(decoder, i, hidden, norm, context, watcher);
        if (norms.empty()) { // a layer without an FFN
            scores.emplace_back();
            continue;
        }
        at::Tensor sum = ranks.isAlone() ? at::zeros_like(norms.front()) : sumOfAll(norms, windows, ranks, context);
        if (ranks.isAlone())
            for (const at::Tensor &ofWindow : norms)
                sum += ofWindow;
        const at::Tensor mean = (sum / double(windows)).to(at::kCPU).contiguous();
        const float *values = mean.const_data_ptr<float>();
        scores.emplace_back(values, values + mean.numel());
        if (!std::all_of(scores.back().begin(), scores.back().end(), [](float score) { return std::isfinite(score); }))
            throw Error("The activations of layer " + std::to_string(i) + " are not finite.", remedyOfNonFinite(decoder.dtype()));
        if (watcher)
            watcher->endLayer();
    }
    return scores;
}

} // namespace secateur
