// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"

#include <ATen/core/Tensor.h>
#include <functional>
#include <string>

namespace secateur {

/// What to do about numbers that are not finite, by the type that is computed in.
std::string remedyOfNonFinite(c10::ScalarType computed);

/// Called once a loss turned out not to be finite: walks through the layers again, looking at each, and throws an Error that names the
/// first whose output is not finite (or the logits). So the usual way costs nothing.
///
/// `skipsAttention` and `skipsFfn` tell which the variant leaves out, none where empty; `variant` describes it ("" or " without the attention of
/// layer 3").
[[noreturn]] void throwNonFinite(const Decoder &decoder, const at::Tensor &tokens,
                                 const std::function<bool(std::int64_t layer)> &skipsAttention, const std::string &variant,
                                 const std::function<bool(std::int64_t layer)> &skipsFfn = {});

} // namespace secateur
