// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: comparisons as JSON. FORMATS.md describes them.
#pragma once

#include "comparison/Comparison.h"

#include <nlohmann/json.hpp>

namespace secateur {

// What comes from JSON throws nlohmann's exceptions where a field is missing or of another kind, and Flaw for a name that this version does not know.
nlohmann::json toJson(const ComparisonSettings &settings);
ComparisonSettings comparisonSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const ComparisonRow &row);
ComparisonRow comparisonRowFromJson(const nlohmann::json &json);

} // namespace secateur
