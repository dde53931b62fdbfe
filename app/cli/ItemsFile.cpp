// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/ItemsFile.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "tasks/TaskScoring.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace secateur::cli {
namespace {

constexpr const char *kFormat = "secateur items";

/// What a field of the first line says, for messages.
std::string nameOfAsked(const std::string &field)
{
    if (field == "tasks")
        return "other items or another way to ask them (--only, --limit, --sample, --bos, --max-length)";
    return field == "model" ? "another model" : field == "plan" ? "another plan" : "another type of numbers (--dtype)";
}

std::string headerOf(const nlohmann::json &asked, const std::vector<TaskSet> &tasks)
{
    nlohmann::json sets = nlohmann::json::array();
    for (const TaskSet &task : tasks)
        sets.push_back({{"name", task.name},
                        {"file", task.file.string()},
                        {"fileHash", task.fileHash},
                        {"form", task.form},
                        {"items", task.items.size()},
                        {"skipped", task.skipped.size()},
                        {"notes", task.notes},
                        {"textHash", task.textHash}});
    return nlohmann::json{{"format", kFormat}, {"version", 1}, {"asked", asked}, {"sets", sets}}.dump(
               -1, ' ', false, nlohmann::json::error_handler_t::replace) +
           "\n";
}

} // namespace

ItemsFile::ItemsFile(std::filesystem::path file, nlohmann::json asked, const std::vector<TaskSet> &tasks, bool isResumed)
    : m_file(std::move(file)),
      m_header(headerOf(asked, tasks)),
      m_tasks(tasks)
{
    for (const TaskSet &task : tasks)
        for (const TaskItem &item : task.items)
            m_items.emplace(std::pair(task.name, item.index), std::pair(&task, &item));
    const std::filesystem::path part = partOf(m_file);
    if (isResumed) {
        if (doesExist(part))
            readKnown(part, asked);
        else if (doesExist(m_file))
            readKnown(m_file, asked);
    }
    std::string lines = m_header;
    for (const ItemScore &score : m_known)
        lines += lineOf(score);
    writeFileAtomically(part, lines); // at once: what was there is kept until it is there again
    m_part.emplace(part, OutputFile::Begin::AtEnd);
}

std::string ItemsFile::lineOf(const ItemScore &score) const
{
    const auto &[task, item] = m_items.at({score.task, score.index});
    nlohmann::json line = {{"task", score.task},
                           {"index", score.index},
                           {"logLikelihoods", score.logLikelihoods},
                           {"choice", choiceOf(score)},
                           {"gold", item->gold}};
    if (rowOf(task->kind).hasAccNorm)
        line["choiceByCharacters"] = choiceByCharacters(*item, score);
    return line.dump() + "\n";
}

/// A line without an end was torn by a kill, and does not count.
void ItemsFile::readKnown(const std::filesystem::path &file, const nlohmann::json &asked)
{
    constexpr std::uint64_t kLargest = std::uint64_t(1) << 30;
    const std::string name = inQuotes(file.string()), hint = "Choose another name for --save-items, or replace the file: --overwrite.";
    const std::string content = readWholeFile(file, kLargest, hint);
    const auto damaged = [&](std::int64_t line) {
        return Error(name + " holds no items of tasks in line " + std::to_string(line) + ".", hint);
    };
    std::int64_t number = 0;
    for (std::size_t begin = 0, end = 0; (end = content.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::string_view line = std::string_view(content).substr(begin, end - begin);
        ++number;
        try {
            const nlohmann::json json = parseJsonObject(line, name, hint);
            if (number == 1) {
                if (json.at("format") != kFormat || json.at("version") != 1)
                    throw damaged(number);
                const auto refuse = [&](const std::string &what) {
                    throw Error("The items in " + name + " cannot be gone on with: they are of " + what + ".", hint);
                };
                for (const auto &[field, value] : asked.items())
                    if (json.at("asked").at(field) != value)
                        refuse(nameOfAsked(field));
                for (const nlohmann::json &set : json.at("sets")) // a line more or less that cannot be asked moves all behind it
                    for (const TaskSet &task : m_tasks)
                        if (task.name == set.at("name") && task.fileHash != set.at("fileHash"))
                            refuse("another file of " + task.name);
                continue;
            }
            ItemScore score{.task = json.at("task"), .index = wholeAt(json, "index"), .logLikelihoods = json.at("logLikelihoods")};
            const auto item = m_items.find({score.task, score.index});
            const auto isFinite = [](double value) { return std::isfinite(value); };
            if (item == m_items.end() || item->second.second->choices.size() != score.logLikelihoods.size() ||
                !std::ranges::all_of(score.logLikelihoods, isFinite))
                throw damaged(number);
            if (m_scores.emplace(item->first, score).second)
                m_known.push_back(std::move(score));
        } catch (const nlohmann::json::exception &) {
            throw damaged(number);
        }
    }
    if (number == 0)
        throw damaged(1);
}

void ItemsFile::add(const ItemScore &score)
{
    const std::string line = lineOf(score);
    m_part->append(std::as_bytes(std::span(line)));
    m_part->handOver();
    m_scores.insert_or_assign({score.task, score.index}, score);
}

void ItemsFile::finish()
{
    m_part.reset();
    std::string lines = m_header;
    for (const TaskSet &task : m_tasks)
        for (const TaskItem &item : task.items)
            lines += lineOf(m_scores.at({task.name, item.index}));
    writeFileAtomically(m_file, lines);
    std::filesystem::remove(partOf(m_file));
}

} // namespace secateur::cli
