// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Generator.h"

#include "decoder/FiniteCheck.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace secateur {

CachedSequences::CachedSequences(const Decoder &decoder, std::int64_t sequences, std::int64_t positions) : m_decoder(decoder)
{
    for (const LayerSpec &layer : decoder.spec().layers) {
        std::optional<KvCache> cache;
        if (const auto &a = layer.attention) {
            const auto make = [&] {
                return at::empty({sequences, a->kvHeads, positions, a->headDim}, decoder.weights().embedding.options());
            };
            cache = KvCache{make(), make()};
        }
        m_caches.push_back(std::move(cache));
    }
}

at::Tensor CachedSequences::advance(const at::Tensor &tokens, const JobContext &stop)
{
    at::Tensor x = embed(tokens);
    for (std::int64_t l = 0; l < m_decoder.layerCount(); ++l) {
        x = layer(l, x);
        stop.check();
    }
    return finish(x);
}

at::Tensor CachedSequences::layer(std::int64_t index, const at::Tensor &x)
{
    auto &cache = m_caches[std::size_t(index)];
    return m_decoder.addFfn(index, m_decoder.addAttention(index, x, cache ? &*cache : nullptr, m_position));
}

at::Tensor CachedSequences::finish(const at::Tensor &x)
{
    if (!isFinite(x)) // at any place of the prompt, as an evaluation would refuse it
        throw Error("The activations of the model are not finite.", remedyOfNonFinite(m_decoder.dtype()));
    m_position += x.size(1);
    return m_decoder.logits(m_decoder.finalNorm(x.select(1, x.size(1) - 1))).to(at::kFloat);
}

Sampler::Sampler(const SamplingSettings &settings) : m_settings(settings), m_random(settings.seed)
{
    if (!(settings.temperature >= 0) || !std::isfinite(settings.temperature))
        throw Error("The temperature is out of range.", "Give 0 (greedy) or a number above 0.");
    if (settings.topK < 0)
        throw Error("top-k is out of range.", "Give 0 (all tokens) or a number above 0.");
    if (!(settings.topP > 0 && settings.topP <= 1))
        throw Error("top-p is out of range.", "Give a probability above 0, at most 1.");
}

std::int32_t Sampler::choose(const at::Tensor &logits)
{
    if (m_settings.temperature == 0)
        return std::int32_t(logits.argmax().item<std::int64_t>());
    const auto [probabilities, ids] = at::softmax(logits / m_settings.temperature, -1).to(at::kCPU, at::kDouble).sort(0, true);
    const auto *p = probabilities.const_data_ptr<double>();
    std::int64_t count = m_settings.topK > 0 ? std::min(m_settings.topK, probabilities.numel()) : probabilities.numel();
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        sum += p[i];
        if (sum >= m_settings.topP) {
            count = i + 1;
            break;
        }
    }
    // Our own inverse-transform draw: std::discrete_distribution may differ from one library to the next.
    double left = double(m_random() >> 11) * 0x1.0p-53 * sum;
    std::int64_t chosen = 0;
    while (chosen + 1 < count && left >= p[chosen])
        left -= p[chosen++];
    return std::int32_t(ids.const_data_ptr<std::int64_t>()[chosen]);
}

void checkPrompt(std::span<const std::int32_t> prompt, const Decoder &decoder)
{
    if (prompt.empty())
        throw Error("The prompt is empty.", "Give at least one token of text.");
    if (std::int64_t(prompt.size()) >= decoder.positions())
        throw Error("The prompt has " + counted(std::int64_t(prompt.size()), "token") + "; the model's context holds " +
                        std::to_string(decoder.positions()) + ".",
                    "Give a shorter prompt.");
}

void checkLogits(const at::Tensor &logits, std::size_t token, const Decoder &decoder)
{
    if (!isFinite(logits))
        throw Error("The logits of token " + std::to_string(token + 1) + " are not finite.", remedyOfNonFinite(decoder.dtype()));
}

Generator::Generator(const Decoder &decoder, const SamplingSettings &settings)
    : m_decoder(decoder),
      m_sampler(settings),
      m_written(decoder, 1, decoder.positions())
{
}

std::vector<std::int32_t> Generator::generate(std::span<const std::int32_t> prompt, std::int64_t count, std::span<const std::int32_t> stops,
                                              JobContext &context, const std::function<void(std::int32_t)> &heard)
{
    checkPrompt(prompt, m_decoder);
    count = std::min(count, m_decoder.positions() - std::int64_t(prompt.size()));
    context.begin("generate", count, "tokens");
    std::vector<std::int32_t> written;
    const auto advance = [&](std::span<const std::int32_t> tokens) { // logits, [V]
        return m_written.advance(tokenTensor(tokens, std::int64_t(tokens.size()), m_decoder.device()), context).squeeze(0);
    };
    at::Tensor logits = advance(prompt);
    while (std::int64_t(written.size()) < count) {
        checkLogits(logits, written.size(), m_decoder);
        written.push_back(m_sampler.choose(logits));
        if (heard)
            heard(written.back());
        context.step();
        if (std::find(stops.begin(), stops.end(), written.back()) != stops.end())
            break;
        if (std::int64_t(written.size()) < count)
            logits = advance(std::array{written.back()});
    }
    return written;
}

} // namespace secateur
