// SPDX-License-Identifier: GPL-3.0-or-later
// The metadata of a GGUF file that describe a tokenizer, and texts encoded and decoded by it.
#include "FuzzInput.h"
#include "Mutators.h"
#include "checkpoint/GgufModel.h"
#include "text/GgufTokenizer.h"
#include "text/Tokenizer.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedGguf);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const GgufModel model(input.path());
        const nlohmann::json metadata = model.metadata();
        fuzz::reading([&] { (void)ggufTokenizerConfig(metadata); });
        const Tokenizer tokenizer = Tokenizer::fromJson(ggufTokenizerJson(metadata, "input"), "input");
        for (const char *text : {"Every oak was an acorn; it's 1999.\n\n  Two  spaces", "e\xCC\x81 \xE4\xBD\xA0 \xFF z<s>", ""})
            (void)tokenizer.decode(tokenizer.encode(text));
    });
    return 0;
}
