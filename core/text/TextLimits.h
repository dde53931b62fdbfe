// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <stop_token>

namespace secateur {

/// How much memory reading and tokenising a text may take, and what ends it.
struct TextLimits {
    std::int64_t bytes = std::int64_t(1) << 40; ///< in all; as much as anybody could have
    std::stop_token stop{};                     ///< a packed file may hold gigabytes of what is no document

    /// Bytes of one document: reading a line of JSON holds about six copies of it (the line, what is parsed, both while they grow).
    /// At most 1 GiB, at least 64 KiB.
    std::int64_t largestDocument() const { return std::clamp(bytes / 8, std::int64_t(1) << 16, std::int64_t(1) << 30); }
};

} // namespace secateur
