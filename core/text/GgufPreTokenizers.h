// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

namespace secateur {

/// How llama.cpp calls the pre-tokenizers of byte-level BPE tokenizers (`tokenizer.ggml.pre`), and what tokenizer.json has for each.
struct PreTokenizerKind {
    std::string_view name;
    std::string_view json; ///< `pre_tokenizer`
    bool composes = false; ///< NFC before
    bool ignoresMerges = false;
};

/// Null when the name is not known. Older names of a kind are known as well.
const PreTokenizerKind *preTokenizerNamed(std::string_view name);
/// The kind of a tokenizer.json's `pre_tokenizer`; null when llama.cpp has no name for it.
const PreTokenizerKind *preTokenizerLike(const nlohmann::json &preTokenizer);

} // namespace secateur
