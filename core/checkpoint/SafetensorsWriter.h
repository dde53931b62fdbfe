// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/OutputFile.h"
#include "checkpoint/TensorInfo.h"

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// Writes one .safetensors file: the header first, then the bytes of each tensor in the order declared, without holding them all.
/// The bytes are those that Hugging Face's library writes when the tensors are declared in its order (larger types first, then by name).
///
/// Writes to the path given; giving it its final name is the caller's work (see exporting). Errors as OutputFile's.
class SafetensorsWriter {
public:
    struct Declaration {
        std::string name;
        DType dtype = DType::Float32;
        Shape shape;
    };

    SafetensorsWriter(const std::filesystem::path &file, std::vector<Declaration> tensors,
                      const std::map<std::string, std::string> &metadata);

    /// Writes the next tensor; its name and its number of bytes must be those of the declaration (a programmer's error otherwise).
    void write(std::string_view name, std::span<const std::byte> bytes);
    /// Flushes to the disk and closes; asserts that every tensor was written.
    void finish();

private:
    OutputFile m_file;
    std::vector<Declaration> m_tensors;
    std::size_t m_next = 0;
};

} // namespace secateur
