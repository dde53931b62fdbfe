// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Tokenizer.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace secateur {

class Checkpoint;
class ModelFolder;

/// A tokenizer.json, from wherever it came.
struct TokenizerSource {
    nlohmann::json json;
    std::string name;   ///< what messages call it: the path of its file
    std::string hash{}; ///< SHA-256 of what it was made from
    std::string note{}; ///< what people should know, a sentence: that the tokenizer is not the one of the GGUF file, say; mostly empty
};

/// The tokenizer.json of a folder as transformers' AutoTokenizer completes it from the files beside it: tokens that only
/// tokenizer_config.json (`added_tokens_decoder`, `bos_token` ...), or where that has none, special_tokens_map.json and added_tokens.json
/// list are added with their flags; `add_bos_token` and `add_eos_token` make the post-processor for the classes that heed them. (4.47.1 and
/// 5.24.0 agree on the tokens. Where a class has no flags in the file, its template in tokenizer.json counts, as in 5.24.0.)
/// Throws Error for a file that cannot be read, and where they give one token two ids.
TokenizerSource tokenizerOfFolder(const ModelFolder &folder);

struct OpenedTokenizer {
    TokenizerSource source;
    Tokenizer tokenizer;
};

/// The tokenizer of a checkpoint: of its folder, or what a GGUF file has in its place; where that cannot be used, the tokenizer.json beside
/// it, which the note then says. Throws Error when there is none.
OpenedTokenizer openTokenizer(const Checkpoint &checkpoint);

/// Whether a checkpoint has a tokenizer at all, usable or not.
bool hasTokenizer(const Checkpoint &checkpoint);

/// The chat template of a checkpoint, which stands in a file of its own, in tokenizer_config.json or in the GGUF file; of several with names the one that is
/// called "default". Empty when there is none.
std::string chatTemplateOf(const Checkpoint &checkpoint);

/// The special tokens that a chat template may name: an object with "bos_token", "eos_token" and others where there are such tokens.
nlohmann::json namedTokensOf(const Checkpoint &checkpoint);

} // namespace secateur
