// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Run.h"

#include "checkpoint/Checkpoint.h"
#include "cli/RestorationOptions.h"
#include "engine/ProcessMemory.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "jobs/CommandOptions.h"
#include "jobs/JobWork.h"
#include "model/Families.h"
#include "pruning/PlanFile.h"
#include "session/SessionStore.h"
#include "session/Shelf.h"

#include <algorithm>
#include <iostream>
#include <thread>

namespace secateur::cli {
namespace {

/// A line for people to copy: what would not be seen of a word stands as bash, ksh and zsh read it.
std::string lineOf(const std::vector<std::string> &words)
{
    std::string line;
    for (const std::string &word : words) {
        std::string text = shellWord(word);
        if (printable(word) != word) {
            text = "$'";
            for (const char c : word)
                text += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
            text = printable(text) + "'";
        }
        line += (line.empty() ? "" : " ") + text;
    }
    return line;
}

} // namespace

Run::Run(const Options &options, std::stop_token stop, Reporter &reporter)
    : o(options),
      report(reporter),
      context(std::move(stop), [this](const Progress &p) { report.progress(p); }),
      place(rankPlaceFromEnvironment())
{
    if (const std::int64_t limit = memoryLimits().host; limit > 0)
        limitJsonMemory(limit);
    if (place.size == 1)
        return;
    const std::string who = "Rank " + std::to_string(place.rank) + " of " + std::to_string(place.size);
    if (!isFirst())
        report.silence(who + ": ");
    if (o.command != "calibrate" && o.command != "search" && o.command != "prune" && (o.command != "evaluate" || o.tasks.paths.empty()))
        throw Error(inQuotes(o.command) + " runs in one process, and this is one of " + std::to_string(place.size) + ".",
                    "Start it without torchrun; calibrate, search, prune and evaluate --tasks can be shared.");
    RankMeeting meeting;
    meeting.context = context;
    meeting.tell = [&](const std::string &sentence) {
        if (isFirst())
            report.note(who + ": " + sentence);
        else // silenced, but this must be heard
            std::cerr << "note: " << who << ": " << sentence << std::endl;
    };
    ranks = connectRanks(place, std::move(meeting));
}

std::string joined(const std::vector<std::int64_t> &numbers)
{
    std::string text;
    for (const std::int64_t number : numbers)
        text += (text.empty() ? "" : ", ") + std::to_string(number);
    return text.empty() ? "none" : text;
}

std::string percent(double share)
{
    return decimal(100 * share, 2) + " %";
}

void Run::open(const std::filesystem::path &folder)
{
    EngineSettings settings = o.engine;
    settings.losses = losses();
    settings.memory = memoryLimits();
    settings.textRead = [this](const TextSettings &text, const TextReport &read) { showText(text, read); };
    if (o.command == "inspect" || o.command == "plan" || o.command == "report") // nothing is computed: no GPU needs waking
        settings.device = "cpu";
    if (ranks) {
        settings.ranks = ranks;
        settings.device = deviceOf(place, settings.device);
        if (settings.threads == 0) // the processes of a machine share its cores
            settings.threads = std::max(1, int(std::thread::hardware_concurrency()) / place.localSize);
    }
    engine.emplace(settings);
    model = engine->open(folder);
    report.tell(Opened{*model});
    for (const std::string &note : model->notes)
        report.note(note);
}

ModelSpec Run::specOfModelOrConfig()
{
    if (!o.model.empty()) {
        open();
        return model->spec;
    }
    return specFromConfig(readConfig(o.config), o.config.string());
}

BalanceSettings Run::balanceSettings(const ModelSpec &spec) const
{
    BalanceSettings settings;
    settings.sparsity = o.sparsity.value_or(settings.sparsity);
    settings.alpha = o.alpha;
    settings.attentionsToRemove = o.remove;
    settings.widthMultiple = o.widthMultiple;
    settings.neuronsKept = o.keep;
    if (!o.sparsity) // N and K are given: the share that they remove is the one wanted (none is not a share to ask for)
        if (const double reached = balance(spec, settings).sparsityLayers(); reached > 0)
            settings.sparsity = reached;
    return settings;
}

MemoryLimits Run::memoryLimits() const
{
    return {.device = o.deviceMemory.empty() ? 0 : bytesFromText(o.deviceMemory),
            .host = o.hostMemory.empty() ? 0 : bytesFromText(o.hostMemory)};
}

void Run::showText(const TextSettings &text, const TextReport &read)
{
    const bool isKnown = std::any_of(shown.begin(), shown.end(), [&](const TextSettings &known) { // however many windows of it
        return known.files == text.files && known.seed == text.seed && known.length == text.length && known.column == text.column &&
               known.documents == text.documents;
    });
    if (isKnown)
        return;
    shown.push_back(text);
    for (const std::string &line : linesOf(read))
        report.aside("text: " + line);
    if (o.column && std::ranges::none_of(read.files, &TextFileReport::hasColumns))
        report.note("--column has no effect on " + inQuotes(read.files.front().file.filename().string()) +
                    ", which has no columns or fields.");
    report.tell(TextRead{.text = text, .report = read});
}

void Run::showForecast(const JobSize &job)
{
    show(engine->forecast(job));
}

void Run::show(const Forecast &forecast)
{
    foretold = forecast;
    std::string parts;
    for (const MemoryPart &part : foretold->parts)
        if (part.bytes > 0)
            parts += (parts.empty() ? "" : ", ") + part.name + " " + size(part.bytes);
    report.line("needs about " + size(foretold->memoryBytes()) +
                (foretold->deviceBytes > 0 ? " of the device's memory (" : " of memory (") + parts + ")");
    report.line(std::string(foretold->isStreamed ? "layers are streamed: " : "layers stay in memory: ") + size(foretold->bytesRead) +
                " will be read; about " + duration(foretold->seconds));
    nlohmann::json event = toJson(*foretold);
    event["event"] = "forecast";
    report.event(event);
}

void Run::addToForecast(const Forecast &forecast)
{
    const std::optional<Forecast> before = foretold;
    show(forecast);
    if (!before)
        return;
    foretold->hostBytes = std::max(foretold->hostBytes, before->hostBytes);
    foretold->deviceBytes = std::max(foretold->deviceBytes, before->deviceBytes);
    foretold->bytesRead += before->bytesRead;
    foretold->seconds += before->seconds;
}

void Run::showForecast(const JobSize &job, const TextSettings &text)
{
    try {
        showForecast(job);
    } catch (const Error &) {
        engine->checkText(text, context);
        throw;
    }
}

void Run::compareWithForecast(nlohmann::json &result)
{
    if (!foretold)
        return;
    const EngineReport r = engine->report();
    const bool isOnDevice = foretold->deviceBytes > 0;
    report.line("memory: " + size(isOnDevice ? r.peakDeviceMemoryBytes : r.peakMemoryBytes) + " at most, " + size(foretold->memoryBytes()) +
                " forecast; read: " + size(r.bytesRead) + ", " + size(foretold->bytesRead) + " forecast");
    result["forecast"] = toJson(*foretold);
    result["bytesRead"] = r.bytesRead;
    result["streamed"] = r.isStreamed;
}

LossesKnown Run::losses() const
{
    return o.areAllLossesWanted ? LossesKnown::All : LossesKnown::Deciding;
}

/// What was given on the command line over `before`: the defaults, or the settings of a search that goes on.
SearchSettings Run::searchSettings(const SearchSettings &before) const
{
    SearchSettings settings = before;
    settings.windows = o.searchWindows.value_or(before.windows);
    if (!o.lossType.empty())
        settings.referenceLoss = o.lossType == "reference";
    if (o.forcedLayers)
        settings.forcedLayers = *o.forcedLayers;
    if (o.protectedLayers)
        settings.protectedLayers = *o.protectedLayers;
    return settings;
}

/// The text that numbers came from before, also beside their file, with what was given on the command line instead.
TextSettings Run::textOf(const Provenance &numbers) const
{
    const Provenance before = withTextsIn(numbers, (o.plan.empty() ? o.scores : o.plan).parent_path());
    TextSettings text{.files = o.texts,
                      .windows = {},
                      .length = o.length.value_or(before.length),
                      .seed = o.seed.value_or(before.seed),
                      .column = o.column.value_or(before.column),
                      .documents = o.documents ? o.documents : before.documents};
    if (o.texts.empty())
        text.files.assign(before.textFiles.begin(), before.textFiles.end());
    return text;
}

ExportSettings Run::exportSettings() const
{
    CommandOptions repeated = o; // what decides the same plan and the same weights, without where to write
    repeated.output.clear();
    repeated.savePlan.clear();
    repeated.isOverwriteAllowed = false;
    ExportSettings settings{
        .format = o.format, .output = o.output, .isOverwriteAllowed = o.isOverwriteAllowed, .dtype = {}, .command = wordsOf(repeated)};
    if (!o.exportDtype.empty())
        settings.dtype = dtypeFromConfigName(o.exportDtype);
    return settings;
}

std::optional<PruningPlan> Run::optionalPlan()
{
    if (o.plan.empty())
        return {};
    PruningPlan plan = loadMatchingPlan();
    if (plan.method == PlanMethod::Restored && !o.restore.steps.empty())
        throw Error("The plan " + inQuotes(o.plan.string()) + " is restored already, and its weights are used as they are.",
                    "Leave --restore out, or give the plan of 2SSP that it was made from (--plan).");
    if (!plan.isComplete() && o.command == "export")
        throw Error("The plan " + inQuotes(o.plan.string()) + " is not finished: " + progressOf(plan) + ".",
                    std::string("Finish it with: secateur-cli search MODEL --plan PLAN --save-plan ") +
                        (sessionPlanName(o.plan) ? "plan.json." : "PLAN."));
    if (!plan.isComplete() && o.command != "search")
        report.line("The plan is not finished: " + progressOf(plan) + ".");
    return plan;
}

PruningPlan Run::planIn(const std::filesystem::path &file)
{
    const std::optional<SessionPlanName> name = sessionPlanName(file);
    if (!name)
        return loadPlan(file, model->spec, engine->modelHash(context));
    const Session session = loadSession(name->file);
    const PlanDraft &draft = draftNamed(session, *name);
    try {
        PruningPlan plan = planOf(session, draft);
        checkPlan(plan, model->spec, engine->modelHash(context));
        return plan;
    } catch (const Error &problem) {
        throw Error("The plan in " + inQuotes(file.string()) + ": " + problem.what(), problem.hint());
    }
}

/// The scores of --scores, also those that chose the neurons of a session's plan.
NeuronScores Run::loadMatchingScores()
{
    NeuronScores scores;
    if (const std::optional<SessionPlanName> name = sessionPlanName(o.scores)) {
        const Session session = loadSession(name->file);
        const std::int64_t calibration = calibrationOf(session, draftNamed(session, *name));
        if (calibration < 0)
            throw Error("The plan in " + inQuotes(o.scores.string()) + " has no scores.",
                        "Calibrate (secateur-cli calibrate), or resume the plan as it is (--plan).");
        scores = *session.calibrations[std::size_t(calibration)];
    } else {
        scores = loadScores(o.scores);
    }
    if (scores.provenance.modelHash != engine->modelHash(context))
        throw Error("The scores in " + inQuotes(o.scores.string()) + " were made from another model.",
                    "Calibrate this model, or open the model that the scores were made from.");
    return scores;
}

void Run::runSearch(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings)
{
    const auto save = [&](const PruningPlan &current) {
        if (o.savePlan.empty() || !isFirst())
            return;
        savePlan(current, o.savePlan);
        isPlanSaved = true;
    };
    const PlanDraft draft{.calibration = 0, .balance = plan.settings, .search = settings}; // of the one that there is
    if (const std::string unknown = unknownOf(plan.search.provenance.computed); plan.search.isBegun() && !unknown.empty())
        report.note("The plan does not say " + unknown + " its search was computed: what is added may differ from it in the last bits.");
    try {
        secateur::search(*engine, plan, searchKey(draft, plan.balance.neuronsKept), text, settings, context, listener(), save);
    } catch (const Cancelled &) {
        if (plan.search.isBegun() && !o.savePlan.empty() && isFirst()) {
            save(plan);              // what an unfinished step has evaluated is kept as well
            if (o.restore.isAsked()) // what comes behind the search as well
                tellHowToRestore(restorationSettings(o, textOf(plan.calibration), plan.method, model->spec, formatOfExport()));
            else
                tellHowToResume(plan.search.provenance.computed);
        }
        throw;
    }
    save(plan);
}

void Run::tellHowToResume(const ComputeConditions &how)
{
    CommandOptions goingOn;
    goingOn.command = "search";
    goingOn.model = o.model;
    goingOn.plan = goingOn.savePlan = o.savePlan;
    goingOn.engine = {.device = how.device, .dtype = how.dtype, .screening = o.engine.screening, .threads = how.threads};
    tellCommand(goingOn);
}

void Run::tellHowToRestore(const RestorationSettings &settings)
{
    const ComputeConditions how = engine->report().computed;
    CommandOptions goingOn;
    goingOn.command = "search";
    goingOn.model = o.model;
    goingOn.plan = goingOn.savePlan = o.savePlan;
    goingOn.engine = {.device = how.device, .dtype = how.dtype, .screening = o.engine.screening, .threads = how.threads};
    goingOn.deviceMemory = o.deviceMemory;
    goingOn.hostMemory = o.hostMemory;
    goingOn.restore = restoreOptionsOf(settings);
    goingOn.documents = o.documents;
    goingOn.grams = o.grams;
    if (o.command == "search") { // beside a plan by hand they are its text
        goingOn.texts = o.texts;
        goingOn.windows = o.windows;
        goingOn.length = o.length;
        goingOn.seed = o.seed;
        goingOn.column = o.column;
    }
    tellCommand(goingOn);
}

void Run::tellCommand(const CommandOptions &goingOn)
{
    const std::string file = lineOf({o.savePlan.string()}), command = lineOf(wordsOf(goingOn));
    report.event({{"event", "saved"}, {"plan", o.savePlan.string()}, {"command", command}});
    report.line("What was found so far is in " + file + ". Resume with: " + command);
}

/// Adds what every result has, and prints it.
void Run::finish(nlohmann::json result)
{
    compareWithForecast(result);
    result["event"] = "result";
    result["command"] = o.command;
    result["seconds"] = report.seconds();
    result["peakMemoryBytes"] = peakResidentBytes();
    if (engine) {
        const EngineReport r = engine->report();
        result["peakDeviceMemoryBytes"] = r.peakDeviceMemoryBytes;
        result["device"] = r.computed.device;
        result["dtype"] = r.computed.dtype;
        result["threads"] = r.computed.threads;
        result["torch"] = r.computed.torchVersion;
        result["computed"] = toJson(r.computed);
    }
    report.event(result);
}

} // namespace secateur::cli
