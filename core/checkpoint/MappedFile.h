// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace secateur {

/// A file mapped read-only: its bytes are in memory as far as they were read, and may leave it at any time.
class MappedFile {
public:
    /// Throws Error that names the file when it cannot be read or is no regular file. An empty file has no bytes.
    explicit MappedFile(std::filesystem::path file);
    ~MappedFile();
    MappedFile(MappedFile &&other) noexcept;
    MappedFile &operator=(MappedFile &&other) noexcept;

    const std::filesystem::path &path() const { return m_path; }
    std::span<const std::byte> bytes() const { return m_bytes; }
    /// Tells the system that the bytes read so far are not needed again, so that they leave resident memory. The mapping stays valid.
    void releasePages() const;

private:
    std::filesystem::path m_path;
    std::span<const std::byte> m_bytes;
};

} // namespace secateur
