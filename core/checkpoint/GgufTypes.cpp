// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufTypes.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

namespace secateur {

namespace {

using Byte = std::uint8_t;

std::uint16_t wordAt(const Byte *bytes)
{
    return std::uint16_t(bytes[0] | bytes[1] << 8);
}

std::uint32_t doubleWordAt(const Byte *bytes)
{
    return std::uint32_t(wordAt(bytes)) | std::uint32_t(wordAt(bytes + 2)) << 16;
}

/// IEEE 754 binary16, exactly.
float halfAt(const Byte *bytes)
{
    const std::uint16_t half = wordAt(bytes);
    const std::uint32_t sign = std::uint32_t(half & 0x8000) << 16, exponent = (half >> 10) & 0x1f, mantissa = half & 0x3ff;
    if (exponent == 0) // zero or subnormal: mantissa * 2^-24
        return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(float(mantissa) * 0x1p-24F));
    if (exponent == 31)
        return std::bit_cast<float>(sign | 0x7f800000U | mantissa << 13);
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

// One function per type: a block's bytes to its values. `i` counts elements, `half` the two nibbles of a byte.

void fromF32(const Byte *block, float *values)
{
    *values = std::bit_cast<float>(doubleWordAt(block));
}

void fromF16(const Byte *block, float *values)
{
    *values = halfAt(block);
}

void fromBF16(const Byte *block, float *values)
{
    *values = std::bit_cast<float>(std::uint32_t(wordAt(block)) << 16);
}

/// Nibbles of 16 bytes: the low ones are elements 0 to 15, the high ones 16 to 31.
int nibble(const Byte *bytes, int i)
{
    return i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4;
}

void fromQ4_0(const Byte *block, float *values)
{
    const float d = halfAt(block);
    for (int i = 0; i < 32; ++i)
        values[i] = d * float(nibble(block + 2, i) - 8);
}

void fromQ4_1(const Byte *block, float *values)
{
    const float d = halfAt(block), least = halfAt(block + 2);
    for (int i = 0; i < 32; ++i)
        values[i] = d * float(nibble(block + 4, i)) + least;
}

void fromQ5_0(const Byte *block, float *values)
{
    const float d = halfAt(block);
    const std::uint32_t fifthBits = doubleWordAt(block + 2);
    for (int i = 0; i < 32; ++i)
        values[i] = d * float((nibble(block + 6, i) | int(fifthBits >> i & 1) << 4) - 16);
}

void fromQ5_1(const Byte *block, float *values)
{
    const float d = halfAt(block), least = halfAt(block + 2);
    const std::uint32_t fifthBits = doubleWordAt(block + 4);
    for (int i = 0; i < 32; ++i)
        values[i] = d * float(nibble(block + 8, i) | int(fifthBits >> i & 1) << 4) + least;
}

void fromQ8_0(const Byte *block, float *values)
{
    const float d = halfAt(block);
    for (int i = 0; i < 32; ++i)
        values[i] = float(std::int8_t(block[2 + i])) * d;
}

/// Scale and minimum of one of the eight groups of a Q4_K or Q5_K block: six bits each, packed into 12 bytes.
std::pair<int, int> scaleAndMinimum(const Byte *packed, int group)
{
    if (group < 4)
        return {packed[group] & 63, packed[group + 4] & 63};
    return {(packed[group + 4] & 15) | (packed[group - 4] >> 6) << 4, packed[group + 4] >> 4 | (packed[group] >> 6) << 4};
}

/// Q4_K and Q5_K: eight groups of 32, value = d * scale * q - dmin * minimum. `fifthBits` is null for Q4_K.
void fromGroups(const Byte *block, const Byte *fifthBits, const Byte *nibbles, float *values)
{
    const float d = halfAt(block), dmin = halfAt(block + 2);
    for (int group = 0; group < 8; ++group) {
        const auto [scale, minimum] = scaleAndMinimum(block + 4, group);
        const float step = d * float(scale), offset = dmin * float(minimum);
        for (int i = 0; i < 32; ++i) {
            int q = nibbles[group / 2 * 32 + i] >> group % 2 * 4 & 15;
            if (fifthBits)
                q |= (fifthBits[i] >> group & 1) << 4;
            values[group * 32 + i] = step * float(q) - offset;
        }
    }
}

void fromQ4_K(const Byte *block, float *values)
{
    fromGroups(block, nullptr, block + 16, values);
}

void fromQ5_K(const Byte *block, float *values)
{
    fromGroups(block, block + 16, block + 48, values);
}

/// Q6_K: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales, d.
void fromQ6_K(const Byte *block, float *values)
{
    const Byte *low = block, *high = block + 128, *scales = block + 192;
    const float d = halfAt(block + 208);
    for (int i = 0; i < 256; ++i) {
        const int part = i / 128, quarter = i / 32 % 4, column = i % 32;
        const int nibbles = low[part * 64 + quarter % 2 * 32 + column] >> quarter / 2 * 4 & 15;
        const int pair = high[part * 32 + column] >> quarter * 2 & 3;
        const float step = d * float(std::int8_t(scales[i / 16]));
        values[i] = step * float((nibbles | pair << 4) - 32);
    }
}

struct TypeRow {
    GgufType type;
    GgufLayout layout;
    void (*blockValues)(const Byte *, float *);
    std::optional<DType> plain;
};

constexpr std::array<TypeRow, 11> kTypes{{
    {GgufType::F32, {"F32", 1, 4}, fromF32, DType::Float32},
    {GgufType::F16, {"F16", 1, 2}, fromF16, DType::Float16},
    {GgufType::BF16, {"BF16", 1, 2}, fromBF16, DType::BFloat16},
    {GgufType::Q4_0, {"Q4_0", 32, 18}, fromQ4_0, {}},
    {GgufType::Q4_1, {"Q4_1", 32, 20}, fromQ4_1, {}},
    {GgufType::Q5_0, {"Q5_0", 32, 22}, fromQ5_0, {}},
    {GgufType::Q5_1, {"Q5_1", 32, 24}, fromQ5_1, {}},
    {GgufType::Q8_0, {"Q8_0", 32, 34}, fromQ8_0, {}},
    {GgufType::Q4_K, {"Q4_K", 256, 144}, fromQ4_K, {}},
    {GgufType::Q5_K, {"Q5_K", 256, 176}, fromQ5_K, {}},
    {GgufType::Q6_K, {"Q6_K", 256, 210}, fromQ6_K, {}},
}};

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 22> kUnreadable{{
    {9, "Q8_1"},    {10, "Q2_K"},  {11, "Q3_K"},  {15, "Q8_K"},   {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"},
    {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"}, {23, "IQ4_XS"}, {24, "I8"},      {25, "I16"},    {26, "I32"},     {27, "I64"},
    {28, "F64"},    {29, "IQ1_M"}, {34, "TQ1_0"}, {35, "TQ2_0"},  {39, "MXFP4"},   {40, "NVFP4"},
}};

const TypeRow &rowOf(GgufType type)
{
    for (const TypeRow &row : kTypes)
        if (row.type == type)
            return row;
    return kTypes.front();
}

} // namespace

const GgufLayout &layoutOf(GgufType type)
{
    return rowOf(type).layout;
}

std::optional<GgufType> ggufTypeFromNumber(std::uint32_t number)
{
    for (const TypeRow &row : kTypes)
        if (std::uint32_t(row.type) == number)
            return row.type;
    return {};
}

std::string_view nameOfUnreadableGgufType(std::uint32_t number)
{
    for (const auto &[known, name] : kUnreadable)
        if (known == number)
            return name;
    return {};
}

std::optional<DType> plainType(GgufType type)
{
    return rowOf(type).plain;
}

GgufType ggufTypeOf(DType dtype)
{
    for (const TypeRow &row : kTypes)
        if (row.plain == dtype)
            return row.type;
    return GgufType::F32;
}

void dequantise(GgufType type, std::span<const std::byte> blocks, std::span<float> values)
{
    const TypeRow &row = rowOf(type);
    const auto [name, elements, bytes] = row.layout;
    assert(values.size() % elements == 0 && blocks.size() == values.size() / elements * bytes);
    const auto *block = reinterpret_cast<const Byte *>(blocks.data());
    for (std::size_t i = 0; i < values.size(); i += elements, block += bytes)
        row.blockValues(block, values.data() + i);
}

} // namespace secateur
