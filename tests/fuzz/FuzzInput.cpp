// SPDX-License-Identifier: GPL-3.0-or-later
#include "FuzzInput.h"

#include "foundation/Error.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <malloc.h>
#include <new>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <typeinfo>
#include <unistd.h>

namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::atomic<std::size_t> held = 0, limit = kNoLimit;
std::string_view given; ///< the input: messages may quote it

/// Takes no memory: there may be none.
[[noreturn]] void stop(const char *what)
{
    std::fprintf(stderr, "fuzz: %s\n", what);
    std::abort();
}

void *allocate(std::size_t size, std::size_t alignment)
{
    if (size > limit - std::min(held.load(), limit.load()))
        stop("more memory is wanted than the input justifies");
    void *memory = nullptr;
    if (posix_memalign(&memory, std::max(alignment, sizeof(void *)), size) != 0)
        stop("no memory");
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

void fail(const std::string &what)
{
    limit = kNoLimit;
    stop(what.c_str());
}

/// Without what is quoted of the input, which may be packed.
static std::string withoutQuotes(const std::string &message)
{
    std::string own;
    for (std::size_t at = 0; at < message.size();) {
        const std::size_t begin = message.find('\'', at), end = begin == std::string::npos ? begin : message.find('\'', begin + 1);
        own += message.substr(at, end == std::string::npos ? end : begin - at);
        at = end == std::string::npos ? end : end + 1;
    }
    return own;
}

void reading(const std::function<void()> &reader)
{
    constexpr std::array<std::string_view, 8> kForeign = {"json.exception", "std::",    "filesystem error", "basic_string",
                                                          "map::at",        "vector::", "bad_alloc",        "terminate"};
    try {
        reader();
    } catch (const secateur::Cancelled &) {
    } catch (const secateur::Error &problem) {
        const std::string message = std::string(problem.what()) + "\n" + problem.hint(), own = withoutQuotes(message);
        for (const std::string_view words : kForeign)
            if (own.find(words) != std::string::npos && given.find(words) == std::string_view::npos)
                fail("words of a library: " + message);
        if (problem.what()[0] == '\0')
            fail("an Error without words");
    } catch (const std::exception &problem) {
        fail(std::string("thrown was a ") + typeid(problem).name() + ": " + problem.what());
    }
}

InputFile::InputFile(std::span<const std::uint8_t> bytes) : m_descriptor(memfd_create("input", MFD_CLOEXEC))
{
    if (m_descriptor < 0 || write(m_descriptor, bytes.data(), bytes.size()) != ssize_t(bytes.size()))
        stop("the input cannot be written");
    given = {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

InputFile::~InputFile()
{
    close(m_descriptor);
}

std::filesystem::path InputFile::path() const
{
    return "/proc/self/fd/" + std::to_string(m_descriptor);
}

InputFolder::InputFolder()
{
    std::string name = std::filesystem::temp_directory_path() / "secateur-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
        stop("there can be no folder for the input");
    m_path = name;
}

InputFolder::~InputFolder()
{
    std::error_code failure;
    std::filesystem::remove_all(m_path, failure);
}

void InputFolder::put(const std::string &name, std::span<const std::uint8_t> bytes) const
{
    std::ofstream stream(m_path / name, std::ios::binary);
    stream.write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
    if (!stream.flush())
        stop("the input cannot be written");
    given = {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
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
