// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/GgufTokenizer.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "tokenizer/GgufPreTokenizers.h"
#include "tokenizer/PostProcessor.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace secateur {
namespace {

using nlohmann::json;

constexpr const char *kOther = "Open the checkpoint in Hugging Face form instead, or put its tokenizer.json beside the file.";

/// llama.cpp's kinds of tokens.
enum TokenType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct Parts {
    std::vector<std::string> tokens;
    std::vector<std::int64_t> types;
    bool stripsBehind = false;
};

const json &listOf(const json &metadata, const char *key, const std::string &file)
{
    const auto list = metadata.find(key);
    if (list == metadata.end() || !list->is_array())
        throw Error(inQuotes(file) + " has no " + inQuotes(key) + ".", kOther);
    return *list;
}

/// A text of the file, which need not be UTF-8.
std::string textOf(const json &value)
{
    const auto &text = value.get_ref<const std::string &>();
    return firstIllFormed(text) == text.size() ? text : replaceIllFormed(text);
}

} // namespace

bool looksLikeEnd(const std::string &token)
{
    static constexpr std::array kEnds = {"<|eot_id|>",
                                         "<|im_end|>",
                                         "<|end|>",
                                         "<|return|>",
                                         "<|call|>",
                                         "<|flush|>",
                                         "<|calls|>",
                                         "<end_of_turn>",
                                         "<|endoftext|>",
                                         "</s>",
                                         "<|eom_id|>",
                                         "<EOT>",
                                         "_<EOT>",
                                         "[EOT]",
                                         "[EOS]",
                                         "<|end_of_text|>",
                                         "<end_of_utterance>",
                                         "<eos>",
                                         "<turn|>",
                                         "<|tool_response>",
                                         "[e~["};
    return token == "<\uff5cend\u2581of\u2581sentence\uff5c>" || std::ranges::find(kEnds, std::string_view(token)) != kEnds.end();
}

namespace {

Parts partsOf(const json &metadata, const std::string &file, GgufReading reading)
{
    Parts parts;
    for (const json &token : listOf(metadata, "tokenizer.ggml.tokens", file))
        parts.tokens.push_back(textOf(token));
    if (const auto types = metadata.find("tokenizer.ggml.token_type"); types != metadata.end() && types->is_array())
        for (const json &type : *types)
            parts.types.push_back(integerOf(type, "A type of a token"));
    parts.types.resize(parts.tokens.size(), Normal);
    for (std::size_t id = 0; id < parts.tokens.size(); ++id)
        if (reading == GgufReading::AsLlamaCpp && looksLikeEnd(parts.tokens[id]))
            parts.types[id] = Control;
    parts.stripsBehind = stripsBehindTokens(metadata.value("general.name", std::string()));
    return parts;
}

json addedTokens(const Parts &parts)
{
    json added = json::array();
    for (std::size_t id = 0; id < parts.tokens.size(); ++id) {
        const std::int64_t type = parts.types[id];
        if (type != Control && type != UserDefined && type != Unknown)
            continue;
        added.push_back({{"id", id},
                         {"content", parts.tokens[id]},
                         {"single_word", false},
                         {"lstrip", false},
                         {"rstrip", parts.stripsBehind && !keepsSpaceBehind(parts.tokens[id])},
                         {"normalized", false},
                         {"special", type != UserDefined}});
    }
    return added;
}

json vocabulary(const Parts &parts)
{
    json vocab = json::object();
    for (std::size_t id = 0; id < parts.tokens.size(); ++id)
        vocab.emplace(parts.tokens[id], id); // the first of equals
    return vocab;
}

/// Throws when an option that llama.cpp does not heed, or that only other kinds have, is set.
void refuseOptions(const json &metadata, const std::string &file)
{
    const auto isSet = [](const json &value) {
        return value.is_array() || value.is_string() ? !value.empty() : value == true || (value.is_number() && value.get<double>() != 0);
    };
    for (const char *name : {"remove_extra_whitespaces", "precompiled_charsmap", "treat_whitespace_as_suffix", "normalizer.lowercase",
                             "normalizer.strip_accents"})
        if (isSet(metadata.value(std::string("tokenizer.ggml.") + name, json())))
            throw Error(inQuotes(file) + " has a tokenizer with the option " + inQuotes(std::string("tokenizer.ggml.") + name) +
                            ", which is not supported.",
                        kOther);
    if (metadata.value("tokenizer.ggml.escape_whitespaces", json()) == false)
        throw Error(inQuotes(file) + " has a tokenizer with the option 'tokenizer.ggml.escape_whitespaces' off, which is not supported.",
                    kOther);
}

/// What llama.cpp puts around a prompt: beginning and end of a text, when the file or the kind of tokenizer says so.
json promptTemplate(const json &metadata, const Parts &parts, bool addsBos, std::size_t usualBos, std::size_t usualEos)
{
    const auto tokens = [&](const char *flag, bool isUsual, const char *key, std::size_t usual) {
        const json said = metadata.value(std::string("tokenizer.ggml.") + flag, json(isUsual)), id = metadata.value(key, json(usual));
        const std::size_t token = id.is_number_unsigned() && id.get<std::size_t>() < parts.tokens.size() ? id.get<std::size_t>() : usual;
        return said == true && token < parts.tokens.size() ? json::array({{parts.tokens[token], token}}) : json::array();
    };
    const json before = tokens("add_bos_token", addsBos, "tokenizer.ggml.bos_token_id", usualBos),
               behind = tokens("add_eos_token", false, "tokenizer.ggml.eos_token_id", usualEos);
    return before.empty() && behind.empty() ? json() : templateAround(before, behind);
}

GgufTokenizer byteLevelTokenizer(const json &metadata, const Parts &parts, const std::string &file, GgufReading reading)
{
    GgufTokenizer result;
    std::string name = metadata.value("tokenizer.ggml.pre", std::string());
    if (name.empty()) {
        name = "default";
        result.note =
            inQuotes(file) +
            " does not say how texts are cut into words (tokenizer.ggml.pre), so llama.cpp's default is used; the model was perhaps "
            "trained with another.";
    }
    const PreTokenizerKind *kind = preTokenizerNamed(name);
    if (!kind)
        throw Error(inQuotes(file) + " cuts texts by the pre-tokenizer " + inQuotes(name) + ", which is not known.", kOther);
    json merges = json::array();
    for (const json &merge : listOf(metadata, "tokenizer.ggml.merges", file))
        merges.push_back(textOf(merge));
    const bool isTrained = reading == GgufReading::AsTrained;
    constexpr std::size_t kUsual = 11; // llama.cpp's, of beginning and end
    result.json = {{"version", "1.0"},
                   {"added_tokens", addedTokens(parts)},
                   {"normalizer", kind->composes && isTrained ? json{{"type", "NFC"}} : json()},
                   {"pre_tokenizer", preTokenizerOf(isTrained && !kind->original.empty() ? kind->original : kind->cuts)},
                   {"post_processor", promptTemplate(metadata, parts, kind->addsBos, kUsual, kUsual)},
                   {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}}},
                   {"model", {{"type", "BPE"}, {"ignore_merges", kind->ignoresMerges}, {"vocab", vocabulary(parts)}, {"merges", merges}}}};
    return result;
}

/// The merges of SentencePiece's BPE: every pair of pieces that makes a piece, the best score first (the order of transformers' converters).
json mergesByScore(const Parts &parts, const std::vector<double> &scores)
{
    struct Merge {
        double score;
        std::string_view left, right;
        std::size_t leftId, rightId;
    };
    std::unordered_map<std::string_view, std::size_t> ids;
    for (std::size_t id = 0; id < parts.tokens.size(); ++id)
        if (parts.types[id] == Normal || parts.types[id] == UserDefined)
            ids.emplace(parts.tokens[id], id);
    std::vector<Merge> merges;
    for (std::size_t id = 0; id < parts.tokens.size(); ++id) {
        if (parts.types[id] != Normal)
            continue;
        const std::string_view piece = parts.tokens[id];
        for (std::size_t cut = 1; cut < piece.size(); ++cut) {
            if ((static_cast<unsigned char>(piece[cut]) & 0xC0) == 0x80)
                continue; // inside a character
            const auto left = ids.find(piece.substr(0, cut)), right = ids.find(piece.substr(cut));
            if (left != ids.end() && right != ids.end())
                merges.push_back({scores[id], left->first, right->first, left->second, right->second});
        }
    }
    std::stable_sort(merges.begin(), merges.end(), [](const Merge &a, const Merge &b) {
        return a.score != b.score ? a.score > b.score : std::pair(a.leftId, a.rightId) < std::pair(b.leftId, b.rightId);
    });
    json list = json::array();
    for (const Merge &merge : merges)
        list.push_back({merge.left, merge.right});
    return list;
}

GgufTokenizer sentencePieceTokenizer(const json &metadata, const Parts &parts, const std::string &file)
{
    std::vector<double> scores;
    for (const json &score : listOf(metadata, "tokenizer.ggml.scores", file))
        if (scores.emplace_back(score.get<double>()); std::isnan(scores.back()))
            throw Error(inQuotes(file) + " has a token whose score is not a number.", "The file may be damaged; fetch it again.");
    scores.resize(parts.tokens.size());
    constexpr const char *kMark = "\u2581";
    const json toMarks = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kMark}};
    const bool isPrepended = metadata.value("tokenizer.ggml.add_space_prefix", true);
    json decoders = json::array(
        {{{"type", "Replace"}, {"pattern", {{"String", kMark}}}, {"content", " "}}, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
    json normalizers = json::array();
    if (isPrepended) {
        normalizers.push_back({{"type", "Prepend"}, {"prepend", kMark}});
        decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    }
    normalizers.push_back(toMarks);
    const json unknownId = metadata.value("tokenizer.ggml.unknown_token_id", json(0U));
    const std::size_t unknown = unknownId.is_number_unsigned() ? unknownId.get<std::size_t>() : parts.tokens.size();
    constexpr std::size_t kUsualBos = 1, kUsualEos = 2;
    return {.json = {{"version", "1.0"},
                     {"added_tokens", addedTokens(parts)},
                     {"normalizer", {{"type", "Sequence"}, {"normalizers", normalizers}}},
                     {"pre_tokenizer", json()},
                     {"post_processor", promptTemplate(metadata, parts, true, kUsualBos, kUsualEos)},
                     {"decoder", {{"type", "Sequence"}, {"decoders", decoders}}},
                     {"model",
                      {{"type", "BPE"},
                       {"unk_token", unknown < parts.tokens.size() ? json(parts.tokens[unknown]) : json()},
                       {"fuse_unk", true},
                       {"byte_fallback", true},
                       {"vocab", vocabulary(parts)},
                       {"merges", mergesByScore(parts, scores)}}}},
            .note = {}};
}

} // namespace

GgufTokenizer ggufTokenizer(const json &metadata, const std::string &file, GgufReading reading)
{
    const json named = metadata.value("tokenizer.ggml.model", json());
    const std::string model = named.is_string() ? named.get<std::string>() : std::string();
    if (model.empty() || model == "none" || model == "no_vocab")
        throw Error(inQuotes(file) + " has no tokenizer.", kOther);
    if (model != "gpt2" && model != "llama")
        throw Error(inQuotes(file) + " has a tokenizer of the kind " + inQuotes(model) + ", which is not supported.", kOther);
    try {
        refuseOptions(metadata, file);
        const Parts parts = partsOf(metadata, file, reading);
        return model == "gpt2" ? byteLevelTokenizer(metadata, parts, file, reading) : sentencePieceTokenizer(metadata, parts, file);
    } catch (const json::exception &problem) {
        throw Error(inQuotes(file) + " has a tokenizer that cannot be read: " + problemOf(problem) + ".", kOther);
    }
}

bool stripsBehindTokens(std::string name)
{
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
}

bool keepsSpaceBehind(const std::string &token)
{
    return token == "<unk>" || token == "<s>" || token == "<|endoftext|>";
}

std::string ggufTokenizerConfig(const nlohmann::json &metadata)
{
    json config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
    const auto tokens = metadata.find("tokenizer.ggml.tokens");
    for (const char *name : {"bos", "eos", "unknown", "padding"}) {
        const auto id = metadata.find(std::string("tokenizer.ggml.") + name + "_token_id");
        if (id == metadata.end() || tokens == metadata.end() || !id->is_number_unsigned() || id->get<std::size_t>() >= tokens->size())
            continue;
        const std::string field = name == std::string_view("unknown") ? "unk" : name == std::string_view("padding") ? "pad" : name;
        config[field + "_token"] = (*tokens)[id->get<std::size_t>()];
    }
    if (const auto chat = metadata.find("tokenizer.chat_template"); chat != metadata.end())
        config["chat_template"] = *chat;
    return config.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace secateur
