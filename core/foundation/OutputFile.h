// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/WritingFailure.h"

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

namespace secateur {

/// A file that is written from its beginning to its end, or on from its end. Every failure, a full disk among them, is a WritingFailure that names the file
/// and the system's reason.
class OutputFile {
public:
    enum class Begin { Empty, AtEnd };
    explicit OutputFile(const std::filesystem::path &file, Begin begin = Begin::Empty);

    void append(std::span<const std::byte> bytes);
    /// Hands what was appended to the system: it is kept when the process is killed, not when the machine is.
    void handOver();
    /// Flushes to the disk (fsync) and closes.
    void finish();
    bool isOpen() const { return m_file != nullptr; }

private:
    struct Closer {
        void operator()(std::FILE *file) const noexcept { std::fclose(file); }
    };
    /// The error of the last system call.
    WritingFailure failure() const;

    std::filesystem::path m_path;
    std::unique_ptr<std::FILE, Closer> m_file;
};

} // namespace secateur
