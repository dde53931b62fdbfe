// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/TensorInfo.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <array>
#include <bit>

namespace secateur {

static_assert(std::endian::native == std::endian::little, "weights are little-endian and are used where they lie");

namespace {

struct DTypeNames {
    DType dtype;
    std::string_view safetensors;
    std::string_view config;
    std::size_t bytes;
};

constexpr std::array<DTypeNames, 3> kDTypes{{
    {DType::Float32, "F32", "float32", 4},
    {DType::Float16, "F16", "float16", 2},
    {DType::BFloat16, "BF16", "bfloat16", 2},
}};

const DTypeNames &namesOf(DType dtype)
{
    for (const DTypeNames &names : kDTypes)
        if (names.dtype == dtype)
            return names;
    return kDTypes.front();
}

} // namespace

std::string_view safetensorsName(DType dtype)
{
    return namesOf(dtype).safetensors;
}

std::string_view configName(DType dtype)
{
    return namesOf(dtype).config;
}

DType dtypeFromConfigName(std::string_view name)
{
    for (const DTypeNames &names : kDTypes)
        if (names.config == name)
            return names.dtype;
    throw Error("The weight type " + inQuotes(name) + " is not supported.", "Supported are float32, float16 and bfloat16.");
}

std::size_t bytesPerElement(DType dtype)
{
    return namesOf(dtype).bytes;
}

std::int64_t elementCount(const Shape &shape)
{
    std::int64_t count = 1;
    for (const std::int64_t size : shape)
        count *= size;
    return count;
}

std::string toString(const Shape &shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

} // namespace secateur
