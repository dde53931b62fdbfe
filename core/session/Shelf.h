// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace secateur {

/// A plan that can be searched as before its search; its provenance stays, which tells the text that a search was made on.
PruningPlan beforeItsSearch(PruningPlan plan);

/// By what a session knows a plan: SHA-256 of what it keeps and of what it was chosen by: of a plan of 2SSP the windows, of one of blocks or a restored one the
/// settings as well. The removals of one that can be searched do not count: a longer one is the same, searched further.
std::string shelfKey(const PruningPlan &plan);

/// A plan of a file, ready for a shelf. To make it hashes all of the plan, which takes its time; to put it there does not.
struct ShelfEntry {
    std::shared_ptr<const ShelfPlan> plan;
    PlanDraft draft;     ///< that it is where the shelf does not have it yet
    SearchRecord search; ///< of one that can be searched, as far as the file knows it
};
ShelfEntry shelfEntry(PruningPlan plan, const std::filesystem::path &file);
/// Puts a plan on the shelf of a session whose model it fits, where it is not there yet or brings values of weights, and what it knows of its search beside
/// the other searches, where the session does not know as much. Returns the draft that it is. See PlanOpened, which is how a plan that was opened gets there.
PlanDraft shelve(Session &session, const ShelfEntry &entry);
/// Whether the draft is a plan of the shelf that cannot be searched (isSearchable): its file settles all of it.
bool isSettled(const Session &session, const PlanDraft &draft);
/// The draft that a plan is which is on the shelf by now.
PlanDraft draftOf(const Session &session, const ShelfEntry &entry);

/// Gives a plan of a session that changes weights its values again, which only its file has: read and checked for the session's model. Where the file is
/// gone or changed, whoever asks for the values gets an Error that says so.
void findValues(PruningPlan &plan, const std::filesystem::path &file, const ModelSpec &dense);

/// The same provenance with its texts where they are: a relative name that leads nowhere from the working folder is looked for in `folder`.
Provenance withTextsIn(Provenance provenance, const std::filesystem::path &folder);
/// The text that a plan of 2SSP was or would be searched on, as settings with the windows of its calibration.
TextSettings searchTextOf(const PruningPlan &plan);

/// A plan in a session file, as people name it: "FILE.secateur" for the current plan, "FILE.secateur:PIN" for a pinned one.
struct SessionPlanName {
    std::filesystem::path file;
    std::string pin; ///< empty: the current plan
};
/// None where that names no session: a file of just that name comes first.
std::optional<SessionPlanName> sessionPlanName(const std::filesystem::path &argument);
/// The draft that is named so. Throws Error that lists the pins where there is none of that name, and when a newer version saved the session.
const PlanDraft &draftNamed(const Session &session, const SessionPlanName &name);

} // namespace secateur
