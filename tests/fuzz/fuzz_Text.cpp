// SPDX-License-Identifier: GPL-3.0-or-later
// A text in any packing, encoding and form: its documents, their pieces, and what is said of the file.
#include "FuzzInput.h"
#include "Mutators.h"
#include "text/DocumentSource.h"

using namespace secateur;

namespace {

constexpr std::int64_t kMemory = 8 << 20;

/// All documents, one by one or in pieces; the bytes together.
std::size_t read(const std::filesystem::path &file, bool isInPieces)
{
    DocumentReader reader({file}, "text", {.bytes = kMemory});
    std::size_t bytes = 0;
    while (isInPieces) {
        const std::optional<DocumentPiece> piece = reader.nextPiece();
        if (!piece)
            break;
        bytes += piece->text.size();
    }
    while (!isInPieces) {
        const std::optional<std::string> document = reader.next();
        if (!document)
            break;
        bytes += document->size();
    }
    (void)linesOf({.files = reader.reports()});
    return bytes;
}

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedText);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size); // 16 MiB: twice the limit, since a packed file may hold what is larger than both
    std::size_t whole = 0, pieces = 0;
    bool isWhole = false;
    fuzz::reading([&] {
        whole = read(input.path(), false);
        isWhole = true;
    });
    fuzz::reading([&] {
        pieces = read(input.path(), true);
        if (isWhole && whole != pieces)
            fuzz::fail("the pieces of the documents are other texts than the documents");
    });
    return 0;
}
