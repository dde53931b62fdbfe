// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/TokenizerFiles.h"

#include "checkpoint/Checkpoint.h"
#include "checkpoint/ModelFolder.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/PostProcessor.h"
#include "tokenizer/Tokenizer.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace secateur {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestConfig = 100'000'000;
constexpr const char *kTokenizer = "tokenizer.json";
constexpr const char *kFetch = "Fetch the file again.";
constexpr std::array kNamedTokens = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

/// A file that may be missing: an empty object.
json objectIn(const ModelFolder &folder, const std::string &name)
{
    return folder.holds(name) ? folder.readJson(name, kLargestConfig, kFetch) : json::object();
}

/// An entry of `added_tokens` with all its flags, as AddedToken makes it of what a file says.
json tokenOf(const json &said)
{
    const bool isSpecial = said.value("special", false);
    return {{"content", said.at("content")},
            {"single_word", said.value("single_word", false)},
            {"lstrip", said.value("lstrip", false)},
            {"rstrip", said.value("rstrip", false)},
            {"normalized", said.value("normalized", !isSpecial)},
            {"special", isSpecial}};
}

bool hasToken(const json &value)
{
    return (value.is_string() && !value.get_ref<const std::string &>().empty()) ||
           (value.is_object() && value.value("content", json()).is_string());
}

std::string contentOf(const json &value)
{
    return value.is_string() ? value.get<std::string>() : value.at("content").get<std::string>();
}

/// The tokens that the fields of a configuration name: beginning, end, padding and whatever else.
std::vector<json> namedTokens(const json &config)
{
    std::vector<json> tokens;
    const auto add = [&](const json &value) {
        if (!hasToken(value))
            return;
        json token = value.is_string() ? json{{"content", value}, {"special", true}} : value;
        const bool isNormalized = token.value("normalized", false);
        token["special"] = true;
        token["normalized"] = isNormalized;
        tokens.push_back(tokenOf(token));
    };
    for (const char *name : kNamedTokens)
        add(config.value(name, json()));
    for (const char *name : {"extra_special_tokens", "additional_special_tokens"}) {
        const json more = config.value(name, json::array());
        for (const json &value : more) // of an array, or the values of an object
            add(value);
    }
    return tokens;
}

/// Puts tokens into the `added_tokens` of a tokenizer.json. Ids are given as the `tokenizers` library does (see AddedTokens).
class Completion {
public:
    explicit Completion(json &tokenizer) : m_vocab(tokenizer.at("model").at("vocab")), m_added(tokenizer["added_tokens"])
    {
        if (m_added.is_null())
            m_added = json::array();
        m_free = std::int64_t(m_vocab.size());
        for (std::size_t i = 0; i < m_added.size(); ++i)
            take(m_added[i].at("content").get<std::string>(), i);
    }

    bool contains(const std::string &content) const { return m_places.contains(content); }
    /// Of a token of the vocabulary or an added one; -1 when there is none.
    std::int64_t idOf(const std::string &content) const
    {
        const auto place = m_places.find(content);
        return place != m_places.end() ? place->second.id : idInVocabulary(content);
    }
    bool isChanged() const { return m_isChanged; }

    /// `saidId` is what `file` says of it, unless it is negative; an Error where the token has another.
    void put(const json &token, std::int64_t saidId, const std::string &file)
    {
        const auto content = token.at("content").get<std::string>();
        if (content.empty())
            return;
        const bool isNew = !contains(content);
        const Place place = isNew ? take(content, m_added.size()) : m_places.at(content);
        if (saidId >= 0 && saidId != place.id)
            throw Error(file + " gives the token " + inQuotes(content) + " the id " + std::to_string(saidId) +
                            ", but in or behind tokenizer.json it has the id " + std::to_string(place.id) + ".",
                        "The files do not belong together; fetch them again.");
        if (!isNew && tokenOf(m_added[place.index]) == token)
            return;
        json entry = token;
        entry["id"] = place.id;
        if (isNew)
            m_added.push_back(std::move(entry));
        else
            m_added[place.index] = std::move(entry);
        m_isChanged = true;
    }
    const json &tokenNamed(const std::string &content) const { return m_added[m_places.at(content).index]; }

private:
    struct Place {
        std::size_t index = 0; ///< in the list
        std::int64_t id = 0;
    };

    std::int64_t idInVocabulary(const std::string &content) const
    {
        const auto known = m_vocab.find(content);
        return known == m_vocab.end() ? -1 : integerOf(*known, "the id of the token " + inQuotes(content));
    }

    Place take(const std::string &content, std::size_t index)
    {
        const std::int64_t known = idInVocabulary(content);
        const Place place{.index = index, .id = known >= 0 ? known : m_free};
        m_free = std::max(m_free, place.id + 1);
        m_places.insert_or_assign(content, place);
        return place;
    }

    const json &m_vocab;
    json &m_added;
    std::map<std::string, Place> m_places; ///< of the added tokens
    std::int64_t m_free = 0;               ///< the next id that is
    bool m_isChanged = false;
};

/// What `added_tokens_decoder` lists, in the order of the ids.
void addListed(Completion &completion, const json &decoder, const json &config)
{
    std::map<std::int64_t, json> tokens;
    for (const auto &[key, value] : decoder.items()) {
        std::size_t read = 0;
        std::int64_t id = -1;
        try {
            id = std::stoll(key, &read);
        } catch (const std::exception &) {
            read = 0;
        }
        if (read == 0 || read != key.size() || id < 0)
            throw Error("tokenizer_config.json has the token id " + inQuotes(key) + ", which is not a number.", kFetch);
        tokens.emplace(id, tokenOf(value));
    }
    const std::vector<json> named = namedTokens(config);
    for (auto &[id, token] : tokens) {
        if (std::any_of(named.begin(), named.end(), [&](const json &name) { return name["content"] == token["content"]; }))
            token["special"] = true;
        completion.put(token, id, "tokenizer_config.json");
    }
}

/// What the older added_tokens.json lists: {token: id}.
void addOlder(Completion &completion, const json &older, const json &config)
{
    const std::vector<json> named = namedTokens(config);
    std::map<std::int64_t, std::string> tokens;
    for (const auto &[content, id] : older.items())
        tokens.emplace(integerOf(id, "the id of the token " + inQuotes(content) + " in added_tokens.json"), content);
    for (const auto &[id, content] : tokens) {
        const bool isSpecial = std::any_of(named.begin(), named.end(), [&](const json &name) { return name["content"] == content; });
        const json token = completion.contains(content) ? tokenOf(completion.tokenNamed(content))
                                                        : tokenOf({{"content", content}, {"special", isSpecial}});
        completion.put(token, id, "added_tokens.json");
    }
}

/// The classes that make their own template of two flags.
bool heedsFlags(std::string name)
{
    if (name.ends_with("Fast"))
        name.resize(name.size() - 4);
    return name == "LlamaTokenizer" || name == "CodeLlamaTokenizer" || name == "GemmaTokenizer" || name == "CohereTokenizer";
}

/// The post-processor that `add_bos_token` and `add_eos_token` ask for; null when the file's own stays.
json templateByFlags(const json &config, const Completion &completion)
{
    const json bos = config.value("add_bos_token", json()), eos = config.value("add_eos_token", json());
    if ((!bos.is_boolean() && !eos.is_boolean()) || !heedsFlags(config.value("tokenizer_class", std::string())))
        return {};
    const auto listOf = [&](bool isWanted, const char *field) {
        const json value = config.value(field, json());
        if (!isWanted || !hasToken(value))
            return json::array();
        const std::int64_t id = completion.idOf(contentOf(value));
        return id < 0 ? json::array() : json::array({{contentOf(value), id}});
    };
    return templateAround(listOf(!bos.is_boolean() || bos.get<bool>(), "bos_token"),
                          listOf(eos.is_boolean() && eos.get<bool>(), "eos_token"));
}

/// Whether anything changed.
bool complete(json &tokenizer, const ModelFolder &folder)
{
    json config = objectIn(folder, "tokenizer_config.json");
    Completion completion(tokenizer);
    if (config.contains("added_tokens_decoder")) {
        addListed(completion, config["added_tokens_decoder"], config);
    } else {
        const json named = objectIn(folder, "special_tokens_map.json");
        for (const auto &[key, value] : named.items())
            if (!config.contains(key) || config[key].is_null() || config[key].empty() || config[key] == "")
                config[key] = value;
        addOlder(completion, objectIn(folder, "added_tokens.json"), config);
    }
    for (const json &token : namedTokens(config))
        if (!completion.contains(token["content"].get<std::string>()))
            completion.put(token, -1, {});
    json byFlags = templateByFlags(config, completion);
    if (!byFlags.is_null())
        tokenizer["post_processor"] = std::move(byFlags);
    return completion.isChanged(); // what is put around a prompt changes the ids of no text
}

} // namespace

TokenizerSource tokenizerOfFolder(const ModelFolder &folder)
{
    const std::filesystem::path file = folder.path() / kTokenizer;
    const std::string text = folder.read(kTokenizer, kLargestTokenizer, kFetch);
    TokenizerSource source{.json = parseJsonObject(text, inQuotes(file.string()), kFetch), .name = file.string(), .hash = {}, .note = {}};
    try {
        const bool isChanged = complete(source.json, folder);
        source.hash =
            Sha256::ofText(isChanged ? text + source.json["added_tokens"].dump(-1, ' ', false, json::error_handler_t::replace) : text);
    } catch (const json::exception &problem) {
        throw Error("The tokenizer " + inQuotes(file.string()) + " or a file beside it is not well-formed: " + problemOf(problem) + ".",
                    kFetch);
    }
    return source;
}

OpenedTokenizer openTokenizer(const Checkpoint &checkpoint)
{
    const json *gguf = checkpoint.ggufMetadata();
    const auto opened = [](TokenizerSource source) {
        Tokenizer tokenizer = Tokenizer::fromSource(source);
        return OpenedTokenizer{.source = std::move(source), .tokenizer = std::move(tokenizer)};
    };
    if (!gguf)
        return opened(tokenizerOfFolder(checkpoint.modelFolder()));
    const std::string name = checkpoint.configFile().string();
    try {
        GgufTokenizer own = ggufTokenizer(*gguf, name, GgufReading::AsTrained);
        const std::string text = own.json.dump(-1, ' ', false, json::error_handler_t::replace);
        return opened({.json = std::move(own.json), .name = name, .hash = Sha256::ofText(text), .note = std::move(own.note)});
    } catch (const Error &problem) {
        if (!checkpoint.modelFolder().holds(kTokenizer))
            throw;
        TokenizerSource beside = tokenizerOfFolder(checkpoint.modelFolder());
        beside.note = std::string(problem.what()) + " So the tokenizer.json beside it is used.";
        return opened(std::move(beside));
    }
}

bool hasTokenizer(const Checkpoint &checkpoint)
{
    if (checkpoint.modelFolder().holds(kTokenizer))
        return true;
    const json *gguf = checkpoint.ggufMetadata();
    const json kind = gguf ? gguf->value("tokenizer.ggml.model", json("none")) : json("none");
    return kind != "none" && kind != "no_vocab";
}

std::string chatTemplateOf(const Checkpoint &checkpoint)
{
    const auto textOf = [](const json &value) { return value.is_string() ? value.get<std::string>() : std::string(); };
    if (const json *gguf = checkpoint.ggufMetadata())
        return textOf(gguf->value("tokenizer.chat_template", json()));
    // A template goes out as it is: what is a link out of the model's folder is not the model's.
    constexpr const char *kOwn = "chat_template.jinja", *kConfig = "tokenizer_config.json";
    constexpr std::uint64_t kLargest = 16 << 20;
    const ModelFolder &folder = checkpoint.modelFolder();
    if (folder.holds(kOwn))
        if (const ModelFolder::OwnFile file = folder.readOwn(kOwn, kLargest); file.refusal.empty())
            return file.content;
    if (folder.leadsOut(kConfig))
        return {};
    const json found = objectIn(folder, kConfig).value("chat_template", json());
    if (!found.is_array())
        return textOf(found);
    for (const json &named : found)
        if (named.is_object() && named.value("name", json()) == "default")
            return textOf(named.value("template", json()));
    return {};
}

json namedTokensOf(const Checkpoint &checkpoint)
{
    json tokens = json::object();
    if (const json *gguf = checkpoint.ggufMetadata()) {
        const json all = gguf->value("tokenizer.ggml.tokens", json::array());
        for (const char *name : {"bos", "eos"})
            if (const json id = gguf->value("tokenizer.ggml." + std::string(name) + "_token_id", json());
                id.is_number_unsigned() && id.get<std::uint64_t>() < all.size() && all[id.get<std::size_t>()].is_string())
                tokens[std::string(name) + "_token"] = all[id.get<std::size_t>()];
        return tokens;
    }
    const json config = objectIn(checkpoint.modelFolder(), "tokenizer_config.json"),
               named = objectIn(checkpoint.modelFolder(), "special_tokens_map.json");
    for (const char *name : kNamedTokens)
        for (const json &from : {named, config}) // what the configuration says counts
            if (const json token = from.value(name, json()); hasToken(token))
                tokens[name] = contentOf(token);
    return tokens;
}

} // namespace secateur
