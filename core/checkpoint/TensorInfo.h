// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// Element types of weights: the three that checkpoints of these families use.
enum class DType { Float32, Float16, BFloat16 };

/// Name as safetensors writes it: "F32", "F16", "BF16".
std::string_view safetensorsName(DType dtype);
/// Name as config.json and the command line write it: "float32", "float16", "bfloat16".
std::string_view configName(DType dtype);
/// The inverse of configName; throws Error that lists the names.
DType dtypeFromConfigName(std::string_view name);
std::size_t bytesPerElement(DType dtype);

using Shape = std::vector<std::int64_t>;
std::int64_t elementCount(const Shape &shape);
/// As "[2, 3]".
std::string toString(const Shape &shape);

/// A tensor that lies in a mapped file. The bytes live as long as the SafetensorsFile; they may be unaligned to the element size.
struct TensorView {
    std::string name;
    DType dtype = DType::Float32;
    Shape shape;
    std::span<const std::byte> bytes; ///< row-major, little-endian
};

/// A tensor that a specification asks for, before any file is read.
struct ExpectedTensor {
    std::string name;
    Shape shape;
};

} // namespace secateur
