// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: whether values that were read fit each other. Every function throws std::out_of_range that says which do not.
#pragma once

#include "session/Session.h"
#include "session/Shelf.h"

#include <string>

namespace secateur {

/// `name` is what the message calls the draft.
void checkDraft(const PlanDraft &draft, const Session &session, const std::string &name);
void checkText(const TextSettings &text);
/// `index`: which calibration of the session they are, or will be.
void checkScores(const NeuronScores &scores, const Session &session, std::size_t index);
/// `key` is what the search is kept under; empty = the impact on the dense model.
void checkSearch(const std::string &key, const SearchRecord &record, const Session &session);
/// The loss before any removal, alone.
void checkInitialLoss(double loss, const std::string &key);
/// One step alone, as it is to be the `index`th of a record that was checked.
void checkStep(const SearchStep &step, std::int64_t index, const std::string &key, const SearchRecord &record, const Session &session);
void checkTasks(const TaskSettings &tasks);
void checkItemScore(const ItemScore &score);
void checkShelfEntry(const ShelfEntry &entry, const Session &session);
/// Of blocks, that was begun.
void checkChoice(const BlockRecord &record, const Session &session);
/// That was begun.
void checkRestoration(const RestorationProgress &progress, const Session &session);
void checkMeasurement(const Measurement &record, const Session &session);
void checkSession(const Session &session);

} // namespace secateur
