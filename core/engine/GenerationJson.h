// SPDX-License-Identifier: GPL-3.0-or-later
// Texts of models as JSON and back.
#pragma once

#include "engine/Generation.h"

#include <nlohmann/json.hpp>

namespace secateur {

/// Without the conversation where there is none.
nlohmann::json toJson(const GenerationSettings &settings);
nlohmann::json toJson(const WrittenToken &token);
nlohmann::json toJson(const Generation &text);
nlohmann::json toJson(const ScoredText &scored);

// They throw nlohmann's exceptions, and Flaw for what cannot be.
GenerationSettings generationSettingsFromJson(const nlohmann::json &json);
WrittenToken writtenTokenFromJson(const nlohmann::json &json);
Generation generationFromJson(const nlohmann::json &json);
ScoredText scoredTextFromJson(const nlohmann::json &json);

} // namespace secateur
