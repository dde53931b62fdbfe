// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Commands.h"

#include "checkpoint/HubCache.h"
#include "checkpoint/SafetensorsWriter.h"
#include "cli/OptionChecks.h"
#include "cli/Run.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "jobs/JobWork.h"
#include "pruning/PlanFile.h"
#include "pruning/RestorationJson.h"
#include "session/Shelf.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace secateur::cli {
void Run::models()
{
    const std::filesystem::path cache = hubCacheFolder();
    const std::vector<CachedModel> found = modelsInHubCache(cache);
    Rows rows = {{"model", "weights", "folder"}};
    nlohmann::json list = nlohmann::json::array();
    for (const CachedModel &m : found) {
        rows.push_back({printable(m.name), size(m.bytes), printable(m.folder.string())});
        list.push_back({{"name", m.name}, {"bytes", m.bytes}, {"folder", m.folder.string()}, {"problem", m.problem}});
    }
    if (found.empty())
        report.line("There are no models in the Hugging Face cache " + inQuotes(cache.string()) + ".");
    else
        report.table(rows, Reporter::LastColumn::Text);
    for (const CachedModel &m : found)
        if (!m.problem.empty())
            report.line(printable(m.name) + " cannot be opened: " + m.problem + ".");
    finish({{"folder", cache.string()}, {"models", list}});
}

void Run::calibrate()
{
    if (isFirst()) {
        checkOutputFile(o.output);
        checkOutputFile(o.saveGrams);
    }
    open();
    const TextSettings text = calibrationText();
    showForecast({.windows = text.windows ? *text.windows : engine->checkText(text, context),
                  .length = text.length,
                  .gramsPerLayer = o.saveGrams.empty() ? 0 : 2},
                 text);
    const auto scores = engine->score(text, norm(), context, o.saveGrams);
    if (!isFirst())
        return;
    saveScores(*scores, o.output);
    report.line("scores of " + counted(std::int64_t(scores->layers.size()), "layer") + " x " +
                counted(std::int64_t(scores->layers.front().size()), "neuron") + ": " + printable(o.output.string()));
    nlohmann::json result = {{"layers", scores->layers.size()},
                             {"neurons", scores->layers.front().size()},
                             {"tokenHash", scores->provenance.tokenHash},
                             {"output", o.output.string()}};
    if (!o.saveGrams.empty()) {
        const auto bytes = std::int64_t(std::filesystem::file_size(o.saveGrams));
        report.line("Gram matrices, " + size(bytes) + ": " + printable(o.saveGrams.string()));
        result["grams"] = o.saveGrams.string();
        result["gramBytes"] = bytes;
    }
    finish(result);
}

void Run::plan()
{
    checkOutputFile(o.savePlan);
    const ModelSpec spec = specOfModelOrConfig();
    if (!o.plan.empty()) {
        const PruningPlan given = optionalPlan().value();
        if (!o.savePlan.empty())
            savePlan(given, o.savePlan);
        showPlan(given);
        finish(resultOf(given.balance, &given));
        return;
    }
    if (o.scores.empty()) {
        const SparsityBalance b = balance(spec, balanceSettings(spec));
        showBalance(b);
        finish(resultOf(b, nullptr));
        return;
    }
    const PruningPlan plan = planFromScores(spec, loadMatchingScores(), balanceSettings(spec));
    if (!o.savePlan.empty())
        savePlan(plan, o.savePlan);
    showPlan(plan);
    finish(resultOf(plan.balance, &plan));
}

void Run::impact()
{
    open();
    const SearchRecord record =
        measureImpact(*engine, evaluationText(o, model->spec.contextLength), searchSettings({}), context, listener());
    const SearchStep &step = record.steps.front();
    Rows rows = {{"layer", "change of loss", "perplexity"}, {"none", "", decimal(std::exp(record.initialLoss), 3)}};
    for (std::size_t layer = 0; layer < step.losses.size(); ++layer) {
        if (!model->spec.layers[layer].attention) {
            rows.push_back({std::to_string(layer), "no attention", ""});
            continue;
        }
        const double change = step.losses[layer] - record.initialLoss;
        rows.push_back({std::to_string(layer), (change < 0 ? "" : "+") + decimal(change, 6), decimal(std::exp(step.losses[layer]), 3)});
    }
    report.table(rows);
    report.line("The attention of layer " + std::to_string(step.removed) + " matters least on this text.");
    finish({{"initialLoss", record.initialLoss},
            {"losses", step.losses},
            {"leastLayer", step.removed},
            {"windows", record.provenance.windows},
            {"length", record.provenance.length},
            {"tokenHash", record.provenance.tokenHash}});
}

void Run::search()
{
    if (isFirst())
        checkOutputFile(o.savePlan);
    open();
    const std::optional<PruningPlan> given = optionalPlan();
    if (given ? isOfBlocks(given->method) : !o.method.empty() && isOfBlocks(planMethodOf(o.method))) {
        searchBlocks(given ? &*given : nullptr);
        return;
    }
    PruningPlan plan;
    if (!given && o.scores.empty()) {
        plan = newPlan();
    } else if (given && o.restore.isAsked() && (given->method == PlanMethod::Manual || (given->isComplete() && !isSearchedOtherwise()))) {
        plan = *given; // there is nothing to search
    } else {
        plan = given ? resumed(*given) : planFromScores(model->spec, loadMatchingScores(), balanceSettings(model->spec));
        const Provenance before = plan.search.provenance.tokenHash.empty() ? plan.calibration : plan.search.provenance;
        const SearchSettings settings = searchSettings(plan.search.settings);
        TextSettings text = textOf(before);
        text.windows = settings.windows;
        if (o.restore.isAsked())
            checkRestoration(plan, textOf(plan.calibration));
        showForecast({.windows = 0,
                      .length = text.length,
                      .searchWindows = settings.windows,
                      .removals = plan.balance.attentionsToRemove,
                      .neuronsKept = plan.balance.neuronsKept},
                     text);
        runSearch(plan, text, settings);
    }
    if (o.restore.isAsked())
        plan = restored(plan);
    showPlan(plan);
    nlohmann::json result = resultOf(plan.balance, &plan);
    result["evaluatedCandidates"] = plan.search.evaluations();
    finish(result);
}

/// Whether options ask for another search than that of --plan.
bool Run::isSearchedOtherwise() const
{
    return o.isRestarted || o.remove || o.searchWindows || !o.lossType.empty() || o.forcedLayers || o.protectedLayers;
}

/// The plan of --plan as its search goes on, or begins anew.
PruningPlan Run::resumed(const PruningPlan &given)
{
    checkSearchable(given);
    PruningPlan plan = o.isRestarted ? beforeItsSearch(given) : given;
    if (o.remove)
        plan = withRemovals(plan, model->spec, *o.remove);
    checkGoesOn(given, withProtected(plan.search, searchSettings(plan.search.settings).protectedLayers));
    return plan;
}

/// Perplexity before and after on every held-out text: entries of the manifest and rows of the table.
void Run::measure(const PruningPlan &plan, nlohmann::json &evaluations, Rows &rows)
{
    for (const std::filesystem::path &file : o.evaluationTexts) {
        const TextSettings text = heldOutText(file);
        const Evaluation dense = secateur::evaluate(*engine, model->spec, {}, text, context, listener()).result;
        const Measurement measured = secateur::evaluate(*engine, model->spec, {.plan = &plan}, text, context, listener());
        const Evaluation &pruned = measured.result;
        const std::string name = file.filename().string();
        evaluations.push_back({{"text", name},
                               {"tokens", dense.tokens},
                               {"length", dense.length},
                               {"tokenHash", dense.tokenHash},
                               {"densePerplexity", dense.perplexity},
                               {"prunedPerplexity", pruned.perplexity},
                               {"computed", toJson(measured.computed)}});
        rows.push_back({"perplexity, " + printable(name), decimal(dense.perplexity, 3), decimal(pruned.perplexity, 3),
                        "x" + decimal(pruned.perplexity / dense.perplexity, 3)});
    }
}

void Run::exportTo(const PruningPlan &plan, const nlohmann::json &evaluations, nlohmann::json &result, Rows &rows)
{
    const ExportRecord written = secateur::exportPlan(*engine, plan, exportSettings(), evaluations, context, listener());
    const auto change = [](std::int64_t before, std::int64_t after) {
        return (after > before ? "+" : "") + percent(double(after) / double(before) - 1);
    };
    for (const std::string &note : written.notes)
        report.line(note);
    const std::int64_t parameters = plan.balance.denseModelParameters;
    rows.push_back({"written, parameters", grouped(parameters), grouped(written.parameters), change(parameters, written.parameters)});
    rows.push_back({"written, bytes", grouped(model->tensorBytes), grouped(written.bytes), change(model->tensorBytes, written.bytes)});
    result.update({{"output", o.output.string()},
                   {"format", o.format},
                   {"exportedParameters", written.parameters},
                   {"exportedBytes", written.bytes},
                   {"verified", written.verification.isPassed},
                   {"notes", written.notes},
                   {"largestDifference", written.verification.largestDifference},
                   {"tokenIds", written.verification.ids},
                   {"tokenIdsDiffering", written.verification.idsDiffering},
                   {"tokenIdsNote", written.verification.idsNote}});
    const Verification &v = written.verification;
    if (v.ids > 0)
        rows.push_back({"written, token ids", grouped(std::uint64_t(v.ids)), grouped(std::uint64_t(v.ids - v.idsDiffering)),
                        v.idsDiffering == 0 ? "the same" : grouped(std::uint64_t(v.idsDiffering)) + " differ"});
    if (!v.idsNote.empty())
        report.line("token ids: " + v.idsNote);
}

PruningPlan Run::newPlan()
{
    PruningPlan plan;
    plan.balance = balance(model->spec, balanceSettings(model->spec));
    TextSettings calibration = calibrationText();
    const std::int64_t searchWindows = searchSettings({}).windows;
    const std::int64_t windows = calibration.windows ? *calibration.windows : engine->checkText(calibration, context);
    if (!o.texts.empty() && (calibration.windows || windows < searchWindows)) {
        calibration.windows = std::max(windows, searchWindows);
        engine->checkText(calibration, context);
    }
    checkSearchSettings(searchSettings({}), plan, model->spec);
    for (const std::filesystem::path &file : o.evaluationTexts)
        engine->checkText(heldOutText(file), context);

    const bool isCalibrated = o.scores.empty();
    const bool areGramsSummed = isCalibrated && o.restore.isAsked() && o.grams.empty();
    if (o.restore.isAsked()) {
        PruningPlan asked = plan;
        asked.settings = balanceSettings(model->spec);
        asked.norm = norm();
        TextSettings text = calibrationText();
        text.windows = windows;
        if (!isCalibrated) {
            const NeuronScores scores = loadMatchingScores();
            asked.norm = scores.norm;
            asked.calibration = scores.provenance;
            text = textOf(scores.provenance);
        }
        checkRestoration(asked, text);
    }
    showForecast({.windows = isCalibrated ? windows : 0,
                  .length = calibration.length,
                  .searchWindows = searchWindows,
                  .removals = plan.balance.attentionsToRemove,
                  .neuronsKept = plan.balance.neuronsKept,
                  .gramsPerLayer = areGramsSummed ? 2 : 0});
    if (areGramsSummed)
        makeGramFile();
    const NeuronScores scores = isCalibrated ? *engine->score(calibrationText(), norm(), context, gramFile) : loadMatchingScores();
    if (ranks && !gramFile.empty()) // the first one has the sums
        gramFile = ranks->exchange(gramFile.string(), context).front();
    plan = planFromScores(model->spec, scores, balanceSettings(model->spec));
    runSearch(plan, textOf(scores.provenance), searchSettings({}));
    return plan;
}

void Run::prune()
{
    // Everything that can be refused is refused before the work.
    if (isFirst())
        checkOutputFile(o.savePlan);
    open();
    if (!o.output.empty() && isFirst()) {
        checkOutputFolder();
        engine->checkExportSettings(exportSettings(), balance(model->spec, balanceSettings(model->spec)).neuronsKept);
    }
    PruningPlan plan = newPlan();
    if (o.restore.isAsked())
        plan = restored(plan);
    if (!isFirst())
        return;

    const SparsityBalance &b = plan.balance;
    nlohmann::json result = resultOf(b, &plan), evaluations = nlohmann::json::array();
    Rows rows = {{"", "original", "pruned", "change"},
                 {"parameters, layers", grouped(b.denseLayerParameters), grouped(b.layerParameters), percent(-b.sparsityLayers())},
                 {"parameters, model", grouped(b.denseModelParameters), grouped(b.modelParameters), percent(-b.sparsityModel())}};
    measure(plan, evaluations, rows);
    result["evaluations"] = evaluations;
    if (!o.output.empty())
        exportTo(plan, evaluations, result, rows);

    const nlohmann::json seconds = report.seconds();
    std::string phases;
    for (const auto &[name, value] : seconds.items())
        if (name != "total" && value.get<double>() >= 0.05)
            phases += (phases.empty() ? "" : ", ") + name + " " + decimal(value.get<double>(), 1);
    report.line("");
    if (plan.restoration)
        showRestoration(plan);
    report.table(rows);
    report.line("seconds: " + decimal(seconds.at("total").get<double>(), 1) + (phases.empty() ? "" : " (" + phases + ")"));
    showDeviation(b);
    report.line("N = " + std::to_string(b.attentionsToRemove) + ", K = " +
                (b.neuronsKept > 0 ? grouped(b.neuronsKept) : widthsText(plan.widths())) + " of " + grouped(model->spec.mostNeurons()));
    showOrder(plan);
    if (!o.output.empty())
        report.line("verified checkpoint: " + printable(o.output.string()));
    finish(result);
}

void Run::evaluate()
{
    if (isFirst())
        checkItemsFile();
    open();
    std::optional<PruningPlan> plan = optionalPlan();
    if (o.throughput) // measured last
        checkThroughputSettings(settledThroughputSettings(*o.throughput, model->spec.contextLength), model->spec.contextLength);
    const std::vector<TaskSet> tasks = o.tasks.paths.empty() ? std::vector<TaskSet>() : engine->readTasks(o.tasks, context);
    showTaskSets(tasks);
    if (!o.texts.empty() && o.restore.isAsked())
        engine->checkText(evaluationText(o, model->spec.contextLength), context);
    if (o.restore.isAsked() && plan)
        showRestoration(*(plan = restored(*plan)));
    const Evaluated what{.plan = plan ? &*plan : nullptr};
    nlohmann::json result = {{"planHash", plan ? nlohmann::json(plan->hash()) : nlohmann::json()}};
    if (plan && plan->restoration)
        result["restoration"] = toJson(*plan->restoration);
    if (!o.texts.empty())
        evaluateText(what, result);
    if (!tasks.empty())
        evaluateTasks(what, tasks, result);
    if (o.throughput && isFirst())
        evaluateThroughput(what, result);
    if (isFirst())
        finish(result);
}

void Run::evaluateText(const Evaluated &what, nlohmann::json &result)
{
    const TextSettings text = evaluationText(o, model->spec.contextLength);
    const Evaluation e = secateur::evaluate(*engine, model->spec, what, text, context, listener()).result;
    report.line("perplexity " + decimal(e.perplexity, 4) + " (loss " + decimal(e.loss, 6) + ", " + counted(e.tokens, "token") + " in " +
                counted(e.windows, "window") + " of " + grouped(e.length) + ")");
    result.update({{"perplexity", e.perplexity},
                   {"loss", e.loss},
                   {"tokens", e.tokens},
                   {"windows", e.windows},
                   {"length", e.length},
                   {"tokenHash", e.tokenHash}});
}

void Run::exportPlan()
{
    checkOutputFolder();
    open();
    PruningPlan plan = optionalPlan().value();
    engine->checkExportSettings(exportSettings(), plan);
    if (o.restore.isAsked())
        showRestoration(plan = restored(plan));
    nlohmann::json result = resultOf(plan.balance, &plan);
    Rows rows = {{"", "original", "pruned", "change"}};
    exportTo(plan, nlohmann::json::array(), result, rows);
    report.table(rows);
    report.line("verified checkpoint: " + printable(o.output.string()));
    finish(result);
}

void Run::logits()
{
    checkOutputFile(o.output);
    open();
    const auto plan = optionalPlan();
    constexpr std::uint64_t kLargest = 100'000'000;
    const std::string name = inQuotes(o.tokens.string()), hint = "Write the ids as [1, 2, 3].";
    const nlohmann::json parsed = parseJson(readWholeFile(o.tokens, kLargest, hint), name, hint);
    if (!parsed.is_array() || parsed.empty())
        throw Error(name + " does not hold a JSON array of token ids.", hint);
    std::vector<std::int32_t> ids;
    for (const nlohmann::json &value : parsed) {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= std::uint64_t(model->spec.vocabularySize))
            throw Error(name + " holds " + value.dump().substr(0, 40) + ", which is not a token id from 0 to " +
                            std::to_string(model->spec.vocabularySize - 1) + ".",
                        hint);
        ids.push_back(value.get<std::int32_t>());
    }
    const std::vector<float> values = engine->logits(plan ? &*plan : nullptr, ids, context);
    AtomicPath target = AtomicPath::forFile(o.output);
    SafetensorsWriter writer(target.temporary(), {{"logits", DType::Float32, {std::int64_t(ids.size()), model->spec.vocabularySize}}}, {});
    writer.write("logits", std::as_bytes(std::span(values)));
    writer.finish();
    target.commit();
    finish({{"output", o.output.string()}});
}

void run(const Options &options, std::stop_token stop, Reporter &reporter)
{
    static const std::map<std::string, void (Run::*)()> commands = {
        {"models", &Run::models},       {"texts", &Run::texts},       {"impact", &Run::impact},     {"inspect", &Run::inspect},
        {"calibrate", &Run::calibrate}, {"plan", &Run::plan},         {"search", &Run::search},     {"prune", &Run::prune},
        {"evaluate", &Run::evaluate},   {"generate", &Run::generate}, {"export", &Run::exportPlan}, {"bench", &Run::bench},
        {"report", &Run::makeReport},   {"logits", &Run::logits},     {"compare", &Run::compare},   {"score", &Run::score}};
    Run run(options, std::move(stop), reporter);
    for (const std::string &idle : idleBalance(options))
        reporter.note(idle);
    (run.*commands.at(options.command))();
}

} // namespace secateur::cli
