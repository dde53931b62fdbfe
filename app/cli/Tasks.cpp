// SPDX-License-Identifier: GPL-3.0-or-later
// What `evaluate` measures beside perplexity: tasks and throughput.
#include "cli/ItemsFile.h"
#include "cli/Run.h"
#include "engine/EngineChecks.h"
#include "evaluation/EvaluationJson.h"
#include "foundation/Error.h"
#include "jobs/MeasuringWork.h"
#include "tasks/TaskJson.h"
#include "tasks/TaskScoring.h"
#include "tasks/TaskTable.h"

#include <algorithm>

namespace secateur::cli {
namespace {

std::string orNothing(const std::optional<double> &number)
{
    return number ? decimal(*number, 4) : std::string();
}

/// "1,234 (1,200 to 1,250)".
std::string rateText(const Rate &rate)
{
    const auto text = [](double number) { return number < 100 ? decimal(number, 1) : grouped(std::uint64_t(number + 0.5)); };
    return text(rate.median) + " (" + text(rate.least) + " to " + text(rate.most) + ")";
}

const char *explanationOf(BosUse use)
{
    switch (use) {
    case BosUse::Never:
        return "no token begins a text (--bos never, as in the paper)";
    case BosUse::Tokenizer:
        return "a token begins a text where the tokenizer puts one (--bos tokenizer)";
    case BosUse::Always:
        break;
    }
    return "a token begins every text (--bos always)";
}

} // namespace

void Run::showTaskSets(const std::vector<TaskSet> &tasks)
{
    constexpr std::size_t kShown = 3;
    for (const TaskSet &task : tasks) {
        report.aside("task " + task.name + ": " + counted(std::int64_t(task.items.size()), "item") + " of " +
                     printable(task.file.string()) + " (" + task.form + ")");
        for (const std::string &note : task.notes)
            report.note(task.name + ": " + printable(note));
        if (task.skipped.empty())
            continue;
        std::string reasons;
        for (std::size_t i = 0; i < std::min(kShown, task.skipped.size()); ++i)
            reasons += " Line " + std::to_string(task.skipped[i].line) + ": " + printable(task.skipped[i].reason);
        report.note(task.name + ": " + counted(std::int64_t(task.skipped.size()), "item") + " of " + printable(task.file.string()) +
                    " cannot be asked." + reasons + (task.skipped.size() > kShown ? " ..." : ""));
    }
}

void Run::showTasks(const TaskResults &results)
{
    Rows rows = {{"task", "acc", "error", "acc_norm", "error", "items", "skipped"}};
    for (const TaskResult &task : results.tasks)
        rows.push_back({task.subjects > 0 ? task.name + " (" + std::to_string(task.subjects) + " of " +
                                                std::to_string(kMmluSubjects.size()) + " subjects)"
                                          : task.name,
                        decimal(task.acc, 4), orNothing(task.accStderr), orNothing(task.accNorm), orNothing(task.accNormStderr),
                        grouped(std::uint64_t(task.items)), grouped(std::uint64_t(task.skipped))});
    report.table(rows);
    std::string line = std::string(explanationOf(results.bos)) + "; inputs of at most " + counted(results.longest, "token");
    if (results.limit)
        line += results.seed == 0
                    ? "; the first " + counted(*results.limit, "item") + " of each task"
                    : "; a sample of " + counted(*results.limit, "item") + " of each task (seed " + std::to_string(results.seed) + ")";
    report.line(line);
}

void Run::evaluateTasks(const Evaluated &what, const std::vector<TaskSet> &tasks, nlohmann::json &result)
{
    std::optional<ItemsFile> items;
    if (isFirst() && !o.saveItems.empty()) {
        const TaskSettings settings = settledTaskSettings(o.tasks, model->spec);
        const nlohmann::json asked = {{"tasks", askedHash(tasks, settings.bos, *settings.longest)},
                                      {"model", engine->modelHash(context)},
                                      {"plan", what.plan ? nlohmann::json(what.plan->hash()) : nlohmann::json()},
                                      {"dtype", engine->report().computed.dtype}};
        items.emplace(o.saveItems, asked, tasks, o.isResumed);
        if (!items->known().empty())
            report.note(counted(std::int64_t(items->known().size()), "item") + " had been scored before.");
    }
    const auto tell = [&](const JobEvent &event) {
        if (const auto *scored = std::get_if<TaskScored>(&event); scored && items)
            items->add(scored->score);
        report.tell(event);
    };
    std::optional<TaskResults> results;
    try {
        results = measureTasks(*engine, model->spec, what, tasks, o.tasks, context, tell, items ? items->known() : std::vector<ItemScore>())
                      .tasks;
        if (items)
            items->finish();
    } catch (...) { // also where the disk is full
        if (items)
            report.note("What was scored so far is in " + inQuotes(ItemsFile::partOf(o.saveItems).string()) +
                        ". The same command with --resume goes on with it.");
        throw;
    }
    if (items)
        result["savedItems"] = o.saveItems.string();
    if (!isFirst())
        return;
    showTasks(*results);
    nlohmann::json byName = nlohmann::json::object(), settings = toJson(*results);
    for (nlohmann::json task : settings.at("tasks")) {
        const std::string name = task.at("name");
        task.erase("name");
        byName[name] = std::move(task);
    }
    settings.erase("tasks");
    result["tasks"] = std::move(byName);
    result["asked"] = std::move(settings);
}

void Run::evaluateThroughput(const Evaluated &what, nlohmann::json &result)
{
    const ThroughputSettings &settings = *o.throughput;
    const std::vector<Throughput> measured = measureThroughput(*engine, model->spec, what, settings, context, listener()).throughput;
    Rows rows = {{"prompt", "batch", "prefill, tokens/s", "decode, tokens/s"}};
    nlohmann::json list = nlohmann::json::array();
    for (const Throughput &t : measured) {
        rows.push_back(
            {grouped(std::uint64_t(t.promptLength)), grouped(std::uint64_t(t.batchSize)), rateText(t.prefill), rateText(t.decode)});
        list.push_back(toJson(t));
    }
    report.table(rows);
    report.line("median (least to most) of " + counted(settings.repetitions, "repetition") + "; " +
                counted(settings.newTokens, "new token") + " of each sequence");
    result["throughput"] = std::move(list);
}

} // namespace secateur::cli
