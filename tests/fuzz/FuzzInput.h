// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

/// What the fuzz targets share. A target is one file that defines LLVMFuzzerTestOneInput (llvm.org/docs/LibFuzzer.html): it gives the input
/// to one reader of the program, as a file, by `reading`. The reader may throw secateur::Error, in words of ours, and nothing else, and may
/// take no more memory than the file justifies.
namespace fuzz {

/// Runs a reader. Ends the program when it throws anything but an Error (or Cancelled), or an Error with words of a library.
void reading(const std::function<void()> &reader);
/// Ends the program, which the fuzzer reports with the input and the stack.
[[noreturn]] void fail(const std::string &what);

/// The bytes as a file with a path, in memory; gone with the object.
class InputFile {
public:
    explicit InputFile(std::span<const std::uint8_t> bytes);
    ~InputFile();
    InputFile(const InputFile &) = delete;
    InputFile &operator=(const InputFile &) = delete;

    std::filesystem::path path() const;

private:
    int m_descriptor;
};

/// A folder of its own under the one for temporary files; gone with the object.
class InputFolder {
public:
    InputFolder();
    ~InputFolder();
    InputFolder(const InputFolder &) = delete;
    InputFolder &operator=(const InputFolder &) = delete;

    const std::filesystem::path &path() const { return m_path; }
    void put(const std::string &name, std::span<const std::uint8_t> bytes) const;

private:
    std::filesystem::path m_path;
};

/// As long as it lives, more than `kAlways` bytes and `kForEachByte` for each byte of the input, by all allocations together, end the
/// program.
class MemoryGuard {
public:
    static constexpr std::size_t kAlways = std::size_t(16) << 20, kForEachByte = 256;

    explicit MemoryGuard(std::size_t inputBytes);
    ~MemoryGuard();
    MemoryGuard(const MemoryGuard &) = delete;
    MemoryGuard &operator=(const MemoryGuard &) = delete;
};

} // namespace fuzz
