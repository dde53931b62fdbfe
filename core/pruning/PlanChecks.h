// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <cstdint>
#include <string>

namespace secateur {

/// Parts of checkPlan: what a plan says of how it was found.

/// Of 2SSP, restored or not: throws Error when a setting is outside of its range, or, of a plain plan, is another than what the balance has.
void checkSettings(const PruningPlan &plan);

/// Throws Error when a step of a search is not of so many layers, tells a loss below 0, or removes what neither the settings force nor the lowest loss
/// chooses. `search`: its name within a sentence.
void checkSteps(const SearchRecord &record, const std::string &search, std::int64_t layers);
/// The same of one step, as the `index`th of a search with those settings.
void checkStep(const SearchStep &step, std::int64_t index, bool isLast, const SearchSettings &settings, const std::string &search,
               std::int64_t layers);

/// Throws Error when the record of the search contradicts itself, its settings, or the plan's removals: of a restored plan these are its beginning.
/// `layers`: of the model.
void checkRecord(const PruningPlan &plan, std::int64_t layers);

/// Throws Error when a plan of a method of blocks has no record of it, another plan has one, or the record contradicts itself, its settings, or what the
/// plan removes: what its numbers choose is computed again. Parts that are not there were refused before.
void checkBlocks(const PruningPlan &plan, const ModelSpec &dense);

/// Of a restoration, also of one that was only begun: throws Error when a setting is outside of its range, or what was found is not of this model,
/// contradicts itself or the settings.
void checkRestorationRecord(const RestorationRecord &record, const ModelSpec &dense);
/// Throws Error when a restored plan has no record of it, another plan has one, or the record is not that of what the plan removes, keeps and changes.
void checkRestoration(const PruningPlan &plan, const ModelSpec &dense);

} // namespace secateur
