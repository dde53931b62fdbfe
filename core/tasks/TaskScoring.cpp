// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskScoring.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace secateur {
namespace {

std::string nameOf(const ItemScore &score)
{
    return "Item " + std::to_string(score.index) + " of " + score.task;
}

void checkFinite(const ItemScore &score)
{
    if (!std::ranges::all_of(score.logLikelihoods, [](double value) { return std::isfinite(value); }))
        throw Error(nameOf(score) + " has a likelihood that is no number: the model computes values that are infinite or none.",
                    "Use a type of more bits (--dtype float32), or check the weights.");
}

std::int64_t firstLargest(const std::vector<double> &values)
{
    return std::max_element(values.begin(), values.end()) - values.begin();
}

/// What is added up over items.
struct Count {
    std::int64_t items = 0, right = 0, rightByCharacters = 0;
};

Count countOf(const TaskSet &task, const std::map<std::int64_t, const ItemScore *> &scores)
{
    Count count;
    for (const TaskItem &item : task.items) {
        const auto found = scores.find(item.index);
        if (found == scores.end())
            throw Error("Item " + std::to_string(item.index) + " of " + task.name + " has no score.", "Score all items.");
        const ItemScore &score = *found->second;
        if (score.logLikelihoods.size() != item.choices.size())
            throw Error(nameOf(score) + " has " + std::to_string(score.logLikelihoods.size()) + " likelihoods for " +
                            std::to_string(item.choices.size()) + " choices.",
                        "The scores are of other items; score them again.");
        ++count.items;
        count.right += choiceOf(score) == item.gold ? 1 : 0;
        count.rightByCharacters += choiceByCharacters(item, score) == item.gold ? 1 : 0;
    }
    return count;
}

TaskResult resultOf(const TaskSet &task, const Count &count)
{
    TaskResult result{.name = task.name, .accStderr = {}, .accNorm = {}, .accNormStderr = {}, .textHash = task.textHash};
    result.items = count.items;
    result.skipped = std::int64_t(task.skipped.size());
    result.acc = double(count.right) / double(count.items);
    result.accStderr = shareStderr(result.acc, count.items);
    if (rowOf(task.kind).hasAccNorm) {
        result.accNorm = double(count.rightByCharacters) / double(count.items);
        result.accNormStderr = shareStderr(*result.accNorm, count.items);
    }
    return result;
}

/// All subjects as one task: their items weigh the same. The error is that of a pooled sample.
TaskResult pooled(const std::vector<TaskResult> &subjects)
{
    TaskResult all{.name = "mmlu", .accStderr = {}, .accNorm = {}, .accNormStderr = {}, .textHash = {}};
    all.subjects = std::int64_t(subjects.size());
    double right = 0, spread = 0;
    std::map<std::string, std::string> hashes; // in the order of the names
    for (const TaskResult &subject : subjects) {
        const double items = double(subject.items), error = subject.accStderr.value_or(0);
        right += subject.acc * items;
        spread += (items - 1) * error * error * items;
        all.items += subject.items;
        all.skipped += subject.skipped;
        hashes[subject.name] = subject.textHash;
    }
    all.acc = right / double(all.items);
    if (all.items > all.subjects)
        all.accStderr = std::sqrt(spread / double(all.items - all.subjects) / double(all.items));
    Sha256 sum;
    for (const auto &[name, hash] : hashes)
        sum.add(name + " " + hash + "\n");
    all.textHash = sum.hex();
    return all;
}

} // namespace

std::int64_t choiceOf(const ItemScore &score)
{
    checkFinite(score);
    return firstLargest(score.logLikelihoods);
}

std::int64_t choiceByCharacters(const TaskItem &item, const ItemScore &score)
{
    checkFinite(score);
    std::vector<double> shares;
    for (std::size_t i = 0; i < score.logLikelihoods.size(); ++i) {
        const std::int64_t characters = item.choices.at(i).characters;
        shares.push_back(characters == 0 ? -std::numeric_limits<double>::infinity() : score.logLikelihoods[i] / double(characters));
    }
    return firstLargest(shares);
}

std::optional<double> shareStderr(double share, std::int64_t items)
{
    if (items < 2)
        return {};
    return std::sqrt(share * (1 - share) / double(items - 1));
}

TaskResults taskResults(const std::vector<TaskSet> &tasks, const std::vector<ItemScore> &scores, const TaskSettings &settings,
                        std::int64_t longest)
{
    std::map<std::string, std::map<std::int64_t, const ItemScore *>> byTask;
    for (const ItemScore &score : scores)
        byTask[score.task][score.index] = &score;
    TaskResults results{.tasks = {}, .limit = settings.limit, .seed = settings.seed, .bos = settings.bos, .longest = longest, .hash = {}};
    results.hash = askedHash(tasks, settings.bos, longest);
    std::vector<TaskResult> subjects;
    for (const TaskSet &task : tasks) {
        TaskResult result = resultOf(task, countOf(task, byTask[task.name]));
        if (task.kind == TaskKind::Mmlu)
            subjects.push_back(result);
        results.tasks.push_back(std::move(result));
    }
    if (!subjects.empty()) {
        const auto isSubject = [](const TaskResult &result) { return result.name.starts_with("mmlu_"); };
        const auto last = std::find_if(results.tasks.rbegin(), results.tasks.rend(), isSubject);
        results.tasks.insert(last.base(), pooled(subjects));
    }
    return results;
}

std::string askedHash(const std::vector<TaskSet> &tasks, BosUse bos, std::int64_t longest)
{
    std::map<std::string, std::string> lines; // in the order of the names
    for (const TaskSet &task : tasks) {
        std::string &line = lines[task.name] = task.name + " " + task.textHash + " ";
        for (const TaskItem &item : task.items)
            line += std::to_string(item.gold) + ",";
    }
    Sha256 sum;
    for (const auto &[name, line] : lines)
        sum.add(line + "\n");
    sum.add(std::string("bos ") + secateur::nameOf(bos) + ", longest " + std::to_string(longest) + "\n");
    return sum.hex();
}

} // namespace secateur
