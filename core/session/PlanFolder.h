// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace secateur {

// Plans that were found in a session and change weights lie in files: a session refers to them. The program keeps them in a folder of its own, and beside
// each session that is saved under a name: NAME.secateur has NAME.plans, and both move together. Each is called by the hash of its plan.

/// How the names of folders end that lie beside sessions.
inline constexpr const char *kPlanFolder = ".plans";

/// Where the plan of that hash lies in such a folder, or will lie.
std::filesystem::path planFileFor(const std::filesystem::path &root, const std::string &planHash);
/// Whether a file is called as one of such a folder: the program chose its name, not people.
bool isFoundPlanFile(const std::filesystem::path &file);
/// The folder of such files that belongs to a session file.
std::filesystem::path planFolderBeside(const std::filesystem::path &session);

/// Whether a file holds a plan of that hash. Reads no values.
bool holdsPlan(const std::filesystem::path &file, const std::string &planHash);

/// Writes a plan that was found and has its weights in memory into such a folder, which is made where there is none, and takes them from there from then
/// on, so that the memory can go. A plan that lies there already is not written again; one that changes no weights needs no file. The file appears whole,
/// or not at all. What shelfEntry() makes of the result is what a job tells (PlanOpened). Throws Error where it cannot be written.
ShelfPlan keptPlan(PruningPlan plan, const std::filesystem::path &root);

/// Removes the plans of the program's folder that are older than a day and that no session below `journals` speaks of, whether it is open or was left behind:
/// sessions that were saved under a name have files of their own. Returns how many went. Where something cannot be read nothing goes.
std::int64_t removeUnusedPlans(const std::filesystem::path &root, const std::filesystem::path &journals);

} // namespace secateur
