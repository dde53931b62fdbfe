// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Commands.h"

#include "checkpoint/SafetensorsWriter.h"
#include "cli/Session.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"

#include <fstream>
#include <map>

namespace secateur::cli {

void Session::inspect()
{
    const ModelSpec spec = specOfModelOrConfig();
    const LayerSpec &first = spec.layers.front();
    const DType dtype = model ? model->storedDtype : spec.dtype;
    const std::int64_t attention = first.attention ? attentionParameters(*first.attention, spec.hiddenSize) : 0;
    const std::int64_t ffn = ffnParameters(first.ffn, spec.hiddenSize);
    const std::int64_t bytes = model ? model->tensorBytes : modelParameters(spec) * std::int64_t(bytesPerElement(dtype));
    report.table({{"family", spec.family},
                  {"layers", std::to_string(spec.layerCount())},
                  {"hidden size", grouped(spec.hiddenSize)},
                  {"FFN neurons of a layer", grouped(first.ffn.neurons)},
                  {"heads / KV heads x size", first.attention ? std::to_string(first.attention->heads) + " / " +
                                                                    std::to_string(first.attention->kvHeads) + " x " +
                                                                    std::to_string(first.attention->headDim)
                                                              : "none"},
                  {"vocabulary", grouped(spec.vocabularySize) + (spec.tiedEmbeddings ? ", tied" : "")},
                  {"context", grouped(spec.contextLength) + " tokens"},
                  {"parameters, model", grouped(modelParameters(spec))},
                  {"parameters, layers", grouped(layerParameters(spec))},
                  {"one attention", grouped(attention)},
                  {"one FFN", grouped(ffn)},
                  {"weights", size(bytes) + ", " + std::string(configName(dtype)) +
                                  (model ? ", " + std::to_string(model->files) + (model->files == 1 ? " file" : " files") : "")},
                  {"KV cache per token", size(kvBytesPerToken(spec, dtype))},
                  {"FLOP per token", decimal(double(flopPerToken(spec)) / 1e9, 3) + " G"}});
    nlohmann::json result = {{"family", spec.family},
                             {"layers", spec.layerCount()},
                             {"hiddenSize", spec.hiddenSize},
                             {"neurons", first.ffn.neurons},
                             {"vocabulary", spec.vocabularySize},
                             {"contextLength", spec.contextLength},
                             {"tiedEmbeddings", spec.tiedEmbeddings},
                             {"parameters", modelParameters(spec)},
                             {"layerParameters", layerParameters(spec)},
                             {"attentionParameters", attention},
                             {"ffnParameters", ffn},
                             {"bytes", bytes},
                             {"dtype", configName(dtype)},
                             {"kvBytesPerToken", kvBytesPerToken(spec, dtype)},
                             {"flopPerToken", flopPerToken(spec)}};
    if (first.attention)
        result.update({{"heads", first.attention->heads}, {"kvHeads", first.attention->kvHeads}, {"headDim", first.attention->headDim}});
    if (model) {
        report.line(model->tokenizerSize ? "tokenizer: " + grouped(*model->tokenizerSize) + " ids"
                                         : "no usable tokenizer: " + model->tokenizerProblem);
        result["tokenizer"] = model->tokenizerSize ? nlohmann::json(*model->tokenizerSize) : nlohmann::json();
        result["tokenizerProblem"] = model->tokenizerProblem;
    }
    finish(result);
}

void Session::calibrate()
{
    refuseExistingFile(o.output);
    open();
    const auto scores = engine->score(calibrationText(), norm(), context);
    saveScores(*scores, o.output);
    report.line("scores of " + std::to_string(scores->layers.size()) + " layers x " + grouped(std::int64_t(scores->layers.front().size())) +
                " neurons: " + o.output.string());
    finish({{"layers", scores->layers.size()},
            {"neurons", scores->layers.front().size()},
            {"tokenHash", scores->provenance.tokenHash},
            {"output", o.output.string()}});
}

void Session::plan()
{
    const ModelSpec spec = specOfModelOrConfig();
    if (o.scores.empty()) {
        const SparsityBalance b = balance(spec, balanceSettings());
        showBalance(b);
        finish(resultOf(b, nullptr));
        return;
    }
    const PruningPlan plan = planFromScores(spec, loadMatchingScores(), balanceSettings());
    if (!o.savePlan.empty())
        savePlan(plan, o.savePlan);
    showBalance(plan.balance);
    showOrder(plan);
    finish(resultOf(plan.balance, &plan));
}

void Session::search()
{
    open();
    PruningPlan plan;
    SearchSettings settings = searchSettings();
    if (!o.scores.empty()) {
        plan = planFromScores(model->spec, loadMatchingScores(), balanceSettings());
    } else {
        plan = *optionalPlan();
        if (o.remove)
            plan = withRemovals(plan, model->spec, *o.remove);
        if (!plan.search.steps.empty()) { // what was not said again is as it was
            const SearchSettings before = plan.search.settings;
            if (o.protectedLayers.empty())
                settings.protectedLayers = before.protectedLayers;
            if (o.forcedLayers.empty())
                settings.forcedLayers = before.forcedLayers;
            settings.windows = before.windows;
            settings.referenceLoss = before.referenceLoss;
        }
    }
    TextSettings text = textOf(o.texts, {});
    if (o.texts.empty()) { // the calibration's
        const Provenance &p = plan.calibration;
        text = {.files = {p.textFiles.begin(), p.textFiles.end()}, .windows = {}, .length = p.length, .seed = p.seed};
    }
    runSearch(plan, text, settings);
    showBalance(plan.balance);
    showOrder(plan);
    nlohmann::json result = resultOf(plan.balance, &plan);
    result["evaluations"] = plan.search.evaluations();
    finish(result);
}

void Session::prune()
{
    open();
    if (!o.output.empty())
        engine->checkExportSettings(exportSettings());
    balance(model->spec, balanceSettings()); // an infeasible wish is refused before the work
    NeuronScores scores;
    if (o.scores.empty())
        scores = *engine->score(calibrationText(), norm(), context);
    else
        scores = loadMatchingScores();
    PruningPlan plan = planFromScores(model->spec, scores, balanceSettings());
    TextSettings text = calibrationText();
    if (o.texts.empty())
        text = {.files = {scores.provenance.textFiles.begin(), scores.provenance.textFiles.end()},
                .windows = {},
                .length = scores.provenance.length,
                .seed = scores.provenance.seed};
    runSearch(plan, text, searchSettings());

    nlohmann::json result = resultOf(plan.balance, &plan);
    nlohmann::json evaluations = nlohmann::json::array();
    std::vector<std::vector<std::string>> rows = {{"", "dense", "pruned", "change"},
                                                  {"parameters, layers", grouped(plan.balance.denseLayerParameters),
                                                   grouped(plan.balance.layerParameters), "-" + percent(plan.balance.sparsityLayers())},
                                                  {"parameters, model", grouped(plan.balance.denseModelParameters),
                                                   grouped(plan.balance.modelParameters), "-" + percent(plan.balance.sparsityModel())}};
    for (const std::filesystem::path &file : o.evaluationTexts) {
        TextSettings held = textOf({file}, {});
        held.seed = 0; // the seed is of the calibration
        const Evaluation dense = engine->evaluate(nullptr, held, context), pruned = engine->evaluate(&plan, held, context);
        evaluations.push_back({{"text", file.filename().string()},
                               {"tokens", dense.tokens},
                               {"length", dense.length},
                               {"tokenHash", dense.tokenHash},
                               {"densePerplexity", dense.perplexity},
                               {"prunedPerplexity", pruned.perplexity}});
        rows.push_back({"perplexity, " + file.filename().string(), decimal(dense.perplexity, 3), decimal(pruned.perplexity, 3),
                        "x" + decimal(pruned.perplexity / dense.perplexity, 3)});
    }
    if (!o.output.empty()) {
        const ExportResult written = engine->exportPlan(plan, exportSettings(), evaluations, context);
        rows.push_back({"written, parameters", grouped(plan.balance.denseModelParameters), grouped(written.parameters),
                        "-" + percent(1 - double(written.parameters) / double(plan.balance.denseModelParameters))});
        rows.push_back({"written, bytes", grouped(model->tensorBytes), grouped(written.bytes),
                        "-" + percent(1 - double(written.bytes) / double(model->tensorBytes))});
        result["output"] = o.output.string();
        result["exportedParameters"] = written.parameters;
        result["exportedBytes"] = written.bytes;
        result["verified"] = written.verification.isPassed;
        result["largestDifference"] = written.verification.largestDifference;
    }
    const nlohmann::json seconds = report.seconds();
    std::string phases;
    for (const auto &[name, value] : seconds.items())
        if (name != "total" && value.get<double>() >= 0.05)
            phases += (phases.empty() ? "" : ", ") + name + " " + decimal(value.get<double>(), 1);
    report.line("");
    report.table(rows);
    report.line("seconds: " + decimal(seconds.at("total").get<double>(), 1) + (phases.empty() ? "" : " (" + phases + ")"));
    report.line("N = " + std::to_string(plan.balance.attentionsToRemove) + ", K = " + grouped(plan.balance.neuronsKept) + " of " +
                grouped(model->spec.layers.front().ffn.neurons));
    showOrder(plan);
    if (!o.output.empty())
        report.line("verified checkpoint: " + o.output.string());
    result["evaluations"] = evaluations;
    finish(result);
}

void Session::evaluate()
{
    open();
    const auto plan = optionalPlan();
    const Evaluation e = engine->evaluate(plan ? &*plan : nullptr, textOf(o.texts, o.windows), context);
    report.line("perplexity " + decimal(e.perplexity, 4) + " (loss " + decimal(e.loss, 6) + ", " + grouped(e.tokens) + " tokens in " +
                grouped(e.windows) + " windows of " + grouped(e.length) + ")");
    finish({{"perplexity", e.perplexity},
            {"loss", e.loss},
            {"tokens", e.tokens},
            {"windows", e.windows},
            {"length", e.length},
            {"tokenHash", e.tokenHash},
            {"planHash", plan ? nlohmann::json(plan->hash()) : nlohmann::json()}});
}

void Session::generate()
{
    open();
    const auto plan = optionalPlan();
    // The text is the progress: a bar would be drawn into it.
    JobContext quiet;
    report.piece(o.generation.prompt);
    const Generation g = engine->generate(plan ? &*plan : nullptr, o.generation, o.isJson ? context : quiet, [&](const std::string &piece) {
        context.check();
        report.piece(piece);
        report.event({{"event", "text"}, {"text", piece}});
    });
    report.line("");
    finish({{"text", g.text}, {"ids", g.ids}, {"promptIds", g.promptIds}, {"tokensPerSecond", g.tokensPerSecond}});
}

void Session::exportPlan()
{
    open();
    engine->checkExportSettings(exportSettings());
    const PruningPlan plan = *optionalPlan();
    const ExportResult written = engine->exportPlan(plan, exportSettings(), nlohmann::json::array(), context);
    report.line("verified checkpoint: " + o.output.string() + " (" + grouped(written.parameters) + " parameters, " + size(written.bytes) +
                ")");
    nlohmann::json result = resultOf(plan.balance, &plan);
    result.update({{"output", o.output.string()},
                   {"format", o.format},
                   {"exportedParameters", written.parameters},
                   {"exportedBytes", written.bytes},
                   {"verified", written.verification.isPassed},
                   {"largestDifference", written.verification.largestDifference}});
    finish(result);
}

void Session::logits()
{
    open();
    const auto plan = optionalPlan();
    std::ifstream stream(o.tokens);
    const nlohmann::json ids = nlohmann::json::parse(stream, nullptr, false);
    if (!ids.is_array())
        throw Error("'" + o.tokens.string() + "' does not hold a JSON array of token ids.");
    const std::vector<float> values = engine->logits(plan ? &*plan : nullptr, ids.get<std::vector<std::int32_t>>(), context);
    AtomicPath target(o.output);
    SafetensorsWriter writer(target.temporary(), {{"logits", DType::Float32, {std::int64_t(ids.size()), model->spec.vocabularySize}}}, {});
    writer.write("logits", std::as_bytes(std::span(values)));
    writer.finish();
    target.commit();
    finish({{"output", o.output.string()}});
}

void run(const Options &options, std::stop_token stop, Reporter &reporter)
{
    static const std::map<std::string, void (Session::*)()> commands = {
        {"inspect", &Session::inspect},   {"calibrate", &Session::calibrate}, {"plan", &Session::plan},
        {"search", &Session::search},     {"prune", &Session::prune},         {"evaluate", &Session::evaluate},
        {"generate", &Session::generate}, {"export", &Session::exportPlan},   {"logits", &Session::logits}};
    Session session(options, std::move(stop), reporter);
    (session.*commands.at(options.command))();
}

} // namespace secateur::cli
