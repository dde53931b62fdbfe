// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/Engine.h"

#include "checkpoint/Checkpoint.h"
#include "engine/Device.h"
#include "engine/TorchErrors.h"
#include "evaluation/Perplexity.h"
#include "exporting/Exporter.h"
#include "foundation/Sha256.h"
#include "model/Decoder.h"
#include "model/Families.h"
#include "model/Generator.h"
#include "model/Tensors.h"
#include "pruning/AttentionSearch.h"
#include "pruning/NeuronScoring.h"
#include "text/Tokenizer.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <torch/headeronly/version.h>

namespace secateur {
namespace {

constexpr std::int64_t kCheckTokens = 128; // of the verification's text

/// What every export is checked on: prose, numbers, code and other scripts, so that many rows of the embedding are touched.
constexpr const char *kCheckText =
    "Once upon a time there was a gardener who pruned an old pear tree every winter. In 1887 he cut 37.5 % of its branches, and the "
    "neighbours laughed; but in spring it bore more fruit than ever. \"Prune the wood that bears nothing,\" he said, \"and keep what feeds the rest.\"\n\n"
    "for (int i = 0; i < 10; ++i) sum += weights[i] * x[i];\n\nL'automne \u00e9tait doux. \u0421\u0430\u0434 \u0437\u0438\u043c\u043e\u0439. "
    "\u5eab\u3092\u526a\u5b9a\u3059\u308b. E = mc^2, and the quick brown fox jumps over the lazy dog, again and again, until the whole page is full of words.";

const std::string kNoModel = "No model is open.";

c10::ScalarType computeType(const std::string &name, c10::Device device, DType stored)
{
    if (name != "auto")
        return scalarType(dtypeFromConfigName(name));
    return device.is_cuda() ? scalarType(stored) : c10::kFloat;
}

void checkLength(const ModelSpec &spec, std::int64_t length)
{
    if (length > spec.contextLength)
        throw Error("Windows of " + std::to_string(length) + " tokens are longer than the model's context of " + std::to_string(spec.contextLength) + ".",
                    "Give a length of at most " + std::to_string(spec.contextLength) + " (--length).");
}

void checkSearchSettings(const SearchSettings &settings, const PruningPlan &plan, const ModelSpec &spec)
{
    const std::int64_t layers = spec.layerCount();
    const auto check = [&](const std::vector<std::int64_t> &list, const char *what) {
        for (const std::int64_t layer : list) {
            if (layer < 0 || layer >= layers)
                throw Error(std::string("Layer ") + std::to_string(layer) + " in " + what + " does not exist.", "Layers count from 0 to " + std::to_string(layers - 1) + ".");
            if (std::count(list.begin(), list.end(), layer) > 1)
                throw Error(std::string("Layer ") + std::to_string(layer) + " stands twice in " + what + ".", "Name it once.");
        }
    };
    check(settings.forcedLayers, "--force");
    check(settings.protectedLayers, "--protect");
    for (const std::int64_t layer : settings.forcedLayers)
        if (std::count(settings.protectedLayers.begin(), settings.protectedLayers.end(), layer) > 0)
            throw Error("Layer " + std::to_string(layer) + " is both forced and protected.", "Name it in one of them only.");
    const std::int64_t N = plan.balance.attentionsToRemove;
    if (std::int64_t(settings.forcedLayers.size()) > N)
        throw Error(std::to_string(settings.forcedLayers.size()) + " removals are forced, but the plan removes " + std::to_string(N) + " attentions.",
                    "Force fewer layers, or remove more (--remove).");
    if (N > layers - std::int64_t(settings.protectedLayers.size()))
        throw Error(std::to_string(N) + " attentions are to go, but " + std::to_string(settings.protectedLayers.size()) + " of " + std::to_string(layers) + " are protected.",
                    "Protect fewer layers, or remove fewer (--remove).");
    if (settings.windows < 1)
        throw Error("The search needs at least one window.", "Give --search-windows 1 or more.");
}

/// A record may be continued when what decides its numbers is the same.
void checkContinues(const SearchRecord &record, const SearchSettings &settings, const Provenance &now)
{
    const auto refuse = [](const std::string &what) {
        throw Error("The search in the plan cannot go on: it was made with " + what + ".", "Use the same again, or start a new search from the scores (--scores).");
    };
    if (record.provenance.tokenHash != now.tokenHash)
        refuse("another text (or other windows of it)");
    if (record.provenance.dtype != now.dtype || record.provenance.device != now.device)
        refuse(record.provenance.dtype + " on " + record.provenance.device + ", not " + now.dtype + " on " + now.device);
    if (!(record.settings == settings))
        refuse("other settings (protected or forced layers, windows, loss)");
}

} // namespace

struct Engine::State {
    EngineSettings settings;
    c10::Device device = c10::kCPU;
    std::optional<Checkpoint> checkpoint;
    std::optional<Tokenizer> tokenizer;
    std::shared_ptr<const ModelSummary> summary;
    std::string hash;
    std::optional<Weights> dense;
    std::optional<Weights> narrow; ///< of the last plan used, before attentions are removed
    std::vector<std::vector<std::int64_t>> narrowKept;

    const ModelSpec &spec() const
    {
        if (!summary)
            throw Error(kNoModel, "Open a model first.");
        return summary->spec;
    }

    c10::ScalarType dtype() const { return computeType(settings.dtype, device, checkpoint ? checkpoint->dtype() : DType::Float32); }
    std::string dtypeName() const { return c10::toString(dtype()) == std::string("Float") ? "float32" : dtype() == c10::kHalf ? "float16" : "bfloat16"; }

    const Tokenizer &requireTokenizer() const
    {
        spec();
        if (!tokenizer)
            throw Error("The model '" + summary->folder.string() + "' has no usable tokenizer: " + summary->tokenizerProblem, "Put its tokenizer.json into the folder.");
        return *tokenizer;
    }

    Decoder decoder(std::int64_t positions, JobContext &context)
    {
        if (!dense)
            dense = loadWeights(*checkpoint, spec(), device, dtype(), context);
        return Decoder(spec(), *dense, positions);
    }

    /// The model of the plan, or the dense one; `removesAttentions` is false for the search, which leaves them out itself.
    Decoder decoder(const PruningPlan *plan, bool removesAttentions, std::int64_t positions, JobContext &context)
    {
        Decoder full = decoder(positions, context);
        if (!plan)
            return full;
        checkPlan(*plan, spec(), hash);
        if (!narrow || narrowKept != plan->keptNeurons) {
            narrow = pruned(full, plan->keptNeurons, {}).weights();
            narrowKept = plan->keptNeurons;
        }
        Decoder narrowDecoder(prunedSpec(spec(), plan->widths(), {}), *narrow, positions);
        return removesAttentions ? pruned(narrowDecoder, plan->keptNeurons, plan->removedAttentions) : narrowDecoder;
    }

    TokenWindows windows(const TextSettings &text) const
    {
        checkLength(spec(), text.length);
        return readWindows(requireTokenizer(), text);
    }

    Provenance provenance(const TextSettings &text, const TokenWindows &windows) const
    {
        Provenance p{.modelHash = hash,
                     .tokenizerHash = tokenizer ? tokenizer->hash() : "",
                     .textFiles = {},
                     .windows = windows.count(),
                     .length = windows.length,
                     .seed = text.seed,
                     .tokenHash = windows.hash,
                     .device = device.str(),
                     .dtype = dtypeName(),
                     .threads = at::get_num_threads(),
                     .torchVersion = TORCH_VERSION,
                     .programVersion = SECATEUR_VERSION};
        for (const std::filesystem::path &file : text.files)
            p.textFiles.push_back(file.string());
        return p;
    }

    std::int64_t searchStateBytes(const Decoder &narrowDecoder) const
    {
        // A quarter of what is free, and never more than twice the weights: what a state saves is a pass of a layer, and most of the gain comes from the first few.
        return std::min(freeMemory(device) / 4, 2 * narrowDecoder.weights().bytes());
    }

    std::vector<std::int32_t> checkTokens() const
    {
        const std::int64_t count = std::min(kCheckTokens, spec().contextLength);
        std::vector<std::int32_t> ids;
        if (tokenizer)
            ids = tokenizer->encode(kCheckText);
        for (auto i = std::int64_t(ids.size()); i < count; ++i) // no tokenizer: ids spread over the vocabulary
            ids.push_back(std::int32_t(i * 7919 % spec().vocabularySize));
        ids.resize(std::size_t(count));
        std::replace_if(ids.begin(), ids.end(), [&](std::int32_t id) { return id >= spec().vocabularySize; }, 0);
        return ids;
    }
};

Engine::Engine(const EngineSettings &settings) : m_state(std::make_unique<State>())
{
    underTorch([&] {
        m_state->settings = settings;
        if (settings.dtype != "auto")
            dtypeFromConfigName(settings.dtype);
        if (settings.threads < 0)
            throw Error("The number of threads is out of range.", "Give 0 (all cores) or more.");
        m_state->device = deviceFromName(settings.device);
        at::set_num_threads(settings.threads > 0 ? settings.threads : int(std::max(1U, std::thread::hardware_concurrency())));
    });
}

Engine::~Engine() = default;

std::shared_ptr<const ModelSummary> Engine::open(const std::filesystem::path &folder)
{
    return underTorch([&] {
        Checkpoint checkpoint = Checkpoint::open(folder);
        auto summary = std::make_shared<ModelSummary>();
        summary->folder = folder;
        summary->spec = specFromConfig(checkpoint.config(), (folder / "config.json").string());
        requireWeightsSupport(summary->spec);
        checkpoint.expect(expectedTensors(summary->spec), ignoredTensors(summary->spec));
        summary->storedDtype = checkpoint.dtype();
        summary->tensorBytes = checkpoint.tensorBytes();
        summary->files = std::int64_t(checkpoint.files().size());
        std::optional<Tokenizer> tokenizer;
        try {
            tokenizer = Tokenizer::fromFile(folder / "tokenizer.json");
            if (tokenizer->size() > summary->spec.vocabularySize)
                throw Error("it has " + std::to_string(tokenizer->size()) + " ids, the model's vocabulary " + std::to_string(summary->spec.vocabularySize) + ".");
            summary->tokenizerSize = tokenizer->size();
        } catch (const Error &problem) {
            tokenizer.reset();
            summary->tokenizerProblem = problem.what();
        }
        *m_state = State{.settings = m_state->settings, .device = m_state->device, .checkpoint = std::move(checkpoint), .tokenizer = std::move(tokenizer),
                         .summary = summary, .hash = {}, .dense = {}, .narrow = {}, .narrowKept = {}};
        return std::shared_ptr<const ModelSummary>(summary);
    });
}

const std::string &Engine::modelHash(JobContext &context)
{
    m_state->spec();
    if (m_state->hash.empty())
        m_state->hash = m_state->checkpoint->hash(context);
    return m_state->hash;
}

EngineReport Engine::report() const
{
    return {.device = m_state->device.str(),
            .dtype = m_state->dtypeName(),
            .torchVersion = TORCH_VERSION,
            .programVersion = SECATEUR_VERSION,
            .threads = at::get_num_threads(),
            .peakMemoryBytes = peakResidentBytes(),
            .peakDeviceMemoryBytes = peakDeviceBytes(m_state->device)};
}

std::shared_ptr<const NeuronScores> Engine::score(const TextSettings &text, ScoreNorm norm, JobContext &context)
{
    return underTorch([&] {
        const TokenWindows windows = m_state->windows(text);
        modelHash(context);
        const Decoder decoder = m_state->decoder(windows.length, context);
        auto scores = std::make_shared<NeuronScores>();
        scores->norm = norm;
        scores->layers = scoreNeurons(decoder, tokenTensor(windows.tokens, windows.length, m_state->device), norm, context);
        scores->provenance = m_state->provenance(text, windows);
        return std::shared_ptr<const NeuronScores>(scores);
    });
}

std::shared_ptr<const PruningPlan> Engine::search(PruningPlan &plan, const TextSettings &text, const SearchSettings &settings, JobContext &context,
                                                  const SearchListener &listener, const std::function<void(const PruningPlan &)> &finished)
{
    return underTorch([&] {
        checkSearchSettings(settings, plan, m_state->spec());
        TextSettings searchText = text;
        searchText.windows = settings.windows;
        const TokenWindows windows = m_state->windows(searchText);
        modelHash(context);
        const Provenance provenance = m_state->provenance(searchText, windows);
        const bool isContinued = !plan.search.steps.empty() || !std::isnan(plan.search.initialLoss);
        if (isContinued)
            checkContinues(plan.search, settings, provenance);
        plan.search.settings = settings;
        plan.search.provenance = provenance;
        const Decoder narrow = m_state->decoder(&plan, false, windows.length, context);
        AttentionSearch search(narrow, tokenTensor(windows.tokens, windows.length, m_state->device), settings.referenceLoss ? LossType::Reference : LossType::Float32,
                               m_state->searchStateBytes(narrow));
        search.run(plan.search, plan.balance.attentionsToRemove, context, listener, [&] {
            plan.removedAttentions = plan.search.removalOrder();
            if (finished)
                finished(plan);
        });
        plan.removedAttentions = plan.search.removalOrder();
        return std::make_shared<const PruningPlan>(plan);
    });
}

Evaluation Engine::evaluate(const PruningPlan *plan, const TextSettings &text, JobContext &context)
{
    return underTorch([&] {
        const TokenWindows windows = m_state->windows(text);
        if (plan)
            modelHash(context);
        const Decoder decoder = m_state->decoder(plan, true, windows.length, context);
        Evaluation result;
        result.windows = windows.count();
        result.length = windows.length;
        result.tokens = windows.count() * (windows.length - 1);
        result.tokenHash = windows.hash;
        result.loss = totalLoss(decoder, tokenTensor(windows.tokens, windows.length, m_state->device), context) / double(result.tokens);
        result.perplexity = std::exp(result.loss);
        return result;
    });
}

Generation Engine::generate(const PruningPlan *plan, const GenerationSettings &settings, JobContext &context, const std::function<void(const std::string &)> &heard)
{
    return underTorch([&] {
        const Tokenizer &tokenizer = m_state->requireTokenizer();
        if (settings.tokens < 1)
            throw Error("The number of tokens is out of range.", "Give 1 or more.");
        Generation result;
        result.promptIds = tokenizer.encode(settings.prompt);
        if (plan)
            modelHash(context);
        const std::int64_t positions = std::min(m_state->spec().contextLength, std::int64_t(result.promptIds.size()) + settings.tokens);
        const Decoder decoder = m_state->decoder(plan, true, positions, context);
        std::vector<std::int32_t> stops;
        const nlohmann::json &config = m_state->checkpoint->config();
        if (const auto end = config.find("eos_token_id"); end != config.end() && !end->is_null())
            stops = end->is_array() ? end->get<std::vector<std::int32_t>>() : std::vector{end->get<std::int32_t>()};
        Generator generator(decoder, {.temperature = settings.temperature, .topK = settings.topK, .topP = settings.topP, .seed = settings.seed});
        const auto start = std::chrono::steady_clock::now();
        std::string written;
        std::vector<std::int32_t> sofar;
        result.ids = generator.generate(result.promptIds, settings.tokens, stops, context, [&](std::int32_t id) {
            sofar.push_back(id);
            std::string text = tokenizer.decode(sofar, true); // whole again: a character may need several tokens
            if (heard && text.size() > written.size() && !text.ends_with("\xEF\xBF\xBD")) {
                heard(text.substr(written.size()));
                written = std::move(text);
            }
        });
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result.text = tokenizer.decode(result.ids, true);
        if (heard && result.text.size() > written.size())
            heard(result.text.substr(written.size()));
        result.tokensPerSecond = seconds > 0 ? double(result.ids.size()) / seconds : 0;
        return result;
    });
}

ExportResult Engine::exportPlan(const PruningPlan &plan, const ExportSettings &settings, const nlohmann::json &evaluations, JobContext &context)
{
    return underTorch([&] {
        modelHash(context);
        const std::vector<std::int32_t> tokens = m_state->checkTokens();
        const Decoder decoder = m_state->decoder(&plan, true, std::int64_t(tokens.size()), context);
        return writeExport({.checkpoint = *m_state->checkpoint,
                            .dense = m_state->spec(),
                            .plan = plan,
                            .pruned = decoder,
                            .checkTokens = tokens,
                            .evaluations = evaluations},
                           settings, context);
    });
}

void Engine::checkExportSettings(const ExportSettings &settings) const
{
    m_state->spec();
    checkExport(settings, nullptr, m_state->checkpoint->tensorBytes());
}

std::vector<float> Engine::logits(const PruningPlan *plan, const std::vector<std::int32_t> &tokens, JobContext &context)
{
    return underTorch([&] {
        const ModelSpec &spec = m_state->spec();
        checkLength(spec, std::int64_t(tokens.size()));
        if (tokens.empty() || std::any_of(tokens.begin(), tokens.end(), [&](std::int32_t id) { return id < 0 || id >= spec.vocabularySize; }))
            throw Error("The token ids are not between 0 and " + std::to_string(spec.vocabularySize - 1) + ".");
        if (plan)
            modelHash(context);
        const Decoder decoder = m_state->decoder(plan, true, std::int64_t(tokens.size()), context);
        at::Tensor x = decoder.embed(tokenTensor(tokens, std::int64_t(tokens.size()), m_state->device));
        for (std::int64_t l = 0; l < decoder.layerCount(); ++l)
            x = decoder.layer(l, x);
        const at::Tensor all = decoder.logits(decoder.finalNorm(x)).to(at::kCPU, at::kFloat).contiguous();
        return std::vector<float>(all.const_data_ptr<float>(), all.const_data_ptr<float>() + all.numel());
    });
}

} // namespace secateur
