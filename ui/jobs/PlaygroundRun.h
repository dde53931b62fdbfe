// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Generation.h"
#include "session/Session.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace secateur::ui {

/// Whom the playground asks, in the order of its columns; none in it: the original.
using PlaygroundModels = std::vector<std::optional<PlanDraft>>;

/// What a playground job was asked, once its plans were searched.
struct PlaygroundRun {
    PlaygroundModels models;
    std::vector<std::string> hashes; ///< of the models' plans; empty for the original
};

/// A text that was scored.
struct ScoredRun {
    PlaygroundRun run;
    std::string text;     ///< that was asked about
    std::size_t used = 0; ///< bytes of it that were scored: what is behind them does not fit into the model's context
    ScoredText scored;
};

} // namespace secateur::ui
