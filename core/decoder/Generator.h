// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace secateur {

/// How the next token is chosen. The defaults are greedy.
struct SamplingSettings {
    double temperature = 0; ///< 0 = the most likely token always
    std::int64_t topK = 0;  ///< only among the k most likely; 0 = all
    double topP = 1;        ///< only among the most likely that hold this probability together, in (0, 1]
    std::uint64_t seed = 0; ///< of the choice; the same seed gives the same text on the same device
};

/// Chooses tokens.
class Sampler {
public:
    /// Throws Error when a setting is out of its range.
    explicit Sampler(const SamplingSettings &settings);

    /// From the logits of the next token, [V] in fp32.
    std::int32_t choose(const at::Tensor &logits);

private:
    SamplingSettings m_settings;
    std::mt19937_64 m_random;
};

/// Sequences of one length whose keys and values are kept, so that each of their tokens is computed once. Those of a removed attention are not there.
class CachedSequences {
public:
    /// `positions`: the most tokens of each; at most the decoder's.
    CachedSequences(const Decoder &decoder, std::int64_t sequences, std::int64_t positions);

    /// Puts tokens, [sequences, T] (int64, on the device), behind those that are there. Returns the logits of what comes behind the last, [sequences, V]
    /// in fp32. Throws Error when the model's numbers are not finite. `stop` is asked after every layer.
    at::Tensor advance(const at::Tensor &tokens, const JobContext &stop = {});

    // The same layer by layer, for models that share a stream of layers: embed, each layer in its order, finish.
    at::Tensor embed(const at::Tensor &tokens) const { return m_decoder.embed(tokens); }
    at::Tensor layer(std::int64_t index, const at::Tensor &x);
    at::Tensor finish(const at::Tensor &x);

private:
    const Decoder &m_decoder;
    std::vector<std::optional<KvCache>> m_caches; ///< one per layer with attention
    std::int64_t m_position = 0;                  ///< tokens in the caches
};

/// Throws Error when a prompt is empty or leaves no room in the decoder's positions.
void checkPrompt(std::span<const std::int32_t> prompt, const Decoder &decoder);
/// Throws Error when the logits of a token, counted from 0, are not finite.
void checkLogits(const at::Tensor &logits, std::size_t token, const Decoder &decoder);

/// Writes on from a prompt, token by token, with cached keys and values.
class Generator {
public:
    /// Throws Error when a setting is out of its range.
    Generator(const Decoder &decoder, const SamplingSettings &settings);

    /// At most `count` tokens after `prompt` (at least one token), fewer when one of `stops` comes (it is the last one returned) or the
    /// decoder's positions are used up. `heard` gets each token as it is chosen. One unit of progress is one token. Throws Error when the
    /// logits are not finite.
    std::vector<std::int32_t> generate(std::span<const std::int32_t> prompt, std::int64_t count, std::span<const std::int32_t> stops,
                                       JobContext &context, const std::function<void(std::int32_t)> &heard = {});

private:
    const Decoder &m_decoder;
    Sampler m_sampler;
    CachedSequences m_written;
};

} // namespace secateur
