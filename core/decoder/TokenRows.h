// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace secateur {

/// Rows that hold tokens of one sequence that follow each other.
struct TokenRun {
    std::int64_t first = 0;    ///< row
    std::int64_t count = 0;    ///< rows
    std::int64_t position = 0; ///< of the first row's token in its sequence
    bool operator==(const TokenRun &) const = default;
};

/// Sequences that are computed together without padding, and that share the rows of what they begin with: trees of tokens, depth first. A token sees those
/// on the way from its root to it, itself among them.
///
/// A run at position 0 begins a tree. Any other goes on from the last row before it, of a run in front, that stands one position earlier.
struct TokenRows {
    std::vector<TokenRun> runs; ///< in the order of their rows, which they hold without gaps
    at::Tensor positions;       ///< [R], int64, on the decoder's device
    at::Tensor ends;            ///< [R], int64, there: the row behind the last that sees this one. Row r sees s where s <= r < ends[s]
};

/// Tokens of the longest sequence.
std::int64_t longestOf(const std::vector<TokenRun> &runs);

/// From its runs.
TokenRows tokenRows(std::vector<TokenRun> runs, at::Device device);

} // namespace secateur
