// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskFiles.h"

#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "tasks/KnownTasks.h"
#include "tasks/TaskPaths.h"
#include "tasks/TaskReading.h"
#include "tasks/TaskScoring.h"
#include "text/Shuffle.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

constexpr std::string_view kSubjects = "mmlu_", kAllSubjects = "mmlu";

/// A source, and how it came here.
struct Found {
    TaskSource source;
    bool isNamed = true; ///< by the settings, and not found in a folder
};

void checkSettings(const TaskSettings &settings)
{
    if (settings.paths.empty())
        throw Error("No tasks are given.", "Choose a file or a folder with tasks.");
    if (settings.limit && *settings.limit < 1)
        throw Error("The limit of items is " + std::to_string(*settings.limit) + "; it must be at least 1.",
                    "Choose a larger limit (--limit).");
    for (const std::string &name : settings.only)
        if (!isTaskName(name)) {
            std::vector<std::string> names;
            for (const TaskRow &row : kTasks)
                names.emplace_back(row.name);
            throw Error("There is no task " + inQuotes(name) + ".",
                        "Tasks are " + listed(names) + ", and subjects of MMLU such as mmlu_anatomy (--only).");
        }
}

bool isSubject(std::string_view name)
{
    return name.starts_with(kSubjects);
}

/// Whether a name of `only` asks for that task. "mmlu" as a task is a file of many subjects.
bool asksFor(std::string_view only, std::string_view task)
{
    return only == task || (only == kAllSubjects && isSubject(task)) || (task == kAllSubjects && isSubject(only));
}

bool isWanted(const TaskSettings &settings, std::string_view task)
{
    return settings.only.empty() || std::ranges::any_of(settings.only, [&](const std::string &only) { return asksFor(only, task); });
}

/// Which ARC is meant where files do not say: the one that is asked for.
std::optional<TaskKind> askedArc(const TaskSettings &settings)
{
    const bool isEasy = std::ranges::find(settings.only, "arc_easy") != settings.only.end();
    const bool isChallenge = std::ranges::find(settings.only, "arc_challenge") != settings.only.end();
    const bool isNeither = !settings.only.empty() && !isEasy && !isChallenge; // then it does not matter
    if (isEasy == isChallenge && !isNeither)
        return {};
    return isChallenge ? TaskKind::ArcChallenge : TaskKind::ArcEasy;
}

/// Finds the sources of tasks at paths.
class Finding {
public:
    Finding(const TaskSettings &settings, const TextLimits &limits, const JobContext &context, const std::filesystem::path &cache)
        : m_settings(settings),
          m_limits(limits),
          m_context(context)
    {
        for (const std::filesystem::path &path : settings.paths)
            for (const std::filesystem::path &file : taskFiles(path, cache))
                add(file);
    }

    std::vector<Found> found() && { return std::move(m_found); }
    /// Files of folders that hold no task, each with its columns.
    const std::vector<std::string> &passedOver() const { return m_passedOver; }

private:
    void add(const std::filesystem::path &path)
    {
        if (!std::filesystem::is_directory(path)) {
            if (!addFile(path, true))
                throw Error(m_passedOver.back(), "Tasks are known by their columns: " + knownForms() + ".");
            return;
        }
        bool hasTask = false;
        const std::size_t before = m_passedOver.size();
        for (const std::filesystem::path &file : possibleTasksBelow(path))
            hasTask = addFile(file, false) || hasTask;
        if (!hasTask)
            throw Error("There is no task in the folder " + inQuotes(path.string()) + "." +
                            (m_passedOver.size() > before ? " " + m_passedOver[before] : std::string()),
                        "Tasks are known by their columns: " + knownForms() + ".");
    }

    /// Whether the file holds a task, wanted or not.
    bool addFile(const std::filesystem::path &file, bool isNamed)
    {
        m_context.check();
        const auto [seen, isNew] =
            m_seen.emplace(std::filesystem::weakly_canonical(file), true); // links of the hub's cache may lead to one file
        if (!isNew)
            return seen->second;
        std::string lacks;
        std::optional<TaskSource> source = opened(file, isNamed, lacks);
        seen->second = source.has_value();
        if (!source)
            m_passedOver.push_back(lacks);
        else if (isWanted(m_settings, source->name()))
            m_found.push_back({std::move(*source), isNamed});
        return seen->second;
    }

    /// A document of JSON is no table, and lies beside many (dataset_infos.json): one found in a folder is passed over.
    std::optional<TaskSource> opened(const std::filesystem::path &file, bool isNamed, std::string &lacks) const
    {
        if (isNamed || file.extension() != ".json")
            return sourceOf(file, askedArc(m_settings), m_limits, lacks);
        try {
            return sourceOf(file, askedArc(m_settings), m_limits, lacks);
        } catch (const Error &problem) {
            lacks = problem.what();
            return {};
        }
    }

    const TaskSettings &m_settings;
    const TextLimits &m_limits;
    const JobContext &m_context;
    std::vector<Found> m_found;
    std::vector<std::string> m_passedOver;
    std::map<std::filesystem::path, bool> m_seen; ///< whether it holds a task
};

/// How far the split of a source is from the one that results are published on: 0 is that one, 1 an unknown one.
int distance(const TaskSource &source)
{
    using enum TaskSplit;
    if (!source.split)
        return 1;
    static constexpr std::array kOfTest = {Test, Validation, Dev, Train}, kOfValidation = {Validation, Dev, Test, Train};
    const auto &order = rowOf(source.kind).split == Test ? kOfTest : kOfValidation;
    const auto place = int(std::ranges::find(order, *source.split) - order.begin());
    const bool isDevOfOriginal = *source.split == Dev && rowOf(source.kind).split == Validation;
    return place == 0 || isDevOfOriginal ? 0 : place + 1;
}

[[noreturn]] void refuseTwice(const std::string &task, const std::filesystem::path &one, const std::filesystem::path &other)
{
    throw Error("The task " + task + " is in two files: " + inQuotes(one.string()) + " and " + inQuotes(other.string()) + ".",
                "Name the file that is meant.");
}

/// Whether two sources ask the same, whatever their form: the sizes of WinoGrande share a validation split.
bool askTheSame(const TaskSource &one, const TaskSource &other, const TextLimits &limits, const JobContext &context)
{
    const auto asked = [&](const TaskSource &source) { return askedHash(readSets(source, limits, context), BosUse::Never, 1); };
    return Sha256::ofFile(one.file) == Sha256::ofFile(other.file) || asked(one) == asked(other);
}

/// Of the sources of one task the one to be read.
Found best(std::vector<Found> all, const TextLimits &limits, const JobContext &context)
{
    std::ranges::stable_sort(all, {}, [](const Found &found) { return found.isNamed ? -1 : distance(found.source); });
    const Found &first = all.front();
    for (std::size_t i = 1; i < all.size(); ++i) {
        const TaskSource &other = all[i].source;
        const bool isAsGood = first.isNamed ? all[i].isNamed : distance(other) == distance(first.source);
        if (isAsGood && !askTheSame(first.source, other, limits, context))
            refuseTwice(other.name(), first.source.file, other.file);
    }
    return first;
}

/// Each task once. A file of all subjects of MMLU counts more than those of single ones beside it.
std::vector<TaskSource> chosen(std::vector<Found> all, const TextLimits &limits, const JobContext &context)
{
    std::map<std::string, std::vector<Found>> byTask;
    for (Found &found : all)
        byTask[found.source.name()].push_back(std::move(found));
    std::map<std::string, Found> chosen;
    for (auto &[task, sources] : byTask)
        chosen.emplace(task, best(std::move(sources), limits, context));
    if (const auto whole = chosen.find(std::string(kAllSubjects)); whole != chosen.end()) {
        const int far = distance(whole->second.source);
        const bool isFarther = std::ranges::any_of(chosen, [&](const auto &one) {
            return isSubject(one.first) && (one.second.isNamed > whole->second.isNamed || distance(one.second.source) < far);
        });
        if (isFarther && !whole->second.isNamed)
            chosen.erase(whole);
        else
            std::erase_if(chosen, [](const auto &one) { return isSubject(one.first) && !one.second.isNamed; });
    }
    std::vector<TaskSource> sources;
    for (auto &[task, found] : chosen)
        sources.push_back(std::move(found.source));
    return sources;
}

/// Keeps the items that are asked.
void limit(TaskSet &set, const TaskSettings &settings)
{
    const auto most = std::size_t(settings.limit.value_or(0));
    if (most == 0 || set.items.size() <= most)
        return;
    std::vector<std::size_t> places(set.items.size());
    std::iota(places.begin(), places.end(), std::size_t(0));
    shuffle(places, settings.seed);
    places.resize(most);
    std::sort(places.begin(), places.end());
    std::vector<TaskItem> items;
    for (const std::size_t place : places)
        items.push_back(std::move(set.items[place]));
    set.items = std::move(items);
    if (settings.seed == 0)
        std::erase_if(set.skipped, [&](const SkippedItem &item) { return item.line > set.items.back().line; });
}

void checkAsked(const std::vector<TaskSet> &sets, const TaskSettings &settings)
{
    std::vector<std::string> names;
    for (const TaskSet &set : sets)
        names.push_back(set.name);
    for (const std::string &only : settings.only)
        if (std::ranges::none_of(names, [&](const std::string &name) { return asksFor(only, name); }))
            throw Error("The task " + only + " was not found at the given paths" +
                            (names.empty() ? "." : "; there are " + listed(names) + "."),
                        "Add its file, or leave it out (--only).");
}

} // namespace

std::vector<TaskSet> readTaskFiles(const TaskSettings &settings, const TextLimits &limits, const JobContext &context,
                                   const std::filesystem::path &cache)
{
    checkSettings(settings);
    TextLimits stopping = limits;
    if (!stopping.stop.stop_possible())
        stopping.stop = context.stopToken();
    Finding finding(settings, stopping, context, cache);
    const std::vector<std::string> passedOver = finding.passedOver();
    std::vector<TaskSet> sets;
    std::map<std::string, std::filesystem::path> files;
    for (const TaskSource &source : chosen(std::move(finding).found(), stopping, context))
        for (TaskSet &set : readSets(source, stopping, context)) {
            if (!isWanted(settings, set.name))
                continue;
            if (const auto [twin, isNew] = files.emplace(set.name, set.file); !isNew)
                refuseTwice(set.name, twin->second, set.file);
            limit(set, settings);
            set.textHash = textHashOf(set.items);
            sets.push_back(std::move(set));
        }
    checkAsked(sets, settings);
    std::ranges::sort(sets, {}, [](const TaskSet &set) { return std::pair(set.kind, set.name); });
    for (const std::string &file : passedOver)
        sets.front().notes.push_back("Passed over: " + file);
    return sets;
}

std::string textHashOf(const std::vector<TaskItem> &items)
{
    Sha256 sum;
    const auto addNumber = [&](std::uint64_t number) {
        std::array<std::byte, 8> bytes{};
        for (std::byte &byte : bytes) {
            byte = std::byte(number & 0xFF);
            number >>= 8;
        }
        sum.add(bytes);
    };
    for (const TaskItem &item : items) {
        addNumber(item.choices.size());
        for (const TaskChoice &choice : item.choices)
            for (const std::string &text : {choice.context, choice.continuation}) {
                addNumber(text.size());
                sum.add(text);
            }
    }
    return sum.hex();
}

} // namespace secateur
