// SPDX-License-Identifier: GPL-3.0-or-later
// Plans that change weights: values in a file, and a decoder that was changed by hand in the same way.
#pragma once

#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "decoder/Decoder.h"
#include "decoder/Tensors.h"
#include "model/ModelTensors.h"
#include "model/WeightEdits.h"

#include <ATen/TensorOperators.h>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

namespace secateur::test {

/// A file with those tensors, as edits.
inline WeightEdits editsWith(const std::filesystem::path &file, const std::map<TensorRole, at::Tensor> &tensors)
{
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const auto &[role, tensor] : tensors)
        declarations.push_back({ownTensorName(role), dtypeOf(tensor), tensor.sizes().vec()});
    SafetensorsWriter writer(file, declarations, {});
    for (const auto &[role, tensor] : tensors)
        writer.write(ownTensorName(role), bytesOf(tensor.cpu().contiguous()));
    writer.finish();
    return editsIn(std::make_shared<const SafetensorsFile>(file));
}

/// Weights of a model of which some have other values, and the same as edits.
struct ChangedWeights {
    WeightEdits edits;
    Weights weights;
};

/// Some of every kind: products and their pieces, biases, norms, outside of layers.
inline ChangedWeights changedWeights(const Decoder &decoder, const std::filesystem::path &file)
{
    ChangedWeights changed{.edits = {}, .weights = decoder.weights()};
    ModelSpec spec = decoder.spec();
    spec.hasFusedProducts = false; // as weights in memory are
    std::map<TensorRole, at::Tensor> tensors;
    int number = 0;
    for (const ModelTensor &tensor : modelTensors(spec)) {
        const TensorRole &role = tensor.role;
        if (role.layer < 0 ? role.part != TensorPart::FinalNorm : ++number % 3 != 0)
            continue;
        at::Tensor &place = role.layer < 0 ? changed.weights.finalNorm : tensorOf(changed.weights.layers[std::size_t(role.layer)], role);
        place = place * 1.25 + 0.01;
        tensors[role] = place;
    }
    changed.edits = editsWith(file, tensors);
    return changed;
}

} // namespace secateur::test
