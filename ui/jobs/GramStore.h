// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/NeuronScores.h"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

namespace secateur::ui {

/// What calibrations kept for restoring: a file of Gram matrices for each pass, in a folder of the program's data, by what decides its numbers: model,
/// tokens, and how it was computed. For threads that may wait for a disk; a copy is as good as the first.
class GramStore {
public:
    /// Empty: nothing is kept.
    explicit GramStore(std::filesystem::path folder = {}) : m_folder(std::move(folder)) {}

    bool isThere() const { return !m_folder.empty(); }
    /// Where a pass that runs now writes to, before its provenance is known. Makes the folder. Throws Error where that cannot be.
    std::filesystem::path begin() const;
    /// The pass is over: its file gets the name of its provenance. Throws Error.
    void keep(const std::filesystem::path &begun, const Provenance &pass) const;
    /// The file of a pass; empty where none was kept.
    std::filesystem::path find(const Provenance &pass) const;

    /// What is kept.
    struct Kept {
        std::set<std::string> names; ///< of files, without the folder
        std::int64_t bytes = 0;      ///< of all of them
        bool has(const Provenance &pass) const { return names.contains(nameOf(pass)); }
    };
    Kept kept() const;
    /// Deletes what was kept of a pass, if anything was; one that cannot be deleted stays.
    void forget(const Provenance &pass) const;
    /// Deletes all that is kept, and what passes that were stopped have left. Throws Error that names the file that stays.
    void clear() const;

    /// The name of the file of a pass.
    static std::string nameOf(const Provenance &pass);

private:
    std::filesystem::path m_folder;
};

} // namespace secateur::ui
