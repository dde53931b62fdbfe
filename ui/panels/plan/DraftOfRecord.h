// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <QString>
#include <optional>

namespace secateur::ui {

/// The way back from something measured to the draft that gives that plan.
struct DraftOfRecord {
    std::optional<PlanDraft> draft;
    QString reason; ///< why there is none
};

/// The settings that the record keeps. Of an older one, looks for settings under which the session's searches give the record's K and removals: those of
/// `current` first, then those of pinned plans and of other searches. Takes the sparsity and the rule where they lead there, N and K by hand where they
/// do not.
DraftOfRecord draftOfRecord(const Session &session, const Measurement &record, const PlanDraft &current);

} // namespace secateur::ui
