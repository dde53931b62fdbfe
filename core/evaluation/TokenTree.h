// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/TokenRows.h"
#include "tasks/TaskRequests.h"

#include <cstdint>
#include <span>
#include <vector>

namespace secateur {

/// The requests of one item as a tree of tokens: what their inputs begin with alike is there once, and inputs that are equal are one.
struct TokenTree {
    /// A token that is scored, by what the model expects behind a row.
    struct Target {
        std::int64_t row = 0;
        TokenId token = 0;
        std::int64_t request = 0;
        bool operator==(const Target &) const = default;
    };
    std::vector<TokenId> tokens; ///< one a row, depth first
    std::vector<TokenRun> runs;  ///< of these rows
    std::vector<Target> targets; ///< of the requests in their order, each in that of its tokens
    std::int64_t requests = 0;

    std::int64_t rows() const { return std::int64_t(tokens.size()); }
};

/// Branches stand in the order of the first request that takes them. Of every request more tokens are there than are scored, as
/// tokenRequests() makes them.
TokenTree treeOf(std::span<const TokenRequest> requests);

} // namespace secateur
