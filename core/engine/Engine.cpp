// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/EngineState.h"

#include "decoder/FiniteCheck.h"
#include "decoder/Tensors.h"
#include "engine/ComputeType.h"
#include "engine/Device.h"
#include "engine/EngineChecks.h"
#include "engine/OpenModel.h"
#include "engine/ProcessMemory.h"
#include "engine/ProductRate.h"
#include "engine/RankAgreement.h"
#include "engine/RankSums.h"
#include "engine/TorchErrors.h"
#include "evaluation/Perplexity.h"
#include "exporting/Exporter.h"
#include "pruning/AttentionSearch.h"
#include "pruning/NeuronScoring.h"
#include "pruning/PlanJson.h"
#include "restoration/GramFile.h"
#include "restoration/GramSum.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace secateur {
namespace {

/// Everything that decides what the ranks of a search find together.
std::vector<SharedSetting> sharedSettings(const PruningPlan &plan, const Provenance &now, const SearchSettings &settings,
                                          const EngineSettings &engine)
{
    const auto list = [](const std::vector<std::int64_t> &layers) { return nlohmann::json(layers).dump(); };
    return {{"plan or model", plan.hash()},
            {"number of attentions to remove (--remove, --sparsity)", std::to_string(plan.balance.attentionsToRemove)},
            {"search so far in its plan", toJson(plan.search).dump()},
            {"text (--text, --windows, --length, --seed)", now.tokenHash},
            {"number of search windows (--search-windows)", std::to_string(settings.windows)},
            {"type of the loss (--loss-dtype)", settings.referenceLoss ? "reference" : "float32"},
            {"list of forced layers (--force)", list(settings.forcedLayers)},
            {"list of protected layers (--protect)", list(settings.protectedLayers)},
            {"choice of losses (--all-losses)", engine.losses == LossesKnown::All ? "all" : "deciding"},
            {"screening type (--screen)", engine.screening}};
}

} // namespace

std::int64_t weightBytes(const ModelSummary &model, DType dtype)
{
    return modelParameters(model.spec) * std::int64_t(bytesPerElement(dtype));
}

Engine::Engine(const EngineSettings &settings) : m_state(std::make_unique<State>())
{
    underTorch(m_state->device, [&] {
        m_state->settings = settings;
        checkEngineSettings(settings);
        m_state->device = prepareDevice(settings.device, settings.threads, settings.waiting);
    });
}

Engine::~Engine() = default;

void Engine::hearTexts(TextListener listener)
{
    m_state->settings.textRead = std::move(listener);
}

std::shared_ptr<const ModelSummary> Engine::open(const std::filesystem::path &folder)
{
    return underTorch(m_state->device, [&] {
        m_state->model = std::make_unique<OpenModel>(folder, m_state->device, m_state->settings.dtype);
        m_state->basis = m_state->model->forecastBasis(m_state->settings.memory);
        return m_state->model->summary();
    });
}

const std::string &Engine::modelHash(JobContext &context)
{
    return m_state->open().hash(context);
}

EngineReport Engine::report() const
{
    return {.computed = m_state->conditions(),
            .waiting = waitingPolicy(),
            .peakMemoryBytes = peakResidentBytes(),
            .peakDeviceMemoryBytes = peakDeviceBytes(m_state->device),
            .bytesRead = m_state->model ? m_state->model->checkpoint().bytesRead() : 0,
            .isStreamed = m_state->model && m_state->model->isStreamed()};
}

void Engine::resetPeaks()
{
    resetPeakResidentBytes();
    resetPeakDeviceBytes(m_state->device);
}

const ForecastBasis &Engine::forecastBasis()
{
    return underTorch(m_state->device, [&]() -> const ForecastBasis & {
        constexpr double kSeconds = 0.2, kShare = 0.6; // of the product's rate whole layers reach, measured: 0.55 to 0.65
        constexpr std::int64_t kSide = 1024;
        OpenModel &model = m_state->open();
        if (m_state->basis.flopPerSecond == 0)
            m_state->basis.flopPerSecond =
                kShare * productRate(kSide, model.spec().hiddenSize, kSide, m_state->device, model.dtype(), kSeconds);
        return m_state->basis;
    });
}

Forecast Engine::forecast(const JobSize &job)
{
    return underTorch(m_state->device, [&] {
        JobSize size = job;
        m_state->ownScreening(size, {}, {});
        return secateur::forecast(m_state->open().spec(), size, forecastBasis());
    });
}

std::shared_ptr<const NeuronScores> Engine::score(const TextSettings &text, ScoreNorm norm, JobContext &context,
                                                  const std::filesystem::path &grams)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const std::shared_ptr<Ranks> ranks = m_state->ranks();
        const bool areGramsWanted = !grams.empty(), writesGrams = areGramsWanted && ranks->rank() == 0;
        if (writesGrams)
            checkRoomForGrams(grams, model.spec(), true);
        m_state->join(context);
        const TokenWindows windows = m_state->windows(text, context);
        JobSize size{.windows = windows.count(), .length = windows.length};
        if (areGramsWanted) {
            size.gramsPerLayer = 2;
            if (m_state->device.is_cpu())
                size.keptBytes = RankSums::bytesBeside(gramBlock(model.spec().mostNeurons()), ranks->size());
        }
        m_state->fit(size);
        model.beginHash();
        const Decoder decoder = model.firstPassDecoder(windows.length, context);
        if (!ranks->isAlone())
            agreeOnWork(*ranks,
                        {{"model", model.hash(context)},
                         {"text (--text, --windows, --length, --seed)", windows.hash},
                         {"norm (--norm)", norm == ScoreNorm::L1 ? "l1" : "l2"},
                         {"choice of Gram matrices (--save-grams)", areGramsWanted ? "kept" : "none"}},
                        context);
        const at::Tensor tokens = tokenTensor(windows.tokens, windows.length, m_state->device);
        auto scores = std::make_shared<NeuronScores>();
        scores->norm = norm;
        if (areGramsWanted) {
            scores->provenance = model.provenance(text, windows, context); // their file begins with it
            std::optional<GramWriter> writer;
            if (writesGrams)
                writer.emplace(grams, model.spec(), true, scores->provenance, norm);
            RankSums sums(ranks, context);
            ActivationGrams watcher(
                true, [&](std::int64_t layer, const LayerGrams &summed) { writer->write(layer, summed); },
                [&](const std::vector<at::Tensor> &parts) { return sums.add(parts, context); });
            scores->layers = scoreNeurons(decoder, tokens, norm, context, *ranks, &watcher);
            if (writer)
                writer->commit(scores->layers);
        } else {
            scores->layers = scoreNeurons(decoder, tokens, norm, context, *ranks);
            scores->provenance = model.provenance(text, windows, context);
        }
        return std::shared_ptr<const NeuronScores>(scores);
    });
}

void Engine::search(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings, JobContext &context,
                    const SearchListener &listener, const std::function<void(const PruningPlan &)> &finished)
{
    underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        checkSearchable(plan);
        checkSearchSettings(settings, plan, model.spec());
        m_state->join(context);
        TextSettings searchText = text;
        searchText.windows = settings.windows;
        const TokenWindows windows = m_state->windows(searchText, context);
        Provenance provenance = model.provenance(searchText, windows, context);
        if (!m_state->ranks()->isAlone())
            agreeOnWork(*m_state->ranks(), sharedSettings(plan, provenance, settings, m_state->settings), context);
        if (plan.search.isBegun()) {
            plan.search = withProtected(std::move(plan.search), settings.protectedLayers); // as far as it answers those settings too
            plan.removedAttentions = plan.search.removalOrder();
            checkContinuation(plan.search, settings, provenance);
            provenance.computed = continued(plan.search.provenance.computed, provenance.computed);
        }
        JobSize size{.windows = 0,
                     .length = windows.length,
                     .searchWindows = windows.count(),
                     .removals = plan.balance.attentionsToRemove,
                     .neuronsKept = plan.balance.neuronsKept};
        const std::optional<DType> screenType = m_state->screening(size, settings, plan.search.screenedIn, context);
        plan.search.settings = settings;
        plan.search.provenance = provenance;
        if (screenType)
            plan.search.screenedIn = configName(*screenType);
        const Forecast memory = m_state->fit(size);
        const Decoder narrow = model.narrowDecoder(plan, windows.length, context);
        std::optional<Decoder> screen;
        if (screenType)
            screen = inType(narrow, scalarType(*screenType));
        AttentionSearch search(narrow, tokenTensor(windows.tokens, windows.length, m_state->device),
                               settings.referenceLoss ? LossType::Reference : LossType::Float32,
                               StateBudget(memory.restartBytes, memory.areStatesOnHost), m_state->ranks(), m_state->settings.losses,
                               screen ? &*screen : nullptr);
        search.run(plan.search, plan.balance.attentionsToRemove, context, listener, [&] {
            plan.removedAttentions = plan.search.removalOrder();
            if (finished)
                finished(plan);
        });
    });
}

SearchRecord Engine::impact(const TextSettings &text, const SearchSettings &settings, JobContext &context, const SearchListener &listener)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        PruningPlan one; // removes one attention of the dense model
        one.balance.attentionsToRemove = 1;
        checkSearchSettings(settings, one, model.spec());
        TextSettings searchText = text;
        searchText.windows = settings.windows;
        const TokenWindows windows = m_state->windows(searchText, context);
        SearchRecord record;
        record.settings = settings;
        record.provenance = model.provenance(searchText, windows, context);
        record.initialLoss = std::numeric_limits<double>::quiet_NaN();
        const Forecast memory = m_state->fit({.windows = 0,
                                              .length = windows.length,
                                              .searchWindows = windows.count(),
                                              .removals = 1,
                                              .neuronsKept = model.spec().mostNeurons()});
        const Decoder dense = model.decoder(nullptr, windows.length, context);
        AttentionSearch search(dense, tokenTensor(windows.tokens, windows.length, m_state->device),
                               settings.referenceLoss ? LossType::Reference : LossType::Float32,
                               StateBudget(memory.restartBytes, memory.areStatesOnHost));
        search.run(record, 1, context, listener);
        return record;
    });
}

Evaluation Engine::evaluate(const PruningPlan *plan, const TextSettings &text, JobContext &context)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const TokenWindows windows = m_state->windows(text, context);
        m_state->fitOnePass(plan, windows.length, windows.count() * windows.length);
        const Decoder decoder = model.decoder(plan, windows.length, context);
        Evaluation result;
        result.windows = windows.count();
        result.length = windows.length;
        result.tokens = windows.count() * (windows.length - 1);
        result.tokenHash = windows.hash;
        result.loss = totalLoss(decoder, tokenTensor(windows.tokens, windows.length, m_state->device), context) / double(result.tokens);
        result.perplexity = std::exp(result.loss);
        if (!std::isfinite(result.perplexity))
            throw Error("The perplexity on this text is too large for a number: the loss is " + std::to_string(result.loss) +
                            " nats per token.",
                        remedyOfNonFinite(decoder.dtype()));
        return result;
    });
}

ExportResult Engine::exportPlan(const PruningPlan &plan, const ExportSettings &settings, const nlohmann::json &evaluations,
                                JobContext &context)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const std::vector<std::int32_t> tokens = model.checkTokens();
        m_state->fitOnePass(&plan, std::int64_t(tokens.size()));
        const Decoder decoder = model.decoder(&plan, std::int64_t(tokens.size()), context);
        return writeExport({.checkpoint = model.checkpoint(),
                            .dense = model.spec(),
                            .plan = plan,
                            .pruned = decoder,
                            .checkTokens = tokens,
                            .evaluations = evaluations},
                           settings, context);
    });
}

std::int64_t Engine::checkText(const TextSettings &text, const JobContext &context) const
{
    return m_state->windows(text, context).count();
}

TextReport Engine::readText(const TextSettings &text, const JobContext &context) const
{
    return m_state->windows(text, context).report;
}

void Engine::checkExportSettings(const ExportSettings &settings, std::int64_t neuronsKept) const
{
    const OpenModel &model = m_state->open();
    // Which attentions will go is not known yet, so all are counted.
    checkExportOf(settings, prunedSpec(model.spec(), std::vector<std::int64_t>(model.spec().layers.size(), neuronsKept), {}));
}

void Engine::checkExportSettings(const ExportSettings &settings, const PruningPlan &plan) const
{
    checkExportOf(settings, plan.surgery().specOf(m_state->open().spec()));
}

void Engine::checkExportOf(const ExportSettings &settings, const ModelSpec &pruned) const
{
    const OpenModel &model = m_state->open();
    checkExport(settings, model.checkpoint(), model.spec(), pruned, bytesOfExport(settings, model.checkpoint(), model.spec(), pruned));
}

std::vector<float> Engine::logits(const PruningPlan *plan, const std::vector<std::int32_t> &tokens, JobContext &context)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const ModelSpec &spec = model.spec();
        const auto count = std::int64_t(tokens.size());
        model.checkLength(count);
        if (tokens.empty() ||
            std::any_of(tokens.begin(), tokens.end(), [&](std::int32_t id) { return id < 0 || id >= spec.vocabularySize; }))
            throw Error("The token ids are not between 0 and " + std::to_string(spec.vocabularySize - 1) + ".");
        m_state->fitOnePass(plan, count);
        const Decoder decoder = model.decoder(plan, count, context);
        at::Tensor x = decoder.embed(tokenTensor(tokens, count, m_state->device));
        for (std::int64_t l = 0; l < decoder.layerCount(); ++l)
            x = decoder.layer(l, x);
        const at::Tensor all = decoder.logits(decoder.finalNorm(x)).to(at::kCPU, at::kFloat).contiguous();
        return std::vector<float>(all.const_data_ptr<float>(), all.const_data_ptr<float>() + all.numel());
    });
}

} // namespace secateur
