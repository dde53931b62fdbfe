// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: a session's values as JSON.
#pragma once

#include "session/Session.h"
#include "text/TextJson.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace secateur {

nlohmann::json toJson(const ModelSummary &model);
/// `source` is what messages call its configuration. Throws Error where that cannot be read.
ModelSummary modelFromJson(const nlohmann::json &json, const std::string &source);
nlohmann::json toJson(const PlanDraft &draft);
PlanDraft draftFromJson(const nlohmann::json &json);
nlohmann::json toJson(const Measurement &record);
Measurement measurementFromJson(const nlohmann::json &json);
nlohmann::json toJson(const ExportRecord &record);
ExportRecord exportFromJson(const nlohmann::json &json);
nlohmann::json toJson(const std::vector<PinnedPlan> &pins);
std::vector<PinnedPlan> pinsFromJson(const nlohmann::json &json);
/// What is no text is left out: a look that is not understood is no reason to refuse a session.
std::map<std::string, std::string> viewFromJson(const nlohmann::json &json);

/// Everything but the scores themselves.
nlohmann::json toJson(const Session &session);
/// Raised when a reader of the old form would misunderstand the new. Since 2 hashes of plans are canonical; since 3 there is a shelf of plans; since 4
/// measurements are not all perplexities, and plans of the shelf may have no file; since 5 plans may be restored, and their files may lie beside the session.
inline constexpr std::int64_t kSessionFormat = 5;
/// The format of a session, which may be newer than kSessionFormat. Throws nlohmann's exceptions, and Flaw for what is no session.
std::int64_t sessionFormatOf(const nlohmann::json &json);
/// `calibrations` are put in by the caller before checkSession() (see SessionCheck.h). What it does not know is left out. `file` is what messages call it,
/// and where plans are that lie beside it. Throws nlohmann's exceptions, and Error for a configuration that cannot be read.
Session sessionFromJson(const nlohmann::json &json, const std::filesystem::path &file);

} // namespace secateur
