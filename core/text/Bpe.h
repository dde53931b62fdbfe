// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/PairTable.h"
#include "text/Vocabulary.h"

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace secateur {

/// The model `BPE` over bytes: a word begins as one token a byte, and the pair with the lowest rank (the leftmost of equals) is merged
/// until no pair of neighbours has a rank (Sennrich et al. 2016; the merging order of the `tokenizers` library). Immutable.
class Bpe {
public:
    /// Memory that one thread lends to `encode`, so that words need no allocation.
    struct Workspace {
        std::vector<TokenId> ids;
        std::vector<std::uint32_t> ranks;    ///< of the pair that begins at a position; kNoRank when it has none
        std::vector<std::uint32_t> previous; ///< long words: a list of the positions that are left
        std::vector<std::uint32_t> next;
        std::vector<std::uint64_t> heap; ///< long words: rank << 32 | position
        std::uint64_t steps = 0;         ///< pairs looked at so far: a measure of the work done
    };

    /// From the `model` of a tokenizer.json. Throws Error when it uses what is not supported.
    static Bpe fromJson(const nlohmann::json &model, const Vocabulary &vocabulary);

    /// Appends the ids of `word` (bytes, not letters of the byte alphabet). Takes O(n log n) for n bytes.
    void encode(std::string_view word, std::vector<TokenId> &ids, Workspace &workspace) const;

private:
    void readMerges(const nlohmann::json &merges, const Vocabulary &vocabulary);
    void begin(std::string_view word, std::vector<TokenId> &ids) const;
    void mergeShort(Workspace &workspace) const;
    void mergeLong(Workspace &workspace) const;

    std::array<TokenId, 256> m_byteIds{}; ///< -1 = the vocabulary lacks the byte
    std::optional<TokenId> m_unknown;     ///< stands for bytes that the vocabulary lacks; without it they are left out
    bool m_fusesUnknown = false;          ///< neighbouring unknown bytes are one token
    PairTable m_merges;
    TokenMap m_wholeWords; ///< `ignore_merges`: bytes of a word -> its id; empty otherwise
};

} // namespace secateur
