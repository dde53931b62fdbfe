// SPDX-License-Identifier: GPL-3.0-or-later
// A comparison as cells.
#include "comparison/ComparisonTable.h"

#include "comparison/ComparisonRows.h"
#include "foundation/Wording.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <functional>
#include <iomanip>
#include <sstream>
#include <utility>

namespace secateur {
namespace {

using CellOf = std::function<ComparisonCell(const ComparisonRow &)>;

/// A column before it is known whether any row has something for it.
struct Source {
    ComparisonColumn column;
    CellOf cell;
};

template <class Number>
requires std::integral<Number> || std::floating_point<Number> std::string exact(Number number)
{
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::string fixed(double number, int decimals)
{
    std::ostringstream text;
    text << std::fixed << std::setprecision(decimals) << number;
    return text.str();
}

/// About four digits, or all before the point: "19.53", "184.0", "14,486"; "2.1e+12" where those say nothing any more.
std::string digits(double number)
{
    if (number >= 1e9) {
        std::ostringstream text;
        text << std::scientific << std::setprecision(1) << number;
        return text.str();
    }
    return number < 100 ? fixed(number, 2) : number < 1000 ? fixed(number, 1) : grouped(std::uint64_t(std::llround(number)));
}

ComparisonCell whole(std::int64_t number)
{
    return {.text = grouped(std::uint64_t(number)), .exact = exact(number)};
}

ComparisonCell share(double value)
{
    return {.text = fixed(100 * value, 1) + " %", .exact = exact(value)};
}

/// What was removed, in the terms of the method: N and K, or blocks.
std::string removedText(const ComparisonRow &row)
{
    if (!row.method || row.planHash.empty())
        return {};
    if (*row.method == PlanMethod::Restored && row.neuronsKept == 0)
        return "N " + std::to_string(row.attentionsRemoved) + ", widths per layer";
    if (*row.method == PlanMethod::TwoSsp || *row.method == PlanMethod::Restored)
        return "N " + std::to_string(row.attentionsRemoved) + ", K " + grouped(std::uint64_t(row.neuronsKept));
    return std::to_string(row.attentionsRemoved) + " attn, " + std::to_string(row.ffnsRemoved) + " FFN";
}

/// Whether the sizes of a row are known: it has a plan, or it is the dense model.
bool hasSizes(const ComparisonRow &row)
{
    return row.modelParameters > 0;
}

Source sized(ComparisonColumn column, std::function<ComparisonCell(const ComparisonRow &)> cell)
{
    return {std::move(column), [cell = std::move(cell)](const ComparisonRow &row) { return hasSizes(row) ? cell(row) : ComparisonCell(); }};
}

void addNamesAndSizes(std::vector<Source> &sources)
{
    sources.push_back({{.group = ColumnGroup::Name, .title = "method", .name = "method", .isText = true}, [](const ComparisonRow &row) {
                           return ComparisonCell{.text = methodLabel(row), .exact = row.method ? nameOf(*row.method) : "dense"};
                       }});
    sources.push_back({{.group = ColumnGroup::Name, .title = {}, .name = "restored", .isText = true}, [](const ComparisonRow &row) {
                           if (row.method != PlanMethod::Restored)
                               return ComparisonCell();
                           return ComparisonCell{.text = {}, .exact = stepsLabel(row.restored) + (row.isGated ? " (gated)" : "")};
                       }});
    sources.push_back({{.group = ColumnGroup::Name, .title = "asked", .name = "sparsity"}, [](const ComparisonRow &row) {
                           return row.method ? ComparisonCell{.text = shareText(row.sparsity), .exact = exact(row.sparsity)}
                                             : ComparisonCell();
                       }});
    sources.push_back({{.group = ColumnGroup::Size, .title = "removed", .isText = true},
                       [](const ComparisonRow &row) { return ComparisonCell{.text = removedText(row), .exact = {}}; }});
    const auto ofPrograms = [&](const char *name, std::int64_t ComparisonRow::*field) {
        sources.push_back(sized({.group = ColumnGroup::Size, .title = {}, .name = name},
                                [field](const ComparisonRow &row) { return ComparisonCell{.text = {}, .exact = exact(row.*field)}; }));
    };
    ofPrograms("attentions_removed", &ComparisonRow::attentionsRemoved);
    ofPrograms("ffns_removed", &ComparisonRow::ffnsRemoved);
    ofPrograms("neurons_kept", &ComparisonRow::neuronsKept);
    sources.push_back(sized({.group = ColumnGroup::Size, .title = "of layers", .name = "sparsity_layers"},
                            [](const ComparisonRow &row) { return share(row.sparsityLayers); }));
    sources.push_back(sized({.group = ColumnGroup::Size, .title = "of model", .name = "sparsity_model"},
                            [](const ComparisonRow &row) { return share(row.sparsityModel); }));
    ofPrograms("layer_parameters", &ComparisonRow::layerParameters);
    sources.push_back(sized({.group = ColumnGroup::Size, .title = "parameters", .name = "model_parameters"},
                            [](const ComparisonRow &row) { return whole(row.modelParameters); }));
}

void addPerplexities(std::vector<Source> &sources, const Comparison &comparison)
{
    const std::vector<std::string> names = evaluationNames(comparison.settings.evaluations);
    for (std::size_t i = 0; i < names.size(); ++i)
        sources.push_back(
            {{.group = ColumnGroup::Perplexity, .title = "ppl " + printable(names[i]), .name = "perplexity " + printable(names[i])},
             [i](const ComparisonRow &row) {
                 if (i >= row.evaluations.size() || !row.evaluations[i])
                     return ComparisonCell();
                 const double perplexity = row.evaluations[i]->perplexity;
                 return ComparisonCell{.text = digits(perplexity), .exact = exact(perplexity)};
             }});
}

/// With as many digits as lm-evaluation-harness prints.
ComparisonCell accuracy(std::optional<double> value, std::optional<double> error)
{
    constexpr int kDigits = 4;
    ComparisonCell cell;
    if (value)
        cell = {.text = fixed(*value, kDigits), .exact = exact(*value)};
    if (value && error) {
        cell.error = fixed(*error, kDigits);
        cell.exactError = exact(*error);
    }
    return cell;
}

void addTasks(std::vector<Source> &sources, const std::vector<const ComparisonRow *> &rows)
{
    const std::vector<std::string> forPeople = taskNamesForPeople(rows);
    for (const std::string &name : taskNames(rows)) {
        const bool isForPeople = std::ranges::find(forPeople, name) != forPeople.end();
        const auto title = [&](const char *metric) {
            return isForPeople ? name + (*metric ? std::string(" ") + metric : "") : std::string();
        };
        sources.push_back(
            {{.group = ColumnGroup::Tasks, .title = title(""), .name = name + "_acc", .hasErrors = true}, [name](const ComparisonRow &row) {
                 const TaskResult *task = taskOf(row, name);
                 return task ? accuracy(task->acc, task->accStderr) : ComparisonCell();
             }});
        sources.push_back({{.group = ColumnGroup::Tasks, .title = title("norm"), .name = name + "_acc_norm", .hasErrors = true},
                           [name](const ComparisonRow &row) {
                               const TaskResult *task = taskOf(row, name);
                               return task ? accuracy(task->accNorm, task->accNormStderr) : ComparisonCell();
                           }});
        sources.push_back({{.group = ColumnGroup::Tasks, .title = {}, .name = name + "_items"}, [name](const ComparisonRow &row) {
                               const TaskResult *task = taskOf(row, name);
                               return task ? ComparisonCell{.text = {}, .exact = exact(task->items)} : ComparisonCell();
                           }});
    }
}

void addCosts(std::vector<Source> &sources, const std::vector<const ComparisonRow *> &rows)
{
    sources.push_back({{.group = ColumnGroup::Cost, .title = "pruning, s", .name = "pruning_seconds"}, [](const ComparisonRow &row) {
                           return row.pruningSeconds
                                      ? ComparisonCell{.text = fixed(*row.pruningSeconds, 1), .exact = exact(*row.pruningSeconds)}
                                      : ComparisonCell();
                       }});
    sources.push_back({{.group = ColumnGroup::Cost, .title = "windows", .name = "windows_forwarded"},
                       [](const ComparisonRow &row) { return row.windowsForwarded ? whole(*row.windowsForwarded) : ComparisonCell(); }});
    sources.push_back(sized({.group = ColumnGroup::Cost, .title = "KV, B/token", .name = "kv_bytes_per_token"},
                            [](const ComparisonRow &row) { return whole(row.cacheBytes); }));
    sources.push_back(sized({.group = ColumnGroup::Cost, .title = "MFLOP/token", .name = "flop_per_token"}, [](const ComparisonRow &row) {
        return ComparisonCell{.text = digits(row.flop / 1e6), .exact = exact(row.flop)};
    }));
    std::vector<std::pair<std::int64_t, std::int64_t>> shapes; // lengths and batch sizes
    for (const ComparisonRow *row : rows)
        for (const Throughput &measured : row->throughput)
            if (const std::pair shape(measured.promptLength, measured.batchSize); std::ranges::find(shapes, shape) == shapes.end())
                shapes.push_back(shape);
    for (const auto &shape : shapes) {
        const std::string where = " " + std::to_string(shape.first) + " x " + std::to_string(shape.second);
        for (const auto &[what, rate] : {std::pair("prefill", &Throughput::prefill), std::pair("decode", &Throughput::decode)})
            sources.push_back(
                {{.group = ColumnGroup::Cost, .title = std::string(what) + where + ", tok/s", .name = what + where + " tokens_per_second"},
                 [shape, rate = rate](const ComparisonRow &row) {
                     for (const Throughput &measured : row.throughput)
                         if (shape == std::pair(measured.promptLength, measured.batchSize))
                             return ComparisonCell{.text = digits((measured.*rate).median), .exact = exact((measured.*rate).median)};
                     return ComparisonCell();
                 }});
    }
}

/// What the steps are that rows are named by.
void addRestorationNote(std::vector<std::string> &notes, const Comparison &comparison)
{
    std::string steps;
    for (const RestorationStepRow &known : kRestorationSteps)
        if (std::ranges::any_of(comparison.settings.restorations, [&](const RestorationSettings &asked) { return asked.has(known.step); }))
            steps += (steps.empty() ? "" : "; ") + stepsLabel({known.step}) + ": " + known.title;
    if (!steps.empty())
        notes.push_back("Restored rows are not plain 2SSP, at the same size. " + steps + ".");
}

std::vector<std::string> notesOf(const Comparison &comparison, const std::vector<const ComparisonRow *> &rows)
{
    std::vector<std::string> notes;
    const ComparisonSettings &settings = comparison.settings;
    const ComputeConditions &how = comparison.computed;
    std::string model = "Model: " + printable(comparison.modelName);
    if (how.isKnown())
        model +=
            ", computed in " + how.dtype + " on " + (how.gpu.empty() ? how.device : how.gpu) + " with " + counted(how.threads, "thread");
    notes.push_back(model + ".");
    if (!settings.methods.empty())
        notes.push_back("Pruned on " + printable(evaluationNames({settings.text}).front()) + " in windows of " +
                        counted(settings.text.length, "token") + "; sparsity is the share of the layers' parameters, and of the model's.");
    addRestorationNote(notes, comparison);
    for (const ComparisonRow *row : rows)
        if (row->tasks) {
            const TaskResults &asked = *row->tasks;
            std::string items = "all items";
            if (asked.limit)
                items = (asked.seed == 0 ? "the first " : "a sample of ") + counted(*asked.limit, "item") + " of each task and subject";
            notes.push_back("Tasks: zero-shot accuracy with standard error, " + items + ", BOS " +
                            (asked.bos == BosUse::Never    ? "never"
                             : asked.bos == BosUse::Always ? "always"
                                                           : "as the tokenizer has it") +
                            "; \"norm\" is acc_norm.");
            for (const TaskResult &task : asked.tasks)
                if (task.subjects > 0 && task.subjects < std::int64_t(kMmluSubjects.size()))
                    notes.push_back("MMLU: " + std::to_string(task.subjects) + " of " + std::to_string(kMmluSubjects.size()) +
                                    " subjects.");
            break;
        }
    for (const ComparisonRow *row : rows)
        if (!row->problem.empty())
            notes.push_back(nameOf(*row) + ": " + row->problem);
    return notes;
}

} // namespace

ComparisonTable tableOf(const Comparison &comparison)
{
    std::vector<const ComparisonRow *> rows;
    for (const ComparisonRow &row : comparison.rows)
        rows.push_back(&row);
    std::vector<Source> sources;
    addNamesAndSizes(sources);
    addPerplexities(sources, comparison);
    addTasks(sources, rows);
    addCosts(sources, rows);
    sources.push_back({{.group = ColumnGroup::Note, .title = {}, .name = "plan_hash", .isText = true},
                       [](const ComparisonRow &row) { return ComparisonCell{.text = {}, .exact = row.planHash}; }});
    sources.push_back({{.group = ColumnGroup::Note, .title = {}, .name = "problem", .isText = true}, // people read of it in the notes
                       [](const ComparisonRow &row) { return ComparisonCell{.text = {}, .exact = row.problem}; }});

    ComparisonTable table;
    table.rows.resize(rows.size());
    for (const ComparisonRow *row : rows)
        table.methods.push_back(row->method == PlanMethod::Restored ? PlanMethod::TwoSsp : row->method);
    for (const Source &source : sources) {
        std::vector<ComparisonCell> cells;
        for (const ComparisonRow *row : rows)
            cells.push_back(source.cell(*row));
        if (std::ranges::all_of(cells, [](const ComparisonCell &cell) { return cell == ComparisonCell(); }))
            continue;
        table.columns.push_back(source.column);
        for (std::size_t i = 0; i < cells.size(); ++i)
            table.rows[i].push_back(std::move(cells[i]));
    }
    table.notes = notesOf(comparison, rows);
    return table;
}

} // namespace secateur
