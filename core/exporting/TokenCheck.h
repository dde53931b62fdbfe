// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/Checkpoint.h"
#include "exporting/Export.h"
#include "tokenizer/TokenizerFiles.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace secateur {

/// Throws Error when a GGUF file cannot hold the tokenizer of a checkpoint so that llama.cpp gives the same ids: the reason where one is
/// known, else the text on which they differ. Makes the file's tokenizer in memory and compares. A model without a tokenizer is fine.
void checkGgufTokenizer(const Checkpoint &source, std::int64_t vocabularySize);

/// The tokenizer that the written one is compared with, read before the export begins: the model's folder may change meanwhile. Empty when
/// there is none that this program can use: then it is carried over as it is. Throws Unreadable when it cannot be told.
std::optional<OpenedTokenizer> tokenizerToCompare(const Checkpoint &source);

/// Reads the tokenizer of what was written back, a GGUF file as llama.cpp does, and compares ids of a hard text with the source's. Fills the
/// part of the result that is about ids; what is known of llama.cpp and told in the note is no failure, other differences are.
void verifyTokenIds(Verification &result, const std::optional<OpenedTokenizer> &source, const std::filesystem::path &written,
                    std::int64_t vocabularySize);

/// What a GGUF file calls a model.
std::string ggufName(const Checkpoint &source);

} // namespace secateur
