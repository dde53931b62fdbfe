// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include "foundation/ComputeConditions.h"
#include "jobs/JobRequest.h"
#include "session/Session.h"

#include <cstdint>
#include <optional>

namespace secateur::ui {

/// A search that cannot go on from its record, because that was computed otherwise.
struct FreshSearch {
    std::int64_t removals = 0;      ///< of the record that it replaces: those that are finished
    std::int64_t evaluations = 0;   ///< of the fresh search
    ConditionDifference difference; ///< of the record and of now
};

/// The session without what is known of the search of a draft, so that the draft is searched from the beginning.
Session withoutSearch(const Session &session, const PlanDraft &draft);
/// What searching the rest of a draft replaces when it is computed so; none where nothing is to be searched, or the record can go on.
std::optional<FreshSearch> freshSearch(const Session &session, const PlanDraft &draft, const ComputeConditions &now);
/// The same of the first search of a request that starts anew.
std::optional<FreshSearch> freshSearch(const Session &session, const JobRequest &request, const ComputeConditions &now);
/// Whether a job with the request `running` finds all that `wanted` asks for: both search the same, and it goes at least as far.
bool isIncluded(const Session &session, const JobRequest &wanted, const JobRequest &running);

} // namespace secateur::ui
