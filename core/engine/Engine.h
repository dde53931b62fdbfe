// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "engine/Generation.h"
#include "engine/ModelSummary.h"
#include "evaluation/Evaluation.h"
#include "evaluation/Throughput.h"
#include "exporting/Export.h"
#include "foundation/JobContext.h"
#include "pruning/NeuronScores.h"
#include "pruning/PruningPlan.h"
#include "tasks/Task.h"
#include "text/TokenWindows.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace secateur {

/// Hears of every loss of a search as it becomes known.
using SearchListener = std::function<void(const CandidateLoss &)>;

/// Hears of the choice of blocks: the record so far, after each of BlockPruner's removals and EvoPress' generations.
using BlockListener = std::function<void(const BlockRecord &)>;

/// Hears of a restoration as it goes: whenever a variant, a number of removals or a step of its search is known, and once more when it is stopped within one.
using RestorationListener = std::function<void(const RestorationProgress &)>;

/// Owns the device, the model and its weights, and does the jobs that a front end can ask for.
///
/// A job takes values and a JobContext and returns values; it throws Error or Cancelled. Used by one thread at a time. Weights are loaded
/// by the first job that needs them and stay. Plans refer to the model that is open.
class Engine {
public:
    /// Throws Error when the device or the type does not exist here.
    explicit Engine(const EngineSettings &settings);
    ~Engine();
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    /// Who hears of texts from here on (see EngineSettings).
    void hearTexts(TextListener listener);

    /// Opens a checkpoint folder: reads its configuration, maps its files, checks every tensor's name and shape. Loads nothing.
    std::shared_ptr<const ModelSummary> open(const std::filesystem::path &folder);
    /// SHA-256 of the open model's configuration and weights. Reads every byte the first time.
    const std::string &modelHash(JobContext &context);
    EngineReport report() const;
    /// Counts the peaks of the report anew from here on.
    void resetPeaks();
    /// What forecasts of the open model start from. Measures a product for a moment the first time, for the seconds.
    const ForecastBasis &forecastBasis();
    /// What a job of that size will take. Throws Error when a limit cannot be kept.
    Forecast forecast(const JobSize &job);
    /// The same of findBlocks() on so many windows of that length.
    Forecast forecastBlocks(const BlockSettings &settings, const std::vector<double> &sparsities, std::int64_t windows,
                            std::int64_t length);

    /// Stage 1: neuron scores of the dense model. `grams`: a file that gets the Gram matrices of the same pass (GramFile: two of each layer), for restore();
    /// empty: none. Of several ranks the first writes it. Throws Error where there is no room for it.
    std::shared_ptr<const NeuronScores> score(const TextSettings &text, ScoreNorm norm, JobContext &context,
                                              const std::filesystem::path &grams = {});
    /// Stage 2: removes attentions until the plan has as many as its balance asks for, going on from where its record stops;
    /// `text.windows` is taken from `settings`. The plan is filled as the search goes, so after Cancelled it holds what was found, the
    /// losses of an unfinished step too. `finished` gets it after every removal. Throws Error when its record was made with other
    /// settings, on another text or computed otherwise, when ranks compute otherwise, and when the plan was not found by a search.
    void search(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings, JobContext &context,
                const SearchListener &listener = {}, const std::function<void(const PruningPlan &)> &finished = {});
    /// What removing each attention of the dense model would cost: a record with one step on `settings.windows` windows of the text.
    SearchRecord impact(const TextSettings &text, const SearchSettings &settings, JobContext &context, const SearchListener &listener = {});
    /// A plan for each sparsity, in their order, by a method that removes whole attentions and FFNs; `settings.sparsity` does not count. One pass over the
    /// text serves all sparsities of ShortGPT and of the window, one search those of BlockPruner; each of EvoPress' is an evolution of its own.
    /// `text.windows`: at most so many, as the text has them; none: usualWindows(). EvoPress' samples have `text.length` tokens (evolutionSampleLength()
    /// tells the authors' own). `before`: a record of the same text and settings to go on from, for BlockPruner of any sparsity, for EvoPress of the same
    /// and of any number of generations; for ShortGPT and the window one of either, which leaves nothing to compute. After Cancelled `listener` has heard
    /// what was found. Throws Error when the text is too short, a sparsity removes nothing or all, a layer lacks a part, or `before` is of something else.
    std::vector<PruningPlan> findBlocks(const BlockSettings &settings, const std::vector<double> &sparsities, const TextSettings &text,
                                        JobContext &context, const BlockListener &listener = {}, const BlockRecord *before = nullptr);
    /// Makes up for what a plan loses, in closed form: a plan of the method Restored, whose fitted weights are in memory (savePlan writes them).
    /// `plain`: complete, of 2SSP or by hand; of one by hand the steps that choose what goes (R2, R3, R5) are refused. `text`: that of its calibration; the
    /// windows of the search and those that are held out follow it there, and Error says how many there are where they are too few. Of a plan by hand
    /// `text.windows` is the calibration, none: all that are not held out. `grams`: of the same pass as its scores; empty: made here first, in a file among the
    /// temporary ones that goes away (Forecast::diskBytes). `before`: of the same plan, settings and text, to go on from. A step that cannot be done exactly for
    /// the model's family, or has too few tokens, is left out, and the record notes why. Throws Error when no step helps on every text of the gate.
    PruningPlan restore(const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                        const std::filesystem::path &grams, JobContext &context, const RestorationListener &heard = {},
                        const RestorationProgress *before = nullptr);
    /// Throws what restore() would throw of texts and Gram matrices before it computes. `plain` need not be there yet: its method, norm and calibration count,
    /// and where it has none, `text.windows` is to be calibrated on.
    void checkRestoration(const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                          const std::filesystem::path &grams, JobContext &context);
    /// What that will take. Its phases, which restore() announces where nobody has: "calibrate" (without grams), "restore", "search" and "evaluate", in turn.
    Forecast forecastRestoration(const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings, bool hasGrams);
    /// The items of tasks that are asked, ready to be scored by this model: read, tokenised and checked before anything is computed.
    std::vector<TaskSet> readTasks(const TaskSettings &settings, JobContext &context);
    /// Scores items of the model, or of the plan's when there is one. `known`: scores of earlier runs, which are not computed again. `heard` gets every
    /// score as it is known, in no order.
    TaskResults evaluateTasks(const PruningPlan *plan, const std::vector<TaskSet> &tasks, const TaskSettings &settings, JobContext &context,
                              const std::vector<ItemScore> &known = {}, const std::function<void(const ItemScore &)> &heard = {});
    /// Tokens a second of the model, or of the plan's when there is one, at every length and batch size of the settings.
    std::vector<Throughput> throughput(const PruningPlan *plan, const ThroughputSettings &settings, JobContext &context);
    /// Perplexity of the model, or of the plan's when there is one.
    Evaluation evaluate(const PruningPlan *plan, const TextSettings &text, JobContext &context);
    /// How many tokens the model's context leaves behind a prompt, with what the tokenizer puts around one; 0 = none. generate() writes no more.
    std::int64_t roomBehind(const std::string &prompt) const;
    /// The same of a chat, too. Throws what generate() throws of its template.
    std::int64_t roomBehind(const GenerationSettings &settings) const;
    /// What the model reads: the prompt, or the chat as the model's template writes it. Throws Error when there is no template or it cannot be used.
    std::string promptOf(const GenerationSettings &settings) const;
    /// A prompt or a chat, gone on with by the model or the plan's, whose weights are cut. `heard` gets every token as it is chosen; bytes of a character
    /// that is not complete at the end are in the result alone.
    Generation generate(const PruningPlan *plan, const GenerationSettings &settings, JobContext &context,
                        const std::function<void(const WrittenToken &)> &heard = {});
    /// The same prompt by several models, null for the dense one, token by token in turn, from one set of weights: a plan's neurons are masked, not copied, and
    /// only the weights that it changes come beside. Each chooses as if it were alone with the seed. `heard` gets every token as it is chosen. Results in the
    /// order of `plans`.
    std::vector<Generation> generateBeside(const std::vector<const PruningPlan *> &plans, const GenerationSettings &settings,
                                           JobContext &context, const std::function<void(const WrittenToken &)> &heard = {});
    /// The loss of every token of a text by several models, as generateBeside(), and the five likeliest tokens at each place. Throws Error when it has fewer
    /// than two tokens or more than the model's context.
    ScoredText scoreText(const std::vector<const PruningPlan *> &plans, const std::string &text, JobContext &context);
    /// Writes a checkpoint of the plan and verifies it. `evaluations` (JSON array) goes into the manifest.
    ExportResult exportPlan(const PruningPlan &plan, const ExportSettings &settings, const nlohmann::json &evaluations,
                            JobContext &context);
    /// Throws what a job on this text would throw before it computes: a file that cannot be read, a text that is too short. The listener
    /// hears of it. Returns how many windows the job would have.
    std::int64_t checkText(const TextSettings &text, const JobContext &context = {}) const;
    /// The same, and what is in the text.
    TextReport readText(const TextSettings &text, const JobContext &context = {}) const;
    /// The same for what findBlocks() would choose by: windows, or the samples of an evolution.
    TextReport readBlocksText(PlanMethod method, const TextSettings &text, JobContext &context) const;
    /// Throws what exportPlan would throw at once for a plan of that width: an output that exists, an unknown format, no space.
    void checkExportSettings(const ExportSettings &settings, std::int64_t neuronsKept) const;
    /// The same for a plan whose parts are settled.
    void checkExportSettings(const ExportSettings &settings, const PruningPlan &plan) const;
    /// Logits of given token ids, row-major [T, V] in fp32.
    std::vector<float> logits(const PruningPlan *plan, const std::vector<std::int32_t> &tokens, JobContext &context);

private:
    struct State;
    class BlockFinder;
    class Restoration;
    void checkExportOf(const ExportSettings &settings, const ModelSpec &pruned) const;
    std::unique_ptr<State> m_state;
};

} // namespace secateur
