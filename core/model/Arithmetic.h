// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"

#include <cstdint>

namespace secateur {

/// What a piece of computing takes, by arithmetic: nothing here is measured.
struct Work {
    double flop = 0;  ///< multiply-adds of products, times two; what is done once for each element is left out
    double bytes = 0; ///< weights read once, and hidden states read and written once
    Work &operator+=(const Work &other)
    {
        flop += other.flop;
        bytes += other.bytes;
        return *this;
    }
    friend Work operator*(Work work, double times) { return {work.flop * times, work.bytes * times}; }
};

/// Of sequences of that many tokens, one window each, with weights and states of `elementBytes` bytes an element. Causal: a token sees itself
/// and those before it, of which a sliding window leaves out the oldest.
Work attentionWork(const AttentionSpec &attention, std::int64_t hiddenSize, std::int64_t tokens, std::int64_t elementBytes);
/// `isWithDown`: with the product back to the hidden size; stage 1 leaves out that of the last layer.
Work ffnWork(const FfnSpec &ffn, std::int64_t hiddenSize, std::int64_t tokens, std::int64_t elementBytes, bool isWithDown = true);
/// The product with the vocabulary, for `rows` rows.
Work headWork(const ModelSpec &spec, std::int64_t rows, std::int64_t elementBytes);

} // namespace secateur
