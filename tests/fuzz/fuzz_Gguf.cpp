// SPDX-License-Identifier: GPL-3.0-or-later
// A GGUF file: its metadata, the model and the tokenizer that they describe, and the values of the tensors.
#include "FuzzInput.h"
#include "Mutators.h"
#include "checkpoint/GgufModel.h"
#include "model/Families.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/Tokenizer.h"
#include "tokenizer/TokenizerFiles.h"

#include <algorithm>

using namespace secateur;

namespace {

void readValues(const GgufModel &model)
{
    volatile std::size_t zeros = 0;
    for (std::size_t i = 0; i < model.tensors().size(); ++i)
        zeros = zeros + std::size_t(std::ranges::count(model.read(i).view.bytes, std::byte(0)));
}

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedGguf);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    // The parts are tried one by one: what one of them refuses, another may still read.
    fuzz::reading([&] {
        const GgufFile file(input.path());
        for (const auto &[key, value] : file.content().metadata)
            (void)(value.integer() || value.number() || value.flag() || value.text() || value.integers() || value.numbers() ||
                   value.texts());
    });
    fuzz::reading([&] {
        const GgufModel model(input.path());
        fuzz::reading([&] { readValues(model); });
        fuzz::reading([&] { (void)specFromConfig(model.config(), "input"); });
        fuzz::reading([&] {
            (void)ggufTokenizerConfig(model.metadata());
            const Tokenizer tokenizer = Tokenizer::fromSource(
                {.json = ggufTokenizer(model.metadata(), "input", GgufReading::AsTrained).json, .name = "input", .hash = {}, .note = {}});
            (void)tokenizer.decode(tokenizer.encode("Every oak was an acorn."));
        });
    });
    return 0;
}
