// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks: their items are read and checked, and what the model makes of them.
#include "engine/EngineState.h"

#include "decoder/FiniteCheck.h"
#include "evaluation/Likelihoods.h"
#include "foundation/JsonFile.h"
#include "tasks/TaskFiles.h"
#include "tasks/TaskRequests.h"
#include "tasks/TaskScoring.h"

#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace secateur {
namespace {

/// The settings as they are used on a model: how texts begin, and how long an input may be. Throws Error for a length that is out of range.
TaskSettings settled(TaskSettings settings, const ModelSpec &spec)
{
    if (spec.family.find("gemma") != std::string::npos) // falls to chance without
        settings.bos = BosUse::Always;
    if (settings.longest && (*settings.longest < 1 || *settings.longest > spec.contextLength))
        throw Error("Inputs of " + std::to_string(*settings.longest) + " tokens are not possible: the model's context holds " +
                        std::to_string(spec.contextLength) + ".",
                    "Give a length from 1 to " + std::to_string(spec.contextLength) + ".");
    settings.longest = settings.longest.value_or(spec.contextLength);
    return settings;
}

/// An item by the name of its task and its place in it.
using ItemName = std::pair<std::string, std::int64_t>;

struct AskedItem {
    const TaskSet *task;
    const TaskItem *item;
};

nlohmann::json toJson(const std::vector<ItemScore> &scores)
{
    nlohmann::json array = nlohmann::json::array();
    for (const ItemScore &score : scores)
        array.push_back({score.task, score.index, score.logLikelihoods});
    return array;
}

/// What another rank tells. A number that is not finite has no JSON.
std::vector<ItemScore> scoresFromJson(const std::string &said)
{
    std::vector<ItemScore> scores;
    for (const nlohmann::json &entry : parseJson(said, "what another rank says", {})) {
        ItemScore score{.task = entry.at(0).get<std::string>(), .index = entry.at(1).get<std::int64_t>(), .logLikelihoods = {}};
        for (const nlohmann::json &sum : entry.at(2))
            score.logLikelihoods.push_back(sum.is_null() ? std::numeric_limits<double>::quiet_NaN() : sum.get<double>());
        scores.push_back(std::move(score));
    }
    return scores;
}

/// What all ranks have, in the order of the ranks.
std::vector<ItemScore> exchanged(Ranks &ranks, std::vector<ItemScore> mine, const JobContext &context)
{
    if (ranks.isAlone())
        return mine;
    std::vector<ItemScore> all;
    for (const std::string &said : ranks.exchange(toJson(mine).dump(), context))
        for (ItemScore &score : scoresFromJson(said))
            all.push_back(std::move(score));
    return all;
}

/// From what length on a sequence is rotated by other frequencies than shorter ones, less one.
std::int64_t lengthOfOtherRotation(const ModelSpec &spec)
{
    return spec.rope.scaling == RopeSpec::Scaling::LongRope ? spec.rope.originalContext : std::numeric_limits<std::int64_t>::max();
}

/// As many rows at once as fit, the largest tree's at least. `fit` throws Error where so many rows with the states of so many groups do not.
template <typename Fit>
RowsTogether rowsTogether(const std::vector<TokenTree> &trees, std::int64_t rows, const Fit &fit)
{
    constexpr std::int64_t kLeast = 128;
    std::int64_t largest = 0;
    for (const TokenTree &tree : trees)
        largest = std::max(largest, tree.rows());
    for (;; rows /= 2) {
        try {
            return {.rows = rows, .groups = fit(std::max(rows, largest))};
        } catch (const Error &) {
            if (rows <= std::max(kLeast, largest))
                throw;
        }
    }
}

} // namespace

std::vector<TaskSet> Engine::readTasks(const TaskSettings &given, JobContext &context)
{
    return underTorch(m_state->device, [&] {
        const OpenModel &model = m_state->open();
        const TaskSettings settings = settled(given, model.spec());
        const TextLimits limits{.bytes = textMemory(model.forecastBasis(m_state->settings.memory)), .stop = context.stopToken()};
        std::vector<TaskSet> tasks = readTaskFiles(settings, limits, context);
        skipUnaskable(tasks, model.tokenizer(), settings.bos, *settings.longest, context);
        return tasks;
    });
}

TaskResults Engine::evaluateTasks(const PruningPlan *plan, const std::vector<TaskSet> &tasks, const TaskSettings &given,
                                  JobContext &context, const std::vector<ItemScore> &known,
                                  const std::function<void(const ItemScore &)> &heard)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const TaskSettings settings = settled(given, model.spec());
        const std::shared_ptr<Ranks> ranks = m_state->ranks();
        m_state->join(context);
        std::vector<AskedItem> items;
        std::vector<TokenTree> trees;
        for (const TaskSet &task : tasks)
            for (const TaskItem &item : task.items) {
                context.check();
                items.push_back({&task, &item});
                trees.push_back(treeOf(model.requests(item, settings.bos, *settings.longest)));
            }
        if (!ranks->isAlone())
            agreeOnWork(*ranks,
                        {{"plan or model", plan ? plan->hash() : model.hash(context)},
                         {"list of tasks (--tasks, --only, --limit, --sample, --bos, --max-length)",
                          askedHash(tasks, settings.bos, *settings.longest)}},
                        context);
        std::map<ItemName, ItemScore> scores;
        for (ItemScore &score : exchanged(*ranks, ranks->rank() == 0 ? known : std::vector<ItemScore>(), context))
            scores.try_emplace({score.task, score.index}, std::move(score));
        const auto isKnown = [&](std::size_t i) { return scores.contains({items[i].task->name, items[i].item->index}); };

        constexpr std::int64_t kRows = 1024, kGpuRows = 2048, kStreamedGroups = 32;
        const RowsTogether together = rowsTogether(trees, m_state->device.is_cpu() ? kRows : kGpuRows, [&](std::int64_t rows) {
            m_state->fitOnePass(plan, rows);
            if (!model.isStreamed())
                return std::int64_t(1);
            const std::int64_t groups = std::min(kStreamedGroups, model.spec().layerCount());
            m_state->fitOnePass(plan, rows, 0, plan ? 1 : groups); // of a plan, a state a layer is counted
            return groups;
        });
        std::vector<std::vector<std::size_t>> batches = batchesOf(trees, together, lengthOfOtherRotation(model.spec()));
        const Decoder whole = model.decoder(plan, *settings.longest, context);
        context.begin("tasks", std::int64_t(items.size()), "items");
        std::int64_t before = 0;
        for (std::vector<std::size_t> &batch : batches) // as they were when the known ones were computed, so that the bits are the same
            before += std::int64_t(std::erase_if(batch, isKnown));
        std::erase_if(batches, [](const std::vector<std::size_t> &batch) { return batch.empty(); });
        if (before > 0)
            context.step(double(before));

        for (std::size_t round = 0; round < batches.size(); round += std::size_t(ranks->size())) {
            std::vector<ItemScore> found;
            if (const std::size_t mine = round + std::size_t(ranks->rank()); mine < batches.size()) {
                std::vector<const TokenTree *> asked;
                std::int64_t longest = 0;
                for (const std::size_t i : batches[mine]) {
                    asked.push_back(&trees[i]);
                    longest = std::max(longest, longestOf(trees[i].runs));
                }
                const Decoder decoder(whole.spec(), whole.weights(), longest); // the length may decide how positions are rotated
                std::vector<std::vector<double>> sums = logLikelihoods(decoder, asked, together.rows, context);
                for (std::size_t i = 0; i < asked.size(); ++i) {
                    const AskedItem &item = items[batches[mine][i]];
                    found.push_back({.task = item.task->name, .index = item.item->index, .logLikelihoods = std::move(sums[i])});
                }
            }
            for (ItemScore &score : exchanged(*ranks, std::move(found), context)) {
                for (const double sum : score.logLikelihoods)
                    if (!std::isfinite(sum))
                        throw Error("The log-likelihoods of item " + std::to_string(score.index) + " of " + score.task + " are not finite.",
                                    remedyOfNonFinite(whole.dtype()));
                if (heard)
                    heard(score);
                scores.insert_or_assign({score.task, score.index}, score);
                context.step();
            }
        }
        std::vector<ItemScore> all;
        for (const AskedItem &item : items)
            all.push_back(scores.at({item.task->name, item.item->index}));
        return taskResults(tasks, all, settings, *settings.longest);
    });
}

} // namespace secateur
