// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/SessionJson.h"

#include "model/Families.h"
#include "pruning/PlanJson.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace secateur {
namespace {

constexpr int kFormat = 1; // raised when a reader of the old form would misunderstand the new

nlohmann::json toJson(const ModelSummary &m)
{
    return {{"folder", m.folder.string()},
            {"config", m.config},
            {"dtype", configName(m.storedDtype)},
            {"bytes", m.tensorBytes},
            {"files", m.files},
            {"tokenizer", m.tokenizerSize ? nlohmann::json(*m.tokenizerSize) : nlohmann::json()},
            {"tokenizerProblem", m.tokenizerProblem}};
}

ModelSummary modelFromJson(const nlohmann::json &json, const std::string &source)
{
    ModelSummary model;
    model.folder = json.at("folder").get<std::string>();
    model.config = json.at("config");
    model.spec = specFromConfig(model.config, source);
    model.storedDtype = dtypeFromConfigName(json.at("dtype").get<std::string>());
    model.tensorBytes = json.at("bytes");
    model.files = json.at("files");
    if (!json.at("tokenizer").is_null())
        model.tokenizerSize = json.at("tokenizer").get<std::int64_t>();
    model.tokenizerProblem = json.at("tokenizerProblem");
    return model;
}

nlohmann::json toJson(const Evaluation &e)
{
    return {{"loss", e.loss},       {"perplexity", e.perplexity}, {"tokens", e.tokens},
            {"windows", e.windows}, {"length", e.length},         {"tokenHash", e.tokenHash}};
}

[[noreturn]] void refuse(const std::string &what)
{
    throw std::out_of_range(what);
}

void checkRecord(const SearchRecord &record, std::int64_t layers, const std::string &name)
{
    for (std::size_t i = 0; i < record.steps.size(); ++i) {
        const SearchStep &step = record.steps[i];
        const bool isUnfinished = step.removed == -1 && i + 1 == record.steps.size();
        if (std::int64_t(step.losses.size()) != layers || !(isUnfinished || (step.removed >= 0 && step.removed < layers)))
            refuse("step " + std::to_string(i) + " of the search '" + name + "' does not fit the model");
    }
}

} // namespace

nlohmann::json toJson(const PlanDraft &draft)
{
    return {{"calibration", draft.calibration}, {"balance", toJson(draft.balance)}, {"search", toJson(draft.search)}};
}

PlanDraft draftFromJson(const nlohmann::json &json)
{
    return {.calibration = json.at("calibration"),
            .balance = balanceSettingsFromJson(json.at("balance")),
            .search = searchSettingsFromJson(json.at("search"))};
}

nlohmann::json toJson(const TextSettings &text)
{
    std::vector<std::string> files;
    for (const std::filesystem::path &file : text.files)
        files.push_back(file.string());
    return {{"files", files},
            {"windows", text.windows ? nlohmann::json(*text.windows) : nlohmann::json()},
            {"length", text.length},
            {"seed", text.seed}};
}

TextSettings textFromJson(const nlohmann::json &json)
{
    TextSettings text;
    for (const nlohmann::json &file : json.at("files"))
        text.files.emplace_back(file.get<std::string>());
    if (!json.at("windows").is_null())
        text.windows = json.at("windows").get<std::int64_t>();
    text.length = json.at("length");
    text.seed = json.at("seed");
    return text;
}

nlohmann::json toJson(const EvaluationRecord &r)
{
    return {{"calibration", r.calibration}, {"K", r.neuronsKept},     {"removed", r.removed},       {"borrowed", r.isOrderBorrowed},
            {"planHash", r.planHash},       {"text", toJson(r.text)}, {"result", toJson(r.result)}, {"seconds", r.seconds}};
}

EvaluationRecord evaluationFromJson(const nlohmann::json &json)
{
    EvaluationRecord r;
    r.calibration = json.at("calibration");
    r.neuronsKept = json.at("K");
    r.removed = json.at("removed").get<std::vector<std::int64_t>>();
    r.isOrderBorrowed = json.at("borrowed");
    r.planHash = json.at("planHash");
    r.text = textFromJson(json.at("text"));
    const nlohmann::json &e = json.at("result");
    r.result = {.loss = e.at("loss"),
                .perplexity = e.at("perplexity"),
                .tokens = e.at("tokens"),
                .windows = e.at("windows"),
                .length = e.at("length"),
                .tokenHash = e.at("tokenHash")};
    r.seconds = json.at("seconds");
    return r;
}

nlohmann::json toJson(const ExportRecord &r)
{
    const Verification &v = r.verification;
    return {{"planHash", r.planHash},
            {"format", r.format},
            {"folder", r.folder.string()},
            {"parameters", r.parameters},
            {"bytes", r.bytes},
            {"verification",
             {{"tokens", v.tokens},
              {"largestDifference", v.largestDifference},
              {"tolerance", v.tolerance},
              {"sameArgmax", v.sameArgmax},
              {"passed", v.isPassed}}}};
}

ExportRecord exportFromJson(const nlohmann::json &json)
{
    const nlohmann::json &v = json.at("verification");
    return {.planHash = json.at("planHash"),
            .format = json.at("format"),
            .folder = json.at("folder").get<std::string>(),
            .parameters = json.at("parameters"),
            .bytes = json.at("bytes"),
            .verification = {.tokens = v.at("tokens"),
                             .largestDifference = v.at("largestDifference"),
                             .tolerance = v.at("tolerance"),
                             .sameArgmax = v.at("sameArgmax"),
                             .isPassed = v.at("passed")}};
}

nlohmann::json toJson(const std::vector<PinnedPlan> &pins)
{
    nlohmann::json list = nlohmann::json::array();
    for (const PinnedPlan &pin : pins)
        list.push_back({{"name", pin.name}, {"draft", toJson(pin.draft)}});
    return list;
}

std::vector<PinnedPlan> pinsFromJson(const nlohmann::json &json)
{
    std::vector<PinnedPlan> pins;
    for (const nlohmann::json &pin : json)
        pins.push_back({.name = pin.at("name"), .draft = draftFromJson(pin.at("draft"))});
    return pins;
}

nlohmann::json toJson(const Session &s)
{
    nlohmann::json searches = nlohmann::json::object(), evaluations = nlohmann::json::array(), exports = nlohmann::json::array(),
                   calibrations = nlohmann::json::array();
    for (const auto &[key, record] : s.searches)
        searches[key] = toJson(record);
    for (const EvaluationRecord &record : s.evaluations)
        evaluations.push_back(toJson(record));
    for (const ExportRecord &record : s.exports)
        exports.push_back(toJson(record));
    for (const auto &scores : s.calibrations)
        calibrations.push_back({{"norm", scores->norm == ScoreNorm::L1 ? "l1" : "l2"}, {"provenance", toJson(scores->provenance)}});
    return {{"kind", "secateur-session"},
            {"format", kFormat},
            {"model", s.model ? toJson(*s.model) : nlohmann::json()},
            {"calibrationText", toJson(s.calibrationText)},
            {"evaluationText", toJson(s.evaluationText)},
            {"norm", s.norm == ScoreNorm::L1 ? "l1" : "l2"},
            {"calibrations", calibrations},
            {"draft", toJson(s.draft)},
            {"searches", searches},
            {"denseImpact", s.denseImpact ? toJson(*s.denseImpact) : nlohmann::json()},
            {"evaluations", evaluations},
            {"exports", exports},
            {"pinned", toJson(s.pinned)}};
}

Session sessionFromJson(const nlohmann::json &json, const std::string &source)
{
    if (json.at("kind") != "secateur-session")
        refuse("it is not a session");
    if (const int format = json.at("format"); format != kFormat)
        refuse("it has format " + std::to_string(format) + ", and this version reads format " + std::to_string(kFormat));
    Session s;
    if (!json.at("model").is_null())
        s.model = modelFromJson(json.at("model"), source);
    s.calibrationText = textFromJson(json.at("calibrationText"));
    s.evaluationText = textFromJson(json.at("evaluationText"));
    s.norm = json.at("norm") == "l1" ? ScoreNorm::L1 : ScoreNorm::L2;
    s.draft = draftFromJson(json.at("draft"));
    for (const auto &[key, record] : json.at("searches").items())
        s.searches[key] = searchRecordFromJson(record);
    if (!json.at("denseImpact").is_null())
        s.denseImpact = searchRecordFromJson(json.at("denseImpact"));
    for (const nlohmann::json &record : json.at("evaluations"))
        s.evaluations.push_back(evaluationFromJson(record));
    for (const nlohmann::json &record : json.at("exports"))
        s.exports.push_back(exportFromJson(record));
    s.pinned = pinsFromJson(json.at("pinned"));
    return s;
}

void checkSession(const Session &s)
{
    if (!s.model) {
        if (!s.calibrations.empty() || s.draft.calibration >= 0)
            refuse("there are scores, but no model");
        return;
    }
    const ModelSpec &spec = s.model->spec;
    for (std::size_t c = 0; c < s.calibrations.size(); ++c) {
        const auto &layers = s.calibrations[c]->layers;
        bool fits = layers.size() == spec.layers.size();
        for (std::size_t i = 0; fits && i < layers.size(); ++i)
            fits = std::int64_t(layers[i].size()) == spec.layers[i].ffn.neurons &&
                   std::all_of(layers[i].begin(), layers[i].end(), [](float x) { return std::isfinite(x) && x >= 0; });
        if (!fits)
            refuse("the scores of calibration " + std::to_string(c) + " do not fit the model");
    }
    const auto count = std::int64_t(s.calibrations.size());
    const auto checkDraft = [&](const PlanDraft &draft, const std::string &name) {
        if (draft.calibration < -1 || draft.calibration >= count)
            refuse(name + " names calibration " + std::to_string(draft.calibration) + ", and there are " + std::to_string(count));
        for (const auto *layers : {&draft.search.forcedLayers, &draft.search.protectedLayers})
            for (const std::int64_t layer : *layers)
                if (layer < 0 || layer >= spec.layerCount())
                    refuse(name + " names layer " + std::to_string(layer) + ", which does not exist");
    };
    checkDraft(s.draft, "the plan");
    for (const PinnedPlan &pin : s.pinned)
        checkDraft(pin.draft, "the plan '" + pin.name + "'");
    for (const auto &[key, record] : s.searches)
        checkRecord(record, spec.layerCount(), key);
    if (s.denseImpact)
        checkRecord(*s.denseImpact, spec.layerCount(), "impact on the original");
    for (const EvaluationRecord &record : s.evaluations)
        for (const std::int64_t layer : record.removed)
            if (layer < 0 || layer >= spec.layerCount())
                refuse("an evaluation names layer " + std::to_string(layer) + ", which does not exist");
}

} // namespace secateur
