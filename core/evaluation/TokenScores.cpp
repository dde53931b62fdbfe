// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/TokenScores.h"

#include "decoder/FiniteCheck.h"
#include "decoder/LanguageHead.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/topk.h>
#include <algorithm>
#include <cmath>

namespace secateur {

TokenScores tokenScores(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens, std::int64_t likeliest,
                        const JobContext &context)
{
    constexpr std::int64_t kLogits = 8'000'000; // at a time
    const PredictingRows rows = predictingRows(decoder, hidden, tokens);
    const at::Tensor sums = logSumExp(decoder, rows.states, context);
    const at::Tensor losses = (sums - targetLogits(decoder, rows)).to(at::kCPU, at::kDouble).contiguous();
    TokenScores scores;
    scores.losses.assign(losses.const_data_ptr<double>(), losses.const_data_ptr<double>() + losses.numel());
    if (!std::ranges::all_of(scores.losses, [](double loss) { return std::isfinite(loss); }))
        throwNonFinite(
            decoder, tokens, [](std::int64_t) { return false; }, "");

    const std::int64_t words = decoder.weights().head.size(0), count = rows.states.size(0), wanted = std::min(likeliest, words);
    const std::int64_t piece = std::max<std::int64_t>(1, kLogits / words);
    for (std::int64_t first = 0; first < count; first += piece) {
        context.check();
        const std::int64_t some = std::min(piece, count - first);
        const at::Tensor logits = decoder.logits(rows.states.narrow(0, first, some)).to(at::kFloat);
        const auto [best, ids] = logits.topk(wanted, 1, true, true);
        const at::Tensor probabilities = (best - sums.narrow(0, first, some).unsqueeze(1)).exp().to(at::kCPU, at::kDouble).contiguous();
        const at::Tensor chosen = ids.to(at::kCPU).contiguous();
        const auto *p = probabilities.const_data_ptr<double>();
        const auto *id = chosen.const_data_ptr<std::int64_t>();
        for (std::int64_t row = 0; row < some; ++row) {
            std::vector<TokenScores::Likely> &of = scores.likeliest.emplace_back();
            for (std::int64_t i = 0; i < wanted; ++i)
                of.push_back({.id = std::int32_t(id[row * wanted + i]), .probability = p[row * wanted + i]});
        }
    }
    return scores;
}

} // namespace secateur
