// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/RandomWeights.h"

#include "decoder/LayerStream.h"
#include "model/ModelTensors.h"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace secateur {

Weights randomWeights(const ModelSpec &spec, at::Device device, c10::ScalarType dtype, std::uint64_t seed, bool isStreamed,
                      JobContext &context)
{
    std::map<TensorRole, Shape> shapes;
    for (ModelTensor &tensor : modelTensors(spec))
        shapes[tensor.role] = std::move(tensor.shape);
    at::globalContext().lazyInitDevice(device.type());
    const at::TensorOptions options = at::TensorOptions(device).dtype(dtype);
    const TensorSource source = [shapes, options, seed, device, naming = namingOf(spec),
                                 hasOnes = !spec.addsOneToNorms](const TensorRole &role) {
        const Shape &shape = shapes.at(role);
        if (shape.size() == 1)
            return role.kind == TensorKind::Bias || !hasOnes ? at::zeros(shape, options) : at::ones(shape, options);
        at::Generator generator = at::globalContext().defaultGenerator(device).clone();
        generator.set_current_seed(seed +
                                   std::hash<std::string>()(hfTensorName(role, naming))); // its own, so that one made again is the same
        const double inputs = double(shape.back());
        return at::empty(shape, options).normal_(0, role.part == TensorPart::Embedding ? 1 : 1 / std::sqrt(inputs), generator);
    };
    if (isStreamed)
        return streamedFrom(spec, source, LayersKept::Two);
    context.begin("make weights", std::int64_t(shapes.size()), "tensors");
    return weightsFrom(spec, [&](const TensorRole &role) {
        context.step();
        return source(role);
    });
}

} // namespace secateur
