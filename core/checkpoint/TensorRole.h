// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secateur {

/// What a tensor is for. In the order in which a layer computes; an attention's stand together, and so do an FFN's.
enum class TensorPart {
    Embedding,
    FinalNorm,
    Head,
    AttentionNorm, ///< of the attention's input
    Query,
    Key,
    Value,
    QueryKeyValue, ///< the three in one product, in this order (Phi-3)
    AttentionOutput,
    QueryNorm, ///< of every head
    KeyNorm,
    AttentionOutputNorm, ///< before the sum (Gemma)
    FfnNorm,             ///< of the FFN's input
    Gate,
    Up,
    GateUp, ///< both in one product, in this order (Phi-3)
    Down,
    FfnOutputNorm ///< before the sum (Gemma)
};

enum class TensorKind { Weight, Bias };

/// What a tensor is in its model, whatever a file calls it.
struct TensorRole {
    std::int64_t layer = -1; ///< -1: of no layer
    TensorPart part = TensorPart::Embedding;
    TensorKind kind = TensorKind::Weight;
    auto operator<=>(const TensorRole &) const = default;
};

bool isOfAttention(TensorPart part); ///< its norms among them
bool isOfFfn(TensorPart part);       ///< its norms among them
bool isNorm(TensorPart part);

/// What a fused product consists of, in the order of its rows; nothing for any other part.
std::span<const TensorPart> piecesOf(TensorPart fused);
/// The fused product that a part is a piece of; the part itself when there is none.
TensorPart fusedOf(TensorPart piece);

/// What families differ in as to names.
struct TensorNaming {
    bool hasOutputNorms = false;   ///< Gemma: the name of others' FFN norm is that of the norm behind the attention
    bool hasFusedProducts = false; ///< Phi-3
};

// The one table of names. Hugging Face's: "model.layers.3.mlp.down_proj.weight"; GGUF's: "blk.3.ffn_down.weight"; our own, which are the same for all
// families: "layers.3.ffn.down.weight". Readers give none for what no tensor of such a model is called.
std::string hfTensorName(const TensorRole &role, const TensorNaming &naming);
std::optional<TensorRole> roleOfHfTensor(std::string_view name, const TensorNaming &naming);
std::string ggufTensorName(const TensorRole &role);
std::optional<TensorRole> roleOfGgufTensor(std::string_view name, const TensorNaming &naming);
std::string ownTensorName(const TensorRole &role);
std::optional<TensorRole> roleOfOwnTensor(std::string_view name);

// What else is known of Hugging Face's names, of tensors that a model need not have, too.

/// The layer that a name begins with; none where it is of no layer.
std::optional<std::int64_t> layerOfHfTensor(std::string_view name);
/// Whether a name is of something inside an attention.
bool isInsideHfAttention(std::string_view name);
/// A name as AutoModel saves it, without what stands for the language model ("layers.0…"), with that; empty where nothing lacks.
std::string completedHfName(std::string_view name);

} // namespace secateur
