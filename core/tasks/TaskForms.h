// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/Task.h"
#include "text/TableFile.h"

#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// A row that is no item: `what()` is a sentence that says why.
class UnusableRow : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
/// One whose right answer is not told, as in the test splits of several data sets.
class UnlabelledRow : public UnusableRow {
public:
    using UnusableRow::UnusableRow;
};

/// What a row says of an item.
struct RowItem {
    std::vector<TaskChoice> choices;
    std::int64_t gold = 0;
    bool isReconstructed = false; ///< a capital of its context was lost in this form, and put back by rule
};

/// A way in which a task's items are written down.
struct TaskForm {
    std::vector<TaskKind> kinds;            ///< one of them; the path tells which
    std::string_view task, origin;          ///< "HellaSwag", "of the Hugging Face Hub"
    std::vector<std::string_view> columns;  ///< that a file has; of a table without a header their number counts
    std::vector<std::string_view> optional; ///< that are read where they are there
    bool hasHeader = true;
    /// Throws UnusableRow. `subject`: of MMLU.
    RowItem (*read)(const nlohmann::json &fields, const std::string &subject) = nullptr;
    const char *note = nullptr; ///< what to know of the numbers; null: nothing
};

/// The forms that are known; see FORMATS.md.
const std::vector<TaskForm> &taskForms();
/// Names of columns by which the header of a table is known.
std::span<const std::string_view> taskHeadings();
/// The form that a file has; null when it has none.
const TaskForm *formOf(const TableFile &file);
/// Why a file has none, though it has two or more columns of one: "HellaSwag also needs 'endings'"; empty where it has not.
std::string nearestForm(const TableFile &file);
/// The forms and their columns, for people.
std::string knownForms();

/// The subject of MMLU that a row names, as files call it; empty where it names none. Throws UnusableRow for another one.
std::string subjectOfRow(const nlohmann::json &fields);

} // namespace secateur
