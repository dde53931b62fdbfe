// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace secateur {

/// How a file is packed.
enum class Packing { None, Gzip, Zstd, Xz, Bzip2 };

/// By the first bytes of a file, or of a member of it: gzip (RFC 1952), zstd (RFC 8878, frames that are to be skipped too), xz, bzip2.
Packing packingOf(std::string_view beginning);
/// "gzip", "zstd", "xz", "bzip2"; empty for none.
std::string nameOf(Packing packing);

/// Unpacks one member (stream, frame) after another of a packed file, piece by piece. One subclass a format, each around its library.
class Unpacker {
public:
    /// What is wrong with the bytes.
    enum class Problem { None, Damaged, WrongChecksum, TooMuchMemory, LacksDictionary };
    struct Step {
        std::size_t used = 0; ///< of the packed bytes
        std::size_t made = 0; ///< of the block
        bool isEnd = false;   ///< of the member
        Problem problem = Problem::None;
    };

    virtual ~Unpacker() = default;
    /// Unpacks what fits into `block`; uses and makes nothing when it needs more packed bytes.
    virtual Step run(std::span<const char> packed, std::span<char> block) = 0;
    /// Begins the next member.
    virtual void restart() = 0;
};

/// `memory`: the most bytes that its window may take (gzip and bzip2 need little always). Null for no packing.
std::unique_ptr<Unpacker> unpackerOf(Packing packing, std::int64_t memory);

} // namespace secateur
