// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Commands.h"

#include "checkpoint/Checkpoint.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "model/Families.h"

#include <cmath>
#include <fstream>
#include <map>

namespace secateur::cli {
namespace {

constexpr std::int64_t kUsualWindows = 32, kUsualLength = 2048; // method.md section 2

/// One command in progress: the options, the engine with the open model, and where to report.
class Session {
public:
    Session(const Options &options, std::stop_token stop, Reporter &reporter)
        : o(options), report(reporter), context(std::move(stop), [this](const Progress &p) { report.progress(p); })
    {}

    void inspect();
    void calibrate();
    void plan();
    void search();
    void prune();
    void evaluate();
    void generate();
    void exportPlan();
    void logits();

private:
    void open();
    ModelSpec specOfModelOrConfig();
    TextSettings calibrationText() const;
    TextSettings textOf(const std::vector<std::filesystem::path> &files, std::optional<std::int64_t> windows) const;
    BalanceSettings balanceSettings() const;
    SearchSettings searchSettings() const;
    ScoreNorm norm() const { return o.norm == "l1" ? ScoreNorm::L1 : ScoreNorm::L2; }
    ExportSettings exportSettings() const;
    std::optional<PruningPlan> optionalPlan();
    NeuronScores loadMatchingScores();
    void refuseExistingFile(const std::filesystem::path &file) const;
    void runSearch(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings);
    void showBalance(const SparsityBalance &balance);
    void showOrder(const PruningPlan &plan);
    nlohmann::json resultOf(const SparsityBalance &balance, const PruningPlan *plan) const;
    void finish(nlohmann::json result);

    const Options &o;
    Reporter &report;
    JobContext context;
    std::optional<Engine> engine;
    std::shared_ptr<const ModelSummary> model;
};

std::string percent(double share)
{
    return decimal(100 * share, 2) + " %";
}

std::string joined(const std::vector<std::int64_t> &numbers)
{
    std::string text;
    for (const std::int64_t number : numbers)
        text += (text.empty() ? "" : ", ") + std::to_string(number);
    return text.empty() ? "none" : text;
}

void Session::open()
{
    engine.emplace(o.engine);
    model = engine->open(o.model);
}

ModelSpec Session::specOfModelOrConfig()
{
    if (!o.model.empty()) {
        open();
        return model->spec;
    }
    return specFromConfig(readConfig(o.config), o.config.string());
}

TextSettings Session::textOf(const std::vector<std::filesystem::path> &files, std::optional<std::int64_t> windows) const
{
    return {.files = files, .windows = windows, .length = o.length.value_or(std::min(kUsualLength, model->spec.contextLength)), .seed = o.seed};
}

TextSettings Session::calibrationText() const
{
    return textOf(o.texts, o.windows.value_or(kUsualWindows));
}

BalanceSettings Session::balanceSettings() const
{
    return {.sparsity = o.sparsity.value(), .alpha = o.alpha, .attentionsToRemove = o.remove, .widthMultiple = o.widthMultiple};
}

SearchSettings Session::searchSettings() const
{
    return {.windows = o.searchWindows, .referenceLoss = o.lossType == "reference", .forcedLayers = o.forcedLayers, .protectedLayers = o.protectedLayers};
}

ExportSettings Session::exportSettings() const
{
    ExportSettings settings{.format = o.format, .output = o.output, .isOverwriteAllowed = o.isOverwriteAllowed, .dtype = {}, .command = repeatableCommand(o)};
    if (!o.exportDtype.empty())
        settings.dtype = dtypeFromConfigName(o.exportDtype);
    return settings;
}

std::optional<PruningPlan> Session::optionalPlan()
{
    if (o.plan.empty())
        return {};
    PruningPlan plan = loadPlan(o.plan);
    checkPlan(plan, model->spec, engine->modelHash(context));
    return plan;
}

NeuronScores Session::loadMatchingScores()
{
    NeuronScores scores = loadScores(o.scores);
    if (scores.provenance.modelHash != engine->modelHash(context))
        throw Error("The scores in '" + o.scores.string() + "' were made from another model.", "Calibrate this model, or open the one that the scores were made from.");
    return scores;
}

void Session::refuseExistingFile(const std::filesystem::path &file) const
{
    if (!file.empty() && std::filesystem::exists(file) && !o.isOverwriteAllowed)
        throw Error("The output '" + file.string() + "' exists.", "Choose another name, or replace it with --overwrite.");
    if (!file.empty())
        const AtomicPath probe(file); // throws when it could not be written
}

void Session::runSearch(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings)
{
    const auto save = [&](const PruningPlan &current) {
        if (!o.savePlan.empty())
            savePlan(current, o.savePlan);
    };
    const auto heard = [&](std::int64_t step, std::int64_t layer, double loss) {
        report.event({{"event", "candidate"}, {"step", step}, {"layer", layer}, {"loss", loss}});
    };
    try {
        engine->search(plan, text, settings, context, heard, save);
    } catch (const Cancelled &) {
        save(plan); // what an unfinished step has evaluated is kept as well
        if (!o.savePlan.empty())
            report.line("What was found so far is in '" + o.savePlan.string() + "'; go on with: secateur-cli search MODEL --plan " + o.savePlan.string());
        throw;
    }
    save(plan);
}

void Session::showBalance(const SparsityBalance &b)
{
    report.line("N = " + std::to_string(b.attentionsToRemove) + " attentions to remove (feasible: " + std::to_string(b.leastAttentions) + " to " + std::to_string(b.mostAttentions) +
                "), K = " + grouped(b.neuronsKept) + " neurons kept in every layer");
    report.table({{"", "dense", "pruned", "sparsity"},
                  {"parameters, layers", grouped(b.denseLayerParameters), grouped(b.layerParameters), percent(b.sparsityLayers())},
                  {"parameters, model", grouped(b.denseModelParameters), grouped(b.modelParameters), percent(b.sparsityModel())}});
}

void Session::showOrder(const PruningPlan &plan)
{
    report.line("attentions removed, in order: " + joined(plan.removedAttentions));
    report.line("plan " + plan.hash());
}

nlohmann::json Session::resultOf(const SparsityBalance &b, const PruningPlan *plan) const
{
    nlohmann::json result = {{"event", "result"},
                             {"command", o.command},
                             {"N", b.attentionsToRemove},
                             {"K", b.neuronsKept},
                             {"leastN", b.leastAttentions},
                             {"mostN", b.mostAttentions},
                             {"sparsityLayers", b.sparsityLayers()},
                             {"sparsityModel", b.sparsityModel()},
                             {"parameters", {{"dense", b.denseModelParameters}, {"pruned", b.modelParameters}}},
                             {"layerParameters", {{"dense", b.denseLayerParameters}, {"pruned", b.layerParameters}}},
                             {"removalOrder", nullptr},
                             {"planHash", nullptr}};
    if (plan) {
        result["removalOrder"] = plan->removedAttentions;
        result["planHash"] = plan->hash();
    }
    return result;
}

/// Adds what every result has, and prints it.
void Session::finish(nlohmann::json result)
{
    result["event"] = "result";
    result["command"] = o.command;
    result["seconds"] = report.seconds();
    if (engine) {
        const EngineReport r = engine->report();
        result["peakMemoryBytes"] = r.peakMemoryBytes;
        result["peakDeviceMemoryBytes"] = r.peakDeviceMemoryBytes;
        result["device"] = r.device;
        result["dtype"] = r.dtype;
        result["threads"] = r.threads;
        result["torch"] = r.torchVersion;
    }
    report.event(result);
}

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
                  {"heads / KV heads x size", first.attention ? std::to_string(first.attention->heads) + " / " + std::to_string(first.attention->kvHeads) + " x " + std::to_string(first.attention->headDim) : "none"},
                  {"vocabulary", grouped(spec.vocabularySize) + (spec.tiedEmbeddings ? ", tied" : "")},
                  {"context", grouped(spec.contextLength) + " tokens"},
                  {"parameters, model", grouped(modelParameters(spec))},
                  {"parameters, layers", grouped(layerParameters(spec))},
                  {"one attention", grouped(attention)},
                  {"one FFN", grouped(ffn)},
                  {"weights", size(bytes) + ", " + std::string(configName(dtype)) + (model ? ", " + std::to_string(model->files) + (model->files == 1 ? " file" : " files") : "")},
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
        report.line(model->tokenizerSize ? "tokenizer: " + grouped(*model->tokenizerSize) + " ids" : "no usable tokenizer: " + model->tokenizerProblem);
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
    report.line("scores of " + std::to_string(scores->layers.size()) + " layers x " + grouped(std::int64_t(scores->layers.front().size())) + " neurons: " + o.output.string());
    finish({{"layers", scores->layers.size()}, {"neurons", scores->layers.front().size()}, {"tokenHash", scores->provenance.tokenHash}, {"output", o.output.string()}});
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
        text = {.files = {scores.provenance.textFiles.begin(), scores.provenance.textFiles.end()}, .windows = {}, .length = scores.provenance.length, .seed = scores.provenance.seed};
    runSearch(plan, text, searchSettings());

    nlohmann::json result = resultOf(plan.balance, &plan);
    nlohmann::json evaluations = nlohmann::json::array();
    std::vector<std::vector<std::string>> rows = {
        {"", "dense", "pruned", "change"},
        {"parameters, layers", grouped(plan.balance.denseLayerParameters), grouped(plan.balance.layerParameters), "-" + percent(plan.balance.sparsityLayers())},
        {"parameters, model", grouped(plan.balance.denseModelParameters), grouped(plan.balance.modelParameters), "-" + percent(plan.balance.sparsityModel())}};
    for (const std::filesystem::path &file : o.evaluationTexts) {
        const TextSettings held{.files = {file}, .windows = {}, .length = o.length.value_or(std::min(kUsualLength, model->spec.contextLength)), .seed = 0};
        const Evaluation dense = engine->evaluate(nullptr, held, context), pruned = engine->evaluate(&plan, held, context);
        evaluations.push_back({{"text", file.filename().string()},
                               {"tokens", dense.tokens},
                               {"length", dense.length},
                               {"tokenHash", dense.tokenHash},
                               {"densePerplexity", dense.perplexity},
                               {"prunedPerplexity", pruned.perplexity}});
        rows.push_back({"perplexity, " + file.filename().string(), decimal(dense.perplexity, 3), decimal(pruned.perplexity, 3), "x" + decimal(pruned.perplexity / dense.perplexity, 3)});
    }
    if (!o.output.empty()) {
        const ExportResult written = engine->exportPlan(plan, exportSettings(), evaluations, context);
        rows.push_back({"written, parameters", grouped(plan.balance.denseModelParameters), grouped(written.parameters), "-" + percent(1 - double(written.parameters) / double(plan.balance.denseModelParameters))});
        rows.push_back({"written, bytes", grouped(model->tensorBytes), grouped(written.bytes), "-" + percent(1 - double(written.bytes) / double(model->tensorBytes))});
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
    report.line("N = " + std::to_string(plan.balance.attentionsToRemove) + ", K = " + grouped(plan.balance.neuronsKept) + " of " + grouped(model->spec.layers.front().ffn.neurons));
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
    report.line("perplexity " + decimal(e.perplexity, 4) + " (loss " + decimal(e.loss, 6) + ", " + grouped(e.tokens) + " tokens in " + grouped(e.windows) + " windows of " + grouped(e.length) + ")");
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
    report.line("verified checkpoint: " + o.output.string() + " (" + grouped(written.parameters) + " parameters, " + size(written.bytes) + ")");
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

} // namespace

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
