// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: tasks, what is asked of them and what came out, as JSON.
#pragma once

#include "tasks/Task.h"

#include <nlohmann/json.hpp>
#include <string>

namespace secateur {

const char *nameOf(BosUse use); ///< in files and on the command line: "never", "tokenizer", "always"
/// Throws Flaw that lists the names for one that none has.
BosUse bosUseOf(const std::string &name);

// What comes from JSON throws nlohmann's exceptions where a field is missing or of another kind, and Flaw for a name that this version does not know.
nlohmann::json toJson(const TaskSettings &settings);
TaskSettings taskSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const ItemScore &score);
ItemScore itemScoreFromJson(const nlohmann::json &json);
nlohmann::json toJson(const TaskResult &result);
TaskResult taskResultFromJson(const nlohmann::json &json);
nlohmann::json toJson(const TaskResults &results);
TaskResults taskResultsFromJson(const nlohmann::json &json);

} // namespace secateur
