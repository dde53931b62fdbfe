// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/FiniteCheck.h"

#include "decoder/Tensors.h"
#include "foundation/Error.h"

namespace secateur {

std::string remedyOfNonFinite(c10::ScalarType computed)
{
    return computed == c10::kFloat ? "The checkpoint is damaged: download it again."
                                   : "The type overflows, or the checkpoint is damaged: try float32 (--dtype float32).";
}

void throwNonFinite(const Decoder &decoder, const at::Tensor &tokens, const std::function<bool(std::int64_t layer)> &skipsAttention,
                    const std::string &variant, const std::function<bool(std::int64_t layer)> &skipsFfn)
{
    const auto skips = [](const std::function<bool(std::int64_t)> &asked, std::int64_t layer) { return asked && asked(layer); };
    const std::string hint = remedyOfNonFinite(decoder.dtype());
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t l = 0; l < decoder.layerCount(); ++l) {
        if (!skips(skipsAttention, l))
            x = decoder.addAttention(l, x);
        if (!skips(skipsFfn, l))
            x = decoder.addFfn(l, x);
        if (!isFinite(x))
            throw Error("The activations of layer " + std::to_string(l) + variant + " are not finite.", hint);
    }
    throw Error("The logits of the model" + variant + " are not finite.", hint);
}

} // namespace secateur
