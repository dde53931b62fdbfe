// SPDX-License-Identifier: GPL-3.0-or-later
// A restored plan without a restoration: what its record tells was made up, so that nothing is computed.
#pragma once

#include "models/SessionModel.h"
#include "session/Shelf.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace secateur::ui {

/// What restoring a plan of N removals gained: plain 120, R1 90, R2 60 at one removal more, R4 turned down at 66; on a second text half of each.
inline RestorationRecord madeUpRecord(const PruningPlan &plain, const TextSettings &text, bool hasSecond = false)
{
    const auto N = std::int64_t(plain.removedAttentions.size());
    const auto losses = [hasSecond](double perplexity) {
        return hasSecond ? std::vector<double>{std::log(perplexity), std::log(perplexity / 2)} : std::vector<double>{std::log(perplexity)};
    };
    RestorationRecord record;
    record.settings.steps = {RestorationStep::Refit, RestorationStep::Order, RestorationStep::Sequential};
    record.plainHash = plain.hash();
    record.texts = {{.text = text, .tokenHash = std::string(64, 'd'), .windows = 4}};
    if (hasSecond) {
        TextSettings second = text;
        second.files = {"prose.txt"};
        record.settings.second = second;
        record.texts.push_back({.text = second, .tokenHash = std::string(64, 'e'), .windows = 4});
    }
    const std::vector<RestorationStep> r1 = {RestorationStep::Refit}, r2 = {RestorationStep::Refit, RestorationStep::Order};
    record.variants = {
        {.steps = {}, .attentionsRemoved = N, .widths = plain.widths(), .losses = losses(120)},
        {.steps = r1, .attentionsRemoved = N, .widths = plain.widths(), .losses = losses(90), .seconds = 2},
        {.steps = r2, .attentionsRemoved = N, .widths = plain.widths(), .losses = losses(60), .seconds = 9},
        {.steps = record.settings.steps,
         .attentionsRemoved = N,
         .widths = plain.widths(),
         .losses = losses(66),
         .seconds = 5,
         .isKept = false},
    };
    for (const std::int64_t tried : {0, 1, 2, 4})
        record.removals.push_back({.attentionsRemoved = tried,
                                   .neuronsKept = plain.balance.neuronsKept,
                                   .loss = std::log(60.0 + 4 * double((tried - N) * (tried - N))),
                                   .seconds = 1});
    for (std::size_t layer = 0; layer < plain.keptNeurons.size(); ++layer)
        record.layers.push_back({.ridge = 1e-3,
                                 .raised = layer == 1 ? 1 : 0,
                                 .growth = 1.5 + 0.1 * double(layer),
                                 .errorBefore = 0.4 + 0.01 * double(layer),
                                 .errorAfter = 0.1 + 0.01 * double(layer)});
    record.tokens = 16384;
    return record;
}

/// The same plan, restored: its weights are known by hashes that were made up.
inline PruningPlan madeUpRestored(PruningPlan plan, const TextSettings &text, std::int64_t hidden, bool hasSecond = false)
{
    plan.restoration = madeUpRecord(plan, text, hasSecond);
    plan.method = PlanMethod::Restored;
    for (std::size_t layer = 0; layer < plan.keptNeurons.size(); ++layer)
        plan.edits.list.push_back({.role = {.layer = std::int64_t(layer), .part = TensorPart::Down, .kind = TensorKind::Weight},
                                   .shape = {hidden, std::int64_t(plan.keptNeurons[layer].size())},
                                   .dtype = DType::BFloat16,
                                   .sha256 = std::string(64, 'b')});
    return plan;
}

/// Puts a restored plan of the current one on the shelf, as a job would; the current one stays.
inline ShelfEntry restoreCurrent(SessionModel &model, bool hasSecond = false)
{
    const Session &session = model.session();
    const ShelfEntry entry =
        shelfEntry(madeUpRestored(planOf(session, session.draft), session.calibrationText, model.spec().hiddenSize, hasSecond), {});
    model.apply(PlanOpened{entry});
    return entry;
}

} // namespace secateur::ui
