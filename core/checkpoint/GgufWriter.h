// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/GgufFile.h"
#include "foundation/OutputFile.h"
#include "checkpoint/TensorInfo.h"

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace secateur {

/// Writes one GGUF file of version 3: the metadata and the descriptions of the tensors first, then the bytes of each tensor in the order
/// declared, without holding them all.
///
/// Writes to the path given; giving it its final name is the caller's work (see exporting). Errors as OutputFile's.
class GgufWriter {
public:
    /// A metadata value, written as the type that it is here. A GgufValue is copied as another file has it; that file must stay open
    /// until the writer is made.
    using Value = std::variant<std::uint32_t, std::int32_t, std::uint64_t, float, bool, std::string, std::vector<std::int32_t>,
                               std::vector<float>, std::vector<std::string>, GgufValue>;
    /// In the order written. `general.alignment` is not among them: it is always the default, 32.
    using Metadata = std::vector<std::pair<std::string, Value>>;

    struct Declaration {
        std::string name; ///< the format's names, at most 63 bytes for llama.cpp
        DType dtype = DType::Float32;
        Shape shape; ///< row-major, as everywhere here; written in the reverse order, as the format wants it
    };

    GgufWriter(const std::filesystem::path &file, const Metadata &metadata, std::vector<Declaration> tensors);

    /// Writes the next tensor; its name and its number of bytes must be those of the declaration (a programmer's error otherwise).
    void write(std::string_view name, std::span<const std::byte> bytes);
    /// Flushes to the disk and closes; asserts that every tensor was written.
    void finish();

private:
    OutputFile m_file;
    std::vector<Declaration> m_tensors;
    std::size_t m_next = 0;
};

/// Keys and values in the order of the file.
using GgufMetadata = GgufWriter::Metadata;

} // namespace secateur
