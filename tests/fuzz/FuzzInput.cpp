// SPDX-License-Identifier: GPL-3.0-or-later
#include "FuzzInput.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <malloc.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::atomic<std::size_t> held = 0, limit = kNoLimit;

/// Stops the program, which the fuzzer reports with the input and the stack.
[[noreturn]] void fail(const char *what)
{
    std::fputs(what, stderr);
    std::abort();
}

void *allocate(std::size_t size, std::size_t alignment)
{
    if (size > limit - std::min(held.load(), limit.load()))
        fail("fuzz: more memory is wanted than the input justifies\n");
    void *memory = nullptr;
    if (posix_memalign(&memory, std::max(alignment, sizeof(void *)), size) != 0)
        fail("fuzz: no memory\n");
    held += malloc_usable_size(memory);
    return memory;
}

void release(void *memory) noexcept
{
    if (memory == nullptr)
        return;
    held -= malloc_usable_size(memory);
    std::free(memory);
}

} // namespace

// All forms that allocate, since a sanitizer brings its own of each that is not here.
void *operator new(std::size_t size)
{
    return allocate(size, alignof(std::max_align_t));
}
void *operator new[](std::size_t size)
{
    return allocate(size, alignof(std::max_align_t));
}
void *operator new(std::size_t size, std::align_val_t alignment)
{
    return allocate(size, std::size_t(alignment));
}
void operator delete(void *memory) noexcept
{
    release(memory);
}
void operator delete[](void *memory) noexcept
{
    release(memory);
}
void operator delete(void *memory, std::size_t) noexcept
{
    release(memory);
}
void operator delete[](void *memory, std::size_t) noexcept
{
    release(memory);
}
void operator delete(void *memory, std::align_val_t) noexcept
{
    release(memory);
}
void operator delete(void *memory, std::size_t, std::align_val_t) noexcept
{
    release(memory);
}

namespace fuzz {

InputFile::InputFile(std::span<const std::uint8_t> bytes) : m_descriptor(memfd_create("input", MFD_CLOEXEC))
{
    if (m_descriptor < 0 || write(m_descriptor, bytes.data(), bytes.size()) != ssize_t(bytes.size()))
        fail("fuzz: the input cannot be written\n");
}

InputFile::~InputFile()
{
    close(m_descriptor);
}

std::filesystem::path InputFile::path() const
{
    return "/proc/self/fd/" + std::to_string(m_descriptor);
}

MemoryGuard::MemoryGuard(std::size_t inputBytes)
{
    limit = held + kAlways + kForEachByte * inputBytes;
}

MemoryGuard::~MemoryGuard()
{
    limit = kNoLimit;
}

} // namespace fuzz
