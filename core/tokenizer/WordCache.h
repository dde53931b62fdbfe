// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Tokenizer.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

namespace secateur {

/// Remembers where in the ids written so far those of a word stand, so that a word that comes again is copied instead of merged again.
///
/// A table of fixed size in which a word replaces the one that has its place. Serves one call of `encode`: the words and the ids are
/// borrowed, so both must outlive it.
class WordCache {
public:
    /// For a text of `bytes`: a short text gets a small table.
    explicit WordCache(std::size_t bytes)
        : m_slots(std::bit_ceil(std::clamp<std::size_t>(bytes / 8, 16, kMostSlots))),
          m_shift(64 - std::countr_zero(m_slots.size()))
    {
    }

    /// Appends the ids of `word` to `ids`: copied from an earlier place of `ids`, or by `encode()`, which must append them.
    template <typename Encode>
    void append(std::string_view word, std::vector<TokenId> &ids, Encode &&encode)
    {
        if (word.size() > kLongestWord)
            return encode();
        Slot &slot = m_slots[std::size_t(std::hash<std::string_view>()(word) * 0x9E3779B97F4A7C15u >> m_shift)];
        const std::size_t end = ids.size();
        if (slot.word == word) {
            for (std::size_t i = slot.first; i < slot.first + slot.count; ++i)
                ids.push_back(TokenId(ids[i]));
            return;
        }
        encode();
        slot = Slot{word, end, std::uint32_t(ids.size() - end)};
    }

private:
    static constexpr std::size_t kMostSlots = std::size_t(1) << 16;
    static constexpr std::size_t kLongestWord = 64;

    struct Slot {
        std::string_view word; ///< empty = free; words never are
        std::size_t first = 0;
        std::uint32_t count = 0;
    };

    std::vector<Slot> m_slots;
    int m_shift;
};

} // namespace secateur
