// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace secateur {

/// Element types of GGUF tensors that can be read, with the numbers of the format (ggml.h, `ggml_type`).
enum class GgufType : std::uint32_t {
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    BF16 = 30,
};

/// A row of a tensor is a sequence of blocks, each of `blockElements` elements in `blockBytes` bytes.
struct GgufLayout {
    std::string_view name; ///< "Q4_K"
    std::size_t blockElements = 1;
    std::size_t blockBytes = 0;
};

const GgufLayout &layoutOf(GgufType type);
/// The type of that number, or none when it cannot be read.
std::optional<GgufType> ggufTypeFromNumber(std::uint32_t number);
/// The format's name of a type that cannot be read ("IQ2_XXS"); empty when the format has no such type.
std::string_view nameOfUnreadableGgufType(std::uint32_t number);
/// The type of that name in the enumeration of plain weights; none for a quantised type.
std::optional<DType> plainType(GgufType type);
/// The inverse.
GgufType ggufTypeOf(DType dtype);

/// The values of whole blocks, as ggml's reference defines them: `blocks` must hold values.size() elements, a multiple of a block's.
/// Every product and sum is rounded to float32 in the reference's order, so the values are the same on every machine.
void dequantise(GgufType type, std::span<const std::byte> blocks, std::span<float> values);

} // namespace secateur
