// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/OpenModel.h"

#include "checkpoint/FolderProblems.h"
#include "checkpoint/ModelFolder.h"
#include "decoder/Tensors.h"
#include "engine/ComputeType.h"
#include "engine/Device.h"
#include "engine/ProcessMemory.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "model/CheckpointSpec.h"
#include "pruning/EvolutionSamples.h"
#include "tokenizer/ChatTemplate.h"
#include "tokenizer/TokenizerFiles.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace secateur {
namespace {

constexpr std::int64_t kCheckTokens = 128;

/// What every export is checked on: prose, numbers, code and other scripts, so that many rows of the embedding are touched.
constexpr const char *kCheckText =
    "Once upon a time there was a gardener who pruned an old pear tree every winter. In 1887 he cut 37.5 % of its branches, and the "
    "neighbours laughed; but in spring it bore more fruit than ever. \"Prune the wood that bears nothing,\" he said, \"and keep what feeds "
    "the "
    "rest.\"\n\nfor (int i = 0; i < 10; ++i) sum += weights[i] * x[i];\n\nL'automne \u00e9tait doux. \u0421\u0430\u0434 "
    "\u0437\u0438\u043c\u043e\u0439. \u5eab\u3092\u526a\u5b9a\u3059\u308b. E = mc^2, and the quick brown fox jumps over the lazy dog, "
    "again "
    "and again, until the whole page is full of words.";

/// A tokenizer may have a few ids for which the embedding has no rows (Gemma 3's has one); with many it is another model's.
constexpr std::int64_t kFewIds = 256;

std::string idsWithoutRows(std::int64_t ids, std::int64_t rows)
{
    const std::string numbers = "The tokenizer has " + counted(ids, "id") + ", the embedding " + counted(rows, "row");
    return ids - rows <= kFewIds ? numbers + ": a text with one of the last ids is refused." : numbers + ": it belongs to another model.";
}

/// Throws when a token has no row in the embedding.
void checkRows(const std::vector<TokenId> &ids, const Tokenizer &tokenizer, std::int64_t rows)
{
    const char *const hint = tokenizer.size() - rows <= kFewIds
                                 ? "Remove it from the text."
                                 : "The tokenizer belongs to another model: put the model's own tokenizer.json in its place.";
    const auto found = std::find_if(ids.begin(), ids.end(), [rows](TokenId id) { return id >= rows; });
    if (found != ids.end())
        throw Error("The text holds the token " + inQuotes(tokenizer.tokenOf(*found)) + " (id " + std::to_string(*found) +
                        "), but the embedding of the model has " + counted(rows, "row") + ": the vocabulary ends before it.",
                    hint);
}

} // namespace

OpenModel::OpenModel(const std::filesystem::path &folder, c10::Device device, std::string dtype)
    : m_device(device),
      m_dtype(std::move(dtype)),
      m_checkpoint(Checkpoint::open(folder))
{
    auto summary = std::make_shared<ModelSummary>();
    summary->folder = folder;
    summary->spec = specOf(m_checkpoint);
    summary->config = settledConfig(m_checkpoint.config(), summary->spec);
    summary->notes = m_checkpoint.notes();
    summary->storedDtype = m_checkpoint.dtype();
    m_dtype = computeType(m_dtype, m_device, summary->storedDtype, summary->spec);
    if (m_checkpoint.storage() != configName(summary->storedDtype))
        summary->quantisedAs = m_checkpoint.storage();
    summary->tensorBytes = m_checkpoint.tensorBytes();
    summary->files = std::int64_t(m_checkpoint.files().size());
    summary->origin = originOf(m_checkpoint);
    try {
        if (!m_checkpoint.ggufMetadata())
            checkTokenizer(m_checkpoint.modelFolder());
        OpenedTokenizer opened = openTokenizer(m_checkpoint);
        summary->tokenizerSize = opened.tokenizer.size();
        if (opened.tokenizer.size() > summary->spec.vocabularySize)
            summary->notes.push_back(idsWithoutRows(opened.tokenizer.size(), summary->spec.vocabularySize));
        if (!opened.source.note.empty())
            summary->notes.push_back(std::move(opened.source.note));
        m_tokenizer = std::move(opened.tokenizer);
        summary->hasChatTemplate = !chatTemplateOf(m_checkpoint).empty();
    } catch (const Unreadable &) { // it has one, and what is made without it would be wrong
        throw;
    } catch (const Error &problem) { // inspection and logits do without one
        summary->tokenizerProblem = problem.what();
        summary->tokenizerHint = problem.hint().empty() ? "Put its tokenizer.json into the folder." : problem.hint();
    }
    m_summary = std::move(summary);
}

const Tokenizer &OpenModel::tokenizer() const
{
    if (!m_tokenizer)
        throw Error("The model " + inQuotes(m_summary->folder.string()) + " has no usable tokenizer: " + m_summary->tokenizerProblem,
                    m_summary->tokenizerHint);
    return *m_tokenizer;
}

OpenModel::~OpenModel()
{
    m_hashingStop.request_stop(); // the future, which goes first, waits for its thread
}

void OpenModel::beginHash()
{
    if (m_hash.empty() && !m_hashing.valid())
        m_hashing =
            std::async(std::launch::async, [this, stop = m_hashingStop.get_token()] { return m_checkpoint.hash(JobContext(stop)); });
}

const std::string &OpenModel::hash(JobContext &context)
{
    using namespace std::chrono_literals;
    if (m_hash.empty()) {
        beginHash();
        while (m_hashing.wait_for(50ms) != std::future_status::ready)
            context.check();
        m_hash = m_hashing.get();
    }
    return m_hash;
}

c10::ScalarType OpenModel::dtype() const
{
    return scalarType(dtypeFromConfigName(m_dtype));
}

void OpenModel::setStreamed(bool isStreamed)
{
    if (std::exchange(m_isStreamed, isStreamed) == isStreamed)
        return;
    m_dense.reset();
    m_narrow.reset();
}

ForecastBasis OpenModel::forecastBasis(const MemoryLimits &limits) const
{
    return {.isGpu = !m_device.is_cpu(),
            .elementBytes = std::int64_t(c10::elementSize(dtype())),
            .storedElementBytes = std::int64_t(bytesPerElement(m_checkpoint.dtype())),
            .residentNow = residentBytes(),
            .freeHost = availableMemoryBytes(),
            .freeDevice = m_device.is_cpu() ? 0 : freeMemory(m_device),
            .limits = limits,
            .flopPerSecond = 0};
}

Decoder OpenModel::denseDecoder(std::int64_t positions, JobContext &context)
{
    if (!m_dense)
        m_dense = (m_isStreamed ? streamWeights : loadWeights)(m_checkpoint, spec(), m_device, dtype(), context);
    if (!m_isStreamed)
        m_dense = settled(*m_dense);
    return Decoder(spec(), *m_dense, positions);
}

Decoder OpenModel::firstPassDecoder(std::int64_t positions, JobContext &context)
{
    if (m_dense || m_isStreamed)
        return denseDecoder(positions, context);
    m_dense = loadMeanwhile(m_checkpoint, spec(), m_device, dtype(), context);
    return Decoder(spec(), *m_dense, positions);
}

void OpenModel::forgetPlan()
{
    m_narrow.reset();
    m_narrowKept.clear();
}

Decoder OpenModel::narrowDecoder(const PruningPlan &plan, std::int64_t positions, JobContext &context)
{
    checkPlan(plan, spec(), hash(context));
    if (!m_narrow || m_narrowKept != plan.keptNeurons) {
        m_narrow = pruned(denseDecoder(positions, context), plan.surgery().ofFfns()).weights();
        m_narrowKept = plan.keptNeurons;
    }
    return Decoder(prunedSpec(spec(), plan.widths(), {}), *m_narrow, positions);
}

Decoder OpenModel::decoder(const PruningPlan *plan, std::int64_t positions, JobContext &context)
{
    if (!plan)
        return denseDecoder(positions, context);
    const Decoder narrow = narrowDecoder(*plan, positions, context); // which checks the plan
    checkValues(plan->edits); // a session may have found them again in a file that was changed meanwhile
    return pruned(narrow, plan->surgery());
}

Decoder OpenModel::maskedDecoder(const PruningPlan &plan, std::int64_t positions, JobContext &context)
{
    checkPlan(plan, spec(), hash(context));
    checkValues(plan.edits);
    return masked(denseDecoder(positions, context), plan.surgery());
}

std::vector<TokenId> OpenModel::prompt(const std::string &text) const
{
    std::vector<TokenId> ids = tokenizer().encodePrompt(text);
    checkRows(ids, tokenizer(), spec().vocabularySize);
    return ids;
}

std::string OpenModel::promptText(const GenerationSettings &settings) const
{
    if (!settings.isChat)
        return settings.prompt;
    const std::string text = chatTemplateOf(m_checkpoint), name = m_summary->folder.string();
    if (text.empty())
        throw Error("The model " + inQuotes(name) +
                        " has no chat template: it was not taught to read conversations in a form that it tells.",
                    "Continue a plain prompt instead (without --chat).");
    std::vector<ChatMessage> messages = settings.conversation;
    messages.push_back({.role = "user", .content = settings.prompt});
    return ChatTemplate(text, namedTokensOf(m_checkpoint), name).render(messages);
}

std::vector<TokenId> OpenModel::promptIds(const GenerationSettings &settings) const
{
    if (!settings.isChat)
        return prompt(settings.prompt);
    std::vector<TokenId> ids = tokenizer().encode(promptText(settings)); // tokens that the template names are tokens of the text
    checkRows(ids, tokenizer(), spec().vocabularySize);
    return ids;
}

std::vector<TokenId> OpenModel::stopTokens() const
{
    std::vector<TokenId> ids;
    const auto add = [&](const nlohmann::json &end) { // a number or a list
        for (const nlohmann::json &id : end.is_array() ? end : nlohmann::json::array({end}))
            if (id.is_number_integer() && id >= 0 && id <= std::numeric_limits<TokenId>::max())
                ids.push_back(id.get<TokenId>());
    };
    add(m_checkpoint.config().value("eos_token_id", nlohmann::json()));
    constexpr const char *kGeneration = "generation_config.json"; // of chat models it names the end of a turn, too
    constexpr std::uint64_t kLargest = 1 << 20;
    if (const nlohmann::json *gguf = m_checkpoint.ggufMetadata())
        add(gguf->value("tokenizer.ggml.eot_token_id", nlohmann::json()));
    else if (m_checkpoint.modelFolder().holds(kGeneration))
        add(m_checkpoint.modelFolder().readJson(kGeneration, kLargest, "Fetch the file again.").value("eos_token_id", nlohmann::json()));
    return ids;
}

std::vector<TokenRequest> OpenModel::requests(const TaskItem &item, BosUse bos, std::int64_t longest) const
{
    std::vector<TokenRequest> requests = tokenRequests(tokenizer(), item, bos, longest);
    for (const TokenRequest &request : requests)
        checkRows(request.input, tokenizer(), spec().vocabularySize);
    return requests;
}

void OpenModel::checkLength(std::int64_t tokens) const
{
    const std::string context = std::to_string(spec().contextLength);
    if (tokens > spec().contextLength)
        throw Error("Windows of " + std::to_string(tokens) + " tokens are longer than the model's context of " + context + ".",
                    "Give a length of at most " + context + " (--length).");
}

TokenWindows OpenModel::windows(const TextSettings &text, const MemoryLimits &limits, const JobContext &context) const
{
    checkLength(text.length);
    TokenWindows windows = readWindows(tokenizer(), text, {.bytes = textMemory(forecastBasis(limits))}, context);
    checkRows(windows.tokens, tokenizer(), spec().vocabularySize);
    return windows;
}

TokenWindows OpenModel::samples(const TextSettings &text, const MemoryLimits &limits, const JobContext &context) const
{
    checkLength(text.length);
    TokenWindows samples = readEvolutionSamples(tokenizer(), text, text.length, *text.windows * text.length,
                                                {.bytes = textMemory(forecastBasis(limits))}, context);
    checkRows(samples.tokens, tokenizer(), spec().vocabularySize);
    return samples;
}

Provenance OpenModel::provenance(const TextSettings &text, const TokenWindows &windows, JobContext &context)
{
    Provenance provenance{.modelHash = hash(context),
                          .tokenizerHash = tokenizer().hash(),
                          .textFiles = {},
                          .windows = windows.count(),
                          .length = windows.length,
                          .seed = text.seed,
                          .column = text.column,
                          .tokenHash = windows.hash,
                          .computed = conditionsOf(m_device, m_dtype),
                          .documents = text.documents};
    for (const std::filesystem::path &file : text.files)
        provenance.textFiles.push_back(file.string());
    return provenance;
}

std::vector<std::int32_t> OpenModel::checkTokens() const
{
    const std::int64_t count = std::min(kCheckTokens, spec().contextLength);
    std::vector<std::int32_t> ids;
    if (m_tokenizer)
        ids = m_tokenizer->encode(kCheckText);
    std::erase_if(ids, [&](TokenId id) { return id >= spec().vocabularySize; });
    for (auto i = std::int64_t(ids.size()); i < count; ++i) // no tokenizer: ids spread over the vocabulary
        ids.push_back(std::int32_t(i * 7919 % spec().vocabularySize));
    ids.resize(std::size_t(count));
    return ids;
}

} // namespace secateur
