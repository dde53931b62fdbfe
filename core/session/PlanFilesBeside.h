// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: the plan files of a session that is saved under a name (see PlanFolder.h).
#pragma once

#include "session/Session.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace secateur {

/// Brings the plans that were found, of the shelf of a session, into the folder beside its file: linked where the disk can, else copied. What is there
/// already stays. A plan whose file is gone is written from memory while its values are there; else what the session says of it stays as it is. Plans of
/// people's own files are left where they are. Unless keep() is called, what was made goes again.
class PlanFilesBeside {
public:
    /// Throws Error, and leaves nothing behind, when one cannot be written.
    PlanFilesBeside(const Session &session, const std::filesystem::path &file);
    ~PlanFilesBeside();
    PlanFilesBeside(const PlanFilesBeside &) = delete;
    PlanFilesBeside &operator=(const PlanFilesBeside &) = delete;

    /// What the session file calls them, by the keys of the shelf: "NAME.plans/HASH.safetensors".
    const std::map<std::string, std::string> &names() const { return m_names; }
    /// The session's file is there.
    void keep();

private:
    void bring(const std::string &key, const ShelfPlan &shelf);
    void makeFolder();
    void removeMade();

    std::filesystem::path m_folder;
    std::map<std::string, std::string> m_names;
    std::vector<std::filesystem::path> m_made; ///< the folder, too, where it was made here
};

/// Where the file is that a session file calls so: one of its own plans is looked for beside it, also where both were renamed or where the session is a
/// link; any other name is what it is.
std::filesystem::path planFileOf(const std::string &name, const std::filesystem::path &session);

} // namespace secateur
