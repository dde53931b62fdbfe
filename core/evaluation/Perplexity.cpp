// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/Perplexity.h"

#include "model/FiniteCheck.h"
#include "model/LanguageHead.h"

#include <cmath>

namespace secateur {

double totalLoss(const Decoder &decoder, const at::Tensor &tokens, JobContext &context)
{
    const std::int64_t windows = tokens.size(0), layers = decoder.layerCount();
    context.begin("evaluate", windows, "windows");
    double total = 0;
    for (std::int64_t w = 0; w < windows; ++w) {
        const at::Tensor window = tokens.narrow(0, w, 1);
        at::Tensor x = decoder.embed(window);
        for (std::int64_t l = 0; l < layers; ++l) {
            x = decoder.layer(l, x);
            context.check();
        }
        const double loss = lossSum(decoder, x, window, LossType::Float32, context).item<double>();
        if (!std::isfinite(loss))
            throwNonFinite(
                decoder, window, [](std::int64_t) { return false; }, "");
        total += loss;
        context.step();
    }
    return total;
}

} // namespace secateur
