// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "comparison/Comparison.h"
#include "session/Session.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// A text on which plans of a session were measured, by its content.
struct MeasuredText {
    std::string name; ///< for people; see textName()
    std::string tokenHash;
    std::int64_t length = 0, windows = 0;
    bool operator==(const MeasuredText &) const = default;
};

/// A plan of a session, or its original, with all that was measured of it.
struct PlanTableRow {
    ComparisonRow row;              ///< `evaluations` as PlanTable::texts
    std::string name;               ///< that it was pinned under, or its file's; else empty
    std::optional<PlanDraft> draft; ///< that makes it current; none for the original, and where only measurements are left of it
    bool isCurrent = false;
    std::string differs; ///< how some of its numbers were computed otherwise than those of the original, in words; empty: they were not
};

/// What a session knows of its plans, for a table: the original, the current plan, the pinned ones, those of the shelf, and those that were measured. A plan
/// that is several of these is one row.
struct PlanTable {
    std::vector<MeasuredText> texts; ///< columns
    std::vector<std::string> tasks;  ///< columns: names of the tasks that any row has, "mmlu" instead of its subjects
    std::vector<PlanTableRow> rows;  ///< the original first, then by method and the share removed; empty without a model
};

/// Hashes every plan of the session the first time: off the interface's thread.
PlanTable planTable(const Session &session);

} // namespace secateur
