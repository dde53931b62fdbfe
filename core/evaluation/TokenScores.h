// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"

#include <cstdint>
#include <vector>

namespace secateur {

/// What a model makes of the places of one text that predict a token: all but the last.
struct TokenScores {
    struct Likely {
        std::int32_t id = 0;
        double probability = 0;
    };
    std::vector<double> losses;                 ///< [T-1], nats: of the tokens that come next. Their sum is that of lossSum()
    std::vector<std::vector<Likely>> likeliest; ///< [T-1], the likeliest tokens, falling
};

/// `hidden`: [1, T, d] as it leaves the last layer; `tokens`: [1, T]. `likeliest`: how many of each place. Logits are held of some rows at a time. Checks
/// `context` for a stop. Throws Error when numbers are not finite.
TokenScores tokenScores(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens, std::int64_t likeliest,
                        const JobContext &context);

} // namespace secateur
