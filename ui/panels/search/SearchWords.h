// SPDX-License-Identifier: GPL-3.0-or-later
// What the page of the search says in words.
#pragma once

#include "pruning/PruningPlan.h"

#include <QString>
#include <vector>

namespace secateur::ui {

class SessionModel;
struct Removal;

/// "K = 193, N = 3: searched, 3 steps; search perplexity 17.0 before, 18.1 after". `record`: of the plan, or null.
QString searchStatusText(const SessionModel &session, const SearchRecord *record);
/// Which steps were near ties, and what that means; empty when none was.
QString nearTiesText(const std::vector<Removal> &removals);
/// Why the search is so short, where the rule removes an attention or two from a model with grouped queries; empty elsewhere.
QString shortSearchText(const SessionModel &session);
/// "layer 3", "layers 3, 5".
QString layersText(const std::vector<std::int64_t> &layers);

} // namespace secateur::ui
