// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "decoder/Decoder.h"
#include "engine/Forecast.h"
#include "engine/Generation.h"
#include "engine/ModelSummary.h"
#include "foundation/JobContext.h"
#include "pruning/PruningPlan.h"
#include "tasks/TaskRequests.h"
#include "text/TokenWindows.h"
#include "tokenizer/Tokenizer.h"

#include <c10/core/Device.h>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace secateur {

/// The model that an engine has open: its mapped files, its tokenizer, and the weights that were loaded so far, on one device in one
/// type.
///
/// Makes decoders of the dense model and of plans. The dense weights and those of the last plan's width stay loaded, so that search,
/// evaluation and export of one plan narrow the FFNs once.
class OpenModel {
public:
    /// Opens and checks the folder (see Engine::open). `dtype` as in EngineSettings.
    OpenModel(const std::filesystem::path &folder, c10::Device device, std::string dtype);
    ~OpenModel();
    OpenModel(const OpenModel &) = delete;
    OpenModel &operator=(const OpenModel &) = delete;

    const std::shared_ptr<const ModelSummary> &summary() const { return m_summary; }
    const ModelSpec &spec() const { return m_summary->spec; }
    const Checkpoint &checkpoint() const { return m_checkpoint; }
    /// Throws Error when the model has no usable tokenizer.
    const Tokenizer &tokenizer() const;
    /// SHA-256 of configuration and weights, computed once.
    const std::string &hash(JobContext &context);
    /// Computes it in a thread meanwhile, unless it is known.
    void beginHash();
    const std::string &dtypeName() const { return m_dtype; }

    /// Whether layers come from the mapped files when they are needed, instead of staying loaded. Lets go of what is loaded otherwise.
    void setStreamed(bool isStreamed);
    bool isStreamed() const { return m_isStreamed; }
    /// What a forecast needs to know of this model, device and moment.
    ForecastBasis forecastBasis(const MemoryLimits &limits) const;
    /// In which the model is computed.
    c10::ScalarType dtype() const;

    /// The dense model, or a plan's. `positions`: the longest sequence that will be computed. Throws Error when the plan is of another
    /// model.
    Decoder decoder(const PruningPlan *plan, std::int64_t positions, JobContext &context);
    /// The dense model for one pass in the order of its layers, which begins before the last layer is read.
    Decoder firstPassDecoder(std::int64_t positions, JobContext &context);
    /// Lets go of the weights that were cut for the last plan. What needs them cuts them again.
    void forgetPlan();
    /// A plan's model beside the dense one, from its weights (see masked()). Throws as decoder().
    Decoder maskedDecoder(const PruningPlan &plan, std::int64_t positions, JobContext &context);
    /// A plan's model with its narrow FFNs and all its attentions: what the search starts from.
    Decoder narrowDecoder(const PruningPlan &plan, std::int64_t positions, JobContext &context);

    /// Reads a text in the memory that the limits leave now. Throws Error when the windows are longer than the model's context or hold a
    /// token that has no row in the embedding, and what readWindows throws.
    TokenWindows windows(const TextSettings &text, const MemoryLimits &limits, const JobContext &context) const;
    /// The same for the samples of an evolution, `text.windows` at most, which must be told.
    TokenWindows samples(const TextSettings &text, const MemoryLimits &limits, const JobContext &context) const;
    /// The ids of a prompt, with what the tokenizer puts around one. Throws Error for a token without a row.
    std::vector<TokenId> prompt(const std::string &text) const;
    /// What the model reads of settings: the prompt, or the chat as its template writes it. Throws Error when that cannot be.
    std::string promptText(const GenerationSettings &settings) const;
    /// The ids of that: a chat has its own beginning in its text.
    std::vector<TokenId> promptIds(const GenerationSettings &settings) const;
    /// Ids that end a text.
    std::vector<TokenId> stopTokens() const;
    /// The requests of an item (see tokenRequests). Throws Error for a token without a row.
    std::vector<TokenRequest> requests(const TaskItem &item, BosUse bos, std::int64_t longest) const;
    Provenance provenance(const TextSettings &text, const TokenWindows &windows, JobContext &context);
    /// The fixed tokens on which every export is verified.
    std::vector<std::int32_t> checkTokens() const;
    void checkLength(std::int64_t tokens) const;

private:
    Decoder denseDecoder(std::int64_t positions, JobContext &context);

    c10::Device m_device;
    std::string m_dtype; ///< the name of a type, once the model is open
    Checkpoint m_checkpoint;
    std::optional<Tokenizer> m_tokenizer;
    std::shared_ptr<const ModelSummary> m_summary;
    std::string m_hash;
    bool m_isStreamed = false;
    std::optional<Weights> m_dense;
    std::optional<Weights> m_narrow; ///< of the last plan used, with all attentions
    std::vector<std::vector<std::int64_t>> m_narrowKept;
    std::stop_source m_hashingStop;
    std::future<std::string> m_hashing; ///< valid while m_hash is being computed. Last: its thread uses what stands before
};

} // namespace secateur
