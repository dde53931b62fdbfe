// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"
#include "checkpoint/TensorRole.h"
#include "checkpoint/WeightFile.h"
#include "model/ModelSpec.h"

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur {

/// A tensor of a pruned model that has other values than those that are left of the dense model's.
struct WeightEdit {
    TensorRole role; ///< its layer counted as in the dense model; of a piece, never of a fused product
    Shape shape;     ///< as the pruned model has it
    DType dtype = DType::Float32;
    std::string sha256; ///< of the values, row-major and little-endian
    bool operator==(const WeightEdit &) const = default;
};

/// The weights that a surgery changes besides cutting them.
struct WeightEdits {
    std::vector<WeightEdit> list; ///< ascending by role
    std::shared_ptr<const WeightFile>
        values; ///< that holds them, called by ownTensorName; null where only the list is known, as from a manifest
    bool operator==(const WeightEdits &other) const { return list == other.list; } // the hashes tell which values

    bool isEmpty() const { return list.empty(); }
    std::int64_t elements() const; ///< of all of them
    const WeightEdit *find(const TensorRole &role) const;
    /// Throws Error when the values are not at hand. Whoever has copied them calls `checkUnchanged` of the file.
    TensorData valuesOf(const WeightEdit &edit) const;
};

/// All tensors of a file as edits. Reads every byte. Throws Error for a name that is none of a role.
WeightEdits editsIn(std::shared_ptr<const WeightFile> file);

/// Throws Error when an edit names a tensor that the pruned model has not, or has in another shape. Asks for no values.
void checkEditList(const WeightEdits &edits, const ModelSpec &pruned);
/// The same, and when the values of one are not at hand in the shape and type that it tells. Reads no values.
void checkEdits(const WeightEdits &edits, const ModelSpec &pruned);
/// Throws Error when values are others than the hashes tell, or not finite. Reads every byte.
void checkValues(const WeightEdits &edits);

nlohmann::json toJson(const WeightEdits &edits);
/// The list alone. Throws Flaw and json::exception for what is no such list.
WeightEdits weightEditsFromJson(const nlohmann::json &json);

} // namespace secateur
