// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/TaskTable.h"

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace secateur {

// What the name of a file and those of its folders tell of a task.

/// The split: by a word of the name ("ARC-Easy-Test.jsonl"), or by the folder where the name has no words ("validation/0000.parquet").
std::optional<TaskSplit> splitOf(const std::filesystem::path &file);
/// Which ARC it is, by the name or the nearest of two folders that tells ("ARC-Easy/test.parquet").
std::optional<TaskKind> arcOf(const std::filesystem::path &file);
/// The subject of MMLU, by the name or the folder ("anatomy_test.csv", "anatomy/test/0000.parquet"); empty where there is none. Of several the longest.
std::string_view mmluSubjectOf(const std::filesystem::path &file);

/// Files below a folder that may hold a task, by the ends of their names (".parquet", ".jsonl", ".csv.gz", ...), sorted; hidden folders are passed over.
std::vector<std::filesystem::path> possibleTasksBelow(const std::filesystem::path &folder);

} // namespace secateur
