// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "comparison/Comparison.h"
#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <string>
#include <vector>

namespace secateur {

/// What arithmetic tells of a plan, or of the dense model for null: all of a row that is not measured. `cacheType`: of its keys and values.
ComparisonRow rowOf(const ModelSpec &dense, const PruningPlan *plan, DType cacheType);
/// The sizes of what is `left` of a model, into a row.
void setSizes(ComparisonRow &row, const ModelSpec &dense, const ModelSpec &left, DType cacheType);

/// What people call the texts: the names of their files, whole paths where two have the same.
std::vector<std::string> evaluationNames(const std::vector<TextSettings> &texts);
/// Names of the tasks that any of the rows has, in the order in which they come up. Of MMLU its subjects, and "mmlu" for all of them.
std::vector<std::string> taskNames(const std::vector<const ComparisonRow *> &rows);
/// The same with "mmlu" instead of its subjects.
std::vector<std::string> taskNamesForPeople(const std::vector<const ComparisonRow *> &rows);
/// What a row reached in that task; null where it was not asked.
const TaskResult *taskOf(const ComparisonRow &row, const std::string &name);

/// What people call the method of a row: "original", "ShortGPT"; of a restored plan its steps: "2SSP + R1 + R2", or "2SSP, restored (R1 + R2)" where it is
/// gated.
std::string methodLabel(const ComparisonRow &row);
/// Steps as people write them: "R1 + R2"; "plain" for none.
std::string stepsLabel(const std::vector<RestorationStep> &steps);
/// What people call a row: "original", or "ShortGPT at 25 %".
std::string nameOf(const ComparisonRow &row);
/// A share as people write it who asked for it: "37.5 %".
std::string shareText(double share);

} // namespace secateur
