// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/Shuffle.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// Many documents in little memory: their bytes one behind another in blocks, and 16 bytes for each.
class DocumentStore {
public:
    /// Goes on with the document in hand.
    void append(std::string_view text)
    {
        while (!text.empty()) {
            if (m_end % kBlock == 0 && m_end / kBlock == m_blocks.size())
                m_blocks.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
            const std::size_t at = m_end % kBlock, count = std::min(text.size(), kBlock - at);
            std::copy_n(text.data(), count, m_blocks.back().get() + at);
            m_end += count;
            text.remove_prefix(count);
        }
    }
    void endDocument()
    {
        const std::size_t begin = m_places.empty() ? 0 : m_places.back().begin + m_places.back().size;
        m_places.push_back({begin, m_end - begin});
    }
    /// Once all are there.
    void shuffle(std::uint64_t seed) { secateur::shuffle(m_places, seed); }

    std::size_t count() const { return m_places.size(); }
    /// That it takes.
    std::size_t bytes() const { return m_blocks.size() * kBlock + m_places.size() * sizeof(Place); }
    std::size_t sizeOf(std::size_t document) const { return m_places[document].size; }
    void appendTo(std::string &text, std::size_t document) const
    {
        auto [at, left] = m_places[document];
        while (left > 0) {
            const std::size_t count = std::min(left, kBlock - at % kBlock);
            text.append(m_blocks[at / kBlock].get() + at % kBlock, count);
            at += count;
            left -= count;
        }
    }

private:
    static constexpr std::size_t kBlock = std::size_t(1) << 20;
    struct Place {
        std::size_t begin = 0, size = 0;
    };

    std::vector<std::unique_ptr<char[]>> m_blocks;
    std::size_t m_end = 0;
    std::deque<Place> m_places;
};

} // namespace secateur
