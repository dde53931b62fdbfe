// SPDX-License-Identifier: GPL-3.0-or-later
// A tokenizer.json, texts encoded and decoded by what it describes, and the metadata of GGUF that it is written as.
#include "FuzzInput.h"
#include "Mutators.h"
#include "foundation/JsonFile.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/TokenPieces.h"
#include "tokenizer/Tokenizer.h"

#include <array>

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJson);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    constexpr std::array<std::string_view, 3> kTexts = {"Every oak was an acorn; it's 1999.\n\n  Two  spaces",
                                                        "e\xCC\x81 \xE4\xBD\xA0\xE5\xA5\xBD \xFF\x00z<s>", ""};
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const Tokenizer tokenizer = Tokenizer::fromFile(input.path());
        for (const std::string_view text : kTexts) {
            const std::vector<TokenId> ids = tokenizer.encode(text);
            (void)tokenizer.decode(ids);
            (void)tokenizer.decode(ids, true);
            (void)textPiecesOf(tokenizer, ids);
            fuzz::reading([&] { (void)tokenizer.encodePrompt(text); });
        }
        const nlohmann::json json = readJsonFile(input.path(), size, "Take another.");
        (void)beyondGgufTokenizer(json);
        (void)ggufDeviations(json);
        GgufMetadata written;
        appendGgufTokenizer(written, json, nlohmann::json::object(), "input", tokenizer.size());
    });
    return 0;
}
