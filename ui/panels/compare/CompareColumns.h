// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/CompareRows.h"

#include <QString>
#include <QVariant>

#include <cstddef>
#include <functional>
#include <vector>

namespace secateur::ui {

/// A column of the table of plans.
struct CompareColumn {
    enum class Kind {
        Name,
        File,
        Method,
        Sparsity,
        Removed,
        Parameters,
        Perplexity,
        Task,
        PruningTime,
        Cache,
        Flop,
        Prefill,
        Decode,
        Note
    };
    Kind kind = Kind::Name;
    std::size_t index = 0; ///< of the text or the task
    bool operator==(const CompareColumn &) const = default;

    bool isText() const
    {
        return kind == Kind::Name || kind == Kind::File || kind == Kind::Method || kind == Kind::Removed || kind == Kind::Note;
    }
};

/// All columns that the rows have something for, or could have: texts and tasks as they were measured, files where there are several.
std::vector<CompareColumn> compareColumns(const CompareRows &rows);

/// By what a session remembers a column: "task arc_easy".
QString keyOf(const CompareRows &rows, const CompareColumn &column);
QString headingOf(const CompareRows &rows, const CompareColumn &column);
/// What its numbers are, for a tooltip of the heading; empty where the heading says it.
QString explanationOf(const CompareRows &rows, const CompareColumn &column);
/// What stands in a cell; a dash for what is not known. Not of notes.
QString cellText(const CompareRows &rows, std::size_t row, const CompareColumn &column);
/// The same as a number where it is one, to sort by; invalid where it is not known.
QVariant cellValue(const CompareRows &rows, std::size_t row, const CompareColumn &column);
/// More about a cell, for its tooltip; may be empty.
QString cellDetails(const CompareRows &rows, std::size_t row, const CompareColumn &column);

/// All rows in the C locale, with a line of names, for other programs. `noteOf`: of a row.
QString separated(const CompareRows &rows, const std::function<QString(std::size_t)> &noteOf, QChar separator);

} // namespace secateur::ui
