// SPDX-License-Identifier: GPL-3.0-or-later
// A GGUF file: its metadata, the model and the tokenizer that they describe, and the values of the tensors.
#include "FuzzInput.h"
#include "checkpoint/GgufModel.h"
#include "foundation/Error.h"
#include "model/Families.h"
#include "text/GgufTokenizer.h"
#include "text/TokenizerFiles.h"
#include "text/Tokenizer.h"

#include <algorithm>
#include <functional>

using namespace secateur;

namespace {

/// The parts are tried one by one: what one of them refuses, another may still read.
void trying(const std::function<void()> &part)
{
    try {
        part();
    } catch (const Error &) {
    }
}

void readValues(const GgufModel &model)
{
    volatile std::size_t zeros = 0;
    for (std::size_t i = 0; i < model.tensors().size(); ++i)
        zeros = zeros + std::size_t(std::ranges::count(model.read(i).view.bytes, std::byte(0)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    trying([&] {
        const GgufFile file(input.path());
        for (const auto &[key, value] : file.content().metadata)
            (void)(value.integer() || value.number() || value.flag() || value.text() || value.integers() || value.numbers() ||
                   value.texts());
    });
    trying([&] {
        const GgufModel model(input.path());
        trying([&] { readValues(model); });
        trying([&] { (void)specFromConfig(model.config(), "input"); });
        trying([&] {
            (void)ggufTokenizerConfig(model.metadata());
            const Tokenizer tokenizer = Tokenizer::fromSource(
                {.json = ggufTokenizer(model.metadata(), "input", GgufReading::AsTrained).json, .name = "input", .hash = {}, .note = {}});
            (void)tokenizer.decode(tokenizer.encode("Every oak was an acorn."));
        });
    });
    return 0;
}
