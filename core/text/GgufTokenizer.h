// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/Checkpoint.h"
#include "checkpoint/GgufWriter.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace secateur {

/// The tokenizer of a GGUF file (`tokenizer.ggml.*`) as a tokenizer.json: byte-level BPE (`gpt2`, with the pre-tokenizers that are known by
/// name) or SentencePiece's BPE (`llama`). Throws Error that names the kind when it is another.
std::string ggufTokenizerJson(const nlohmann::json &metadata, const std::string &file);

/// A tokenizer_config.json for it: beginning and end, chat template.
std::string ggufTokenizerConfig(const nlohmann::json &metadata);

/// Appends `tokenizer.*` for the model of a checkpoint: tokens, one for each of the `vocabularySize` rows of the embedding, with their kinds,
/// merges or scores, ids of special tokens and the chat template. Throws Error when llama.cpp has no such tokenizer; a checkpoint without
/// a tokenizer gets one of the kind "none".
void appendGgufTokenizer(GgufMetadata &metadata, const Checkpoint &checkpoint, std::int64_t vocabularySize);

} // namespace secateur
