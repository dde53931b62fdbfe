// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of comparisons as texts, and their rows for scripts.
#include "comparison/ComparisonRows.h"
#include "comparison/ComparisonTable.h"
#include "foundation/Wording.h"
#include "pruning/RestorationJson.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

/// Places of the columns that people see, of some groups or of all.
std::vector<std::size_t> columnsForPeople(const ComparisonTable &table, const std::vector<ColumnGroup> &groups = {})
{
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (!table.columns[i].title.empty() && (groups.empty() || std::ranges::find(groups, table.columns[i].group) != groups.end()))
            places.push_back(i);
    return places;
}

std::string withError(const ComparisonCell &cell, const char *sign)
{
    return cell.error.empty() ? cell.text : cell.text + sign + cell.error;
}

std::string csvField(const std::string &text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos)
        return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string markdownText(const std::string &text)
{
    std::string escaped;
    for (const char c : text)
        escaped += std::string("|\\`*_<>[]").find(c) != std::string::npos ? std::string("\\") + c : std::string(1, c);
    return escaped;
}

std::string latexText(const std::string &text)
{
    std::string escaped;
    for (const char c : text)
        switch (c) {
        case '\\':
            escaped += "\\textbackslash{}";
            break;
        case '~':
            escaped += "\\textasciitilde{}";
            break;
        case '^':
            escaped += "\\textasciicircum{}";
            break;
        case '&':
        case '%':
        case '$':
        case '#':
        case '_':
        case '{':
        case '}':
            escaped += std::string("\\") + c;
            break;
        default:
            escaped += c;
        }
    return escaped;
}

} // namespace

std::vector<std::vector<std::vector<std::string>>> terminalTables(const ComparisonTable &table)
{
    using enum ColumnGroup;
    std::vector<std::vector<std::vector<std::string>>> tables;
    for (const std::vector<ColumnGroup> &groups : {std::vector{Size, Perplexity}, {Tasks}, {Cost}}) {
        const std::vector<std::size_t> columns = columnsForPeople(table, groups), names = columnsForPeople(table, {Name});
        if (columns.empty())
            continue;
        std::vector<std::vector<std::string>> lines(table.rows.size() + 1);
        for (const std::vector<std::size_t> *places : {&names, &columns})
            for (const std::size_t place : *places) {
                lines[0].push_back(table.columns[place].title);
                for (std::size_t row = 0; row < table.rows.size(); ++row)
                    lines[row + 1].push_back(withError(table.rows[row][place], " ±"));
            }
        tables.push_back(std::move(lines));
    }
    return tables;
}

std::string csvOf(const ComparisonTable &table)
{
    std::string text;
    const auto line = [&](const auto &fieldOf, const auto &errorOf) {
        bool isFirst = true;
        const auto add = [&](const std::string &field) {
            text += (isFirst ? "" : ",") + csvField(field);
            isFirst = false;
        };
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (table.columns[i].name.empty())
                continue;
            add(fieldOf(i));
            if (table.columns[i].hasErrors)
                add(errorOf(i));
        }
        text += "\r\n";
    };
    line([&](std::size_t i) { return table.columns[i].name; }, [&](std::size_t i) { return table.columns[i].name + "_stderr"; });
    for (const std::vector<ComparisonCell> &row : table.rows)
        line([&](std::size_t i) { return row[i].exact; }, [&](std::size_t i) { return row[i].exactError; });
    return text;
}

std::string markdownOf(const ComparisonTable &table)
{
    const std::vector<std::size_t> columns = columnsForPeople(table);
    std::string text = "|", rule = "|";
    for (const std::size_t i : columns) {
        text += " " + markdownText(table.columns[i].title) + " |";
        rule += table.columns[i].isText ? "---|" : "---:|";
    }
    text += "\n" + rule + "\n";
    for (const std::vector<ComparisonCell> &row : table.rows) {
        text += "|";
        for (const std::size_t i : columns)
            text += " " + markdownText(withError(row[i], " ± ")) + " |";
        text += "\n";
    }
    for (const std::string &note : table.notes)
        text += "\n" + markdownText(note) + "\n";
    return text;
}

std::string latexOf(const ComparisonTable &table)
{
    const std::vector<std::size_t> columns = columnsForPeople(table);
    std::string text = "% Needs \\usepackage{booktabs}.\n";
    for (const std::string &note : table.notes)
        text += "% " + printable(note) + "\n";
    std::string alignment, titles;
    for (const std::size_t i : columns) {
        alignment += table.columns[i].isText ? "l" : "r";
        titles += (titles.empty() ? "" : " & ") + latexText(table.columns[i].title);
    }
    text += "\\begin{tabular}{" + alignment + "}\n\\toprule\n" + titles + " \\\\\n\\midrule\n";
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const std::vector<ComparisonCell> &cells = table.rows[row];
        if (row > 0 && table.methods[row] != table.methods[row - 1])
            text += "\\midrule\n";
        std::string line;
        for (const std::size_t i : columns) {
            const std::string cell =
                cells[i].error.empty() ? latexText(cells[i].text) : "$" + cells[i].text + " \\pm " + cells[i].error + "$";
            line += (i == columns.front() ? "" : " & ") + cell;
        }
        text += line + " \\\\\n";
    }
    return text + "\\bottomrule\n\\end{tabular}\n";
}

nlohmann::json resultRows(const Comparison &comparison)
{
    const auto orNull = [](const auto &value) { return value ? nlohmann::json(*value) : nlohmann::json(); };
    const std::vector<std::string> names = evaluationNames(comparison.settings.evaluations);
    nlohmann::json rows = nlohmann::json::array();
    for (const ComparisonRow &row : comparison.rows) {
        nlohmann::json perplexities = nlohmann::json::object(), tasks = nlohmann::json::object(), throughput = nlohmann::json::array();
        for (std::size_t i = 0; i < names.size(); ++i)
            perplexities[names[i]] =
                i < row.evaluations.size() && row.evaluations[i] ? nlohmann::json(row.evaluations[i]->perplexity) : nlohmann::json();
        if (row.tasks)
            for (const TaskResult &task : row.tasks->tasks)
                tasks[task.name] = {{"acc", task.acc},
                                    {"accStderr", orNull(task.accStderr)},
                                    {"accNorm", orNull(task.accNorm)},
                                    {"accNormStderr", orNull(task.accNormStderr)},
                                    {"items", task.items}};
        for (const Throughput &measured : row.throughput)
            throughput.push_back({{"promptLength", measured.promptLength},
                                  {"batchSize", measured.batchSize},
                                  {"newTokens", measured.newTokens},
                                  {"prefill", measured.prefill.median},
                                  {"decode", measured.decode.median}});
        rows.push_back({{"method", row.method ? nameOf(*row.method) : "dense"},
                        {"restored", row.method == PlanMethod::Restored ? namesOf(row.restored) : nlohmann::json()},
                        {"gated", row.isGated},
                        {"sparsity", row.method ? nlohmann::json(row.sparsity) : nlohmann::json(0.0)},
                        {"attentionsRemoved", row.attentionsRemoved},
                        {"ffnsRemoved", row.ffnsRemoved},
                        {"neuronsKept", row.neuronsKept},
                        {"layerParameters", row.layerParameters},
                        {"modelParameters", row.modelParameters},
                        {"layerSparsity", row.sparsityLayers},
                        {"modelSparsity", row.sparsityModel},
                        {"perplexities", perplexities},
                        {"tasks", tasks},
                        {"pruningSeconds", orNull(row.pruningSeconds)},
                        {"windowsForwarded", orNull(row.windowsForwarded)},
                        {"planHash", row.planHash.empty() ? nlohmann::json() : nlohmann::json(row.planHash)},
                        {"cacheBytes", row.cacheBytes},
                        {"flop", row.flop},
                        {"throughput", throughput},
                        {"problem", row.problem.empty() ? nlohmann::json() : nlohmann::json(row.problem)}});
    }
    return rows;
}

} // namespace secateur
