// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

namespace secateur {

/// A way of llama.cpp's to cut texts into words before byte-level BPE (`tokenizer.ggml.pre`; facts from github.com/ggml-org/llama.cpp,
/// src/llama-vocab.cpp): expressions one after another, each of which cuts what the one before left, matches and what is between alike.
struct PreTokenizerKind {
    std::string_view names;                 ///< separated by blanks; the first is written
    std::span<const std::string_view> cuts; ///< llama.cpp's
    /// The model's own, where llama.cpp only comes near them (its classes of letters are coarser).
    std::span<const std::string_view> original = {};
    bool composes = false; ///< the model's own tokenizer normalises to NFC; llama.cpp does not
    bool ignoresMerges = false;
    bool addsBos = false; ///< unless the file says otherwise

    std::string_view name() const { return names.substr(0, names.find(' ')); }
};

/// Null when the name is not known. Without a name llama.cpp takes "default".
const PreTokenizerKind *preTokenizerNamed(std::string_view name);
/// The kind that cuts as a tokenizer.json's `pre_tokenizer` does; null when llama.cpp has no name for it. One whose merges are ignored as
/// in the file is preferred.
const PreTokenizerKind *preTokenizerLike(const nlohmann::json &preTokenizer, bool ignoresMerges);

/// A tokenizer.json's `pre_tokenizer` that cuts by these expressions and makes bytes.
nlohmann::json preTokenizerOf(std::span<const std::string_view> cuts);

} // namespace secateur
