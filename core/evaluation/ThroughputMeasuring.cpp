// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/ThroughputMeasuring.h"

#include "decoder/Generator.h"
#include "decoder/Tensors.h"

#include <ATen/ops/argmax.h>
#include <algorithm>
#include <chrono>
#include <random>

namespace secateur {
namespace {

/// Of `tokens` in each of these times.
Rate rateOf(std::int64_t tokens, std::vector<double> seconds)
{
    std::ranges::sort(seconds);
    const std::size_t half = seconds.size() / 2;
    const double median = seconds.size() % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
    return {.median = double(tokens) / median, .least = double(tokens) / seconds.back(), .most = double(tokens) / seconds.front()};
}

at::Tensor promptsOf(const Decoder &decoder, std::int64_t sequences, std::int64_t length)
{
    std::mt19937 random; // what stands in a prompt changes no time
    std::vector<std::int32_t> tokens(std::size_t(sequences * length));
    std::ranges::generate(tokens, [&] { return std::int32_t(random() % std::uint64_t(decoder.spec().vocabularySize)); });
    return tokenTensor(tokens, length, decoder.device());
}

/// Waits for what a device still computes.
void waitFor(const at::Tensor &tensor)
{
    tensor.flatten().narrow(0, 0, 1).item();
}

} // namespace

std::vector<Throughput> measureThroughput(const Decoder &decoder, const ThroughputSettings &settings, JobContext &context)
{
    checkThroughputSettings(settings, decoder.positions());
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); };
    const auto cases = std::int64_t(settings.promptLengths.size() * settings.batchSizes.size());
    context.begin("throughput", cases * (settings.repetitions + 1), "repetitions");
    std::vector<Throughput> results;
    for (const std::int64_t length : settings.promptLengths)
        for (const std::int64_t batch : settings.batchSizes) {
            const at::Tensor prompts = promptsOf(decoder, batch, length);
            std::vector<double> prefill, decode;
            for (std::int64_t repetition = 0; repetition <= settings.repetitions; ++repetition) {
                CachedSequences sequences(decoder, batch, length + settings.newTokens);
                const Clock::time_point start = Clock::now();
                at::Tensor logits = sequences.advance(prompts);
                waitFor(logits);
                const double begun = since(start);
                for (std::int64_t t = 0; t < settings.newTokens; ++t) {
                    context.check();
                    logits = sequences.advance(logits.argmax(1, true));
                }
                waitFor(logits);
                if (repetition > 0) { // the first one warms up
                    prefill.push_back(begun);
                    decode.push_back(since(start) - begun);
                }
                context.step();
            }
            results.push_back({.promptLength = length,
                               .batchSize = batch,
                               .newTokens = settings.newTokens,
                               .repetitions = settings.repetitions,
                               .prefill = rateOf(batch * length, prefill),
                               .decode = rateOf(batch * settings.newTokens, decode)});
        }
    return results;
}

} // namespace secateur
