// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/Options.h"
#include "cli/Reporter.h"
#include "comparison/Comparison.h"
#include "engine/Engine.h"
#include "engine/StoreRanks.h"
#include "foundation/AtomicPath.h"
#include "foundation/JobContext.h"
#include "jobs/JobWork.h"
#include "report/Report.h"
#include "session/Session.h"

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace secateur::cli {

/// One command in progress: the options, the engine with the open model, and where to report. Commands.cpp has the commands, Run.cpp
/// what they share, Outputs.cpp what they may write.
class Run {
public:
    Run(const Options &options, std::stop_token stop, Reporter &reporter);

    void inspect();
    void models();
    void texts();
    void calibrate();
    void impact();
    void plan();
    void search();
    void compare();
    void prune();
    void evaluate();
    void generate();
    void score();
    void exportPlan();
    void bench();
    void logits();
    void makeReport();

private:
    using Rows = std::vector<std::vector<std::string>>; ///< of a table

    void open() { open(o.model); }
    void open(const std::filesystem::path &folder);
    ModelSpec specOfModelOrConfig();
    TextSettings calibrationText() const { return cli::calibrationText(o, model->spec.contextLength); }
    TextSettings heldOutText(const std::filesystem::path &file) const { return cli::heldOutText(o, file, model->spec.contextLength); }
    BalanceSettings balanceSettings(const ModelSpec &spec) const;
    LossesKnown losses() const;
    MemoryLimits memoryLimits() const;
    /// Says what a text turned out to be, once for each.
    void showText(const TextSettings &text, const TextReport &read);
    /// Says what the job will take, and keeps that for the comparison at its end.
    void showForecast(const JobSize &job);
    /// The same of a job that will read `text`: where the memory is too small for it, the text is read first, which may turn out to be too short.
    void showForecast(const JobSize &job, const TextSettings &text);
    void show(const Forecast &forecast);
    /// The same of a job that comes behind the one under way: the comparison at the end is with both.
    void addToForecast(const Forecast &forecast);
    /// The forecast beside what happened, as a line and in the result.
    void compareWithForecast(nlohmann::json &result);
    SearchSettings searchSettings(const SearchSettings &before) const;
    TextSettings textOf(const Provenance &numbers) const;
    ScoreNorm norm() const { return o.norm == "l1" ? ScoreNorm::L1 : ScoreNorm::L2; }
    ExportSettings exportSettings() const;
    ComparisonSettings comparisonSettings() const;
    Session comparedSession();
    Session reportedSession(ReportOptions &options);
    std::optional<PruningPlan> optionalPlan();
    PruningPlan loadMatchingPlan() { return planIn(o.plan); }
    /// The plan of a file for the open model: of a plan file, a manifest, or a session.
    PruningPlan planIn(const std::filesystem::path &file);
    /// A model that a text is tried on beside others.
    struct Compared {
        std::string name;                ///< "original", or the plan's file
        std::optional<PruningPlan> plan; ///< none: the original
    };
    std::vector<Compared> comparedModels();
    static std::vector<const PruningPlan *> plansOf(const std::vector<Compared> &models);
    void generateBeside(const std::vector<Compared> &models);
    NeuronScores loadMatchingScores();
    /// Throws Error when the file cannot be written, exists, or is among what is read.
    void checkOutputFile(const std::filesystem::path &file) const;
    /// Throws Error when the items of tasks cannot be saved as was asked.
    void checkItemsFile() const;
    /// Throws Error when the plan to resume would be replaced by one that keeps fewer of its removals. `record`: what its search goes on with.
    void checkGoesOn(const PruningPlan &plan, const SearchRecord &record) const;
    /// The same where `had` of `what` are known and the first `kept` of them would be.
    void checkGoesOn(std::int64_t had, std::int64_t kept, const char *what) const;
    /// Throws Error when something that is read or written is the output folder or lies in it.
    void checkOutputFolder() const;
    /// Perplexity, accuracies, tokens per second: what was measured goes into the result.
    void evaluateText(const Evaluated &what, nlohmann::json &result);
    void evaluateTasks(const Evaluated &what, const std::vector<TaskSet> &tasks, nlohmann::json &result);
    void evaluateThroughput(const Evaluated &what, nlohmann::json &result);
    void showTaskSets(const std::vector<TaskSet> &tasks);
    void showTasks(const TaskResults &results);
    void measure(const PruningPlan &plan, nlohmann::json &evaluations, Rows &rows);
    void exportTo(const PruningPlan &plan, const nlohmann::json &evaluations, nlohmann::json &result, Rows &rows);
    /// What a job tells is printed with --json.
    EventListener listener()
    {
        return [this](const JobEvent &event) { report.tell(event); };
    }
    /// A plan of 2SSP by the scores, or by those of the calibration text. All that can be refused of the texts is refused before the work.
    PruningPlan newPlan();
    PruningPlan resumed(const PruningPlan &given);
    bool isSearchedOtherwise() const;
    void runSearch(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings);
    /// The target of a checkpoint that this command writes; empty: it writes none.
    std::string formatOfExport() const;
    /// A file for the Gram matrices of stage 1, that goes away with the run: beside what is written, as it may be large.
    void makeGramFile();
    /// Throws what restoring a plan of 2SSP would throw after the work: a step that cannot be, texts that are too short, Gram matrices of something else,
    /// too little memory.
    /// `plain`: what is known of it, see Engine::checkRestoration.
    void checkRestoration(const PruningPlan &plain, const TextSettings &text);
    TextSettings restorationText(const PruningPlan &plain);
    /// The plan as --restore asks for it; where it is saved, what was found is kept beside it until it is done.
    PruningPlan restored(const PruningPlan &plain);
    std::optional<RestorationProgress> begunRestoration(const PruningPlan &plain, const RestorationSettings &settings);
    /// By a method of whole blocks, going on with `before` where that is there.
    void searchBlocks(const PruningPlan *before);
    /// Says where what a stopped search found is, and how to go on with it. `how`: it was computed.
    void tellHowToResume(const ComputeConditions &how);
    /// The same of a restoration.
    void tellHowToRestore(const RestorationSettings &settings);
    void tellCommand(const CommandOptions &goingOn);
    void showBalance(const SparsityBalance &balance);
    void showParameters(const SparsityBalance &balance);
    void showDeviation(const SparsityBalance &balance);
    void showOrder(const PruningPlan &plan);
    void showBlocks(const BlockRecord &record);
    void showRestoration(const PruningPlan &plan);
    void showPlan(const PruningPlan &plan);
    nlohmann::json resultOf(const SparsityBalance &balance, const PruningPlan *plan) const;
    void finish(nlohmann::json result);

    /// Whether this process is the one that speaks and writes, or the only one.
    bool isFirst() const { return place.rank == 0; }

    const Options &o;
    Reporter &report;
    JobContext context;
    RankPlace place;
    std::shared_ptr<Ranks> ranks; ///< none = this process is alone
    std::optional<Engine> engine;
    std::optional<Forecast> foretold;       ///< of the job under way
    std::unique_ptr<AtomicPath> gramFolder; ///< of the Gram matrices of this run, which go away with it
    std::filesystem::path gramFile;         ///< in it; of several ranks in that of the first; empty: none were summed
    std::vector<TextSettings> shown;        ///< texts that were told of
    bool isPlanSaved = false;               ///< that of the search, at --save-plan
    std::shared_ptr<const ModelSummary> model;
};

/// Layers as "3, 1, 2", or "none".
std::string joined(const std::vector<std::int64_t> &numbers);
/// How far the search of a plan is: "3 of 8 attentions removed".
std::string progressOf(const PruningPlan &plan);
/// Kept neurons of layers, without those that have no FFN: "200", "29 to 48", or "none".
std::string widthsText(std::vector<std::int64_t> widths);
/// A share as "37.50 %".
std::string percent(double share);

} // namespace secateur::cli
