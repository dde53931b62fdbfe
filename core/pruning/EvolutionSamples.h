// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/JobContext.h"
#include "model/ModelSpec.h"
#include "text/TokenWindows.h"
#include "tokenizer/Tokenizer.h"

#include <cstdint>

namespace secateur {

/// The text of an evolution: its windows are called samples, and are cut in a way of their own.
using EvolutionSamples = TokenWindows;

/// Tokens of a sample in the authors' code, by the family: 4096, 2048 or 8192, or the context where that is shorter.
std::int64_t evolutionSampleLength(const ModelSpec &spec);

/// Reads samples as the authors' code does (and EvoPress itself): every document is tokenised alone and put behind the last one, with the ids of a blank line
/// between them, until there are `length` tokens; what is left of that document is dropped. A plain text, which is one document for a DocumentReader,
/// has one in each paragraph: what stands between blank lines.
///
/// Of the settings, the files, the column and the seed count. `tokens`: of all samples, at most; a text that is shorter gives fewer. Throws ShortText
/// when it has not even one sample, and what readWindows throws.
EvolutionSamples readEvolutionSamples(const Tokenizer &tokenizer, const TextSettings &settings, std::int64_t length, std::int64_t tokens,
                                      const TextLimits &limits = {}, const JobContext &context = {});

} // namespace secateur
