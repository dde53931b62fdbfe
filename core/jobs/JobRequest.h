// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Generation.h"
#include "exporting/Export.h"
#include "session/Session.h"

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>
#include <vector>

namespace secateur {

/// What a session can ask for, as plain values: what decides the job beside the session that it is asked of. Equal requests of one session do the same.
namespace request {

/// Opens a model: a new session begins.
struct Open {
    std::filesystem::path model; ///< folder or .gguf file
    bool operator==(const Open &) const = default;
};

/// Stage 1.
struct Calibrate {
    TextSettings text;
    ScoreNorm norm = ScoreNorm::L2;
    bool operator==(const Calibrate &) const = default;
};

/// What removing each attention of the original would cost.
struct Impact {
    TextSettings text;
    SearchSettings search; ///< without forced and protected layers: every one is measured
    bool operator==(const Impact &) const = default;
};

/// Stage 2, going on where the record of the draft stops.
struct Search {
    PlanDraft draft;
    bool operator==(const Search &) const = default;
};

/// Perplexity of a plan after what is missing of its search, and of the original where that was not measured on the text yet.
struct Evaluate {
    std::optional<PlanDraft> draft; ///< none = the original alone
    TextSettings text;
    bool operator==(const Evaluate &) const = default;
};

/// The same for several plans.
struct Curve {
    std::vector<PlanDraft> drafts;
    TextSettings text;
    std::optional<std::vector<std::int64_t>> lentOrder; ///< removals that drafts are given without a search
    bool operator==(const Curve &) const = default;
};

/// Writes a plan as a checkpoint and verifies it.
struct Export {
    PlanDraft draft;
    ExportSettings settings;
    bool operator==(const Export &) const = default;
};

/// All of it: calibrates and searches what is missing, evaluates where there is a text for it, exports.
struct Prune {
    PlanDraft draft; ///< without a calibration (-1): that of the text and the norm, once it is there
    TextSettings calibrationText, evaluationText;
    ScoreNorm norm = ScoreNorm::L2;
    ExportSettings settings;
    bool operator==(const Prune &) const = default;
};

/// Continues a prompt.
struct Generate {
    std::optional<PlanDraft> draft; ///< none = the original
    GenerationSettings settings;
    bool operator==(const Generate &) const = default;
};

} // namespace request

using JobRequest = std::variant<request::Open, request::Calibrate, request::Impact, request::Search, request::Evaluate, request::Curve,
                                request::Export, request::Prune, request::Generate>;

/// In the order of JobRequest's alternatives.
enum class JobKind { Open, Calibrate, Impact, Search, Evaluate, Curve, Export, Prune, Generate };

inline JobKind kindOf(const JobRequest &request)
{
    return JobKind(request.index());
}

/// An object whose field "job" names the kind (JobType::name).
nlohmann::json toJson(const JobRequest &request);
/// Throws nlohmann's exceptions, and Flaw for a job that this version does not know.
JobRequest jobRequestFromJson(const nlohmann::json &json);

} // namespace secateur
