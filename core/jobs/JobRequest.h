// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "comparison/Comparison.h"
#include "engine/Generation.h"
#include "evaluation/Throughput.h"
#include "exporting/Export.h"
#include "session/Session.h"
#include "tasks/Task.h"

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>
#include <vector>

namespace secateur {

/// What a session can ask for, as plain values: what decides the job beside the session that it is asked of. Equal requests of one session do the same.
namespace request {

/// Opens a model: a new session begins. Or, into the session of that model, what the command line wrote for it.
struct Open {
    std::filesystem::path model;            ///< folder or .gguf file
    std::filesystem::path plan{}, scores{}; ///< a plan or a manifest, or scores; both empty: the model
    bool operator==(const Open &) const = default;
};

/// Stage 1.
struct Calibrate {
    TextSettings text;
    ScoreNorm norm = ScoreNorm::L2;
    bool keepsGrams = false; ///< what restoring needs, too, in a file of its own
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
    std::optional<TextSettings> searchText{}; ///< of a plan of the shelf: what it is searched on; else none: the text of its scores
    bool operator==(const Search &) const = default;
};

/// Perplexity of a plan after what is missing of its search, and of the original where that was not measured on the text yet.
struct Evaluate {
    std::optional<PlanDraft> draft; ///< none = the original alone
    TextSettings text;
    std::optional<TextSettings> searchText{}; ///< as of Search
    bool operator==(const Evaluate &) const = default;
};

/// The same for several plans.
struct Curve {
    std::vector<PlanDraft> drafts;
    TextSettings text;
    std::optional<std::vector<std::int64_t>> lentOrder; ///< removals that drafts are given without a search
    std::optional<TextSettings> searchText{};           ///< as of Search, where one of the drafts is a plan of the shelf
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
    std::optional<RestorationSettings> restoration{}; ///< of the plan, before it is evaluated and written; none: it stays as it is
    bool operator==(const Prune &) const = default;
};

/// Continues a prompt by several models, token by token in turn, after what is missing of their searches.
struct Generate {
    std::vector<std::optional<PlanDraft>> drafts; ///< none in it: the original
    GenerationSettings settings;
    std::optional<TextSettings> searchText{}; ///< as of Search
    bool operator==(const Generate &) const = default;
};

/// The loss of every token of a text by several models, after what is missing of their searches.
struct ScoreText {
    std::vector<std::optional<PlanDraft>> drafts; ///< none in it: the original
    std::string text;
    std::optional<TextSettings> searchText{}; ///< as of Search
    bool operator==(const ScoreText &) const = default;
};

/// A plan by a method that removes whole attentions and FFNs: it comes onto the shelf.
struct FindBlocks {
    BlockSettings settings;
    TextSettings text; ///< `windows`: at most so many; none: as many as the authors' code takes
    bool operator==(const FindBlocks &) const = default;
};

/// Makes up for what a plan of 2SSP or by hand loses, after what is missing of its search: a restored plan comes onto the shelf.
struct Restore {
    PlanDraft draft;
    RestorationSettings settings;
    std::optional<TextSettings> searchText{}; ///< as of Search
    bool operator==(const Restore &) const = default;
};

/// Accuracies of a plan in tasks, after what is missing of its search, and of the original where those were not measured yet.
struct MeasureTasks {
    std::optional<PlanDraft> draft; ///< none = the original alone
    TaskSettings tasks;
    std::optional<TextSettings> searchText{}; ///< as of Search
    bool operator==(const MeasureTasks &) const = default;
};

/// Tokens a second of a plan and of the original.
struct MeasureThroughput {
    std::optional<PlanDraft> draft; ///< none = the original alone
    ThroughputSettings settings;
    std::optional<TextSettings> searchText{}; ///< as of Search
    bool operator==(const MeasureThroughput &) const = default;
};

/// Plans of several methods at several sizes, and what is measured of each.
struct Compare {
    ComparisonSettings settings;
    bool operator==(const Compare &) const = default;
};

} // namespace request

using JobRequest = std::variant<request::Open, request::Calibrate, request::Impact, request::Search, request::Evaluate, request::Curve,
                                request::Export, request::Prune, request::Generate, request::FindBlocks, request::MeasureTasks,
                                request::MeasureThroughput, request::Compare, request::Restore, request::ScoreText>;

/// In the order of JobRequest's alternatives.
enum class JobKind {
    Open,
    Calibrate,
    Impact,
    Search,
    Evaluate,
    Curve,
    Export,
    Prune,
    Generate,
    FindBlocks,
    MeasureTasks,
    MeasureThroughput,
    Compare,
    Restore,
    ScoreText
};

inline JobKind kindOf(const JobRequest &request)
{
    return JobKind(request.index());
}

/// An object whose field "job" names the kind (JobType::name).
nlohmann::json toJson(const JobRequest &request);
/// Throws nlohmann's exceptions, and Flaw for a job that this version does not know.
JobRequest jobRequestFromJson(const nlohmann::json &json);

} // namespace secateur
