// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/InputFile.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace secateur {

/// A file mapped read-only: its bytes are in memory as far as they were read, and may leave it at any time.
///
/// A file that somebody cuts off while it is mapped would end the process (SIGBUS): here its missing bytes are read as zeros instead, and
/// `checkUnchanged` says so. Whoever uses bytes calls it after he has copied them.
class MappedFile {
public:
    /// Throws Error that names the file when it cannot be read or is no regular file. An empty file has no bytes.
    explicit MappedFile(const std::filesystem::path &file);
    ~MappedFile();
    MappedFile(MappedFile &&other) noexcept;
    MappedFile &operator=(MappedFile &&other) noexcept;

    const std::filesystem::path &path() const { return m_file.path(); }
    std::span<const std::byte> bytes() const { return m_bytes; }
    /// Throws Error when the file was changed or cut off since it was opened, or could not be read from the disk: bytes that were read may be
    /// wrong then. Costs a system call.
    void checkUnchanged() const;
    /// Tells the system that the bytes read so far are not needed again, so that they leave resident memory. The mapping stays valid.
    void releasePages() const;

private:
    InputFile m_file;
    std::span<const std::byte> m_bytes;
    std::int64_t m_changed = 0;  ///< when it was changed last, as it was opened: nanoseconds
    std::size_t m_guarded = 0;   ///< place in the table of mappings, plus 1; 0: none
};

} // namespace secateur
