// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/PlanTable.h"

#include <QString>

#include <memory>
#include <string>
#include <vector>

namespace secateur::ui {

/// A session whose plans are compared: the one in hand, or one that was added.
struct ComparedSession {
    QString file{}; ///< that it was read from; empty: the session in hand
    std::shared_ptr<const Session> session{};
    PlanTable table{};
};
/// Makes the table, which takes long: off the interface's thread.
ComparedSession comparedSession(const QString &file, std::shared_ptr<const Session> session);
/// The same of a session file. Throws Error.
ComparedSession readCompared(const QString &file);

struct CompareRow {
    PlanTableRow plan;       ///< `evaluations` as CompareRows::texts
    std::size_t session = 0; ///< index of CompareRows::sessions
};

/// The plans of several sessions as one table.
struct CompareRows {
    std::vector<ComparedSession> sessions; ///< the one in hand first
    std::vector<MeasuredText> texts;       ///< columns
    std::vector<std::string> tasks;        ///< columns
    std::vector<CompareRow> rows;

    bool isOfOthers(std::size_t row) const { return rows[row].session > 0; }
    const Session &sessionOf(std::size_t row) const { return *sessions[rows[row].session].session; }
    /// What it reached in that task; null where it was not asked.
    const TaskResult *taskOf(std::size_t row, std::size_t task) const;
    /// Stays the same when the table is made again, unless the plan is another: to find a row again.
    std::string keyOf(std::size_t row) const;
};

/// Texts and tasks of the same content and name share a column. An accuracy that was asked otherwise than the first one of its column is marked
/// (PlanTableRow::differs).
CompareRows together(std::vector<ComparedSession> sessions);

/// "original", "My plan", or "2SSP, 37.5 %" for a plan without a name.
QString planName(const CompareRow &row);
/// "2SSP"; empty for the original.
QString methodName(const ComparisonRow &row);
/// "N = 3, K = 193", or "3 attentions, 3 FFNs": what goes. Empty for the original, and where it is not known.
QString removedText(const ComparisonRow &row);
/// The name of the file that a row comes from, and of its model where that is another; empty for the session in hand.
QString fileText(const CompareRows &rows, std::size_t row);

} // namespace secateur::ui
