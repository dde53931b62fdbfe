// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/HeldOut.h"

#include "evaluation/Perplexity.h"
#include "foundation/Error.h"

#include <cstring>
#include <string>
#include <vector>

namespace secateur {

double heldOutLoss(const Decoder &decoder, const HeldOutText &text, JobContext &context, Ranks &ranks)
{
    const auto predictions = double(text.tokens.size(0) * (text.tokens.size(1) - 1));
    double loss = totalLoss(decoder, text.tokens, context) / predictions;
    if (ranks.isAlone())
        return loss;
    std::string mine(sizeof loss, '\0');
    std::memcpy(mine.data(), &loss, sizeof loss);
    const std::vector<std::string> all = ranks.exchange(std::move(mine), context);
    if (all.front().size() != sizeof loss)
        throw Error("Rank 0 restores something else.", "Start all ranks with the same command and the same files.");
    std::memcpy(&loss, all.front().data(), sizeof loss);
    return loss;
}

} // namespace secateur
