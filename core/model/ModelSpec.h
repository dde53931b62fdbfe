// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Rotary position embedding (Su et al., arXiv 2104.09864) and the scalings of the Llama family, as transformers' `rope_scaling` names
/// them.
struct RopeSpec {
    enum class Scaling { None, Linear, Dynamic, Yarn, Llama3, LongRope };
    Scaling scaling = Scaling::None;
    double theta = 10000.0;
    double factor = 1.0;
    std::optional<std::int64_t> rotaryDim{};           ///< so many dimensions of each head are rotated, the first ones; none = all
    std::int64_t originalContext = 0;                  ///< tokens; `original_max_position_embeddings` (Yarn, Llama3, LongRope)
    double lowFrequencyFactor = 1.0;                   ///< Llama3
    double highFrequencyFactor = 4.0;                  ///< Llama3
    double betaFast = 32.0;                            ///< Yarn
    double betaSlow = 1.0;                             ///< Yarn
    bool truncate = true;                              ///< Yarn: correction range rounded to whole dimensions
    std::optional<double> attentionFactor{};           ///< Yarn, LongRope: scale of cos and sin; computed when absent
    std::optional<double> mscale{};                    ///< Yarn
    std::optional<double> mscaleAllDim{};              ///< Yarn
    std::vector<double> shortFactors{}, longFactors{}; ///< LongRope: one per pair of dimensions
    bool operator==(const RopeSpec &) const = default;
};

/// One attention submodule with its input norm.
struct AttentionSpec {
    std::int64_t heads = 0;
    std::int64_t kvHeads = 0;
    std::int64_t headDim = 0;
    bool qkvBias = false;
    bool outputBias = false;
    bool queryKeyNorm = false;            ///< every head of q and k is normed before the rotation (Qwen3, Gemma 3)
    bool isRotated = true;                ///< false: no position embedding (every fourth layer of SmolLM3)
    bool usesLocalRope = false;           ///< rotated by `ModelSpec::localRope` (the sliding layers of Gemma 3)
    std::optional<std::int64_t> window{}; ///< sliding: a token sees that many tokens, itself among them; none = all before it
    std::optional<double> scale{};        ///< of the scores; none = 1 / sqrt(headDim)
    std::optional<double> scoreSoftcap{}; ///< c: scores become c tanh(score / c) (Gemma 2)
    bool operator==(const AttentionSpec &) const = default;
};

/// What stands between gate and product: silu, or gelu in its tanh form.
enum class Activation { Silu, GeluTanh };

/// One gated FFN: down( act(gate(x)) * up(x) ).
struct FfnSpec {
    std::int64_t neurons = 0; ///< rows of gate and up, columns of down
    bool bias = false;
    bool operator==(const FfnSpec &) const = default;
};

/// What a layer is made of.
enum class Part { Attention, Ffn };

/// One decoder layer. A removed part is absent, and its norms with it; a pruned FFN is narrower. Nothing else marks a pruned model. A layer
/// without either part hands on what it gets.
struct LayerSpec {
    std::optional<AttentionSpec> attention;
    std::optional<FfnSpec> ffn;
    bool operator==(const LayerSpec &) const = default;

    bool has(Part part) const { return part == Part::Attention ? attention.has_value() : ffn.has_value(); }
    /// Of its FFN; 0 without one.
    std::int64_t neurons() const { return ffn ? ffn->neurons : 0; }
};

/// What a model is made of, without its weights. Everything else about its shape follows from here.
struct ModelSpec {
    std::string family; ///< `model_type` of config.json
    std::int64_t hiddenSize = 0;
    std::int64_t vocabularySize = 0;
    std::int64_t contextLength = 0; ///< `max_position_embeddings`, tokens
    double normEpsilon = 1e-6;
    bool tiedEmbeddings = false;
    RopeSpec rope;
    std::optional<RopeSpec> localRope{}; ///< of layers that say so
    Activation activation = Activation::Silu;
    bool hasFusedProducts = false;        ///< q, k, v lie in one tensor, gate and up in another (Phi-3)
    bool hasOutputNorms = false;          ///< attention and FFN are normed again before they are added (Gemma 2 and 3)
    bool addsOneToNorms = false;          ///< norms multiply by 1 + weight, in fp32 (Gemma)
    double embeddingScale = 1;            ///< of the states that leave the embedding (Gemma: sqrt(d))
    std::optional<double> logitSoftcap{}; ///< c: logits become c tanh(logit / c) (Gemma 2)
    DType dtype = DType::Float32;         ///< as config.json says; the weights may differ
    std::vector<LayerSpec> layers;
    bool operator==(const ModelSpec &) const = default;

    std::int64_t layerCount() const { return std::int64_t(layers.size()); }
    /// Neurons of the widest FFN; 0 when no layer has one.
    std::int64_t mostNeurons() const;
};

/// Layers that lack it, ascending.
std::vector<std::int64_t> layersWithout(const ModelSpec &spec, Part part);
/// That of the first layer that has one; null when none has.
const AttentionSpec *firstAttention(const ModelSpec &spec);

/// Parameters of one attention submodule (q, k, v, o, their biases, norms of its heads; norms of the layer are counted with the layer).
std::int64_t attentionParameters(const AttentionSpec &attention, std::int64_t hiddenSize);
/// Parameters of one FFN.
std::int64_t ffnParameters(const FfnSpec &ffn, std::int64_t hiddenSize);
/// Parameters of all decoder layers, norm weights included (`M` of the method).
std::int64_t layerParameters(const ModelSpec &spec);
/// Parameters of the whole model; tied embeddings count once.
std::int64_t modelParameters(const ModelSpec &spec);
/// Bytes of keys and values that one token takes in a cache of that type.
std::int64_t kvBytesPerToken(const ModelSpec &spec, DType dtype);
/// Multiply-adds of one token, times two, without the attention products over the context.
std::int64_t flopPerToken(const ModelSpec &spec);

/// Norm weights that go with an attention or an FFN, d each.
std::int64_t normsPerSublayer(const ModelSpec &spec);

/// The first layer that lacks a part or is not as large as layer 0; -1 when all are alike. What else differs between layers (windows,
/// rotation) changes no size.
std::int64_t firstUnlikeLayer(const ModelSpec &spec);

} // namespace secateur
