// SPDX-License-Identifier: GPL-3.0-or-later
// Texts that people try a model on: by one, or by several from one set of weights.
#include "engine/EngineState.h"

#include "decoder/GenerationBeside.h"
#include "decoder/LayerStream.h"
#include "evaluation/TokenScores.h"
#include "foundation/Wording.h"
#include "tokenizer/TokenPieces.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

namespace secateur {
namespace {

constexpr std::int64_t kLikeliest = 5;

SamplingSettings samplingOf(const GenerationSettings &settings)
{
    return {.temperature = settings.temperature, .topK = settings.topK, .topP = settings.topP, .seed = settings.seed};
}

void checkCount(const GenerationSettings &settings)
{
    if (settings.tokens < 1)
        throw Error("The number of tokens is out of range.", "Give 1 or more.");
}

/// Of a prompt and what is to follow it, as far as the context goes. The generator refuses a prompt that is too long.
std::int64_t positionsOf(std::int64_t prompt, const GenerationSettings &settings, const ModelSpec &spec)
{
    return prompt + std::min(settings.tokens, spec.contextLength - prompt);
}

/// What a token adds behind another one.
std::string textBehind(TokenId before, TokenId id, const Tokenizer &tokenizer)
{
    const std::string both = tokenizer.decode(std::array{before, id}), first = tokenizer.decode(std::array{before});
    return both.starts_with(first) ? both.substr(first.size()) : tokenizer.decode(std::array{id});
}

double rate(std::size_t tokens, double seconds)
{
    return seconds > 0 ? double(tokens) / seconds : 0;
}

/// Ids as the tokenizer gives them for a text, with what it puts around: where the text's own begin.
std::size_t beginningOf(const std::vector<TokenId> &own, const std::vector<TokenId> &around)
{
    std::size_t first = 0;
    while (first + own.size() < around.size() && !std::equal(own.begin(), own.end(), around.begin() + std::ptrdiff_t(first)))
        ++first;
    return first;
}

/// Decoders of several plans, null for the dense model, beside each other. Streams the layers where `states` of a window and layer do not fit beside them.
template <class State>
std::vector<Decoder> besideEachOther(const State &state, const std::vector<const PruningPlan *> &plans, std::int64_t positions,
                                     std::int64_t states, JobContext &context)
{
    OpenModel &model = state.open();
    std::int64_t changed = 0;
    for (const PruningPlan *plan : plans)
        changed += plan ? plan->edits.elements() : 0;
    state.fit({.windows = states,
               .length = positions,
               .changedElements = changed,
               .keptBytes = changed * std::int64_t(c10::elementSize(model.dtype()))});
    std::vector<Decoder> decoders;
    for (const PruningPlan *plan : plans)
        decoders.push_back(plan ? model.maskedDecoder(*plan, positions, context) : model.decoder(nullptr, positions, context));
    return decoders;
}

} // namespace

std::int64_t Engine::roomBehind(const std::string &prompt) const
{
    GenerationSettings settings;
    settings.prompt = prompt;
    return roomBehind(settings);
}

std::int64_t Engine::roomBehind(const GenerationSettings &settings) const
{
    const OpenModel &model = m_state->open();
    return std::max<std::int64_t>(0, model.spec().contextLength - std::int64_t(model.promptIds(settings).size()));
}

std::string Engine::promptOf(const GenerationSettings &settings) const
{
    return m_state->open().promptText(settings);
}

Generation Engine::generate(const PruningPlan *plan, const GenerationSettings &settings, JobContext &context,
                            const std::function<void(const WrittenToken &)> &heard)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const Tokenizer &tokenizer = model.tokenizer();
        checkCount(settings);
        Generation result;
        result.promptIds = model.promptIds(settings);
        const std::int64_t positions = positionsOf(std::int64_t(result.promptIds.size()), settings, model.spec());
        m_state->fitOnePass(plan, positions);
        const Decoder decoder = model.decoder(plan, positions, context);
        Generator generator(decoder, samplingOf(settings));
        TokenPieces pieces(tokenizer, true);
        const auto start = std::chrono::steady_clock::now();
        generator.generate(result.promptIds, settings.tokens, model.stopTokens(), context, [&](std::int32_t id) {
            result.ids.push_back(id);
            const WrittenToken token{.model = 0, .id = id, .piece = pieces.add(id)};
            if (heard)
                heard(token);
        });
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result.text = tokenizer.decode(result.ids, true);
        result.tokensPerSecond = rate(result.ids.size(), seconds);
        return result;
    });
}

std::vector<Generation> Engine::generateBeside(const std::vector<const PruningPlan *> &plans, const GenerationSettings &settings,
                                               JobContext &context, const std::function<void(const WrittenToken &)> &heard)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const Tokenizer &tokenizer = model.tokenizer();
        checkCount(settings);
        if (plans.empty())
            throw Error("No model is named that could write.", "Name the original or a plan.");
        const std::vector<TokenId> prompt = model.promptIds(settings);
        const std::int64_t positions = positionsOf(std::int64_t(prompt.size()), settings, model.spec());
        const auto count = std::int64_t(plans.size());
        const std::int64_t keysAndValues = 2 * model.spec().layerCount(); // as wide as states at most
        const std::vector<Decoder> decoders = besideEachOther(*m_state, plans, positions, count * (1 + keysAndValues), context);

        std::vector<TokenPieces> pieces(plans.size(), TokenPieces(tokenizer, true));
        const std::vector<WrittenBeside> written = secateur::generateBeside(
            decoders, samplingOf(settings), prompt, settings.tokens, model.stopTokens(), context, [&](std::size_t i, std::int32_t id) {
                WrittenToken token{.model = i, .id = id, .piece = pieces[i].add(id)};
                if (heard)
                    heard(token);
            });
        std::vector<Generation> texts;
        for (const WrittenBeside &one : written)
            texts.push_back({.promptIds = prompt,
                             .ids = one.ids,
                             .text = tokenizer.decode(one.ids, true),
                             .tokensPerSecond = rate(one.ids.size(), one.seconds)});
        return texts;
    });
}

ScoredText Engine::scoreText(const std::vector<const PruningPlan *> &plans, const std::string &text, JobContext &context)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const Tokenizer &tokenizer = model.tokenizer();
        if (plans.empty())
            throw Error("No model is named that could score the text.", "Name the original or a plan.");
        ScoredText scored;
        scored.ids = model.prompt(text);
        const auto length = std::int64_t(scored.ids.size());
        if (length < 2)
            throw Error("The text has " + counted(length, "token") + ", and a loss needs one that comes behind another.",
                        "Give a longer text.");
        if (length > model.spec().contextLength)
            throw Error("The text has " + counted(length, "token") + "; the model's context holds " +
                            std::to_string(model.spec().contextLength) + ".",
                        "Give a shorter text.");
        const std::vector<TokenId> own = tokenizer.encode(text);
        const std::vector<std::string> pieces = textPiecesOf(tokenizer, own);
        scored.pieces.resize(scored.ids.size());
        std::ranges::copy(pieces, scored.pieces.begin() + std::ptrdiff_t(beginningOf(own, scored.ids)));

        const auto count = std::int64_t(plans.size());
        const std::vector<Decoder> decoders = besideEachOther(*m_state, plans, length, count, context);
        context.begin("score", model.spec().layerCount() + 1, "layers");
        const at::Tensor tokens = tokenTensor(scored.ids, length, m_state->device);
        std::vector<at::Tensor> states;
        for (const Decoder &decoder : decoders)
            states.push_back(decoder.embed(tokens));
        for (std::int64_t l = 0; l < model.spec().layerCount(); ++l) { // all models of a layer: it may be streamed
            for (std::size_t i = 0; i < decoders.size(); ++i) {
                states[i] = decoders[i].layer(l, states[i]);
                context.check();
            }
            context.step();
        }
        for (std::size_t i = 0; i < decoders.size(); ++i) {
            const TokenScores scores = tokenScores(decoders[i], std::exchange(states[i], {}), tokens, kLikeliest, context);
            std::vector<ScoredToken> &of = scored.models.emplace_back();
            of.push_back({.loss = std::numeric_limits<double>::quiet_NaN(), .likeliest = {}});
            for (std::size_t t = 0; t < scores.losses.size(); ++t) {
                ScoredToken &token = of.emplace_back(ScoredToken{.loss = scores.losses[t], .likeliest = {}});
                for (const TokenScores::Likely &likely : scores.likeliest[t])
                    token.likeliest.push_back(
                        {.id = likely.id, .text = textBehind(scored.ids[t], likely.id, tokenizer), .probability = likely.probability});
            }
        }
        context.step();
        return scored;
    });
}

} // namespace secateur
