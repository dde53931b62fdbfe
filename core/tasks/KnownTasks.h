// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/HubCache.h"

#include <filesystem>
#include <string>
#include <vector>

namespace secateur {

/// A task that can be had by its name, and where its files lie on this computer.
struct KnownTask {
    std::string name;  ///< on the command line: "arc_easy"
    std::string title; ///< "ARC-Easy"
    std::vector<std::filesystem::path>
        files;           ///< the split that results are published on; of MMLU one, or one for each subject; empty = not found
    std::string problem; ///< a sentence that says what is missing; empty when there are files
    std::string command; ///< that fetches it

    bool operator==(const KnownTask &) const = default;
};

/// The rows of kTasks, each with its files in the Hugging Face cache. A file is known by the place that it has in its repository.
std::vector<KnownTask> knownTasks(const std::filesystem::path &cache = hubCacheFolder());

/// The files that `task` means: itself, or those of a known task of this name, in capitals or not. A file or folder with such a name comes first. Throws
/// Error when the known task is not there.
std::vector<std::filesystem::path> taskFiles(const std::filesystem::path &task, const std::filesystem::path &cache = hubCacheFolder());

} // namespace secateur
