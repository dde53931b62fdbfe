// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/TokenCheck.h"

#include "checkpoint/ModelName.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/HardText.h"

#include <algorithm>

namespace secateur {
namespace {

/// A text on which two tokenizers differ in a way that nobody expects.
struct Surprise {
    std::string text;
};

/// Whether a known deviation of llama.cpp's accounts for other ids of the line.
bool isExpected(const HardLine &line, const GgufDeviations &deviations)
{
    const auto holds = [&](const std::string &end) { return line.text.find(end) != std::string::npos; };
    return std::any_of(deviations.ends.begin(), deviations.ends.end(), holds) || (deviations.leavesNfcOut && !line.isNormal) ||
           ((deviations.prefixesAgain || deviations.findsTokensRaw) && line.hasToken) || (deviations.hasCoarseLetters && !line.isAscii);
}

std::string noteOf(const GgufDeviations &deviations)
{
    std::vector<std::string> where;
    if (deviations.leavesNfcOut)
        where.emplace_back("texts that are not in Unicode's form NFC");
    if (deviations.prefixesAgain)
        where.emplace_back("text behind special tokens, where it puts a space");
    if (deviations.findsTokensRaw)
        where.emplace_back("texts in which special tokens are written out");
    if (deviations.hasCoarseLetters)
        where.emplace_back("words with letters beyond ASCII");
    if (!deviations.ends.empty())
        where.emplace_back(listed(deviations.ends, 5) + " in a text");
    return "llama.cpp itself gives other ids for " + listed(where, where.size(), "; for ");
}

/// Compares, and fills the part of the result that is about ids. Tokens without a row of the embedding are not among the texts.
std::optional<Surprise> compare(Verification &result, const OpenedTokenizer &source, const Tokenizer &written, std::int64_t rows,
                                const GgufDeviations &deviations)
{
    std::optional<Surprise> surprise;
    bool isDeviating = false;
    result.ids = result.idsDiffering = 0;
    for (const HardLine &line : hardText(source.source.json)) {
        const std::vector<TokenId> ids = source.tokenizer.encode(line.text);
        if (std::any_of(ids.begin(), ids.end(), [rows](TokenId id) { return id >= rows; }))
            continue;
        result.ids += std::int64_t(ids.size());
        if (ids == written.encode(line.text))
            continue;
        result.idsDiffering += std::int64_t(ids.size());
        if (isExpected(line, deviations))
            isDeviating = true;
        else if (!surprise)
            surprise = Surprise{line.text};
    }
    if (isDeviating)
        result.idsNote = noteOf(deviations);
    return surprise;
}

constexpr const char *kGgufName = "the GGUF file";

} // namespace

std::string ggufName(const Checkpoint &source)
{
    return modelName(source.path()).brief + ", pruned";
}

void checkGgufTokenizer(const Checkpoint &source, std::int64_t vocabularySize)
{
    if (!hasTokenizer(source))
        return;
    const OpenedTokenizer opened = openTokenizer(source);
    GgufMetadata metadata{{"general.name", ggufName(source)}};
    appendGgufTokenizer(metadata, opened.source.json, source.config(), opened.source.name, vocabularySize);
    const GgufTokenizer made = ggufTokenizer(jsonOf(metadata), kGgufName, GgufReading::AsLlamaCpp);
    const Tokenizer tokenizer = Tokenizer::fromSource({.json = made.json, .name = kGgufName, .hash = {}, .note = {}});
    Verification result;
    if (const auto surprise = compare(result, opened, tokenizer, vocabularySize, ggufDeviations(opened.source.json)))
        throw Error("The tokenizer of the model cannot be written as GGUF: llama.cpp would give other ids, for the text " +
                        inQuotes(surprise->text) + " for example.",
                    "The tokenizer is " + inQuotes(opened.source.name) + ". Export to one of the targets hf-*.");
}

std::optional<OpenedTokenizer> tokenizerToCompare(const Checkpoint &source)
{
    if (!hasTokenizer(source))
        return {};
    try {
        return openTokenizer(source);
    } catch (const Unreadable &) {
        throw;
    } catch (const Error &) {
        return {};
    }
}

void verifyTokenIds(Verification &result, const std::optional<OpenedTokenizer> &source, const std::filesystem::path &written,
                    std::int64_t vocabularySize)
{
    if (!source) {
        result.idsNote = "the tokenizer cannot be read by this program, so no ids were compared";
        return;
    }
    const Checkpoint checkpoint = Checkpoint::open(written);
    const nlohmann::json *gguf = checkpoint.ggufMetadata();
    std::optional<Tokenizer> tokenizer;
    if (gguf) {
        const std::string name = checkpoint.configFile().string();
        const GgufTokenizer made = ggufTokenizer(*gguf, name, GgufReading::AsLlamaCpp);
        tokenizer = Tokenizer::fromSource({.json = made.json, .name = name, .hash = {}, .note = {}});
    } else {
        tokenizer = openTokenizer(checkpoint).tokenizer;
    }
    const GgufDeviations deviations = gguf ? ggufDeviations(source->source.json) : GgufDeviations();
    if (const auto surprise = compare(result, *source, *tokenizer, vocabularySize, deviations)) {
        result.idsNote = "the written tokenizer gives other ids for the text " + inQuotes(surprise->text);
        result.isPassed = false;
    }
}

} // namespace secateur
