// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions made of what is no session: for reports of plans and of exports.
#pragma once

#include "engine/ModelSummary.h"
#include "pruning/PruningPlan.h"
#include "session/Session.h"

#include <filesystem>
#include <string>
#include <vector>

namespace secateur {

/// A session of a model with that plan in hand, which is checked for it already.
Session sessionOfPlan(const ModelSummary &model, PruningPlan plan, const std::filesystem::path &file);

/// What an export's manifest holds beside its plan.
struct ExportedReport {
    Session session;                  ///< the plan in hand, its perplexities, and the export
    std::vector<std::string> command; ///< that made it, as words; may be empty
};
/// Of the folder of an export, or its manifest, and the model that it was made from. `modelHash`: SHA-256 of that model. Throws Error when there is no manifest, it
/// is damaged, or is of another model.
ExportedReport sessionOfExport(const std::filesystem::path &folder, const ModelSummary &model, const std::string &modelHash);
/// The manifest of such a folder; empty where there is none. A manifest itself gives itself.
std::filesystem::path manifestOf(const std::filesystem::path &path);

/// The same session with files and folders by their names alone, and with scores left out: for words and command lines, not to compute with.
Session withoutFolders(const Session &session);
/// A word of a command line so: an absolute path as its last part.
std::string withoutFolder(const std::string &word);

} // namespace secateur
