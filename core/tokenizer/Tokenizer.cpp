// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Tokenizer.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "tokenizer/AddedTokens.h"
#include "tokenizer/Bpe.h"
#include "tokenizer/Normalizer.h"
#include "tokenizer/PostProcessor.h"
#include "tokenizer/PreTokenizer.h"
#include "tokenizer/TokenDecoder.h"
#include "tokenizer/TokenizerFiles.h"
#include "tokenizer/Vocabulary.h"
#include "tokenizer/WordCache.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kFetch = "The file may be damaged; fetch it again.";

/// A part of the file that may be missing.
nlohmann::json partOf(const nlohmann::json &file, const char *name)
{
    const auto found = file.find(name);
    return found == file.end() ? nlohmann::json() : *found;
}

/// The model of the file. Old files do not name its type; merges then tell that it is BPE.
const nlohmann::json &bpeModelOf(const nlohmann::json &file)
{
    const auto &model = file.at("model");
    const auto type =
        model.contains("type") ? model["type"].get<std::string>() : std::string(model.contains("merges") ? "BPE" : "without a type");
    if (type != "BPE")
        throw Error("the model " + inQuotes(type) + " is not supported", "Use a model with a BPE tokenizer.");
    return model;
}

/// Where words end, as numbers of ids before; not every one, so that a large text needs few.
class WordEnds {
public:
    void add(std::size_t ids)
    {
        if (ids >= m_next) {
            m_ends.push_back(ids);
            m_next = ids + kStep;
        }
    }
    /// The last one that has `distance` ids behind it, of `ids` in all; 0 when there is none.
    std::size_t lastBefore(std::size_t ids, std::size_t distance) const
    {
        const auto end = std::ranges::upper_bound(m_ends, ids < distance ? 0 : ids - distance);
        return end == m_ends.begin() ? 0 : *(end - 1);
    }

private:
    static constexpr std::size_t kStep = 256;
    std::vector<std::size_t> m_ends;
    std::size_t m_next = 1;
};

/// How far the cutting of a text into words may look ahead, at most to the end of a run of one kind of characters: these last bytes of a
/// text hold a line end and something else, which no such run does.
bool endsInDifferentKinds(std::string_view text)
{
    constexpr std::size_t kAhead = 4096;
    const std::string_view end = text.substr(text.size() - std::min(text.size(), kAhead));
    return end.find('\n') != std::string_view::npos && end.find_first_not_of(" \t\r\n\f\v") != std::string_view::npos;
}

} // namespace

struct Tokenizer::Implementation {
    Vocabulary vocabulary;
    Bpe model;
    Normalizer normalizer;
    AddedTokens addedTokens;
    PreTokenizer preTokenizer;
    TokenDecoder decoder;
    PostProcessor postProcessor;
    std::string hash;

    static std::unique_ptr<const Implementation> read(const nlohmann::json &file, std::string hash);
    void encodeValid(std::string_view text, std::vector<TokenId> &ids, const Watch &watch, WordEnds *ends) const;
    void encode(std::string_view text, std::vector<TokenId> &ids, const Watch &watch, WordEnds *ends = nullptr) const;
};

std::unique_ptr<const Tokenizer::Implementation> Tokenizer::Implementation::read(const nlohmann::json &file, std::string hash)
{
    const auto &model = bpeModelOf(file);
    auto normalizer = Normalizer::fromJson(partOf(file, "normalizer"));
    auto preTokenizer = PreTokenizer::fromJson(partOf(file, "pre_tokenizer"));
    auto vocabulary = Vocabulary::fromJson(model.at("vocab"));
    const bool isOfBytes = preTokenizer.endsWithBytes();
    auto bpe = Bpe::fromJson(model, vocabulary,
                             isOfBytes ? Bpe::Units::Bytes : Bpe::Units::Characters); // before the added tokens, which are not the model's
    auto addedTokens = AddedTokens::fromJson(partOf(file, "added_tokens"), normalizer, vocabulary);
    auto decoder = TokenDecoder::fromJson(partOf(file, "decoder"), vocabulary, isOfBytes);
    auto postProcessor = PostProcessor::fromJson(partOf(file, "post_processor"));
    return std::make_unique<const Implementation>(Implementation{std::move(vocabulary), std::move(bpe), std::move(normalizer),
                                                                 std::move(addedTokens), std::move(preTokenizer), std::move(decoder),
                                                                 std::move(postProcessor), std::move(hash)});
}

/// Added tokens as the text stands, normalisation, added tokens of the normalised text, words, model.
void Tokenizer::Implementation::encodeValid(std::string_view text, std::vector<TokenId> &ids, const Watch &watch, WordEnds *ends) const
{
    constexpr std::size_t kLongWord = std::size_t(1) << 16, kWordsBetween = std::size_t(1) << 14;
    TextArena arena;
    WordCache cache(text.size());
    Bpe::Workspace workspace;
    bool isAtStart = true; // nothing of the text was given yet
    std::size_t words = 0;
    const auto onToken = [&](TokenId id) {
        ids.push_back(id);
        isAtStart = false;
    };
    const auto onPart = [&](std::string_view part) {
        if ((++words % kWordsBetween == 0 || part.size() >= kLongWord) && watch)
            watch(ids.size(), part.size());
        cache.append(part, ids, [&] { model.encode(part, ids, workspace); });
        if (ends != nullptr)
            ends->add(ids.size());
    };
    const auto onWord = [&](std::string_view word) { model.cut(word, onPart); };
    const auto onPlain = [&](std::string_view part) { preTokenizer.run(part, std::exchange(isAtStart, false), arena, onWord); };
    const auto onRaw = [&](std::string_view part) { addedTokens.normalized().split(normalizer.run(part, arena), onPlain, onToken); };
    addedTokens.raw().split(text, onRaw, onToken);
}

void Tokenizer::Implementation::encode(std::string_view text, std::vector<TokenId> &ids, const Watch &watch, WordEnds *ends) const
{
    ids.reserve(text.size() / 4);
    if (firstIllFormed(text) == text.size())
        encodeValid(text, ids, watch, ends);
    else
        encodeValid(replaceIllFormed(text), ids, watch, ends);
}

Tokenizer Tokenizer::fromFile(const std::filesystem::path &file)
{
    constexpr std::uint64_t kLargest = 1'000'000'000;
    return fromJson(readWholeFile(file, kLargest, kFetch), file.string());
}

Tokenizer Tokenizer::fromJson(std::string_view json, const std::string &source)
{
    return fromSource({.json = parseJsonObject(json, "The tokenizer " + inQuotes(source), kFetch),
                       .name = source,
                       .hash = Sha256::ofText(json),
                       .note = {}});
}

Tokenizer Tokenizer::fromSource(const TokenizerSource &source)
{
    const std::string beginning = "The tokenizer " + inQuotes(source.name) + " cannot be used: ";
    try {
        return Tokenizer(Implementation::read(source.json, source.hash));
    } catch (const Error &error) {
        throw Error(beginning + error.what() + ".", error.hint());
    } catch (const nlohmann::json::exception &problem) {
        throw Error(beginning + "it is not a well-formed tokenizer.json (" + problemOf(problem) + ").", kFetch);
    }
}

Tokenizer::Tokenizer(std::unique_ptr<const Implementation> implementation) : m_implementation(std::move(implementation)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text, const Watch &watch) const
{
    std::vector<TokenId> ids;
    m_implementation->encode(text, ids, watch);
    return ids;
}

std::vector<TokenId> Tokenizer::encodePrompt(std::string_view text) const
{
    return m_implementation->postProcessor.around(encode(text));
}

Tokenizer::Beginning Tokenizer::encodeBeginning(std::string_view text, const Watch &watch) const
{
    // A word ends where it does because of what is in it and shortly behind it. An id stands for a byte or more, and normalisation makes at
    // most three bytes of one, so this many ids are behind more than endsInDifferentKinds() looks at.
    constexpr std::size_t kBehind = 16384;
    Beginning beginning;
    WordEnds ends;
    m_implementation->encode(text, beginning.ids, watch, &ends);
    if (endsInDifferentKinds(text))
        beginning.settled = ends.lastBefore(beginning.ids.size(), kBehind);
    return beginning;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skipSpecial) const
{
    if (!skipSpecial)
        return m_implementation->decoder.run(ids);
    std::vector<TokenId> kept;
    for (const TokenId id : ids) {
        if (!m_implementation->addedTokens.isSpecial(id))
            kept.push_back(id);
    }
    return m_implementation->decoder.run(kept);
}

std::int64_t Tokenizer::size() const
{
    return std::int64_t(m_implementation->vocabulary.size());
}

std::optional<TokenId> Tokenizer::idOf(std::string_view token) const
{
    return m_implementation->vocabulary.idOf(token);
}

const std::string &Tokenizer::tokenOf(TokenId id) const
{
    return m_implementation->vocabulary.tokenOf(id);
}

const std::string &Tokenizer::hash() const
{
    return m_implementation->hash;
}

} // namespace secateur
