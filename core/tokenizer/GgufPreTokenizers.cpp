// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/GgufPreTokenizers.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {
namespace {

using nlohmann::json;
using Cuts = std::span<const std::string_view>;

// What many expressions have in common: English contractions; marks, line ends and other white space.
#define SECATEUR_CONTRACTIONS R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define SECATEUR_SPACES R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define SECATEUR_REST R"(| ?[^\s\p{L}\p{N}]+[\r\n]*)" SECATEUR_SPACES
#define SECATEUR_WORDS(DIGITS) SECATEUR_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|)" DIGITS SECATEUR_REST
// Words that begin with capitals, as letters of Unicode and as llama.cpp has them.
#define SECATEUR_CAPITALS(CONTRACTIONS, DIGITS)                                                                                            \
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)" CONTRACTIONS                                         \
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)" CONTRACTIONS "|" DIGITS                             \
    R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SECATEUR_SPACES
#define SECATEUR_COARSE_CAPITALS(LETTER, CONTRACTIONS, DIGITS)                                                                             \
    R"([^\r\n\p{L}\p{N}]?((?=[)" LETTER R"(])([^a-z]))*((?=[)" LETTER R"(])([^A-Z]))+)" CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?((?=[)" LETTER  \
    R"(])([^a-z]))+((?=[)" LETTER R"(])([^A-Z]))*)" CONTRACTIONS "|" DIGITS R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SECATEUR_SPACES

constexpr std::string_view kDigit = R"(\p{N})";
constexpr std::string_view kDigits = R"(\p{N}+)";
constexpr std::string_view kThreeDigits = R"(\p{N}{1,3})";
constexpr std::string_view kGpt2Words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLineEnd = R"([\r\n])";
constexpr std::string_view kIdeographs = R"([一-龥ࠀ-一가-퟿]+)";
constexpr std::string_view kCoarseIdeographs = R"((?:(?!\s)[一-龥ࠀ-一가-퟿])+)"; // llama.cpp keeps white space out
constexpr std::string_view kIdeographsAndKana = R"([一-龥぀-ゟ゠-ヿ]+)";
constexpr std::string_view kBloomWords = R"( ?[^(\s|.,!?…。，、।۔،)]+)";
constexpr std::string_view kLines = R"([^\n]+|[\n]+)";

constexpr std::array kDefault{std::string_view(R"([\p{P}\$\+<=>\^~\|]+)"), kGpt2Words, kDigits, std::string_view("[0-9][0-9][0-9]")};
constexpr std::array kGpt2{kGpt2Words};
constexpr std::array kSmolLm{kDigit, kGpt2Words};
constexpr std::array kFalcon{std::string_view(R"([\p{P}\$\+<=>\^~\|`]+)"), kGpt2Words, std::string_view("[0-9][0-9][0-9]")};
constexpr std::array kLlama3{std::string_view(SECATEUR_WORDS(R"(\p{N}{1,3})"))};
constexpr std::array kQwen2{std::string_view(SECATEUR_WORDS(R"(\p{N})"))};
constexpr std::array kQwen35{
    std::string_view(SECATEUR_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" SECATEUR_SPACES)};
constexpr std::array kMiniCpm5{kThreeDigits, std::string_view(SECATEUR_WORDS(R"(\p{N}+)"))};
constexpr std::array kLaguna{kLines, kQwen2.front()};
constexpr std::array kUfakzeka{std::string_view(R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N})" SECATEUR_REST)};
constexpr std::array kSeedCoder{
    std::string_view(SECATEUR_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+)" SECATEUR_SPACES)};
constexpr std::array kBailing{
    std::string_view(R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)")};
constexpr std::array kExaoneMoe{
    std::string_view(SECATEUR_CONTRACTIONS
                     R"(|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)")};
constexpr std::array kJais2{std::string_view(SECATEUR_CONTRACTIONS
                                             R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+)"
                                             R"(|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S))"
                                             R"(|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})")};
constexpr std::array kDeepSeek3{
    kThreeDigits, kIdeographsAndKana,
    std::string_view(
        R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)" SECATEUR_SPACES)};
constexpr std::array kSpark{
    kThreeDigits, kIdeographsAndKana,
    std::string_view(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+)"
                     R"(|[\r\n]|\s+(?!\S)|\s+)"),
    kDigit};
constexpr std::string_view kDeepSeekLetters =
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376"
    "\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556"
    "\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-"
    "\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc"
    "\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a"
    "-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183"
    "\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b"
    "-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943]+";
constexpr std::string_view kDeepSeekMarks = R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)";
constexpr std::string_view kCoarseDeepSeekMarks = R"(\s?(?:(?!\s)[!-/:-~！-／：-～‘-‟　-。])+)";
constexpr std::array kDeepSeekLlm{kLineEnd,          kDeepSeekLetters, kCoarseDeepSeekMarks, std::string_view(R"(\s+$)"),
                                  kCoarseIdeographs, kDigits};
constexpr std::array kDeepSeekLlmOriginal{kLineEnd, kDeepSeekLetters, kDeepSeekMarks, std::string_view(R"(\s+$)"), kIdeographs, kDigit};
constexpr std::string_view kWords = R"(\s?\p{L}+)", kMarks = R"(\s?\p{P}+)";
constexpr std::array kDeepSeekCoder{kLineEnd, kWords, kMarks, kCoarseIdeographs, kDigit};
constexpr std::array kDeepSeekCoderOriginal{kLineEnd, kWords, kMarks, kIdeographs, kDigit};
constexpr std::array kBloom{kBloomWords};
constexpr std::array kViking{kBloomWords, kDigit};
constexpr std::array kChameleon{std::string_view("<sentinel:[0-9]+>"),       std::string_view("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"),
                                std::string_view(R"(([\t\n]|    |  ))"),     kDigit,
                                std::string_view(R"([\p{P}!-/:-@\[-`{-~])"), kGpt2Words};
constexpr std::array kSuperBpe{kDigits, std::string_view(R"((?=(\d{3})+(?!\d)))")};
constexpr std::array kTekken{std::string_view(SECATEUR_COARSE_CAPITALS(R"(\p{L})", "", R"(\p{N})"))};
constexpr std::array kTekkenOriginal{std::string_view(SECATEUR_CAPITALS("", R"(\p{N})"))};
constexpr std::array kGpt4o{std::string_view(SECATEUR_COARSE_CAPITALS(R"(\p{L})", SECATEUR_CONTRACTIONS "?", R"(\p{N}{1,3})"))};
constexpr std::array kGpt4oOriginal{std::string_view(SECATEUR_CAPITALS(SECATEUR_CONTRACTIONS "?", R"(\p{N}{1,3})"))};
constexpr std::array kGranite{std::string_view(SECATEUR_COARSE_CAPITALS(R"(\p{L}\p{M})", SECATEUR_CONTRACTIONS "?", R"(\p{N}{1,3})"))};

constexpr std::array kKinds{
    PreTokenizerKind{.names = "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
                     .cuts = kLlama3,
                     .ignoresMerges = true,
                     .addsBos = true},
    PreTokenizerKind{.names = "glm4 glm5", .cuts = kLlama3, .ignoresMerges = true},
    PreTokenizerKind{.names = "smaug-bpe dbrx chatglm-bpe", .cuts = kLlama3},
    PreTokenizerKind{.names = "qwen2 deepseek-r1-qwen megrez", .cuts = kQwen2, .composes = true},
    PreTokenizerKind{.names = "stablelm2 hunyuan solar-open grok-2 kormo f2llmv2", .cuts = kQwen2},
    PreTokenizerKind{.names = "smollm starcoder refact command-r codeshell exaone minerva-7b mellum2", .cuts = kSmolLm},
    PreTokenizerKind{.names =
                         "gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert jina-v1-en jina-v2-code "
                         "roberta-bpe exaone4 mpt olmo jais trillion granite-docling",
                     .cuts = kGpt2},
    PreTokenizerKind{.names = "tekken", .cuts = kTekken, .original = kTekkenOriginal, .ignoresMerges = true, .addsBos = true},
    PreTokenizerKind{.names = "gpt-4o llama4 kanana2 talkie minimax-m2", .cuts = kGpt4o, .original = kGpt4oOriginal},
    PreTokenizerKind{.names = "granite-embed-multi-97m", .cuts = kGranite, .original = kGpt4oOriginal, .ignoresMerges = true},
    PreTokenizerKind{.names = "deepseek-v3 hunyuan-dense joyai-llm hy_v4", .cuts = kDeepSeek3},
    PreTokenizerKind{.names = "deepseek-llm", .cuts = kDeepSeekLlm, .original = kDeepSeekLlmOriginal},
    PreTokenizerKind{.names = "deepseek-coder", .cuts = kDeepSeekCoder, .original = kDeepSeekCoderOriginal},
    PreTokenizerKind{.names = "falcon", .cuts = kFalcon},
    PreTokenizerKind{.names = "bloom poro-chat gpt3-finnish", .cuts = kBloom},
    PreTokenizerKind{.names = "viking", .cuts = kViking},
    PreTokenizerKind{.names = "qwen35", .cuts = kQwen35},
    PreTokenizerKind{.names = "seed-coder", .cuts = kSeedCoder},
    PreTokenizerKind{.names = "bailingmoe bailingmoe2 llada-moe", .cuts = kBailing},
    PreTokenizerKind{.names = "exaone-moe", .cuts = kExaoneMoe},
    PreTokenizerKind{.names = "chameleon", .cuts = kChameleon, .addsBos = true},
    PreTokenizerKind{.names = "superbpe", .cuts = kSuperBpe},
    PreTokenizerKind{.names = "minicpm5", .cuts = kMiniCpm5, .ignoresMerges = true},
    PreTokenizerKind{.names = "spark2_5", .cuts = kSpark},
    PreTokenizerKind{.names = "laguna", .cuts = kLaguna},
    PreTokenizerKind{.names = "ufakzeka", .cuts = kUfakzeka},
    PreTokenizerKind{.names = "jais-2", .cuts = kJais2},
    PreTokenizerKind{.names = "default", .cuts = kDefault},
};

/// Adds the expressions by which a step cuts, matches and the rest alike; false when it cuts in another way.
bool addCuts(const json &step, std::vector<std::string> &cuts)
{
    const std::string type = step.value("type", std::string());
    if (type == "Sequence") {
        const json &steps = step.at("pretokenizers");
        return std::all_of(steps.begin(), steps.end(), [&](const json &part) { return addCuts(part, cuts); });
    }
    if (type == "Digits") {
        cuts.emplace_back(step.value("individual_digits", false) ? kDigit : kDigits);
        return true;
    }
    if (type == "ByteLevel") {
        if (step.value("use_regex", true))
            cuts.emplace_back(kGpt2Words);
        return !step.value("add_prefix_space", true);
    }
    const json pattern = step.value("pattern", json::object());
    if (type != "Split" || !pattern.contains("Regex"))
        return false;
    cuts.push_back(pattern.at("Regex").get<std::string>());
    // What is removed are the gaps, and the expressions here leave none.
    const std::string behavior = step.value("behavior", std::string());
    return step.value("invert", false) ? behavior == "Removed" : behavior == "Isolated";
}

bool isNamed(const PreTokenizerKind &kind, std::string_view name)
{
    return !name.empty() && name.find(' ') == std::string_view::npos &&
           (" " + std::string(kind.names) + " ").find(" " + std::string(name) + " ") != std::string::npos;
}

} // namespace

const PreTokenizerKind *preTokenizerNamed(std::string_view name)
{
    const auto *const found = std::ranges::find_if(kKinds, [&](const PreTokenizerKind &kind) { return isNamed(kind, name); });
    return found == kKinds.end() ? nullptr : found;
}

const PreTokenizerKind *preTokenizerLike(const json &preTokenizer, bool ignoresMerges)
{
    std::vector<std::string> cuts;
    if (!preTokenizer.is_object() || !addCuts(preTokenizer, cuts))
        return nullptr;
    const PreTokenizerKind *second = nullptr; // one that differs in its merges
    for (const PreTokenizerKind &kind : kKinds) {
        if (!std::ranges::equal(cuts, kind.cuts) && !std::ranges::equal(cuts, kind.original))
            continue;
        if (kind.ignoresMerges == ignoresMerges)
            return &kind;
        if (!second)
            second = &kind;
    }
    return second;
}

json preTokenizerOf(Cuts cuts)
{
    json byteLevel = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
    json steps = json::array();
    for (const std::string_view &cut : cuts) {
        if (cut == kGpt2Words && &cut == &cuts.back())
            byteLevel["use_regex"] = true;
        else if (cut == kDigit)
            steps.push_back({{"type", "Digits"}, {"individual_digits", true}});
        else
            steps.push_back({{"type", "Split"}, {"pattern", {{"Regex", std::string(cut)}}}, {"behavior", "Isolated"}, {"invert", false}});
    }
    steps.push_back(std::move(byteLevel));
    return steps.size() == 1 ? steps.front() : json{{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

} // namespace secateur
