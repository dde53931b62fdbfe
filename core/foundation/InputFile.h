// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace secateur {

/// The system does not let a file be read that is there: other than a missing one, it never counts as absent.
class Unreadable : public Error {
public:
    using Error::Error;
};

/// Whether something is at a path; links are followed. Throws Unreadable when the system does not tell.
bool doesExist(const std::filesystem::path &path);

/// A file of somebody else's, opened for reading. All but Parquet (Arrow opens that itself) is read here or through MappedFile, so that
/// nothing waits for a pipe, reads a device for ever or takes a folder for a file.
class InputFile {
public:
    /// Throws Error that names the file and the reason when it cannot be read or is no regular file (a folder, a pipe, a device; links are
    /// followed).
    explicit InputFile(std::filesystem::path file);
    /// The same for a file in a folder that is open under a descriptor (AT_FDCWD: the current one); `path` is what messages call it.
    InputFile(int folder, const std::string &name, std::filesystem::path path);
    ~InputFile();
    InputFile(InputFile &&other) noexcept;
    InputFile &operator=(InputFile &&other) noexcept;

    const std::filesystem::path &path() const { return m_path; }
    /// Bytes, when it was opened.
    std::uint64_t size() const { return m_size; }
    /// Reads the next bytes; fewer than asked for only at the end, 0 there. Throws Error.
    std::size_t read(std::span<char> buffer);
    /// All that is left. Throws Error when that is more than `largest` bytes; `hint` is the remedy.
    std::string readRest(std::uint64_t largest, const std::string &hint);
    int descriptor() const { return m_descriptor; }

private:
    std::filesystem::path m_path;
    std::uint64_t m_size = 0;
    int m_descriptor = -1;
};

/// Throws Error when a file begins as a Git LFS pointer does, which stands for a file that was not fetched. `name` is what messages call it.
void refuseLfsPointer(std::string_view beginning, const std::string &name);

/// The bytes of a file of at most `largest`. Throws what InputFile throws.
std::string readWholeFile(const std::filesystem::path &file, std::uint64_t largest, const std::string &hint);

} // namespace secateur
