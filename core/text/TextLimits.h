// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace secateur {

/// How much memory reading and tokenising a text may take.
struct TextLimits {
    std::int64_t bytes = std::int64_t(1) << 40; ///< in all; as much as anybody could have

    /// Bytes of one document: reading a line of JSON holds about six copies of it (the line, what is parsed, both while they grow).
    /// At most 1 GiB, at least 64 KiB.
    std::int64_t largestDocument() const { return std::clamp(bytes / 8, std::int64_t(1) << 16, std::int64_t(1) << 30); }
};

} // namespace secateur
