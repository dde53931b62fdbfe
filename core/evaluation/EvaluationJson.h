// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: what is measured of a model as JSON.
#pragma once

#include "evaluation/Evaluation.h"
#include "evaluation/Throughput.h"

#include <nlohmann/json.hpp>

namespace secateur {

// What comes from JSON throws nlohmann's exceptions where a field is missing or of another kind.
nlohmann::json toJson(const Evaluation &evaluation);
Evaluation evaluationFromJson(const nlohmann::json &json);
nlohmann::json toJson(const ThroughputSettings &settings);
ThroughputSettings throughputSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const Throughput &throughput);
Throughput throughputFromJson(const nlohmann::json &json);

} // namespace secateur
