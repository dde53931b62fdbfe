// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace secateur {

/// SplitMix64 (Steele, Lea and Flood 2014): every seed is good, and a sequence is the same everywhere.
class RandomNumbers {
public:
    explicit RandomNumbers(std::uint64_t seed) : m_state(seed) {}

    /// A number below `bound`, each equally likely.
    std::uint64_t below(std::uint64_t bound)
    {
        const std::uint64_t uneven =
            (std::numeric_limits<std::uint64_t>::max() % bound + 1) % bound; // numbers at the top that would favour some
        std::uint64_t number = next();
        while (number > std::numeric_limits<std::uint64_t>::max() - uneven)
            number = next();
        return number % bound;
    }

private:
    std::uint64_t next()
    {
        m_state += 0x9E3779B97F4A7C15u;
        std::uint64_t z = m_state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    std::uint64_t m_state;
};

/// Brings what a container holds into the order of a seed, the same on every machine (Fisher-Yates). Seed 0 leaves it as it is.
template <typename Container>
void shuffle(Container &things, std::uint64_t seed)
{
    if (seed == 0)
        return;
    RandomNumbers random(seed);
    for (std::size_t left = things.size(); left > 1; --left)
        std::swap(things[left - 1], things[std::size_t(random.below(left))]);
}

} // namespace secateur
