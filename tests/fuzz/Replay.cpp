// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a fuzz target without a fuzzer, for the tests of every build: each file of the folders as it is, then changed at random in ways that
// do not depend on the machine (by the target's own changes, where it has some).
//
// usage: replay_TARGET CHANGES FOLDER...
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t most);
[[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed);
}

namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<std::filesystem::path> filesIn(std::span<char *> folders)
{
    std::vector<std::filesystem::path> files;
    for (const char *folder : folders)
        for (const auto &entry : std::filesystem::directory_iterator(folder))
            if (entry.is_regular_file())
                files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

Bytes contentOf(const std::filesystem::path &file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class Changes {
public:
    void apply(Bytes &bytes)
    {
        for (std::size_t left = 1 + below(4); left > 0 && !bytes.empty(); --left)
            one(bytes);
    }

private:
    std::size_t below(std::size_t bound) { return std::size_t(m_random() % bound); } // as even as it has to be
    std::ptrdiff_t place(const Bytes &bytes) { return std::ptrdiff_t(below(bytes.size())); }

    void one(Bytes &bytes)
    {
        switch (below(6)) {
        case 0:
            bytes[std::size_t(place(bytes))] ^= std::uint8_t(1U << below(8));
            break;
        case 1:
            bytes[std::size_t(place(bytes))] = std::uint8_t(m_random());
            break;
        case 2:
            bytes.resize(below(bytes.size() + 1));
            break;
        case 3: { // a number of another size
            static constexpr std::array<std::uint64_t, 6> kNumbers = {0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, ~std::uint64_t(0)};
            std::uint64_t number = kNumbers[below(kNumbers.size())];
            for (std::size_t at = std::size_t(place(bytes)), end = std::min(bytes.size(), at + 8); at < end; ++at, number >>= 8)
                bytes[at] = std::uint8_t(number);
            break;
        }
        case 4: { // a piece twice
            const std::ptrdiff_t from = place(bytes),
                                 length = std::min<std::ptrdiff_t>(std::ptrdiff_t(below(64)), std::ssize(bytes) - from);
            const Bytes piece(bytes.begin() + from, bytes.begin() + from + length);
            bytes.insert(bytes.begin() + place(bytes), piece.begin(), piece.end());
            break;
        }
        default: { // a piece gone
            const std::ptrdiff_t from = place(bytes),
                                 length = std::min<std::ptrdiff_t>(std::ptrdiff_t(below(64)), std::ssize(bytes) - from);
            bytes.erase(bytes.begin() + from, bytes.begin() + from + length);
        }
        }
    }

    std::mt19937_64 m_random{20261125}; // the same numbers everywhere, by the standard
};

Changes changes;

/// One of the target's own changes; of a copy that has some room to grow.
void changeByTarget(Bytes &bytes, unsigned seed)
{
    constexpr std::size_t kMore = 4096;
    const std::size_t size = bytes.size();
    bytes.resize(size + kMore);
    bytes.resize(LLVMFuzzerCustomMutator(bytes.data(), size, bytes.size(), seed));
}

} // namespace

/// What the fuzzer gives to the changes of targets.
std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t most)
{
    Bytes bytes(data, data + size);
    changes.apply(bytes);
    bytes.resize(std::min(bytes.size(), most));
    std::ranges::copy(bytes, data);
    return bytes.size();
}

int main(int count, char **arguments)
{
    if (count < 3) {
        std::fprintf(stderr, "usage: %s CHANGES FOLDER...\n", arguments[0]);
        return 2;
    }
    const std::vector<std::filesystem::path> files = filesIn({arguments + 2, std::size_t(count - 2)});
    if (files.empty()) {
        std::fputs("there are no files to run\n", stderr);
        return 1;
    }
    const auto times = unsigned(std::strtoul(arguments[1], nullptr, 10));
    for (const std::filesystem::path &file : files) {
        const Bytes bytes = contentOf(file);
        std::printf("%s\n", file.filename().c_str()); // the last one named is the one that ended the program
        std::fflush(stdout);
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
        for (unsigned i = 0; i < times; ++i) {
            Bytes changed = bytes;
            if (LLVMFuzzerCustomMutator != nullptr)
                changeByTarget(changed, i);
            else
                changes.apply(changed);
            LLVMFuzzerTestOneInput(changed.data(), changed.size());
        }
    }
    std::printf("%zu files, each with %u changes\n", files.size(), times);
}
