// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/KnownTasks.h"

#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "tasks/TaskPaths.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <fnmatch.h>
#include <set>
#include <strings.h>

namespace secateur {
namespace {

/// Where a task lies in the cache.
struct DataSet {
    TaskKind kind;
    std::vector<const char *> repositories; ///< folders in the cache
    std::vector<const char *> patterns;     ///< of paths, the most wanted first ('*' stands for folders, too)
    const char *command;                    ///< that fetches it
};

const std::vector<DataSet> &dataSets()
{
    static const std::vector<const char *> arc = {"datasets--allenai--ai2_arc", "datasets--ai2_arc"};
    static const std::vector<DataSet> sets = {
        {TaskKind::ArcEasy,
         arc,
         {"*/ARC-Easy/test*.parquet"},
         "hf download allenai/ai2_arc --repo-type dataset --include 'ARC-Easy/test*'"},
        {TaskKind::ArcChallenge,
         arc,
         {"*/ARC-Challenge/test*.parquet"},
         "hf download allenai/ai2_arc --repo-type dataset --include 'ARC-Challenge/test*'"},
        {TaskKind::HellaSwag,
         {"datasets--Rowan--hellaswag", "datasets--hellaswag"},
         {"*validation*.parquet", "*hellaswag_val.jsonl"},
         "hf download Rowan/hellaswag --repo-type dataset --include '*validation*'"},
        {TaskKind::Piqa,
         {"datasets--ybisk--piqa", "datasets--baber--piqa", "datasets--piqa"},
         {"*validation*.parquet", "*valid.jsonl"},
         "hf download baber/piqa --repo-type dataset --include '*valid*'"},
        {TaskKind::WinoGrande,
         {"datasets--allenai--winogrande", "datasets--winogrande"},
         {"*/winogrande_xl/validation*.parquet", "*validation*.parquet", "*/dev.jsonl"},
         "hf download allenai/winogrande --repo-type dataset --include 'winogrande_xl/validation*'"},
        {TaskKind::Mmlu,
         {"datasets--cais--mmlu"},
         {"*/all/test*.parquet", "*/test*.parquet"},
         "hf download cais/mmlu --repo-type dataset --include 'all/test*'"},
    };
    return sets;
}

/// The files of a snapshot that the first fitting pattern names: one, or of MMLU one for each subject.
std::vector<std::filesystem::path> matching(const std::filesystem::path &snapshot, const DataSet &set, std::filesystem::path &broken)
{
    const std::vector<std::filesystem::path> files = filesBelow(snapshot);
    std::vector<std::filesystem::path> found;
    for (const char *pattern : set.patterns) {
        std::set<std::string_view> subjects; // other tasks have the empty one
        for (const std::filesystem::path &file : files) {
            const std::string place = "/" + file.lexically_relative(snapshot).string();
            if (fnmatch(pattern, place.c_str(), 0) != 0 || subjects.contains(mmluSubjectOf(file)))
                continue;
            std::error_code error;
            const bool isThere = std::filesystem::file_size(file, error) > 0 && !error; // links into blobs/ are followed
            if (isThere) {
                found.push_back(file);
                subjects.insert(mmluSubjectOf(file));
            } else {
                broken = file;
            }
        }
        if (!found.empty())
            break;
    }
    return found;
}

KnownTask knownTask(const DataSet &set, const std::filesystem::path &cache)
{
    const TaskRow &row = rowOf(set.kind);
    KnownTask task{.name = std::string(row.name), .title = std::string(row.title), .files = {}, .problem = {}, .command = set.command};
    std::filesystem::path broken;
    bool isInterrupted = false, isOther = false;
    for (const char *repository : set.repositories) {
        isInterrupted = isInterrupted || holdsUnfinishedDownload(cache / repository);
        for (const std::filesystem::path &snapshot : snapshotsOf(cache / repository)) {
            isOther = isOther || !filesBelow(snapshot).empty();
            if (task.files.empty())
                task.files = matching(snapshot, set, broken);
        }
    }
    if (!task.files.empty())
        return task;
    if (!broken.empty())
        task.problem =
            "The download of " + task.title + " is not complete: " + inQuotes(broken.filename().string()) + " is missing or empty.";
    else if (isInterrupted)
        task.problem = "The download of " + task.title + " is not complete.";
    else
        task.problem = task.title + (isOther ? " has no " + std::string(nameOf(row.split)) + " part" : " is not") +
                       " in the Hugging Face cache " + inQuotes(cache.string()) + ".";
    return task;
}

} // namespace

std::vector<KnownTask> knownTasks(const std::filesystem::path &cache)
{
    std::vector<KnownTask> tasks;
    for (const DataSet &set : dataSets())
        tasks.push_back(knownTask(set, cache));
    return tasks;
}

std::vector<std::filesystem::path> taskFiles(const std::filesystem::path &task, const std::filesystem::path &cache)
{
    if (doesExist(task))
        return {task};
    const auto &sets = dataSets();
    const auto set = std::ranges::find_if(
        sets, [&](const DataSet &one) { return ::strcasecmp(task.c_str(), std::string(rowOf(one.kind).name).c_str()) == 0; });
    if (set == sets.end()) {
        std::vector<std::string> names;
        for (const TaskRow &row : kTasks)
            names.emplace_back(row.name);
        throw Error("There is no file or folder " + inQuotes(task.string()) + ".",
                    "Give a file with a task, a folder with some, or the name of one in the Hugging Face cache: " + listed(names) + ".");
    }
    KnownTask known = knownTask(*set, cache);
    if (known.files.empty())
        throw Error(known.problem, "Fetch it with: " + known.command);
    return std::move(known.files);
}

} // namespace secateur
