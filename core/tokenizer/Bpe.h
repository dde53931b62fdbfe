// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/PairTable.h"
#include "tokenizer/Split.h"
#include "tokenizer/Vocabulary.h"

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace secateur {

/// The model `BPE`: a word begins as one token a byte (behind the pre-tokenizer ByteLevel) or a character (as SentencePiece has it), and
/// the pair with the lowest rank (the leftmost of equals) is merged until no pair of neighbours has a rank (Sennrich et al. 2016; the
/// merging order of the `tokenizers` library). Immutable.
class Bpe {
public:
    enum class Units { Bytes, Characters };

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
    static Bpe fromJson(const nlohmann::json &model, const Vocabulary &vocabulary, Units units);

    /// Appends the ids of `word` (bytes, not letters of the byte alphabet; UTF-8 when the units are characters). Takes O(n log n) for n
    /// bytes.
    void encode(std::string_view word, std::vector<TokenId> &ids, Workspace &workspace) const;
    /// Gives the parts of a word that can be encoded one by one, with the same ids together: before every run of "\u2581" (SentencePiece's
    /// space) where no merge reaches across such a place. What a tokenizer without a pre-tokenizer calls a word is a whole text.
    void cut(std::string_view word, const PieceSink &sink) const;

private:
    void readMerges(const nlohmann::json &merges, const Vocabulary &vocabulary);
    void readCharacters(const nlohmann::json &model, const Vocabulary &vocabulary);
    void begin(std::string_view word, std::vector<TokenId> &ids) const;
    void beginCharacters(std::string_view word, std::vector<TokenId> &ids) const;
    void mergeShort(Workspace &workspace) const;
    void mergeLong(Workspace &workspace) const;

    Units m_units = Units::Bytes;
    std::array<TokenId, 256> m_byteIds{};   ///< of a byte, or of its stand-in "<0x41>" (`byte_fallback`); -1 = there is none
    std::vector<TokenId> m_characterIds;    ///< by code point, up to the largest that there is; -1 = the vocabulary lacks it
    bool m_fallsBackToBytes = false;        ///< characters that the vocabulary lacks are written as bytes
    std::optional<TokenId> m_unknown;       ///< stands for units that the vocabulary lacks; without it they are left out
    bool m_fusesUnknown = false;            ///< neighbouring unknown units are one token
    bool m_mergesStayBetweenSpaces = false; ///< no merge has "\u2581" behind another character
    PairTable m_merges;
    TokenMap m_wholeWords; ///< `ignore_merges`: bytes of a word -> its id; empty otherwise
};

} // namespace secateur
