// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// The JSON part of a safetensors file, as written: every entry complete and of the right JSON types, nothing compared with the buffer yet.
struct SafetensorsHeader {
    struct Entry {
        std::string name;
        std::string dtype; ///< as written: "F32", "I64", ...
        Shape shape;
        std::uint64_t begin = 0; ///< first byte, counted from the start of the buffer
        std::uint64_t end = 0;   ///< behind the last byte
    };
    std::vector<Entry> entries; ///< in the order of the JSON text
    std::map<std::string, std::string> metadata;
};

/// Parses the header without recursion and without building a document, so that no nesting and no size can exhaust the stack.
/// Throws Error that names the file (and the tensor) for text that is not JSON, duplicate keys, and missing, unknown or ill-typed fields.
SafetensorsHeader parseSafetensorsHeader(std::string_view text, const std::filesystem::path &file);

} // namespace secateur
