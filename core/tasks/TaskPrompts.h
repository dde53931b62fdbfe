// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/Task.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

// The texts that lm-evaluation-harness (0.4.4 to 0.4.12) makes of items, without examples in front.

/// "Question: …⏎Answer:" and the choices.
std::vector<TaskChoice> arcChoices(const std::string &question, const std::vector<std::string> &choices);
std::vector<TaskChoice> hellaSwagChoices(const std::string &activity, const std::string &contextA, const std::string &contextB,
                                         const std::vector<std::string> &endings);
std::vector<TaskChoice> piqaChoices(const std::string &goal, const std::vector<std::string> &solutions);
/// The contexts end in an option each; what is scored is the same for all.
std::vector<TaskChoice> winoGrandeChoices(const std::vector<std::string> &contexts, std::string_view continuation);
/// The sentence has a '_' where the options go: none where it does not.
std::optional<std::vector<TaskChoice>> winoGrandeChoices(const std::string &sentence, const std::vector<std::string> &options);
/// `subject` as files call it: "us_foreign_policy". Four choices; the letters are scored.
std::vector<TaskChoice> mmluChoices(const std::string &subject, const std::string &question, const std::vector<std::string> &choices);

/// What HellaSwag's texts lose: white space at their ends, tags of WikiHow ("[step]").
std::string withoutTags(std::string_view text);

} // namespace secateur
