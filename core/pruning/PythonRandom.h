// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace secateur {

/// The random numbers of Python's module `random` (CPython 3.2 to 3.14, Lib/random.py): the same draws in the same order, so that a search by such a
/// program can be repeated. MT19937, seeded by `init_by_array` (Matsumoto and Nishimura 2002) with the digits of the seed.
class PythonRandom {
public:
    /// random.seed(seed), of 0 to 2^64 - 1.
    explicit PythonRandom(std::uint64_t seed);

    /// random.randrange(bound) and random.choice() of so many things; bound from 1 to 2^31. Draws for a bound of 1 too.
    std::int64_t below(std::int64_t bound);
    /// random.randint(first, last), both of them included.
    std::int64_t between(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
    /// random.sample(range(bound), count) of 0 to `bound`: in the order drawn.
    std::vector<std::int64_t> sample(std::int64_t bound, std::int64_t count);

private:
    std::mt19937 m_generator;
};

} // namespace secateur
