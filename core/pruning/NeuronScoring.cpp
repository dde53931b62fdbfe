// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/NeuronScoring.h"

#include "foundation/Error.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace secateur {
namespace {

/// Norm of each neuron's activation over the tokens: [T, I] to [I]. As sums, which the library vectorises along the rows; its norm does
/// not.
at::Tensor windowNorm(const at::Tensor &activation, ScoreNorm norm)
{
    return norm == ScoreNorm::L1 ? activation.abs().sum(0) : activation.square().sum(0).sqrt_();
}

} // namespace

std::vector<std::vector<float>> scoreNeurons(const Decoder &decoder, const at::Tensor &tokens, ScoreNorm norm, JobContext &context)
{
    const std::int64_t layers = decoder.layerCount(), windows = tokens.size(0);
    context.begin("calibrate", layers * windows, "layers x windows");
    std::vector<at::Tensor> hidden; // of each window, [1, T, d]
    for (std::int64_t w = 0; w < windows; ++w)
        hidden.push_back(decoder.embed(tokens.narrow(0, w, 1)));

    std::vector<std::vector<float>> scores;
    for (std::int64_t i = 0; i < layers; ++i) {
        at::Tensor sum = at::zeros({decoder.spec().layers[std::size_t(i)].ffn.neurons}, hidden[0].options().dtype(at::kFloat));
        for (at::Tensor &x : hidden) {
            x = decoder.addAttention(i, x);
            const at::Tensor activation = decoder.ffnActivation(i, x);
            sum += windowNorm(activation.squeeze(0).to(at::kFloat), norm);
            if (i + 1 < layers)
                x = x + decoder.ffnDown(i, activation);
            context.step();
        }
        const at::Tensor mean = (sum / double(windows)).to(at::kCPU).contiguous();
        const float *values = mean.const_data_ptr<float>();
        scores.emplace_back(values, values + mean.numel());
        if (!std::all_of(scores.back().begin(), scores.back().end(), [](float score) { return std::isfinite(score); }))
            throw Error("The activations of layer " + std::to_string(i) + " are not finite.",
                        "The type overflows or the checkpoint is damaged; try --dtype float32.");
    }
    return scores;
}

} // namespace secateur
