// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobCommands.h"

#include "foundation/Error.h"
#include "jobs/CommandOptions.h"
#include "jobs/JobTypes.h"
#include "jobs/RestoreWork.h"
#include "pruning/BlockJson.h"
#include "session/Measurements.h"
#include "session/Shelf.h"

#include <algorithm>

namespace secateur {
namespace {

constexpr const char *kPlan = "plan.json";
constexpr const char *kRestored = "restored.safetensors"; // it holds weights

CommandOptions commandOf(const char *command, const Session &session, const EngineSettings &engine)
{
    CommandOptions options;
    options.command = command;
    if (session.model)
        options.model = session.model->folder;
    options.engine = engine;
    return options;
}

void nameText(CommandOptions &options, const TextSettings &text)
{
    options.texts = text.files;
    options.length = text.length;
    if (text.seed != 0)
        options.seed = text.seed;
    if (text.column != TextSettings().column)
        options.column = text.column;
    options.documents = text.documents;
    if (text.files.empty())
        return;
    options.windows = text.windows;
    options.areAllWindowsWanted = !text.windows;
}

void nameNorm(CommandOptions &options, ScoreNorm norm)
{
    if (norm == ScoreNorm::L1)
        options.norm = nameOf(norm);
}

void nameLosses(CommandOptions &options, const SearchSettings &search)
{
    if (search.windows != 1)
        options.searchWindows = search.windows;
    if (search.referenceLoss)
        options.lossType = "reference";
    options.areAllLossesWanted = true; // they are shown
}

/// Whether the search that the file of a plan of the shelf holds cannot lead to that of the draft (checkContinuation): other layers may be protected in it.
bool isSearchedOtherwise(const PlanDraft &draft, const ShelfPlan &shelf)
{
    SearchSettings settings = shelf.plan.search.settings;
    settings.protectedLayers = draft.search.protectedLayers;
    return !shelf.plan.search.provenance.tokenHash.empty() && !(settings == draft.search);
}

/// The text on which a plan of the shelf is searched: the one chosen, as that of the file may have moved since. A search that is complete keeps its own unless
/// the chosen one is known to be the same.
TextSettings searchText(const Session &session, const PlanDraft &draft, const ShelfPlan &shelf, const TextSettings &chosen,
                        std::int64_t removals)
{
    const std::optional<SearchRecord> record = searchOf(session, draft, shelf.plan.balance.neuronsKept);
    if (!record || std::int64_t(record->removalOrder().size()) < removals)
        return chosen;
    TextSettings searched = chosen;
    searched.windows = record->provenance.windows;
    return contentOf(session.readTexts, searched) == record->provenance.tokenHash ? chosen : textSettingsOf(record->provenance);
}

/// Goes on with the search of a plan of the shelf from its file, or begins it anew, up to the N of the draft.
CommandOptions searchCommand(const Session &session, const PlanDraft &draft, const ShelfPlan &shelf, const TextSettings &chosen,
                             const EngineSettings &engine)
{
    CommandOptions options = commandOf("search", session, engine);
    options.plan = shelf.file;
    options.remove = balanceOf(session, draft).attentionsToRemove;
    options.protectedLayers = draft.search.protectedLayers;
    options.forcedLayers = draft.search.forcedLayers;
    nameLosses(options, draft.search);
    options.searchWindows = draft.search.windows;
    options.lossType = draft.search.referenceLoss ? "reference" : "float32"; // the file may have the other one
    options.isRestarted = isSearchedOtherwise(draft, shelf);
    const TextSettings text = searchText(session, draft, shelf, chosen, *options.remove);
    nameText(options, text);
    options.seed = text.seed;
    options.column = text.column;
    options.windows.reset(); // those of the search count
    options.areAllWindowsWanted = false;
    return options;
}

void nameBlocks(CommandOptions &options, const BlockSettings &settings)
{
    const BlockSettings usual;
    if (settings.variant != usual.variant)
        options.variant = nameOf(settings.variant);
    options.generations = settings.generations;
    if (settings.coarseTokens != usual.coarseTokens)
        options.coarseTokens = settings.coarseTokens;
    if (settings.fineTokens != usual.fineTokens)
        options.fineTokens = settings.fineTokens;
    if (settings.seed != usual.seed)
        options.evolutionSeed = settings.seed;
}

/// What finds a plan by a method of blocks. `text` without a number of windows: as many as the authors' code takes, which is as usual.
CommandOptions blocksCommand(const Session &session, const BlockSettings &settings, const TextSettings &text, const EngineSettings &engine)
{
    CommandOptions options = commandOf("search", session, engine);
    nameText(options, text);
    options.areAllWindowsWanted = false;
    options.method = nameOf(settings.method);
    options.sparsity = settings.sparsity;
    nameBlocks(options, settings);
    return options;
}

/// The file that holds all of the plan of a draft; empty where it is still to be made.
std::filesystem::path fileOf(const Session &session, const PlanDraft &draft)
{
    return isSettled(session, draft) ? shelfPlanOf(session, draft)->file : std::filesystem::path();
}

/// What makes the plan of a draft: all of it from its scores' text, or that text where there are no scores yet; the search of a plan of the shelf on that
/// text; or what found it there by a method of blocks.
CommandOptions planCommand(const Session &session, const PlanDraft &draft, const TextSettings &text, ScoreNorm norm,
                           const EngineSettings &engine)
{
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    if (const BlockRecord *found = shelf && shelf->plan.blocks ? &*shelf->plan.blocks : nullptr) {
        TextSettings its = textSettingsOf(found->provenance);
        if (found->settings.method == PlanMethod::EvoPress) // takes samples of the whole text
            its.windows.reset();
        return blocksCommand(session, found->settings, its, engine);
    }
    if (shelf)
        return searchCommand(session, draft, *shelf, text, engine);
    const NeuronScores *scores = draft.calibration >= 0 ? session.calibrations[std::size_t(draft.calibration)].get() : nullptr;
    CommandOptions options = commandOf("prune", session, engine);
    if (scores && scores->provenance.computed.threads > 0) // they may have been made elsewhere
        options.engine.threads = scores->provenance.computed.threads;
    nameText(options, scores ? textSettingsOf(scores->provenance) : text);
    nameNorm(options, scores ? scores->norm : norm);
    const BalanceSettings &b = draft.balance;
    if (!b.attentionsToRemove || !b.neuronsKept) // both follow from it unless they were set by hand
        options.sparsity = b.sparsity;
    if (!b.attentionsToRemove)
        options.alpha = b.alpha;
    options.remove = b.attentionsToRemove;
    if (!b.neuronsKept)
        options.widthMultiple = b.widthMultiple;
    options.keep = b.neuronsKept;
    if (!draft.search.protectedLayers.empty())
        options.protectedLayers = draft.search.protectedLayers;
    if (!draft.search.forcedLayers.empty())
        options.forcedLayers = draft.search.forcedLayers;
    nameLosses(options, draft.search);
    return options;
}

/// `searchText`: of a plan of the shelf; none: the calibration text of the session.
CommandOptions planCommand(const Session &session, const PlanDraft &draft, const std::optional<TextSettings> &searchText,
                           const EngineSettings &engine)
{
    return planCommand(session, draft, searchText.value_or(session.calibrationText), session.norm, engine);
}

/// A command that takes the plan of a draft from a file, behind the one that makes it there.
std::string lineWithPlan(const Session &session, const PlanDraft &draft, const std::optional<TextSettings> &searchText,
                         const EngineSettings &engine, CommandOptions taking, const std::string &planFile)
{
    taking.plan = fileOf(session, draft);
    if (!taking.plan.empty())
        return shellLine(wordsOf(taking));
    CommandOptions making = planCommand(session, draft, searchText, engine);
    making.savePlan = planFile;
    taking.plan = planFile;
    return shellLine(wordsOf(making)) + " && " + shellLine(wordsOf(taking));
}

void nameExport(CommandOptions &options, const ExportSettings &settings)
{
    options.format = settings.format;
    if (settings.dtype)
        options.exportDtype = configName(*settings.dtype);
    options.output = settings.output.empty() ? "OUTPUT" : settings.output;
    options.isOverwriteAllowed = settings.isOverwriteAllowed;
}

/// Whether `--evaluate` beside the options of a calibration text means that text.
bool isTakenWith(const TextSettings &calibration, const TextSettings &text)
{
    return text.files.size() == 1 && !text.windows && text.seed == 0 && text.length == calibration.length &&
           text.column == calibration.column && text.documents == calibration.documents;
}

std::string evaluateLine(const Session &session, const PlanDraft &draft, const TextSettings &text,
                         const std::optional<TextSettings> &searchText, const EngineSettings &engine, const std::string &planFile)
{
    CommandOptions evaluate = commandOf("evaluate", session, engine);
    nameText(evaluate, text);
    return lineWithPlan(session, draft, searchText, engine, evaluate, planFile);
}

/// A draft whose plan a command line can make: an order that is lent is one that is forced.
PlanDraft withLent(const Session &session, PlanDraft draft, const std::vector<std::int64_t> &order)
{
    try {
        const SparsityBalance b = balanceOf(session, draft);
        const auto N = std::size_t(b.attentionsToRemove);
        const std::optional<SearchRecord> own = searchOf(session, draft, b.neuronsKept);
        if (own && own->removalOrder().size() >= N)
            return draft;
        draft.search.protectedLayers.clear();
        draft.search.forcedLayers.assign(order.begin(), order.begin() + std::ptrdiff_t(std::min(N, order.size())));
    } catch (const Error &) { // it cannot be met: the program says so
    }
    return draft;
}

} // namespace

PlanDraft calibrated(const request::Prune &asked, const Session &session)
{
    PlanDraft draft = asked.draft;
    if (draft.calibration < 0)
        draft.calibration = calibrationFor(session, asked.calibrationText, asked.norm);
    return draft;
}

std::string commandLine(const request::Open &asked, const Session &, const EngineSettings &)
{
    CommandOptions options; // nothing is computed
    options.command = asked.plan.empty() ? "inspect" : "plan";
    options.model = asked.model;
    options.plan = asked.plan;
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::Calibrate &asked, const Session &session, const EngineSettings &engine)
{
    CommandOptions options = commandOf("calibrate", session, engine);
    nameText(options, asked.text);
    nameNorm(options, asked.norm);
    options.output = "scores.safetensors";
    if (asked.keepsGrams)
        options.saveGrams = "grams.safetensors";
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::Impact &asked, const Session &session, const EngineSettings &engine)
{
    CommandOptions options = commandOf("prune", session, engine);
    TextSettings text = asked.text;
    text.windows = asked.search.windows; // the scores decide nothing where all neurons are kept
    nameText(options, text);
    options.keep = session.model->spec.mostNeurons();
    options.remove = 1;
    nameLosses(options, asked.search);
    options.savePlan = "impact.json";
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::Search &asked, const Session &session, const EngineSettings &engine)
{
    if (!fileOf(session, asked.draft).empty()) // nothing is left to search
        return {};
    CommandOptions options = planCommand(session, asked.draft, asked.searchText, engine);
    options.savePlan = kPlan;
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::Evaluate &asked, const Session &session, const EngineSettings &engine)
{
    if (asked.draft)
        return evaluateLine(session, *asked.draft, asked.text, asked.searchText, engine, kPlan);
    CommandOptions options = commandOf("evaluate", session, engine);
    nameText(options, asked.text);
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::Curve &asked, const Session &session, const EngineSettings &engine)
{
    std::string lines;
    for (std::size_t i = 0; i < asked.drafts.size(); ++i) {
        const PlanDraft draft = asked.lentOrder ? withLent(session, asked.drafts[i], *asked.lentOrder) : asked.drafts[i];
        const std::string file = "plan-" + std::to_string(i + 1) + ".json";
        lines += (lines.empty() ? "" : " &&\n") + evaluateLine(session, draft, asked.text, asked.searchText, engine, file);
    }
    return lines;
}

std::string commandLine(const request::Export &asked, const Session &session, const EngineSettings &engine)
{
    return shellLine(exportWords(asked, session, engine));
}

std::string commandLine(const request::Prune &asked, const Session &session, const EngineSettings &engine)
{
    return shellLine(pruneWords(asked, session, engine));
}

namespace {

/// A command that takes the plans of several models from files, behind those that make them there. Names the original beside plans.
std::string lineWithPlans(const Session &session, const std::vector<std::optional<PlanDraft>> &drafts,
                          const std::optional<TextSettings> &searchText, const EngineSettings &engine, CommandOptions taking)
{
    const auto plans = std::ranges::count_if(drafts, [](const auto &draft) { return draft.has_value(); });
    std::string lines;
    for (const std::optional<PlanDraft> &draft : drafts) {
        if (!draft) {
            taking.isOriginalToo = plans > 0 && taking.command == "generate"; // the others have it anyway
            continue;
        }
        std::filesystem::path file = fileOf(session, *draft);
        if (file.empty()) {
            CommandOptions making = planCommand(session, *draft, searchText, engine);
            making.savePlan = file = plans == 1 ? std::string(kPlan) : "plan-" + std::to_string(taking.plans.size() + 1) + ".json";
            lines += shellLine(wordsOf(making)) + " && ";
        }
        taking.plans.push_back(file);
    }
    return lines + shellLine(wordsOf(taking));
}

} // namespace

std::string commandLine(const request::Generate &asked, const Session &session, const EngineSettings &engine)
{
    const std::vector<ChatMessage> &before = asked.settings.conversation;
    if (asked.settings.isChat && (before.size() > 1 || (before.size() == 1 && before.front().role != "system")))
        return {}; // the program begins conversations
    CommandOptions generate = commandOf("generate", session, engine);
    generate.generation = asked.settings;
    return lineWithPlans(session, asked.drafts, asked.searchText, engine, generate);
}

std::string commandLine(const request::ScoreText &asked, const Session &session, const EngineSettings &engine)
{
    CommandOptions score = commandOf("score", session, engine);
    score.generation.prompt = asked.text;
    return lineWithPlans(session, asked.drafts, asked.searchText, engine, score);
}

std::string commandLine(const request::FindBlocks &asked, const Session &session, const EngineSettings &engine)
{
    CommandOptions options = blocksCommand(session, asked.settings, asked.text, engine);
    options.savePlan = kPlan;
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::MeasureTasks &asked, const Session &session, const EngineSettings &engine)
{
    CommandOptions options = commandOf("evaluate", session, engine);
    options.tasks = asked.tasks;
    return asked.draft ? lineWithPlan(session, *asked.draft, asked.searchText, engine, options, kPlan) : shellLine(wordsOf(options));
}

std::string commandLine(const request::MeasureThroughput &asked, const Session &session, const EngineSettings &engine)
{
    CommandOptions options = commandOf("evaluate", session, engine);
    options.throughput = asked.settings;
    return asked.draft ? lineWithPlan(session, *asked.draft, asked.searchText, engine, options, kPlan) : shellLine(wordsOf(options));
}

std::string commandLine(const request::Compare &asked, const Session &session, const EngineSettings &engine)
{
    const ComparisonSettings &s = asked.settings;
    if (!std::ranges::all_of(s.evaluations, [&](const TextSettings &text) { return isTakenWith(s.text, text); }))
        return {};
    CommandOptions options = commandOf("compare", session, engine);
    nameText(options, s.text);
    options.areAllWindowsWanted = false; // without a number as many as the authors take
    for (const PlanMethod method : s.methods)
        options.methods.emplace_back(nameOf(method));
    options.sparsities = s.sparsities;
    options.isEqualSize = s.isEqualSize;
    nameBlocks(options, s.blocks);
    for (const TextSettings &text : s.evaluations)
        options.evaluationTexts.insert(options.evaluationTexts.end(), text.files.begin(), text.files.end());
    options.tasks = s.tasks;
    options.throughput = s.throughput;
    if (!s.restorations.empty()) {
        const std::optional<RestoreOptions> restore = restoreOptionsOf(s.restorations, s.text);
        if (!restore)
            return {};
        options.restore = *restore;
        options.areVariantsWanted = s.restorations.size() > 1;
    }
    options.session = "comparison.secateur";
    return shellLine(wordsOf(options));
}

std::string commandLine(const request::Restore &asked, const Session &session, const EngineSettings &engine)
{
    const std::filesystem::path file = fileOf(session, asked.draft);
    CommandOptions options =
        file.empty() ? planCommand(session, asked.draft, asked.searchText, engine) : commandOf("search", session, engine);
    const TextSettings text = restorationTextOf(asked, session);
    if (!file.empty()) { // by hand: it names no text
        options.plan = file;
        nameText(options, text);
    }
    const std::optional<RestoreOptions> restore = restoreOptionsOf({asked.settings}, text);
    if (!restore)
        return {};
    options.restore = *restore;
    options.savePlan = kRestored;
    return shellLine(wordsOf(options));
}

std::vector<std::string> exportWords(const request::Export &asked, const Session &session, const EngineSettings &engine)
{
    if (asked.draft.plan.empty()) {
        CommandOptions options = planCommand(session, asked.draft, {}, engine);
        nameExport(options, asked.settings);
        return wordsOf(options);
    }
    CommandOptions options = commandOf("export", session, engine);
    nameExport(options, asked.settings);
    options.plan = fileOf(session, asked.draft);
    if (!options.plan.empty())
        return wordsOf(options);
    CommandOptions making = planCommand(session, asked.draft, {}, engine);
    making.savePlan = kPlan;
    options.plan = kPlan;
    std::vector<std::string> words = wordsOf(making);
    words.emplace_back("&&");
    for (std::string &word : wordsOf(options))
        words.push_back(std::move(word));
    return words;
}

std::vector<std::string> pruneWords(const request::Prune &asked, const Session &session, const EngineSettings &engine)
{
    const TextSettings &calibration = asked.calibrationText, &text = asked.evaluationText;
    CommandOptions options = planCommand(session, calibrated(asked, session), calibration, asked.norm, engine);
    nameExport(options, asked.settings);
    if (isTakenWith(calibration, text))
        options.evaluationTexts = text.files;
    if (asked.restoration)
        options.restore = restoreOptionsOf(*asked.restoration);
    return wordsOf(options);
}

} // namespace secateur
