// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: the settings of a text as JSON.
#pragma once

#include "text/TokenWindows.h"

#include <nlohmann/json.hpp>

namespace secateur {

nlohmann::json toJson(const TextSettings &text);
/// Throws nlohmann's exceptions where a field is missing or of another kind.
TextSettings textFromJson(const nlohmann::json &json);

} // namespace secateur
