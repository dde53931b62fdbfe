// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Verifier.h"

#include "checkpoint/Checkpoint.h"
#include "decoder/LayerStream.h"
#include "decoder/Tensors.h"
#include "model/CheckpointSpec.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <algorithm>

namespace secateur {
namespace {

/// All logits of one window: [T, V] in fp32.
at::Tensor allLogits(const Decoder &decoder, const at::Tensor &tokens, JobContext &context)
{
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t l = 0; l < decoder.layerCount(); ++l) {
        x = decoder.layer(l, x);
        context.step();
    }
    return decoder.logits(decoder.finalNorm(x)).squeeze(0).to(at::kFloat);
}

double relativeTolerance(c10::ScalarType dtype)
{
    switch (dtype) {
    case c10::kBFloat16:
        return 4.0 / 256; // 8 bits of mantissa
    case c10::kHalf:
        return 4.0 / 2048;
    default:
        return 1e-5;
    }
}

} // namespace

Verification verify(const std::filesystem::path &folder, const Decoder &expected, std::span<const std::int32_t> tokens, JobContext &context)
{
    Checkpoint checkpoint = Checkpoint::open(folder);
    const ModelSpec spec = specOf(checkpoint);
    const auto load = expected.weights().stream ? streamWeights : loadWeights; // the export fits where the model does
    const Decoder loaded(spec, load(checkpoint, spec, expected.device(), expected.dtype(), context), expected.positions());

    context.begin("verify", expected.layerCount() + loaded.layerCount(), "layers"); // some may have been left out
    const at::Tensor window = tokenTensor(tokens, std::int64_t(tokens.size()), expected.device());
    const at::Tensor ours = allLogits(expected, window, context);
    if (const auto &stream = expected.weights().stream)
        stream->release(); // two layers of one model at a time
    const at::Tensor theirs = allLogits(loaded, window, context);
    Verification result;
    result.tokens = std::int64_t(tokens.size());
    result.largestDifference = (ours - theirs).abs().max().item<double>();
    result.tolerance = relativeTolerance(expected.dtype()) * std::max(1.0, ours.abs().max().item<double>());
    result.sameArgmax = (ours.argmax(-1) == theirs.argmax(-1)).to(at::kDouble).mean().item<double>();
    result.isPassed = result.largestDifference <= result.tolerance && result.sameArgmax >= 0.999;
    return result;
}

Decoder roundedTo(const Decoder &decoder, c10::ScalarType stored)
{
    return withTensors(decoder, [stored, used = decoder.dtype()](const at::Tensor &tensor) { return tensor.to(stored).to(used); });
}

} // namespace secateur
