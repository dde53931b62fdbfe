// SPDX-License-Identifier: GPL-3.0-or-later
// The tokenizer of a checkpoint as a GGUF file has it.
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "text/ByteAlphabet.h"
#include "text/GgufPreTokenizers.h"
#include "text/GgufTokenizer.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

using nlohmann::json;

enum TokenType : std::int32_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

/// Tokens by their ids.
struct Tokens {
    std::vector<std::string> texts;
    std::vector<std::int32_t> types;

    Tokens(const json &tokenizer, std::int64_t size, const std::string &file) : texts(std::size_t(size)), types(std::size_t(size), Unused)
    {
        const auto put = [&](const std::string &text, std::int64_t id, TokenType type) {
            if (id < 0 || id >= size)
                throw Error(inQuotes(file) + " has the token " + inQuotes(text) + " of id " + std::to_string(id) +
                                ", but the model's vocabulary ends at " + std::to_string(size - 1) + ".",
                            "Check that the tokenizer belongs to the model.");
            texts[std::size_t(id)] = text;
            types[std::size_t(id)] = type;
        };
        for (const auto &[text, id] : tokenizer.at("model").at("vocab").items())
            put(text, integerOf(id, "the id of " + inQuotes(text)), byteOfToken(text) ? Byte : Normal);
        for (const json &token : tokenizer.value("added_tokens", json::array()))
            put(token.at("content").get<std::string>(), token.at("id").get<std::int64_t>(),
                token.value("special", false) ? Control : UserDefined);
        for (std::size_t id = 0; id < texts.size(); ++id)
            if (texts[id].empty())
                texts[id] = "[PAD" + std::to_string(id) + "]";
    }
};

std::string mergeText(const json &merge)
{
    return merge.is_array() ? merge.at(0).get<std::string>() + " " + merge.at(1).get<std::string>() : merge.get<std::string>();
}

void appendByteLevel(GgufMetadata &metadata, const json &tokenizer, const std::string &file)
{
    const PreTokenizerKind *kind = preTokenizerLike(tokenizer.value("pre_tokenizer", json()));
    if (!kind)
        throw Error(inQuotes(file) + " cuts texts in a way that llama.cpp has no name for that this program knows.",
                    "Export to one of the targets hf-*.");
    metadata.emplace_back("tokenizer.ggml.model", std::string("gpt2"));
    metadata.emplace_back("tokenizer.ggml.pre", std::string(kind->name));
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
        if (const auto id = vocab.find(piece); id != vocab.end())
            scores[id->get<std::size_t>()] = -float(rank);
    }
    return scores;
}

void appendSentencePiece(GgufMetadata &metadata, const json &tokenizer, Tokens &tokens)
{
    metadata.emplace_back("tokenizer.ggml.model", std::string("llama"));
    metadata.emplace_back("tokenizer.ggml.pre", std::string("default"));
    metadata.emplace_back("tokenizer.ggml.scores", scoresOf(tokenizer, tokens));
    const std::string steps = tokenizer.value("normalizer", json()).dump() + tokenizer.value("pre_tokenizer", json()).dump();
    const bool isPrepended = steps.find("Prepend") != std::string::npos ||
                             (steps.find("Metaspace") != std::string::npos && steps.find("never") == std::string::npos);
    metadata.emplace_back("tokenizer.ggml.add_space_prefix", isPrepended);
    const auto unknown = tokenizer.at("model").value("unk_token", json());
    for (std::size_t id = 0; unknown.is_string() && id < tokens.texts.size(); ++id)
        if (tokens.texts[id] == unknown.get<std::string>()) {
            tokens.types[id] = Unknown;
            metadata.emplace_back("tokenizer.ggml.unknown_token_id", std::uint32_t(id));
        }
}

void appendIds(GgufMetadata &metadata, const json &config, const json &tokenizer)
{
    const auto idOf = [&](const char *field) -> std::int64_t {
        const json value = config.value(field, json());
        const json &id = value.is_array() && !value.empty() ? value.front() : value;
        return id.is_number_integer() ? id.get<std::int64_t>() : -1;
    };
    for (const char *name : {"bos", "eos", "pad"})
        if (const std::int64_t id = idOf((std::string(name) + "_token_id").c_str()); id >= 0)
            metadata.emplace_back("tokenizer.ggml." + std::string(name == std::string("pad") ? "padding" : name) + "_token_id",
                                  std::uint32_t(id));
    const json post = tokenizer.value("post_processor", json());
    const std::string steps = post.dump();
    metadata.emplace_back("tokenizer.ggml.add_bos_token", idOf("bos_token_id") >= 0 &&
                                                              steps.find("TemplateProcessing") != std::string::npos &&
                                                              steps.find("SpecialToken") != std::string::npos);
}

/// The chat template, which stands in a file of its own or in tokenizer_config.json; empty when there is none.
std::string chatTemplate(const ModelFolder &folder)
{
    // A template goes out as it is: what is a link out of the model's folder is not the model's.
    constexpr std::uint64_t kLargest = 16 << 20;
    if (folder.holds("chat_template.jinja"))
        if (const ModelFolder::OwnFile file = folder.readOwn("chat_template.jinja", kLargest); file.refusal.empty())
            return file.content;
    if (!folder.holds("tokenizer_config.json") || folder.leadsOut("tokenizer_config.json"))
        return {};
    const json config = folder.readJson("tokenizer_config.json", 100'000'000, "Correct the file, or remove it.");
    const json value = config.is_object() ? config.value("chat_template", json()) : json();
    return value.is_string() ? value.get<std::string>() : std::string();
}

} // namespace

void appendGgufTokenizer(GgufMetadata &metadata, const Checkpoint &checkpoint, std::int64_t vocabularySize)
{
    const json *gguf = checkpoint.ggufMetadata();
    const std::filesystem::path file = gguf ? checkpoint.configFile() : checkpoint.modelFolder().path() / "tokenizer.json";
    if (!gguf && !checkpoint.modelFolder().holds("tokenizer.json")) {
        metadata.emplace_back("tokenizer.ggml.model", std::string("none"));
        return;
    }
    const json tokenizer =
        gguf ? json::parse(ggufTokenizerJson(*gguf, file.string())) : checkpoint.modelFolder().readJson("tokenizer.json", 1'000'000'000, "Fetch the file again.");
    try {
        Tokens tokens(tokenizer, vocabularySize, file.string());
        if (tokenizer.value("pre_tokenizer", json()).dump().find("ByteLevel") != std::string::npos)
            appendByteLevel(metadata, tokenizer, file.string());
        else
            appendSentencePiece(metadata, tokenizer, tokens);
        metadata.emplace_back("tokenizer.ggml.tokens", std::move(tokens.texts));
        metadata.emplace_back("tokenizer.ggml.token_type", std::move(tokens.types));
        appendIds(metadata, checkpoint.config(), tokenizer);
        const std::string chat = gguf ? gguf->value("tokenizer.chat_template", std::string()) : chatTemplate(checkpoint.modelFolder());
        if (!chat.empty())
            metadata.emplace_back("tokenizer.chat_template", chat);
    } catch (const json::exception &problem) {
        throw Error(inQuotes(file.string()) + " is not a well-formed tokenizer.json (" + problem.what() + ").", "Fetch the file again.");
    }
}

} // namespace secateur
