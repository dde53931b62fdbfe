// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/HubCache.h"
#include "foundation/JobContext.h"
#include "tasks/Task.h"
#include "text/TextLimits.h"

#include <filesystem>
#include <string>
#include <vector>

namespace secateur {

/// The items of the tasks that lie at the paths of the settings, limited as these say. A path is a file, a folder (with those below it) or the name of a known
/// task, which is looked for in the cache of the hub. What a file holds, its columns say (see TaskForms); its name and folders only which ARC it is,
/// the subject of MMLU and the split.
///
/// Of a folder each task is taken once, from the split that results are published on, else from another, which a note says. Files that are named are taken
/// whatever their split. Items that cannot be used are skipped and counted. In the order of kTasks, subjects in that of the alphabet.
///
/// A limit takes the first items of each task and subject, or with a seed a sample, which is the same on every machine and comes in the order of the file.
///
/// Throws Error: a file that cannot be read, or is none of a task (and says which columns it has and which there should be), a split without labels,
/// a task in two files with different content, a task that was asked for and is not there, a file without a usable item.
std::vector<TaskSet> readTaskFiles(const TaskSettings &settings, const TextLimits &limits = {}, const JobContext &context = {},
                                   const std::filesystem::path &cache = hubCacheFolder());

/// SHA-256 of what is asked: of each item the number of its choices, of each choice its context and its continuation (UTF-8), each behind the number of
/// its bytes; numbers as 8 bytes, the lowest first. The same text has the same hash, whatever file it came from.
std::string textHashOf(const std::vector<TaskItem> &items);

} // namespace secateur
