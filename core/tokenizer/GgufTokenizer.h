// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/GgufWriter.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur {

/// Which tokenizer of a GGUF file: that of the model when it was trained, as far as the file tells it, or what llama.cpp makes of it (no
/// NFC, coarser classes of letters in some pre-tokenizers).
enum class GgufReading { AsTrained, AsLlamaCpp };

struct GgufTokenizer {
    nlohmann::json json; ///< a tokenizer.json
    std::string note;    ///< what people should know of it, a sentence; mostly empty
};

/// The tokenizer of a GGUF file (`tokenizer.ggml.*`) as a tokenizer.json: byte-level BPE (`gpt2`, with the pre-tokenizers that are known by
/// name) or SentencePiece's BPE (`llama`). Its post-processor puts around a prompt what llama.cpp does. Throws Error that names the kind
/// when it is another, or the option that is not supported.
GgufTokenizer ggufTokenizer(const nlohmann::json &metadata, const std::string &file, GgufReading reading);

/// A tokenizer_config.json for it: beginning and end, chat template.
std::string ggufTokenizerConfig(const nlohmann::json &metadata);

/// Why a GGUF file cannot hold a tokenizer so that llama.cpp gives its ids, in words that follow "its tokenizer ..."; empty when nothing is
/// known against it. Whether the ids are the same is seen by comparing them.
std::string beyondGgufTokenizer(const nlohmann::json &tokenizer);

/// Appends `tokenizer.*` for a tokenizer.json: tokens, one for each of the `vocabularySize` rows of the embedding (tokens behind them are
/// left out, as llama.cpp's converter does), with their kinds, merges or scores, ids of special tokens and what goes around a prompt. May
/// append to `general.name`, by which llama.cpp knows Phi-3's tokens. Throws Error when llama.cpp has no such tokenizer.
void appendGgufTokenizer(GgufMetadata &metadata, const nlohmann::json &tokenizer, const nlohmann::json &config, const std::string &file,
                         std::int64_t vocabularySize);

/// Where llama.cpp gives other ids than a tokenizer although the file holds all that it can: known to everybody who uses such files, so it
/// is told, not refused.
struct GgufDeviations {
    bool leavesNfcOut = false;     ///< in texts that are not in Unicode's form NFC
    bool prefixesAgain = false;    ///< a space in front behind every special token, not only where a text begins
    bool findsTokensRaw = false;   ///< special tokens wherever they are written, though they count in the normalised text only
    bool hasCoarseLetters = false; ///< in words with letters beyond ASCII
    std::vector<std::string> ends; ///< plain tokens that it takes for control tokens, as they look like ends of a text ("</s>")
};
GgufDeviations ggufDeviations(const nlohmann::json &tokenizer);

/// Whether llama.cpp takes a token for a control token whatever the file says of it.
bool looksLikeEnd(const std::string &token);

/// Metadata as a reader of the file has it.
nlohmann::json jsonOf(const GgufMetadata &metadata);

/// Whether llama.cpp takes white space behind the tokens of a model of this name (`general.name`): Phi-3's.
bool stripsBehindTokens(std::string name);
/// Behind which tokens of such a model: all but these.
bool keepsSpaceBehind(const std::string &token);

} // namespace secateur
