// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Tokenizer.h"

#include <bit>
#include <cstdint>
#include <vector>

namespace secateur {

/// The merges of a BPE model: pair of tokens -> rank and merged token. A hash table with open addressing, because looking pairs up is
/// most of the work of encoding.
class PairTable {
public:
    struct Merge {
        std::uint64_t pair = kNoPair;
        std::uint32_t rank = 0;
        TokenId merged = 0;
    };

    /// Room for `count` merges; `set` may be called for no more.
    explicit PairTable(std::size_t count = 0) : m_slots(std::bit_ceil(2 * count + 2)), m_shift(64 - std::countr_zero(m_slots.size())) {}

    /// A pair given twice keeps its last rank.
    void set(TokenId left, TokenId right, std::uint32_t rank, TokenId merged)
    {
        const std::uint64_t pair = pairOf(left, right);
        m_slots[slotOf(pair)] = Merge{pair, rank, merged};
    }

    /// Null when the pair is not merged.
    const Merge *find(TokenId left, TokenId right) const
    {
        const Merge &merge = m_slots[slotOf(pairOf(left, right))];
        return merge.pair == kNoPair ? nullptr : &merge;
    }

private:
    static constexpr std::uint64_t kNoPair = ~std::uint64_t(0);

    static std::uint64_t pairOf(TokenId left, TokenId right) { return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right); }

    /// Where the pair is, or the free slot where it would be.
    std::size_t slotOf(std::uint64_t pair) const
    {
        std::size_t slot = std::size_t((pair * 0x9E3779B97F4A7C15u) >> m_shift); // Fibonacci hashing
        while (m_slots[slot].pair != pair && m_slots[slot].pair != kNoPair)
            slot = (slot + 1) & (m_slots.size() - 1);
        return slot;
    }

    std::vector<Merge> m_slots;
    int m_shift;
};

} // namespace secateur
