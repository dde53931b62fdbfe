// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/OutputFile.h"
#include "tasks/Task.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secateur::cli {

/// The file of --save-items: a line that says what was asked of which model, then one for each item.
///
/// While items are missing it is FILE.part, to which each item is added as it is scored, so that a kill loses at most those that were being scored. When
/// all are there, FILE appears whole, in the order of tasks and items, and FILE.part goes.
class ItemsFile {
public:
    /// `asked`: what must be equal for items to be gone on with. `isResumed`: takes the items that are there already. Throws Error when these were asked
    /// otherwise, and when the file cannot be read or written.
    ItemsFile(std::filesystem::path file, nlohmann::json asked, const std::vector<TaskSet> &tasks, bool isResumed);

    static std::filesystem::path partOf(std::filesystem::path file) { return file += ".part"; }

    /// Those that were there already.
    const std::vector<ItemScore> &known() const { return m_known; }
    void add(const ItemScore &score);
    /// All items are there. Throws Error when the file cannot be written.
    void finish();

private:
    using Name = std::pair<std::string, std::int64_t>; ///< of an item: its task, its index

    std::string lineOf(const ItemScore &score) const;
    void readKnown(const std::filesystem::path &file, const nlohmann::json &asked);

    std::filesystem::path m_file;
    std::string m_header;
    const std::vector<TaskSet> &m_tasks;
    std::map<Name, std::pair<const TaskSet *, const TaskItem *>> m_items;
    std::vector<ItemScore> m_known;
    std::map<Name, ItemScore> m_scores;
    std::optional<OutputFile> m_part;
};

} // namespace secateur::cli
