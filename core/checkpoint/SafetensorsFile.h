// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/MappedFile.h"
#include "checkpoint/WeightFile.h"

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// One .safetensors file, mapped read-only (format: github.com/huggingface/safetensors, "Format").
///
/// The header is checked completely before anything is used: length against the file and a cap of 100 MB, valid JSON without duplicate
/// keys, known dtypes, shape times element size equal to the span (without overflow), spans inside the buffer, no overlap and no hole.
/// Values of 64 bits (F64) become F32 as they are read.
class SafetensorsFile : public WeightFile {
public:
    /// Throws Error that names the file, the tensor and the cause.
    explicit SafetensorsFile(const std::filesystem::path &file);

    const std::filesystem::path &path() const override { return m_file.path(); }
    const std::vector<TensorView> &tensors() const override { return m_tensors; }
    const std::vector<ForeignTensor> &foreignTensors() const override { return m_foreign; }
    TensorData read(std::size_t index) const override;
    std::string storage() const override;
    bool isConverted() const override { return false; }
    std::span<const std::byte> bytes() const override { return m_file.bytes(); }
    void checkUnchanged() const override { m_file.checkUnchanged(); }
    void releasePages() const override { m_file.releasePages(); }
    /// The `__metadata__` object; empty when there is none.
    const std::map<std::string, std::string> &metadata() const { return m_metadata; }

private:
    std::string_view headerText() const;
    void readTensors();

    MappedFile m_file;
    std::vector<TensorView> m_tensors;
    std::vector<bool> m_isWide; ///< of m_tensors: its bytes are F64
    std::vector<ForeignTensor> m_foreign;
    std::map<std::string, std::string> m_metadata;
};

/// Whether a file begins as a safetensors file does, for readers of several forms. Throws Error when it cannot be read.
bool beginsAsSafetensors(const std::filesystem::path &file);

/// The type that most elements of the tensors have; F32 when there are none.
DType usualType(std::span<const TensorView> tensors);

} // namespace secateur
