// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/InputFile.h"
#include "text/TextLimits.h"
#include "text/Unpacker.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace secateur {

/// The bytes of a file in their order, block by block. A packed file (see Packing; of one or several members; known by its first bytes, not
/// by its name) is unpacked.
class UnpackedFile {
public:
    /// Throws Error when the file cannot be read.
    explicit UnpackedFile(const std::filesystem::path &file, const TextLimits &limits = {});

    Packing packing() const { return m_packing; }
    /// Appends the next bytes to `content`, 256 KiB at most; false when there are none left. Throws Error when a packed file is damaged or
    /// cut off, or needs more memory than its window may take; Cancelled when a stop was requested.
    bool append(std::string &content);

private:
    bool readMore();
    bool unpackMore(std::string &content);
    void endMember();
    [[noreturn]] void refuse(const std::string &cause) const;
    void check(Unpacker::Problem problem) const;

    InputFile m_file;
    std::string m_packed;   ///< bytes of the file that were read and not used yet
    std::size_t m_used = 0; ///< of these
    bool m_isEnded = false; ///< the last member was read
    std::int64_t m_window;  ///< bytes that it may take at most
    std::stop_token m_stop;
    Packing m_packing = Packing::None;
    std::unique_ptr<Unpacker> m_unpacker; ///< of a packed file only
    std::vector<char> m_block;            ///< that it writes to
};

} // namespace secateur
