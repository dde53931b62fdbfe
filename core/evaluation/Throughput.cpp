// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/Throughput.h"

#include "foundation/Error.h"

#include <algorithm>
#include <string>

namespace secateur {

ThroughputSettings settledThroughputSettings(ThroughputSettings settings, std::int64_t context)
{
    constexpr std::int64_t kUsualLength = 512;
    if (settings.promptLengths.empty())
        settings.promptLengths = {std::clamp<std::int64_t>(context - settings.newTokens, 1, kUsualLength)};
    return settings;
}

void checkThroughputSettings(const ThroughputSettings &settings, std::int64_t context)
{
    const auto isBelowOne = [](std::int64_t number) { return number < 1; };
    if (settings.promptLengths.empty() || std::ranges::any_of(settings.promptLengths, isBelowOne))
        throw Error("The lengths of the prompts are out of range.", "Give one or more, each at least 1.");
    if (settings.batchSizes.empty() || std::ranges::any_of(settings.batchSizes, isBelowOne))
        throw Error("The batch sizes are out of range.", "Give one or more, each at least 1.");
    if (settings.newTokens < 1 || settings.repetitions < 1)
        throw Error("The number of new tokens or of repetitions is out of range.", "Give 1 or more.");
    const std::int64_t longest = std::ranges::max(settings.promptLengths);
    if (longest > context - settings.newTokens)
        throw Error("Prompts of " + std::to_string(longest) + " tokens with " + std::to_string(settings.newTokens) +
                        " new ones are longer than the model's context of " + std::to_string(context) + ".",
                    "Give shorter prompts or fewer new tokens.");
}

} // namespace secateur
