// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/JobContext.h"
#include "tasks/Task.h"
#include "tasks/TaskForms.h"
#include "tasks/TaskTable.h"
#include "text/TextLimits.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// A file that holds a task, before its items are read.
struct TaskSource {
    std::filesystem::path file;
    const TaskForm *form = nullptr;
    TaskKind kind = TaskKind::ArcEasy;
    std::optional<TaskSplit> split; ///< as far as the path tells
    std::string subject;            ///< of MMLU, as the path tells it; empty: each row does

    /// TaskSet::name; "mmlu" where rows name their subjects.
    std::string name() const;
};

/// The subject of MMLU stands in front of its name in that of the task.
std::string mmluName(const std::string &subject);

/// What a file holds by its columns, its first row and its path. None where it has the form of no task; `lacks` then says what a nearby form needs and which
/// columns there are. `arc`: which ARC it is where the path does not tell. Throws Error when it cannot be read, or nothing tells that.
std::optional<TaskSource> sourceOf(const std::filesystem::path &file, std::optional<TaskKind> arc, const TextLimits &limits,
                                   std::string &lacks);

/// All items of a file, a set for each subject of MMLU. Throws Error when the file cannot be read, or a set has no usable item.
std::vector<TaskSet> readSets(const TaskSource &source, const TextLimits &limits, const JobContext &context);

} // namespace secateur
