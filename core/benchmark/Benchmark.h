// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "benchmark/BenchResult.h"
#include "engine/EngineSettings.h"
#include "foundation/JobContext.h"
#include "text/TokenWindows.h"

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace secateur {

/// Hears of every phase as it ends.
using PhaseListener = std::function<void(const BenchPhase &)>;

/// Prunes a model as `secateur-cli prune` does, with nothing loaded before, and measures every phase: load, tokenise, stage 1, narrow,
/// stage 2 (its first loss and every removal), perplexity, export and its check (written beside the temporary files, and removed again).
/// Throws what the jobs of Engine throw.
BenchResult benchmarkModel(const std::filesystem::path &model, const TextSettings &text, const EngineSettings &engine,
                           const BenchSettings &settings, JobContext &context, const PhaseListener &heard);

/// The same for a config.json alone: random weights in its shapes, random tokens, no export.
BenchResult benchmarkShape(const nlohmann::json &config, const std::string &source, const EngineSettings &engine,
                           const BenchSettings &settings, JobContext &context, const PhaseListener &heard);

} // namespace secateur
