// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/Perplexity.h"

#include "decoder/FiniteCheck.h"
#include "decoder/LanguageHead.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace secateur {

double totalLoss(const Decoder &decoder, const at::Tensor &tokens, JobContext &context)
{
    const std::int64_t windows = tokens.size(0), layers = decoder.layerCount();
    context.begin("evaluate", windows, "windows");
    // A resident model takes one window after another, which needs the least memory; a streamed one would be read again for each.
    constexpr std::int64_t kStreamed = 32;
    const std::int64_t group = decoder.weights().stream ? kStreamed : 1;
    double total = 0;
    for (std::int64_t first = 0; first < windows; first += group) {
        std::vector<at::Tensor> states;
        for (std::int64_t w = first; w < std::min(windows, first + group); ++w)
            states.push_back(decoder.embed(tokens.narrow(0, w, 1)));
        for (std::int64_t l = 0; l < layers; ++l)
            for (at::Tensor &x : states) {
                x = decoder.layer(l, x);
                context.check();
            }
        for (std::size_t i = 0; i < states.size(); ++i) {
            const at::Tensor window = tokens.narrow(0, first + std::int64_t(i), 1);
            const double loss = lossSum(decoder, states[i], window, LossType::Float32, context).item<double>();
            if (!std::isfinite(loss))
                throwNonFinite(
                    decoder, window, [](std::int64_t) { return false; }, "");
            total += loss;
            context.step();
        }
    }
    return total;
}

} // namespace secateur
