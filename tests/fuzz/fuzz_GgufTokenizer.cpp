// SPDX-License-Identifier: GPL-3.0-or-later
// The metadata of a GGUF file that describe a tokenizer (as JSON: what is in a file is fuzz_Gguf's), texts encoded and decoded by it, and the
// metadata that it is written as.
#include "FuzzInput.h"
#include "Mutators.h"
#include "foundation/JsonFile.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/TokenizerFiles.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJson);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const nlohmann::json metadata = readJsonFile(input.path(), size, "Take another.");
        for (const GgufReading reading : {GgufReading::AsTrained, GgufReading::AsLlamaCpp})
            fuzz::reading([&] {
                const nlohmann::json json = ggufTokenizer(metadata, "input", reading).json;
                const std::string config = ggufTokenizerConfig(metadata);
                const Tokenizer tokenizer = Tokenizer::fromSource({.json = json, .name = "input"});
                for (const char *text : {"Every oak was an acorn; it's 1999.\n\n  Two  spaces", "e\xCC\x81 \xE4\xBD\xA0 \xFF z<s>", ""})
                    fuzz::reading([&] { (void)tokenizer.decode(tokenizer.encodePrompt(text)); });
                GgufMetadata written;
                appendGgufTokenizer(written, json, nlohmann::json::parse(config), "input", tokenizer.size());
            });
    });
    return 0;
}
