// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs as functions of the engine that tell what they find: a front end adds where it is told, and no second way to do the work. They throw what the
// engine throws, Error and Cancelled; what was told before counts.
#pragma once

#include "engine/Engine.h"
#include "session/JobEvent.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Stage 2 of a plan under a key of Session::searches: the search as it begins or goes on, its losses and removals, and all of it at the end. `finished` gets
/// the plan after every removal, before that is told.
void search(Engine &engine, PruningPlan &plan, const std::string &key, const TextSettings &text, const SearchSettings &settings,
            JobContext &context, const EventListener &tell, const std::function<void(const PruningPlan &)> &finished = {});

/// The impact of each attention on the dense model, whatever the settings force or protect.
SearchRecord measureImpact(Engine &engine, const TextSettings &text, SearchSettings settings, JobContext &context,
                           const EventListener &tell);

/// What is evaluated: a plan and where it came from, or the dense model.
struct Evaluated {
    const PruningPlan *plan = nullptr; ///< null = the dense model
    std::optional<PlanDraft> draft{};  ///< of a session, that gave the plan
    bool isOrderBorrowed = false;      ///< its removals were searched at another K
};

/// A measurement without what was measured: of which plan it is, how it was computed, and how long that took.
Measurement measurementOf(const Engine &engine, const ModelSpec &dense, const Evaluated &what, std::chrono::duration<double> taken);

/// Perplexity on a text.
Measurement evaluate(Engine &engine, const ModelSpec &dense, const Evaluated &what, const TextSettings &text, JobContext &context,
                     const EventListener &tell);

/// Continues a prompt by several models beside each other; null = the dense one.
std::vector<Generation> generateBeside(Engine &engine, const std::vector<const PruningPlan *> &plans, const GenerationSettings &settings,
                                       JobContext &context, const EventListener &tell);

/// Scores a text by several models, token by token; null = the dense one.
ScoredText scoreText(Engine &engine, const std::vector<const PruningPlan *> &plans, const std::string &text, JobContext &context,
                     const EventListener &tell);

/// Writes a plan as a checkpoint and verifies it. `evaluations` (JSON array) goes into the manifest.
ExportRecord exportPlan(Engine &engine, const PruningPlan &plan, const ExportSettings &settings, const nlohmann::json &evaluations,
                        JobContext &context, const EventListener &tell);

} // namespace secateur
