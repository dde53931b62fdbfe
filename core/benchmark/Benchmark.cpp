// SPDX-License-Identifier: GPL-3.0-or-later
#include "benchmark/Benchmark.h"

#include "benchmark/PhaseClock.h"
#include "benchmark/ProductRates.h"
#include "decoder/RandomWeights.h"
#include "decoder/RowKernels.h"
#include "decoder/Tensors.h"
#include "engine/ComputeType.h"
#include "engine/Device.h"
#include "engine/Engine.h"
#include "engine/OpenModel.h"
#include "engine/ProcessMemory.h"
#include "engine/TorchErrors.h"
#include "evaluation/Perplexity.h"
#include "exporting/Exporter.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/Families.h"
#include "pruning/AttentionSearch.h"
#include "pruning/NeuronScoring.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <unistd.h>
#include <utility>

namespace secateur {
namespace {

/// Work of all layers of windows of `tokens` each.
Work layersWork(const ModelSpec &spec, std::int64_t tokens, std::int64_t elementBytes, bool isLastWithDown)
{
    Work work;
    for (std::size_t i = 0; i < spec.layers.size(); ++i) {
        if (const auto &attention = spec.layers[i].attention)
            work += attentionWork(*attention, spec.hiddenSize, tokens, elementBytes);
        if (const auto &ffn = spec.layers[i].ffn)
            work += ffnWork(*ffn, spec.hiddenSize, tokens, elementBytes, isLastWithDown || i + 1 < spec.layers.size());
    }
    return work;
}

/// What all models have in common: everything between the weights and the export.
class Run {
public:
    Run(const BenchSettings &settings, c10::Device device, JobContext &context, const PhaseListener &heard)
        : m_settings(settings),
          m_context(context),
          clock(device, result.phases, heard)
    {
    }

    /// Throws Error when a limit cannot be kept.
    void foretell(const ModelSpec &spec, DType type, ForecastBasis basis, c10::Device device, const std::string &screening)
    {
        basis.limits = m_settings.memory;
        const SparsityBalance planned = balance(spec, m_settings.balance);
        JobSize job{.windows = m_settings.windows,
                    .length = m_settings.length,
                    .searchWindows = 1,
                    .removals = planned.attentionsToRemove,
                    .neuronsKept = planned.neuronsKept};
        m_screenType = chooseScreening(screening, m_settings.losses, device, type, spec, job, basis);
        if (m_screenType)
            result.screening = configName(*m_screenType);
        result.forecast = forecast(spec, job, basis);
    }

    void measureProductsOf(const Decoder &dense)
    {
        const DType type = dtypeOf(dense.weights().embedding);
        result.dtype = configName(type);
        result.kernels = dense.device().is_cpu() ? kernelInstructions(dense.dtype()) : std::string();
        result.products = measureProducts(dense.spec(), m_settings.length, dense.device(), dense.dtype(), m_context);
    }

    /// Fills the plan but for what says where it came from. `tokens`: [windows, T].
    void prune(const Decoder &dense, const at::Tensor &tokens, PruningPlan &plan)
    {
        scoreAndNarrow(dense, tokens, plan);
        search(tokens.narrow(0, 0, 1), plan);
        evaluate(tokens.narrow(0, 0, std::min(m_settings.evaluationWindows, tokens.size(0))), plan);
    }

    BenchResult result;

private:
    void scoreAndNarrow(const Decoder &dense, const at::Tensor &tokens, PruningPlan &plan)
    {
        const std::int64_t elementBytes = std::int64_t(c10::elementSize(dense.dtype()));
        clock.begin();
        NeuronScores scores;
        scores.layers = scoreNeurons(dense, tokens, ScoreNorm::L2, m_context);
        clock.end("stage 1", layersWork(dense.spec(), tokens.size(1), elementBytes, false) * double(tokens.size(0)));

        Provenance provenance = std::move(plan.calibration);
        plan = planFromScores(dense.spec(), scores, m_settings.balance);
        plan.calibration = std::move(provenance);
        result.balance = plan.balance;
        clock.begin();
        m_narrow.emplace(pruned(dense, plan.surgery().ofFfns()));
        if (m_screenType)
            m_screen.emplace(inType(*m_narrow, scalarType(*m_screenType)));
        clock.end("narrow");
    }

    void search(const at::Tensor &tokens, PruningPlan &plan)
    {
        AttentionSearch search(*m_narrow, tokens, LossType::Float32,
                               StateBudget(result.forecast.restartBytes, result.forecast.areStatesOnHost), {}, m_settings.losses,
                               m_screen ? &*m_screen : nullptr);
        Work soFar;
        const auto sinceLast = [&] {
            const Work all = search.work(), since{.flop = all.flop - soFar.flop, .bytes = all.bytes - soFar.bytes};
            soFar = all;
            return since;
        };
        clock.begin();
        search.run(
            plan.search, plan.balance.attentionsToRemove, m_context,
            [&](const CandidateLoss &heard) {
                if (heard.step >= 0)
                    return;
                clock.end("stage 2, first loss", sinceLast());
                clock.begin();
            },
            [&] {
                clock.end("stage 2, removal " + std::to_string(plan.search.removalOrder().size()), sinceLast());
                clock.begin();
            });
        plan.removedAttentions = plan.search.removalOrder();
    }

    void evaluate(const at::Tensor &tokens, const PruningPlan &plan)
    {
        const Decoder decoder = pruned(*m_narrow, plan.surgery());
        const std::int64_t elementBytes = std::int64_t(c10::elementSize(decoder.dtype()));
        clock.begin();
        totalLoss(decoder, tokens, m_context);
        Work work = layersWork(decoder.spec(), tokens.size(1), elementBytes, true);
        work += headWork(decoder.spec(), tokens.size(1) - 1, elementBytes);
        clock.end("perplexity", work * double(tokens.size(0)));
    }

    const BenchSettings &m_settings;
    std::optional<DType> m_screenType;
    JobContext &m_context;
    std::optional<Decoder> m_narrow, m_screen;

public:
    PhaseClock clock;
};

std::vector<std::int32_t> randomTokens(const BenchSettings &settings, const ModelSpec &spec)
{
    std::mt19937_64 random(settings.seed);
    std::vector<std::int32_t> tokens(std::size_t(settings.windows * settings.length));
    for (std::int32_t &token : tokens)
        token = std::int32_t(random() % std::uint64_t(spec.vocabularySize));
    return tokens;
}

void checkSettings(const BenchSettings &settings, const ModelSpec &spec)
{
    if (settings.windows < 1 || settings.evaluationWindows < 1)
        throw Error("A benchmark needs at least one window.", "Give 1 or more (--windows).");
    if (settings.length < 2 || settings.length > spec.contextLength)
        throw Error("Windows of " + counted(settings.length, "token") + " do not fit into the model's context of " +
                        std::to_string(spec.contextLength) + ".",
                    "Give a length of 2 to " + std::to_string(spec.contextLength) + " (--length).");
}

} // namespace

BenchResult benchmarkModel(const std::filesystem::path &folder, const TextSettings &text, const EngineSettings &engine,
                           const BenchSettings &settings, JobContext &context, const PhaseListener &heard)
{
    c10::Device device = c10::kCPU;
    return underTorch(device, [&] {
        device = prepareDevice(engine.device, engine.threads, engine.waiting);
        OpenModel model(folder, device, engine.dtype);
        checkSettings(settings, model.spec());
        Run run(settings, device, context, heard);
        run.foretell(model.spec(), dtypeFromConfigName(model.dtypeName()), model.forecastBasis(settings.memory), device, engine.screening);
        model.setStreamed(run.result.forecast.isStreamed);
        run.clock.begin();
        const TokenWindows windows = model.windows(text, settings.memory, context);
        run.clock.end("tokenise");
        if (engine.textRead)
            engine.textRead(text, windows.report);
        run.clock.begin();
        const Decoder dense = model.decoder(nullptr, settings.length, context);
        run.clock.end("load");
        run.measureProductsOf(dense);
        const at::Tensor tokens = tokenTensor(windows.tokens, windows.length, device);
        PruningPlan plan;
        if (settings.isExported)
            plan.calibration = model.provenance(text, windows, context); // reads every byte, for the hash
        run.prune(dense, tokens, plan);
        if (!settings.isExported)
            return run.result;
        const std::vector<std::int32_t> checkTokens = model.checkTokens();
        const Decoder decoder = model.decoder(&plan, std::int64_t(checkTokens.size()), context);
        const AtomicPath never = AtomicPath::forFolder(std::filesystem::temp_directory_path() / "secateur-bench"); // is not committed
        run.clock.begin();
        writeExport({.checkpoint = model.checkpoint(),
                     .dense = model.spec(),
                     .plan = plan,
                     .pruned = decoder,
                     .checkTokens = checkTokens,
                     .evaluations = nlohmann::json::array()},
                    {.format = "hf-dropin", .output = never.temporary() / "out", .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                    context);
        run.clock.end("export and check");
        return run.result;
    });
}

BenchResult benchmarkShape(const nlohmann::json &config, const std::string &source, const EngineSettings &engine,
                           const BenchSettings &settings, JobContext &context, const PhaseListener &heard)
{
    c10::Device device = c10::kCPU;
    return underTorch(device, [&] {
        device = prepareDevice(engine.device, engine.threads, engine.waiting);
        const ModelSpec spec = specFromConfig(config, source);
        checkSettings(settings, spec);
        const DType type = dtypeFromConfigName(computeType(engine.dtype, device, spec.dtype, spec));
        const c10::ScalarType dtype = scalarType(type);
        Run run(settings, device, context, heard);
        const auto elementBytes = std::int64_t(c10::elementSize(dtype));
        run.foretell(spec, type,
                     {.isGpu = !device.is_cpu(),
                      .elementBytes = elementBytes,
                      .storedElementBytes = elementBytes,
                      .residentNow = residentBytes(),
                      .freeHost = availableMemoryBytes(),
                      .freeDevice = device.is_cpu() ? 0 : freeMemory(device),
                      .limits = {},
                      .flopPerSecond = 0},
                     device, engine.screening);
        run.clock.begin();
        const Decoder dense(spec, randomWeights(spec, device, dtype, settings.seed, run.result.forecast.isStreamed, context),
                            settings.length);
        run.clock.end("make random weights");
        run.measureProductsOf(dense);
        const at::Tensor tokens = tokenTensor(randomTokens(settings, spec), settings.length, device);
        PruningPlan plan;
        run.prune(dense, tokens, plan);
        return run.result;
    });
}

} // namespace secateur
