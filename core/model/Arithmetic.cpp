// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Arithmetic.h"

#include <algorithm>

namespace secateur {

Work attentionWork(const AttentionSpec &attention, std::int64_t hiddenSize, std::int64_t tokens, std::int64_t elementBytes)
{
    const double d = double(hiddenSize), t = double(tokens);
    const double queries = double(attention.heads * attention.headDim), keys = double(attention.kvHeads * attention.headDim);
    const double weights = d * (2 * queries + 2 * keys);
    const double window = double(std::min(tokens, attention.window.value_or(tokens)));
    const double seen = window * (window + 1) / 2 + (t - window) * window; // pairs of a token and one that it sees
    return {.flop = 2 * t * weights + 2 * 2 * seen * queries, .bytes = double(elementBytes) * (weights + 2 * t * d)};
}

Work ffnWork(const FfnSpec &ffn, std::int64_t hiddenSize, std::int64_t tokens, std::int64_t elementBytes, bool isWithDown)
{
    const double d = double(hiddenSize), t = double(tokens);
    const double weights = (isWithDown ? 3 : 2) * d * double(ffn.neurons);
    return {.flop = 2 * t * weights, .bytes = double(elementBytes) * (weights + 2 * t * d)};
}

Work headWork(const ModelSpec &spec, std::int64_t rows, std::int64_t elementBytes)
{
    const double weights = double(spec.hiddenSize) * double(spec.vocabularySize), states = double(rows) * double(spec.hiddenSize);
    return {.flop = 2 * double(rows) * weights, .bytes = double(elementBytes) * (weights + states)};
}

} // namespace secateur
