// SPDX-License-Identifier: GPL-3.0-or-later
// Times what we compute in our own way against the library's plain way: in the shapes of a model, in turn, in one process. Prints rows for RESULTS.md.
//
// usage: kernels CONFIG.json [tokens] [float32|bfloat16|float16]
#include "checkpoint/Checkpoint.h"
#include "decoder/CausalAttention.h"
#include "decoder/Decoder.h"
#include "decoder/LanguageHead.h"
#include "decoder/Products.h"
#include "decoder/RandomWeights.h"
#include "decoder/RowKernels.h"
#include "decoder/Tensors.h"
#include "foundation/JobContext.h"
#include "model/Families.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace secateur;

namespace {

using Way = std::function<at::Tensor()>;

double milliseconds(const Way &way)
{
    const auto start = std::chrono::steady_clock::now();
    way();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Medians of rounds in which both are run in turn.
void compare(const std::string &what, const Way &plain, const Way &ours)
{
    constexpr int kRounds = 15;
    std::vector<double> before, after;
    milliseconds(plain); // warm
    milliseconds(ours);
    for (int round = 0; round < kRounds; ++round) {
        before.push_back(milliseconds(plain));
        after.push_back(milliseconds(ours));
    }
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    const double one = before[kRounds / 2], other = after[kRounds / 2];
    std::printf("| %s | %.2f ms | %.2f ms | %.2f |\n", what.c_str(), one, other, other / one);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2) {
        std::puts("usage: kernels CONFIG.json [tokens] [float32|bfloat16|float16]");
        return 1;
    }
    const c10::InferenceMode guard;
    ModelSpec spec = specFromConfig(readConfig(argv[1]), argv[1]);
    const std::int64_t tokens = argc > 2 ? std::stoll(argv[2]) : 2048, d = spec.hiddenSize;
    const std::string typeName = argc > 3 ? argv[3] : "float32";
    const at::ScalarType type = scalarType(dtypeFromConfigName(typeName));
    spec.layers.resize(1);
    const AttentionSpec attention = *spec.layers[0].attention;
    const std::int64_t neurons = spec.layers[0].neurons(), headDim = attention.headDim;
    JobContext context;
    Weights weights = randomWeights(spec, c10::kCPU, type, 1, false, context);
    weights.head = weights.head * (4 / std::sqrt(double(d))); // logits of about 4, as models have: larger ones end in slow tiny numbers
    const Decoder decoder(spec, std::move(weights), tokens);
    const LayerWeights &layer = decoder.weights().layers[0];

    const auto random = [type](at::IntArrayRef sizes) { return at::randn(sizes).to(type); };
    std::printf("%s, kernels %s, %d threads, %lld tokens, d %lld, %lld neurons, %lld heads of %lld, vocabulary %lld\n\n", typeName.c_str(),
                kernelInstructions(type).c_str(), at::get_num_threads(), (long long)tokens, (long long)d, (long long)neurons,
                (long long)attention.heads, (long long)headDim, (long long)spec.vocabularySize);
    std::puts("| what | library, plainly | ours | ours / plain |\n|---|---|---|---|");

    const auto byHead = [&](std::int64_t heads) { return random({1, tokens, heads, headDim}).transpose(1, 2); };
    const at::Tensor query = byHead(attention.heads), key = byHead(attention.kvHeads), value = byHead(attention.kvHeads);
    compare(
        "causal attention",
        [&] { return at::scaled_dot_product_attention(query, key, value, {}, 0.0, true, {}, attention.heads != attention.kvHeads); },
        [&] { return mixCausally(query, key, value, 1 / std::sqrt(double(headDim))); });

    const at::Tensor x = random({1, tokens, d}), weight = random({d});
    compare(
        "RMSNorm",
        [&] {
            const at::Tensor wide = x.to(at::kFloat);
            return (wide * wide.square().mean(-1, true).add_(1e-5).rsqrt_()).to(type).mul_(weight);
        },
        [&] { return normedRows(x, weight, 1e-5, 0); });

    const at::Tensor cos = random({tokens, headDim}), sin = random({tokens, headDim});
    compare(
        "rotation of the queries",
        [&] {
            const std::int64_t half = headDim / 2;
            return query * cos + at::cat({query.narrow(-1, half, half).neg(), query.narrow(-1, 0, half)}, -1) * sin;
        },
        [&] { return rotatedRows(query, cos, sin); });

    const at::Tensor gate = random({1, tokens, neurons}), up = random({1, tokens, neurons});
    at::Tensor written = gate.clone();
    compare(
        "silu(gate) * up", [&] { return at::silu_(written.copy_(gate)).mul_(up); },
        [&] {
            written.copy_(gate);
            swiglu(written, up);
            return written;
        });

    const at::Tensor both = at::cat({layer.ffn->gate.weight, layer.ffn->up.weight}, 0);
    compare(
        "gate product", [&] { return at::linear(x, layer.ffn->gate.weight); }, [&] { return product(x, layer.ffn->gate.weight); });
    compare(
        "down product", [&] { return at::linear(gate, layer.ffn->down.weight); }, [&] { return product(gate, layer.ffn->down.weight); });
    compare(
        "gate and up product apart; as one", [&] { return product(x, layer.ffn->gate.weight) + product(x, layer.ffn->up.weight); },
        [&] {
            const at::Tensor asOne = product(x, both);
            return asOne.narrow(-1, 0, neurons) + asOne.narrow(-1, neurons, neurons);
        });

    const at::Tensor logits = random({1024, 2048}) * 4;
    compare(
        "log-sum-exp of a block of logits", [&] { return at::logsumexp(logits.to(at::kFloat), {1}); },
        [&] { return logSumExpRows(logits); });

    const at::Tensor ids = at::randint(spec.vocabularySize, {1, tokens}, at::kLong);
    compare(
        "head and cross entropy",
        [&] {
            const at::Tensor all =
                at::linear(decoder.finalNorm(x), decoder.weights().head).narrow(1, 0, tokens - 1).reshape({tokens - 1, -1});
            return at::cross_entropy_loss(all, ids.narrow(1, 1, tokens - 1).reshape(-1));
        },
        [&] { return lossSum(decoder, x, ids, LossType::Float32, context); });
    return 0;
}
