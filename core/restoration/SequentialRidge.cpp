// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/SequentialRidge.h"

#include "foundation/Wording.h"

#include <cmath>
#include <cstdio>
#include <utility>

namespace secateur {
namespace {

/// "28", "13.4", "0.001".
std::string shortly(double number)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.3g", number);
    return text;
}

double tokensPerNeuron(std::int64_t tokens, std::int64_t kept)
{
    return kept > 0 ? double(tokens) / double(kept) : kManySequentialTokens;
}

std::string tokensFor(double each, std::int64_t kept)
{
    return grouped(std::uint64_t(std::ceil(each * double(kept)))) + " tokens";
}

} // namespace

std::string tokensProblem(std::int64_t tokens, std::int64_t kept)
{
    const double share = tokensPerNeuron(tokens, kept);
    if (share >= kFewestSequentialTokens)
        return {};
    return "The refit layer by layer is left out: " + counted(tokens, "token") + " are " + shortly(share) +
           " for each kept neuron, and below " + shortly(kFewestSequentialTokens) + " it does harm on other texts. " +
           tokensFor(kFewestSequentialTokens, kept) + " are enough.";
}

SequentialRidge sequentialRidgeFor(std::int64_t tokens, std::int64_t kept, double asked)
{
    if (std::string problem = tokensProblem(tokens, kept); !problem.empty())
        return {.ridge = {}, .note = std::move(problem)};
    const double share = tokensPerNeuron(tokens, kept);
    if (share >= kManySequentialTokens || asked >= kStrongSequentialRidge)
        return {.ridge = asked, .note = {}};
    return {.ridge = kStrongSequentialRidge,
            .note = "The refit layer by layer has a ridge of " + shortly(kStrongSequentialRidge) + " instead of " + shortly(asked) + ": " +
                    counted(tokens, "token") + " are " + shortly(share) + " for each kept neuron, and a weaker one needs " +
                    shortly(kManySequentialTokens) + ", which are " + tokensFor(kManySequentialTokens, kept) + "."};
}

} // namespace secateur
