// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/SequentialRidge.h"

#include "foundation/Wording.h"

#include <cmath>
#include <cstdio>

namespace secateur {
namespace {

/// "28", "13.4", "0.001".
std::string shortly(double number)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.3g", number);
    return text;
}

} // namespace

SequentialRidge sequentialRidgeFor(std::int64_t tokens, std::int64_t kept, double asked)
{
    const double share = kept > 0 ? double(tokens) / double(kept) : kManySequentialTokens;
    const auto reachedWith = [&](double wanted) { return grouped(std::uint64_t(std::ceil(wanted * double(kept)))) + " tokens"; };
    if (share < kFewestSequentialTokens)
        return {.ridge = {},
                .note = "The refit layer by layer is left out: " + counted(tokens, "token") + " are " + shortly(share) +
                        " for each kept neuron, and below " + shortly(kFewestSequentialTokens) + " it does harm on other texts. " +
                        reachedWith(kFewestSequentialTokens) + " are enough."};
    if (share < kManySequentialTokens && asked < kStrongSequentialRidge)
        return {.ridge = kStrongSequentialRidge,
                .note = "The refit layer by layer has a ridge of " + shortly(kStrongSequentialRidge) + " instead of " + shortly(asked) +
                        ": " + counted(tokens, "token") + " are " + shortly(share) + " for each kept neuron, and a weaker one needs " +
                        shortly(kManySequentialTokens) + ", which are " + reachedWith(kManySequentialTokens) + "."};
    return {.ridge = asked, .note = {}};
}

} // namespace secateur
