// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "evaluation/Throughput.h"
#include "foundation/JobContext.h"

#include <vector>

namespace secateur {

/// Tokens a second at every length and batch size of the settings, lengths first: of prompts up to the logits behind their last tokens, and of new tokens,
/// the likeliest, one after another with cached keys and values. Prompts are tokens by chance, the same each time. A repetition that does not count goes
/// first. One unit of progress is one repetition. Throws Error for settings out of range, and where the decoder has too few positions.
std::vector<Throughput> measureThroughput(const Decoder &decoder, const ThroughputSettings &settings, JobContext &context);

} // namespace secateur
