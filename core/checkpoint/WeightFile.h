// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace secateur {

/// The values of one tensor: bytes of a mapped file, or bytes of its own where they had to be made.
struct TensorData {
    TensorView view;
    std::vector<std::byte> owned; ///< what `view.bytes` points to, when it is not the file

    TensorData(TensorView mapped) : view(std::move(mapped)) {}
    TensorData(TensorView made, std::vector<std::byte> bytes) : view(std::move(made)), owned(std::move(bytes)) { view.bytes = owned; }
    TensorData(TensorData &&) noexcept = default;
    TensorData &operator=(TensorData &&) noexcept = default;
    TensorData(const TensorData &) = delete;
    TensorData &operator=(const TensorData &) = delete;
};

/// A tensor of a type that no weight may have: integers, truth values, 8-bit floats. Only its name tells whether it may be there.
struct ForeignTensor {
    std::string name;
    std::string type; ///< as the file writes it: "I64", "F8_E4M3"
    Shape shape;
};

/// A file that holds tensors, with the names, shapes and row order that Hugging Face's checkpoints have.
class WeightFile {
public:
    virtual ~WeightFile() = default;

    virtual const std::filesystem::path &path() const = 0;
    /// In the order of their bytes in the file. `dtype` is the type in which the tensor is written again; `bytes` are those of the file,
    /// and hold the values only where nothing has to be converted.
    virtual const std::vector<TensorView> &tensors() const = 0;
    /// What else lies in the file; nothing can be read of it.
    virtual const std::vector<ForeignTensor> &foreignTensors() const
    {
        static const std::vector<ForeignTensor> none;
        return none;
    }
    /// The values of a tensor, which may come in a wider type than `dtype` says.
    virtual TensorData read(std::size_t index) const = 0;
    /// What most weights are stored as: the name of a type in config.json, or of a quantised one, such as "Q4_K".
    virtual std::string storage() const = 0;
    /// True when values are other than the file's bytes: quantised.
    virtual bool isConverted() const = 0;
    /// The whole file.
    virtual std::span<const std::byte> bytes() const = 0;
    /// Throws Error when the file was changed since it was opened: what was read of it may be wrong then.
    virtual void checkUnchanged() const = 0;
    /// Tells the system that the bytes read so far are not needed again, so that they leave resident memory.
    virtual void releasePages() const = 0;
};

} // namespace secateur
