// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/GgufPreTokenizers.h"

#include <array>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

#define SECATEUR_SPLIT(DIGITS)                                                                                                                      \
    R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|)" DIGITS \
    R"(| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},)"                                    \
    R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]})"

constexpr std::string_view kLlama3 = SECATEUR_SPLIT(R"(\\p{N}{1,3})");
constexpr std::string_view kQwen2 = SECATEUR_SPLIT(R"(\\p{N})");
#undef SECATEUR_SPLIT
constexpr std::string_view kGpt2 = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})";
constexpr std::string_view kSmolLm = R"({"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},)"
                                     R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]})";

constexpr std::array kKinds{
    PreTokenizerKind{.name = "llama-bpe", .json = kLlama3, .composes = false, .ignoresMerges = true},
    PreTokenizerKind{.name = "qwen2", .json = kQwen2, .composes = true},
    PreTokenizerKind{.name = "smollm", .json = kSmolLm},
    PreTokenizerKind{.name = "gpt-2", .json = kGpt2},
    // older names
    PreTokenizerKind{.name = "llama3", .json = kLlama3, .composes = false, .ignoresMerges = true},
    PreTokenizerKind{.name = "llama-v3", .json = kLlama3, .composes = false, .ignoresMerges = true},
};

/// Without what changes no ids.
nlohmann::json plain(nlohmann::json preTokenizer)
{
    if (preTokenizer.is_object()) {
        preTokenizer.erase("trim_offsets");
        if (preTokenizer.value("invert", false) == false)
            preTokenizer.erase("invert");
        if (preTokenizer.contains("pretokenizers"))
            for (auto &part : preTokenizer["pretokenizers"])
                part = plain(part);
    }
    return preTokenizer;
}

} // namespace

const PreTokenizerKind *preTokenizerNamed(std::string_view name)
{
    for (const PreTokenizerKind &kind : kKinds)
        if (kind.name == name)
            return &kind;
    return nullptr;
}

const PreTokenizerKind *preTokenizerLike(const nlohmann::json &preTokenizer)
{
    for (const PreTokenizerKind &kind : kKinds)
        if (plain(nlohmann::json::parse(kind.json)) == plain(preTokenizer))
            return &kind;
    return nullptr;
}

} // namespace secateur
