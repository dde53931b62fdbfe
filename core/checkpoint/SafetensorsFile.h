// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace secateur {

/// One .safetensors file, mapped read-only (format: github.com/huggingface/safetensors, "Format").
///
/// The header is checked completely before anything is used: length against the file and a cap of 100 MB, valid JSON without duplicate
/// keys, known dtypes, shape times element size equal to the span (without overflow), spans inside the buffer, no overlap and no hole.
class SafetensorsFile {
public:
    /// Throws Error that names the file, the tensor and the cause.
    explicit SafetensorsFile(const std::filesystem::path &file);
    ~SafetensorsFile();
    SafetensorsFile(SafetensorsFile &&) noexcept;
    SafetensorsFile &operator=(SafetensorsFile &&) noexcept;

    const std::filesystem::path &path() const;
    /// In the order of their bytes in the file.
    const std::vector<TensorView> &tensors() const;
    /// The `__metadata__` object; empty when there is none.
    const std::map<std::string, std::string> &metadata() const;
    /// The whole file, header included.
    std::span<const std::byte> bytes() const;
    /// Tells the system that the bytes read so far are not needed again, so that they leave resident memory. The mapping stays valid.
    void releasePages() const;

private:
    struct Mapping;
    std::unique_ptr<Mapping> m_mapping;
};

} // namespace secateur
