// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskTable.h"

#include "tasks/PythonStrings.h"

#include <algorithm>

namespace secateur {
namespace {

constexpr std::string_view kSubject = "mmlu_";

std::optional<std::string_view> subjectOf(std::string_view name)
{
    if (!name.starts_with(kSubject) || std::ranges::find(kMmluSubjects, name.substr(kSubject.size())) == kMmluSubjects.end())
        return {};
    return name.substr(kSubject.size());
}

} // namespace

const char *nameOf(TaskSplit split)
{
    return split == TaskSplit::Test ? "test" : split == TaskSplit::Validation ? "validation" : split == TaskSplit::Dev ? "dev" : "train";
}

const TaskRow &rowOf(TaskKind kind)
{
    return *std::ranges::find(kTasks, kind, &TaskRow::kind);
}

bool isTaskName(std::string_view name)
{
    return std::ranges::find(kTasks, name, &TaskRow::name) != kTasks.end() || subjectOf(name);
}

std::string taskTitle(std::string_view name)
{
    if (const auto subject = subjectOf(name))
        return "MMLU: " + replaced(*subject, "_", " ");
    const auto row = std::ranges::find(kTasks, name, &TaskRow::name);
    return std::string(row == kTasks.end() ? name : row->title);
}

const char *nameOf(BosUse use)
{
    return use == BosUse::Never ? "never" : use == BosUse::Tokenizer ? "tokenizer" : "always";
}

std::optional<BosUse> bosUseOf(std::string_view name)
{
    for (const BosUse use : {BosUse::Never, BosUse::Tokenizer, BosUse::Always})
        if (name == nameOf(use))
            return use;
    return {};
}

} // namespace secateur
