// SPDX-License-Identifier: GPL-3.0-or-later
// The tokenizer of a checkpoint as a GGUF file has it.
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "tokenizer/ByteAlphabet.h"
#include "tokenizer/GgufPreTokenizers.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/PostProcessor.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

namespace secateur {
namespace {

using nlohmann::json;

enum TokenType : std::int32_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

/// Tokens by their ids. Those behind the rows of the embedding are left out.
struct Tokens {
    std::vector<std::string> texts;
    std::vector<std::int32_t> types;

    Tokens(const json &tokenizer, std::int64_t size) : texts(std::size_t(size)), types(std::size_t(size), Unused)
    {
        const auto put = [&](const std::string &text, std::int64_t id, TokenType type) {
            if (id < 0 || id >= size)
                return;
            texts[std::size_t(id)] = text;
            types[std::size_t(id)] = type;
        };
        const json &vocab = tokenizer.at("model").at("vocab");
        for (const auto &[text, id] : vocab.items())
            put(text, integerOf(id, "the id of " + inQuotes(text)), byteOfToken(text) ? Byte : Normal);
        std::int64_t next = std::int64_t(vocab.size()); // as AddedTokens gives ids
        for (const json &token : tokenizer.value("added_tokens", json::array())) {
            const auto text = token.at("content").get<std::string>();
            if (text.empty())
                continue;
            const auto known = vocab.find(text);
            const std::int64_t id = known != vocab.end() ? integerOf(*known, "the id of " + inQuotes(text)) : next;
            next = std::max(next, id + 1);
            put(text, id, token.value("special", false) ? Control : UserDefined);
        }
        for (std::size_t id = 0; id < texts.size(); ++id)
            if (texts[id].empty())
                texts[id] = "[PAD" + std::to_string(id) + "]";
    }
};

std::string mergeText(const json &merge)
{
    return merge.is_array() ? merge.at(0).get<std::string>() + " " + merge.at(1).get<std::string>() : merge.get<std::string>();
}

/// Whether white space goes behind the same tokens as in Phi-3, which is what llama.cpp can do.
bool stripsRightLikePhi3(const json &tokenizer)
{
    const json tokens = tokenizer.value("added_tokens", json::array());
    return !tokens.empty() && tokenizer.at("model").at("vocab").contains("</s>") &&
           std::all_of(tokens.begin(), tokens.end(), [](const json &token) {
               return token.value("rstrip", false) != keepsSpaceBehind(token.value("content", std::string()));
           });
}

bool isOfBytes(const json &tokenizer)
{
    return tokenizer.value("pre_tokenizer", json()).dump().find("\"ByteLevel\"") != std::string::npos;
}

void appendByteLevel(GgufMetadata &metadata, const json &tokenizer)
{
    const PreTokenizerKind *kind =
        preTokenizerLike(tokenizer.value("pre_tokenizer", json()), tokenizer.at("model").value("ignore_merges", json()) == true);
    metadata.emplace_back("tokenizer.ggml.model", std::string("gpt2"));
    metadata.emplace_back("tokenizer.ggml.pre", std::string(kind->name()));
    std::vector<std::string> merges;
    for (const json &merge : tokenizer.at("model").at("merges"))
        merges.push_back(mergeText(merge));
    metadata.emplace_back("tokenizer.ggml.merges", std::move(merges));
}

/// Scores that merge in the order of the merges: llama.cpp merges the pair that makes the piece of the best score.
std::vector<float> scoresOf(const json &tokenizer, const Tokens &tokens)
{
    std::vector<float> scores(tokens.texts.size(), -1e6F);
    const json &vocab = tokenizer.at("model").at("vocab");
    const json &merges = tokenizer.at("model").at("merges");
    for (std::size_t rank = merges.size(); rank-- > 0;) { // the first that makes a piece counts
        std::string piece = mergeText(merges[rank]);
        piece.erase(piece.find(' '), 1);
        const auto id = vocab.find(piece);
        if (id != vocab.end() && id->get<std::size_t>() < scores.size())
            scores[id->get<std::size_t>()] = -float(rank);
    }
    return scores;
}

/// The steps of a normalizer or pre-tokenizer, one after another.
std::vector<json> stepsOf(const json &step, const char *parts)
{
    std::vector<json> steps;
    if (step.is_object() && step.value("type", json()) == "Sequence") {
        for (const json &part : step.at(parts))
            for (json &inner : stepsOf(part, parts))
                steps.push_back(std::move(inner));
    } else if (!step.is_null()) {
        steps.push_back(step);
    }
    return steps;
}

constexpr const char *kMark = "\u2581"; // SentencePiece's space

bool isPrepend(const json &step)
{
    return step.value("type", json()) == "Prepend" && step.value("prepend", json()) == kMark;
}

bool isMarking(const json &step)
{
    return step.value("type", json()) == "Replace" && step.value("pattern", json()) == json{{"String", " "}} &&
           step.value("content", json()) == kMark;
}

std::string schemeOf(const json &metaspace)
{
    return metaspace.value("prepend_scheme", std::string(metaspace.value("add_prefix_space", true) ? "always" : "never"));
}

/// Whether a text gets a space in front.
bool isPrefixed(const json &tokenizer)
{
    const auto normalizers = stepsOf(tokenizer.value("normalizer", json()), "normalizers");
    const auto cuts = stepsOf(tokenizer.value("pre_tokenizer", json()), "pretokenizers");
    return std::any_of(normalizers.begin(), normalizers.end(), isPrepend) || std::any_of(cuts.begin(), cuts.end(), [](const json &step) {
               return step.value("type", json()) == "Metaspace" && schemeOf(step) != "never";
           });
}

void appendSentencePiece(GgufMetadata &metadata, const json &tokenizer, Tokens &tokens)
{
    metadata.emplace_back("tokenizer.ggml.model", std::string("llama"));
    metadata.emplace_back("tokenizer.ggml.pre", std::string("default"));
    metadata.emplace_back("tokenizer.ggml.scores", scoresOf(tokenizer, tokens));
    metadata.emplace_back("tokenizer.ggml.add_space_prefix", isPrefixed(tokenizer));
    const auto unknown = tokenizer.at("model").value("unk_token", json());
    for (std::size_t id = 0; unknown.is_string() && id < tokens.texts.size(); ++id)
        if (tokens.texts[id] == unknown.get<std::string>()) {
            tokens.types[id] = Unknown;
            metadata.emplace_back("tokenizer.ggml.unknown_token_id", std::uint32_t(id));
        }
}

/// Ids of special tokens, and whether a prompt begins and ends with them: the post-processor says it, the configuration what they are.
void appendIds(GgufMetadata &metadata, const json &config, const json &tokenizer, std::int64_t vocabularySize)
{
    const auto configured = [&](const char *field) -> std::int64_t {
        const json value = config.value(field, json());
        const json &id = value.is_array() && !value.empty() ? value.front() : value;
        return id.is_number_integer() && id.get<std::int64_t>() < vocabularySize ? id.get<std::int64_t>() : -1;
    };
    const PostProcessor around = PostProcessor::fromJson(tokenizer.value("post_processor", json()));
    const auto append = [&](const std::string &name, std::int64_t id) {
        if (id >= 0)
            metadata.emplace_back("tokenizer.ggml." + name + "_token_id", std::uint32_t(id));
    };
    append("bos", around.before().empty() ? configured("bos_token_id") : around.before().front());
    append("eos", around.behind().empty() ? configured("eos_token_id") : around.behind().front());
    append("padding", configured("pad_token_id"));
    metadata.emplace_back("tokenizer.ggml.add_bos_token", !around.before().empty());
    metadata.emplace_back("tokenizer.ggml.add_eos_token", !around.behind().empty());
}

/// What is against the normalizers of a tokenizer of bytes.
std::string beyondBytes(const json &tokenizer)
{
    for (const json &step : stepsOf(tokenizer.value("normalizer", json()), "normalizers"))
        if (step.value("type", json()) != "NFC") // which llama.cpp leaves out as well, and that is told
            return "has the normalizer " + inQuotes(step.value("type", std::string())) + ", which such a file cannot hold";
    if (!preTokenizerLike(tokenizer.value("pre_tokenizer", json()), false))
        return "cuts texts into words in a way that llama.cpp has no name for";
    return {};
}

/// What is against the steps of a tokenizer of characters: llama.cpp turns spaces into marks, puts one in front or not, and that is all.
std::string beyondCharacters(const json &tokenizer)
{
    bool isMarked = false;
    for (const json &step : stepsOf(tokenizer.value("normalizer", json()), "normalizers")) {
        if (!isMarking(step) && !(isPrepend(step) && !isMarked))
            return "has the normalizer " + inQuotes(step.value("type", std::string())) + " in a form that such a file cannot hold";
        isMarked = isMarked || isMarking(step);
    }
    for (const json &step : stepsOf(tokenizer.value("pre_tokenizer", json()), "pretokenizers")) {
        const bool isMetaspace = step.value("type", json()) == "Metaspace" && step.value("replacement", std::string(kMark)) == kMark;
        const bool isIdle = isMarked && step.value("type", json()) == "Split" && step.value("pattern", json()) == json{{"String", " "}};
        if (!isMetaspace && !isIdle)
            return "has the pre-tokenizer " + inQuotes(step.value("type", std::string())) + " in a form that such a file cannot hold";
        isMarked = isMarked || isMetaspace;
    }
    if (!isMarked)
        return "does not turn spaces into marks, which llama.cpp does";
    if (tokenizer.at("model").value("byte_fallback", json()) != true)
        return "has no bytes for unknown characters (byte_fallback), which llama.cpp needs";
    return {};
}

/// Flags of added tokens that have no place in the file.
std::string beyondFlags(const json &tokenizer)
{
    const bool stripsRight = stripsRightLikePhi3(tokenizer);
    for (const json &token : tokenizer.value("added_tokens", json::array()))
        for (const char *flag : {"single_word", "lstrip", "rstrip"})
            if (token.value(flag, false) && !(stripsRight && flag == std::string_view("rstrip")))
                return "has the token " + inQuotes(token.value("content", std::string())) + " with the flag " + inQuotes(flag) +
                       ", which such a file cannot hold";
    return {};
}

} // namespace

std::string beyondGgufTokenizer(const json &tokenizer)
{
    std::string beyond = isOfBytes(tokenizer) ? beyondBytes(tokenizer) : beyondCharacters(tokenizer);
    if (beyond.empty())
        beyond = beyondFlags(tokenizer);
    const PostProcessor around = PostProcessor::fromJson(tokenizer.value("post_processor", json()));
    if (beyond.empty() && (!around.problem().empty() || around.before().size() > 1 || around.behind().size() > 1))
        beyond = "puts more around a prompt (post_processor) than one token on either side, which such a file cannot hold";
    return beyond;
}

void appendGgufTokenizer(GgufMetadata &metadata, const json &tokenizer, const json &config, const std::string &file,
                         std::int64_t vocabularySize)
{
    try {
        if (const std::string beyond = beyondGgufTokenizer(tokenizer); !beyond.empty())
            throw Error("The tokenizer of the model " + beyond + ".",
                        "The tokenizer is " + inQuotes(file) + ". Export to one of the targets hf-*.");
        for (auto &[key, value] : metadata)
            if (auto *name = std::get_if<std::string>(&value);
                key == "general.name" && name && stripsRightLikePhi3(tokenizer) && !stripsBehindTokens(*name))
                *name += " (Phi-3)"; // by which llama.cpp knows
        Tokens tokens(tokenizer, vocabularySize);
        if (isOfBytes(tokenizer))
            appendByteLevel(metadata, tokenizer);
        else
            appendSentencePiece(metadata, tokenizer, tokens);
        metadata.emplace_back("tokenizer.ggml.tokens", std::move(tokens.texts));
        metadata.emplace_back("tokenizer.ggml.token_type", std::move(tokens.types));
        appendIds(metadata, config, tokenizer, vocabularySize);
    } catch (const json::exception &problem) {
        throw Error(inQuotes(file) + " is not a well-formed tokenizer.json: " + problemOf(problem) + ".", "Fetch the file again.");
    }
}

GgufDeviations ggufDeviations(const json &tokenizer)
{
    GgufDeviations deviations;
    const json added = tokenizer.value("added_tokens", json::array());
    for (const auto &[token, id] : tokenizer.at("model").at("vocab").items())
        if (looksLikeEnd(token) &&
            std::none_of(added.begin(), added.end(), [&text = token](const json &entry) { return entry.at("content") == text; }))
            deviations.ends.push_back(token);
    if (isOfBytes(tokenizer)) {
        deviations.leavesNfcOut = !stepsOf(tokenizer.value("normalizer", json()), "normalizers").empty();
        const PreTokenizerKind *kind =
            preTokenizerLike(tokenizer.value("pre_tokenizer", json()), tokenizer.at("model").value("ignore_merges", json()) == true);
        deviations.hasCoarseLetters = kind && !kind->original.empty();
    } else {
        const auto cuts = stepsOf(tokenizer.value("pre_tokenizer", json()), "pretokenizers");
        deviations.prefixesAgain = std::any_of(cuts.begin(), cuts.end(), [](const json &step) {
            return step.value("type", json()) == "Metaspace" && schemeOf(step) == "first";
        });
        deviations.findsTokensRaw = std::any_of(
            added.begin(), added.end(), [](const json &token) { return token.value("normalized", !token.value("special", false)); });
    }
    return deviations;
}

json jsonOf(const GgufMetadata &metadata)
{
    json result = json::object();
    for (const auto &[key, value] : metadata)
        std::visit(
            [&, &name = key](const auto &held) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(held)>, GgufValue>)
                    result[name] = held;
            },
            value);
    return result;
}

} // namespace secateur
