// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/ReportSession.h"

#include "checkpoint/ModelName.h"
#include "exporting/Manifest.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "pruning/PlanFile.h"
#include "session/JobEvent.h"
#include "session/Shelf.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace secateur {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t(1) << 30; // as of a plan
constexpr const char *kExportAgain = "Export the plan again, or choose its plan file.";

/// The numbers of a manifest's evaluation: of the original, or of the plan.
Measurement measurementOf(const nlohmann::json &entry, const char *perplexity, const PruningPlan *plan, const PlanDraft &draft,
                          const ModelSpec &dense)
{
    Measurement measured;
    Evaluation &result = measured.result;
    result.perplexity = entry.at(perplexity).is_null() ? std::numeric_limits<double>::infinity() : entry.at(perplexity).get<double>();
    result.loss = std::log(result.perplexity);
    result.tokens = entry.at("tokens").get<std::int64_t>();
    result.length = entry.at("length").get<std::int64_t>();
    result.windows = result.tokens / std::max<std::int64_t>(1, result.length - 1); // the first token of a window is not predicted
    result.tokenHash = entry.at("tokenHash").get<std::string>();
    measured.text = {.files = {entry.at("text").get<std::string>()}, .windows = {}, .length = std::max<std::int64_t>(1, result.length)};
    if (entry.contains("computed")) // not in manifests of older versions
        measured.computed = conditionsFromJson(entry.at("computed"));
    measured.neuronsKept = plan ? plan->balance.neuronsKept : dense.mostNeurons();
    if (plan) {
        measured.planHash = plan->hash();
        measured.removed = plan->removedAttentions;
        measured.draft = draft;
    }
    return measured;
}

ExportRecord exportOf(const nlohmann::json &manifest, const std::filesystem::path &folder, const std::string &planHash)
{
    const nlohmann::json &written = manifest.at("export"), &checked = manifest.at("verification");
    ExportRecord record;
    record.planHash = planHash;
    record.format = written.at("format").get<std::string>();
    record.folder = folder;
    record.parameters = written.at("parameters").get<std::int64_t>();
    record.bytes = written.at("bytes").get<std::int64_t>();
    record.notes = written.value("notes", std::vector<std::string>());
    Verification &v = record.verification;
    const auto number = [&](const char *name) {
        return checked.at(name).is_null() ? std::numeric_limits<double>::quiet_NaN() : checked.at(name).get<double>();
    };
    v.isPassed = checked.at("passed").get<bool>();
    v.tokens = checked.at("tokens").get<std::int64_t>();
    v.largestDifference = number("largestDifference");
    v.tolerance = number("tolerance");
    v.sameArgmax = number("sameArgmax");
    v.ids = checked.value("tokenIds", std::int64_t(0));
    v.idsDiffering = checked.value("tokenIdsDiffering", std::int64_t(0));
    v.idsNote = checked.value("tokenIdsNote", std::string());
    return record;
}

TextSettings named(TextSettings text)
{
    for (std::filesystem::path &file : text.files)
        file = file.filename();
    return text;
}

Provenance named(Provenance provenance)
{
    for (std::string &file : provenance.textFiles)
        file = std::filesystem::path(file).filename().string();
    return provenance;
}

RestorationRecord named(RestorationRecord record)
{
    if (record.settings.second)
        record.settings.second = named(*record.settings.second);
    for (GateText &gate : record.texts)
        gate.text = named(gate.text);
    return record;
}

std::filesystem::path lastOf(const std::filesystem::path &path)
{
    return path.has_filename() ? path.filename() : path.parent_path().filename();
}

} // namespace

Session sessionOfPlan(const ModelSummary &model, PruningPlan plan, const std::filesystem::path &file)
{
    Session session;
    applyEvent(session, Opened{model});
    session.calibrationText = textSettingsOf(plan.calibration);
    session.norm = plan.norm;
    session.draft = shelve(session, shelfEntry(std::move(plan), file));
    return session;
}

std::filesystem::path manifestOf(const std::filesystem::path &path)
{
    std::error_code error;
    const std::filesystem::path manifest = std::filesystem::is_directory(path, error) ? path / kManifestFile : path;
    return manifest.filename() == kManifestFile && std::filesystem::is_regular_file(manifest, error) ? manifest : std::filesystem::path();
}

ExportedReport sessionOfExport(const std::filesystem::path &folder, const ModelSummary &model, const std::string &modelHash)
{
    const std::filesystem::path file = manifestOf(folder);
    if (file.empty())
        throw Error("There is no " + std::string(kManifestFile) + " in " + inQuotes(folder.string()) + ".",
                    "Choose a folder that Secateur exported, a plan or a session.");
    const std::string source = inQuotes(file.string());
    const PruningPlan plan = loadPlan(file); // whole, but for the values of changed weights, which a report does not need
    try {
        checkPlan(plan, model.spec, modelHash);
    } catch (const Error &problem) {
        throw Error("The plan in " + source + ": " + problem.what(), problem.hint());
    }
    ExportedReport report{.session = sessionOfPlan(model, plan, {}), .command = {}};
    const nlohmann::json manifest = readJsonFile(file, kLargest, kExportAgain);
    try {
        Session &session = report.session;
        for (const nlohmann::json &entry : manifest.at("evaluations")) {
            session.measurements.push_back(measurementOf(entry, "densePerplexity", nullptr, session.draft, model.spec));
            session.measurements.push_back(measurementOf(entry, "prunedPerplexity", &plan, session.draft, model.spec));
        }
        session.exports.push_back(exportOf(manifest, file.parent_path(), plan.hash()));
        report.command = manifest.value("command", std::vector<std::string>());
    } catch (const nlohmann::json::exception &) {
        throw Error("The manifest " + source + " lacks something that every export has.", kExportAgain);
    }
    return report;
}

Session withoutFolders(const Session &whole)
{
    Session session = whole;
    if (session.model)
        session.model->folder = modelName(session.model->folder).brief;
    for (TextSettings *text : {&session.calibrationText, &session.evaluationText})
        *text = named(*text);
    for (std::filesystem::path &path : session.tasks.paths)
        path = lastOf(path);
    for (auto &scores : session.calibrations)
        scores =
            std::make_shared<const NeuronScores>(NeuronScores{.layers = {}, .norm = scores->norm, .provenance = named(scores->provenance)});
    for (auto &[key, shelf] : session.plans) {
        auto plan = std::make_shared<ShelfPlan>(*shelf);
        plan->file = plan->file.filename();
        plan->plan.calibration = named(plan->plan.calibration);
        plan->plan.search.provenance = named(plan->plan.search.provenance);
        if (plan->plan.blocks)
            plan->plan.blocks->provenance = named(plan->plan.blocks->provenance);
        if (plan->plan.restoration)
            plan->plan.restoration = named(*plan->plan.restoration);
        shelf = plan;
    }
    for (auto &[key, record] : session.searches)
        record.provenance = named(record.provenance);
    for (Measurement &measured : session.measurements)
        measured.text = named(measured.text);
    for (ExportRecord &record : session.exports)
        record.folder = lastOf(record.folder);
    for (ReadText &read : session.readTexts)
        read.text = named(read.text);
    return session;
}

std::string withoutFolder(const std::string &word)
{
    const std::filesystem::path path(word);
    return path.is_absolute() && !lastOf(path).empty() ? lastOf(path).string() : word;
}

} // namespace secateur
