// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/Task.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// The place of the likeliest choice; of equal ones the first. Throws Error that names the item when a likelihood is not finite.
std::int64_t choiceOf(const ItemScore &score);
/// The same by likelihoods divided by the characters of the choices (acc_norm). A choice without characters is not chosen.
std::int64_t choiceByCharacters(const TaskItem &item, const ItemScore &score);

/// The standard error of a share of `items` items: the sample standard deviation over the root of their number, as lm-evaluation-harness has it. None for
/// one item.
std::optional<double> shareStderr(double share, std::int64_t items);

/// Accuracies from the scores of all items of the tasks, which may come in any order. Behind the subjects of MMLU stands "mmlu", the mean over all of their
/// items. Throws Error that names the item when one has no score, or one that is not finite or not of its choices.
TaskResults taskResults(const std::vector<TaskSet> &tasks, const std::vector<ItemScore> &scores, const TaskSettings &settings,
                        std::int64_t longest);

/// SHA-256 of what is asked and how: of each task its name, its texts and right choices, and of how texts begin and how long inputs may be. As in
/// TaskResults::hash; known before anything is computed. The order of the tasks does not matter.
std::string askedHash(const std::vector<TaskSet> &tasks, BosUse bos, std::int64_t longest);

} // namespace secateur
