// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PythonRandom.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <numeric>

namespace secateur {
namespace {

constexpr std::size_t kWords = std::mt19937::state_size;

/// `init_by_array` of MT19937, as a seed sequence: what the generator takes as its state, word by word.
class KeyedState {
public:
    using result_type = std::uint32_t;

    explicit KeyedState(const std::vector<std::uint32_t> &key)
    {
        m_words[0] = 19650218;
        for (std::size_t i = 1; i < kWords; ++i)
            m_words[i] = 1812433253u * mixed(i - 1) + std::uint32_t(i);
        std::size_t at = 1, digit = 0;
        const auto next = [&] {
            if (++at == kWords) {
                m_words[0] = m_words[kWords - 1];
                at = 1;
            }
        };
        for (std::size_t rounds = std::max(kWords, key.size()); rounds > 0; --rounds) {
            m_words[at] = (m_words[at] ^ (mixed(at - 1) * 1664525u)) + key[digit] + std::uint32_t(digit);
            next();
            digit = (digit + 1) % key.size();
        }
        for (std::size_t rounds = kWords - 1; rounds > 0; --rounds) {
            m_words[at] = (m_words[at] ^ (mixed(at - 1) * 1566083941u)) - std::uint32_t(at);
            next();
        }
        m_words[0] = 0x80000000u;
    }

    template <typename Iterator>
    void generate(Iterator first, Iterator last) const
    {
        std::copy_n(m_words.begin(), std::distance(first, last), first);
    }

private:
    std::uint32_t mixed(std::size_t at) const { return m_words[at] ^ (m_words[at] >> 30); }

    std::array<std::uint32_t, kWords> m_words{};
};

std::mt19937 seeded(std::uint64_t seed)
{
    std::vector<std::uint32_t> key{std::uint32_t(seed)}; // digits to the base 2^32, the lowest first, at least one
    if (seed >> 32 != 0)
        key.push_back(std::uint32_t(seed >> 32));
    KeyedState state(key);
    return std::mt19937(state);
}

/// The smallest population that is drawn from by rejection is above this.
std::int64_t largestPool(std::int64_t count)
{
    std::int64_t size = 21;
    if (count > 5) { // and the smallest power of 4 that is not below 3 * count
        std::int64_t power = 1;
        while (power < 3 * count)
            power *= 4;
        size += power;
    }
    return size;
}

} // namespace

PythonRandom::PythonRandom(std::uint64_t seed) : m_generator(seeded(seed)) {}

std::int64_t PythonRandom::below(std::int64_t bound)
{
    const auto bits = int(std::bit_width(std::uint64_t(bound)));
    for (;;)
        if (const auto value = std::int64_t(m_generator() >> (32 - bits)); value < bound)
            return value;
}

std::vector<std::int64_t> PythonRandom::sample(std::int64_t bound, std::int64_t count)
{
    std::vector<std::int64_t> drawn;
    if (bound <= largestPool(count)) {
        std::vector<std::int64_t> pool(std::size_t(bound), 0);
        std::iota(pool.begin(), pool.end(), 0);
        for (std::int64_t left = bound; left > bound - count; --left) {
            std::int64_t &pick = pool[std::size_t(below(left))];
            drawn.push_back(pick);
            pick = pool[std::size_t(left - 1)];
        }
        return drawn;
    }
    std::vector<bool> isDrawn(std::size_t(bound), false);
    while (std::int64_t(drawn.size()) < count) {
        const std::int64_t value = below(bound);
        if (isDrawn[std::size_t(value)])
            continue;
        isDrawn[std::size_t(value)] = true;
        drawn.push_back(value);
    }
    return drawn;
}

} // namespace secateur
