// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Forecast.h"
#include "exporting/Export.h"
#include "exporting/Origin.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "model/ModelSpec.h"
#include "pruning/NeuronScores.h"
#include "pruning/PruningPlan.h"
#include "text/TokenWindows.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Hears what a text turned out to be, after it was read for a job and before that computes.
using TextListener = std::function<void(const TextSettings &, const TextReport &)>;

/// Where and how to compute.
struct EngineSettings {
    std::string device = "auto"; ///< "auto", "cpu", "cuda", "cuda:N"
    std::string dtype = "auto";  ///< "float32", "bfloat16", "float16", "auto", "fastest"; see ComputeType
    /// Of a search's candidates: "none", "bfloat16", "float16", "auto" (see screeningType). By "auto" a record of all losses is not screened.
    std::string screening = "none";
    int threads = 0;                       ///< of the CPU; 0 = all cores
    std::string waiting = "auto";          ///< what threads do that wait for others: "spin", "sleep", or "auto": by the load (CoreSharing)
    std::shared_ptr<Ranks> ranks{};        ///< with which stage 1 and the search are shared; none = this process alone
    LossesKnown losses = LossesKnown::All; ///< of a search, and so of its record
    MemoryLimits memory{};                 ///< that the jobs may take
    TextListener textRead{};               ///< on the thread of the job; may be none
};

/// What an engine computes with, for the record of a run.
struct EngineReport {
    std::string device, dtype, torchVersion, programVersion;
    std::string instructions; ///< of the processor, that the library uses: "AVX2", "AVX512"
    std::string products;     ///< who multiplies in fp32 on the CPU; see productLibrary
    int threads = 0;
    std::string waiting;                    ///< what decides how threads wait for each other; see CoreSharing
    std::int64_t peakMemoryBytes = 0;       ///< resident in the host so far
    std::int64_t peakDeviceMemoryBytes = 0; ///< of the GPU's tensors so far; 0 on the CPU
    std::int64_t bytesRead = 0;             ///< of the open model's weights so far
    bool isStreamed = false;                ///< its layers are read when they are needed
};

/// What is known of a model once it is open, before any weight is loaded.
struct ModelSummary {
    std::filesystem::path folder;
    ModelSpec spec;
    DType storedDtype = DType::Float32; ///< in which an export writes the weights unless another type is asked for
    std::string quantisedAs;            ///< what the weights are stored as when it is no such type: "Q4_K"; else empty
    std::int64_t tensorBytes = 0;
    std::int64_t files = 0;
    std::optional<std::int64_t> tokenizerSize; ///< ids; none when there is no usable tokenizer
    std::string tokenizerProblem;              ///< why not
    std::string tokenizerHint;                 ///< what to do about it
    std::optional<PruningOrigin> origin;       ///< of a checkpoint that this program exported
    std::vector<std::string> notes;            ///< what was found and is not used, or is used otherwise than the configuration says
    nlohmann::json config;                     ///< describes the model: the specification can be read from it again
};

/// Bytes that the weights of a model take once they are loaded in a type.
std::int64_t weightBytes(const ModelSummary &model, DType dtype);

/// Perplexity on a text: exp of the mean cross entropy over all predicted tokens of windows that do not overlap.
struct Evaluation {
    double loss = 0; ///< mean, nats per token
    double perplexity = 0;
    std::int64_t tokens = 0; ///< predicted
    std::int64_t windows = 0, length = 0;
    std::string tokenHash;
};

struct GenerationSettings {
    std::string prompt;
    std::int64_t tokens = 64;
    double temperature = 0; ///< 0 = greedy
    std::int64_t topK = 0;
    double topP = 1;
    std::uint64_t seed = 0;
};

struct Generation {
    std::vector<std::int32_t> promptIds, ids; ///< the prompt's with what the tokenizer puts around one
    std::string text;                         ///< of `ids` alone
    double tokensPerSecond = 0;
};

/// Hears of every loss of a search as it becomes known.
using SearchListener = std::function<void(const CandidateLoss &)>;

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

    /// Stage 1: neuron scores of the dense model.
    std::shared_ptr<const NeuronScores> score(const TextSettings &text, ScoreNorm norm, JobContext &context);
    /// Stage 2: removes attentions until the plan has as many as its balance asks for, going on from where its record stops;
    /// `text.windows` is taken from `settings`. The plan is filled as the search goes, so after Cancelled it holds what was found, the
    /// losses of an unfinished step too. `finished` gets it after every removal. Throws Error when its record was made with other
    /// settings, another text, device, type, number of threads or LibTorch, and when the plan was not found by a search.
    void search(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings, JobContext &context,
                const SearchListener &listener = {}, const std::function<void(const PruningPlan &)> &finished = {});
    /// What removing each attention of the dense model would cost: a record with one step on `settings.windows` windows of the text.
    SearchRecord impact(const TextSettings &text, const SearchSettings &settings, JobContext &context, const SearchListener &listener = {});
    /// Perplexity of the model, or of the plan's when there is one.
    Evaluation evaluate(const PruningPlan *plan, const TextSettings &text, JobContext &context);
    Generation generate(const PruningPlan *plan, const GenerationSettings &settings, JobContext &context,
                        const std::function<void(const std::string &)> &heard = {});
    /// Writes a checkpoint of the plan and verifies it. `evaluations` (JSON array) goes into the manifest.
    ExportResult exportPlan(const PruningPlan &plan, const ExportSettings &settings, const nlohmann::json &evaluations,
                            JobContext &context);
    /// Throws what a job on this text would throw before it computes: a file that cannot be read, a text that is too short. The listener
    /// hears of it. Returns how many windows the job would have.
    std::int64_t checkText(const TextSettings &text, const JobContext &context = {}) const;
    /// Throws what exportPlan would throw at once for a plan of that width: an output that exists, an unknown format, no space.
    void checkExportSettings(const ExportSettings &settings, std::int64_t neuronsKept) const;
    /// The same for a plan whose parts are settled.
    void checkExportSettings(const ExportSettings &settings, const PruningPlan &plan) const;
    /// Logits of given token ids, row-major [T, V] in fp32.
    std::vector<float> logits(const PruningPlan *plan, const std::vector<std::int32_t> &tokens, JobContext &context);

private:
    struct State;
    void checkExportOf(const ExportSettings &settings, const ModelSpec &pruned) const;
    std::unique_ptr<State> m_state;
};

} // namespace secateur
