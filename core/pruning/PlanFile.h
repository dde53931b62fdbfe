// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"
#include "pruning/PruningPlan.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace secateur {

/// A plan leaves out what only its model can tell.
class NeedsModel : public Error {
public:
    using Error::Error;
};

/// Plans as JSON (PLANS.md shows their form): all of a plan but the values of the weights that it changes.
nlohmann::json toJson(const PruningPlan &plan);
/// `source` is what messages call the text. Reads a plan, or the plan inside a pruning manifest. Throws Error for one that a newer version wrote or that
/// is damaged, and NeedsModel.
PruningPlan planFromJson(const nlohmann::json &json, const std::string &source);
/// What format 1 called the hash of a plan: it tells the order of the removals as well.
std::string hashOfFormat1(const PruningPlan &plan);
/// Writes JSON; a plan that changes weights as a safetensors file that holds their values. Throws Error when those are not at hand.
void savePlan(const PruningPlan &plan, const std::filesystem::path &file);
/// Reads both forms, whatever the file is called.
PruningPlan loadPlan(const std::filesystem::path &file);
/// The same, for a model: a plan that was written by hand may leave out what the model tells. Checked (checkPlan), and so are the values of changed
/// weights (checkValues), every byte.
PruningPlan loadPlan(const std::filesystem::path &file, const ModelSpec &dense, const std::string &modelHash);

} // namespace secateur
