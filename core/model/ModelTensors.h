// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"
#include "checkpoint/TensorRole.h"
#include "model/ModelSpec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// A tensor that a specification asks for.
struct ModelTensor {
    TensorRole role;
    Shape shape;
};

/// Those of one layer, as they are stored (fused where the family fuses), in the order in which it computes.
std::vector<ModelTensor> layerTensors(const ModelSpec &spec, std::int64_t layer);
/// All of a model, in the order of its layers: the embedding first, the final norm and the head last.
std::vector<ModelTensor> modelTensors(const ModelSpec &spec);
/// Every tensor that a checkpoint of this specification must hold, with Hugging Face's names, in the same order.
std::vector<ExpectedTensor> expectedTensors(const ModelSpec &spec);

/// How the tensors of such a model are called.
TensorNaming namingOf(const ModelSpec &spec);
std::string hfTensorName(const TensorRole &role, const ModelSpec &spec);

/// Some rows of a tensor.
struct RowRange {
    std::int64_t first = 0, count = 0;
};
/// Where a piece lies in the fused product of a layer (piecesOf).
RowRange rowsInFused(TensorPart piece, const LayerSpec &layer);

} // namespace secateur
