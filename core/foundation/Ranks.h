// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/JobContext.h"

#include <string>
#include <vector>

namespace secateur {

/// The processes that share one job: each does a part of it, and all end with the whole result. This class itself is the usual case, one
/// process that does everything.
class Ranks {
public:
    virtual ~Ranks() = default;

    virtual int rank() const { return 0; } ///< of this process, from 0
    virtual int size() const { return 1; } ///< processes in all
    bool isAlone() const { return size() == 1; }
    /// Which rank does the part of that number.
    int ownerOf(std::int64_t part) const { return int(part % size()); }
    bool owns(std::int64_t part) const { return ownerOf(part) == rank(); }

    /// Gives what every rank has to every rank, in the order of the ranks. All call it the same number of times in the same order. Throws Error
    /// that names a rank that has ended or does not answer, and Cancelled when a stop was requested.
    virtual std::vector<std::string> exchange(std::string mine, const JobContext & /*context*/) { return {std::move(mine)}; }
};

} // namespace secateur
