// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/JobContext.h"
#include "tasks/Task.h"
#include "tokenizer/Tokenizer.h"

#include <cstdint>
#include <vector>

namespace secateur {

/// One choice of an item as tokens: those of its context and of its continuation. The model sees all but the last.
struct TokenRequest {
    std::vector<TokenId> input; ///< at most one more than an input may have
    std::int64_t scored = 0; ///< of its end: the tokens of the continuation, each scored by what the model expects behind those before it
    bool operator==(const TokenRequest &) const = default;
};

/// The requests of an item, one for each choice, as lm-evaluation-harness makes them: white space at the end of a context counts to the continuation; the
/// continuation's ids are those of both together behind as many as the context has alone. `longest`: tokens of an input; of longer ones the left is cut
/// off. Throws Error when a continuation has no token of its own or does not fit, and for BosUse::Always where the tokenizer puts nothing in front.
std::vector<TokenRequest> tokenRequests(const Tokenizer &tokenizer, const TaskItem &item, BosUse bos, std::int64_t longest);

/// Makes the requests of all items, and moves those that cannot be asked to the skipped ones of their task. To be called before anything is computed. Throws
/// Error when a task has no item left.
void skipUnaskable(std::vector<TaskSet> &tasks, const Tokenizer &tokenizer, BosUse bos, std::int64_t longest,
                   const JobContext &context = {});

} // namespace secateur
