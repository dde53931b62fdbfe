// SPDX-License-Identifier: GPL-3.0-or-later
// The forms of a comparison: tables for people, for papers and for programs.
#pragma once

#include "comparison/Comparison.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a column tells of a model.
enum class ColumnGroup { Name, Size, Perplexity, Tasks, Cost, Note };

struct ComparisonColumn {
    ColumnGroup group = ColumnGroup::Size;
    std::string title{}; ///< for people: "KV, bytes/token"; empty: the column is for programs alone
    std::string name{};  ///< for programs: "kv_bytes_per_token"; empty: the column is for people alone
    bool isText = false;
    bool hasErrors = false; ///< its numbers have standard errors
};

/// A number or a text; both empty: it is not known.
struct ComparisonCell {
    std::string text{}, exact{};       ///< for people, and for programs: a number in its shortest form that is read back to the last bit
    std::string error{}, exactError{}; ///< its standard error in both forms
    bool operator==(const ComparisonCell &) const = default;
};

/// The rows of a comparison in cells. Columns that no row has anything for are left out.
struct ComparisonTable {
    std::vector<ComparisonColumn> columns;
    std::vector<std::vector<ComparisonCell>> rows;  ///< as Comparison::rows, a cell for each column
    std::vector<std::optional<PlanMethod>> methods; ///< of the rows; of a restored plan 2SSP
    std::vector<std::string> notes;                 ///< sentences on how its numbers were made, and on what failed
};
ComparisonTable tableOf(const Comparison &comparison);

/// Tables of cells with titles in their first rows, narrow enough for a terminal: sizes with perplexities, tasks, costs. Those with no columns are left out.
std::vector<std::vector<std::vector<std::string>>> terminalTables(const ComparisonTable &table);
/// RFC 4180, in the C locale: a column of its own for every standard error.
std::string csvOf(const ComparisonTable &table);
/// A table of GitHub's Markdown, and the notes.
std::string markdownOf(const ComparisonTable &table);
/// A tabular with the rules of the package booktabs; the notes are comments.
std::string latexOf(const ComparisonTable &table);

/// One object per row, as FORMATS.md has it for the result of `compare`.
nlohmann::json resultRows(const Comparison &comparison);

} // namespace secateur
