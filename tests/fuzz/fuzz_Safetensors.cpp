// SPDX-License-Identifier: GPL-3.0-or-later
// A weight file: its header, and the bytes of every tensor.
#include "FuzzInput.h"
#include "Mutators.h"
#include "checkpoint/SafetensorsFile.h"

#include <algorithm>

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedSafetensors);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const SafetensorsFile file(input.path());
        volatile std::size_t zeros = 0;
        for (std::size_t i = 0; i < file.tensors().size(); ++i)
            zeros = zeros + std::size_t(std::ranges::count(file.read(i).view.bytes, std::byte(0)));
        (void)file.storage();
    });
    return 0;
}
