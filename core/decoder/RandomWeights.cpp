// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/RandomWeights.h"

#include "decoder/LayerStream.h"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <cmath>
#include <functional>
#include <map>
#include <string>

namespace secateur {

Weights randomWeights(const ModelSpec &spec, at::Device device, c10::ScalarType dtype, std::uint64_t seed, bool isStreamed,
                      JobContext &context)
{
    std::map<std::string, Shape> shapes;
    for (const ExpectedTensor &tensor : expectedTensors(spec))
        shapes[tensor.name] = tensor.shape;
    at::globalContext().lazyInitDevice(device.type());
    const at::TensorOptions options = at::TensorOptions(device).dtype(dtype);
    const TensorSource source = [shapes, options, seed, device, hasOnes = !spec.addsOneToNorms](const std::string &name) {
        const Shape &shape = shapes.at(name);
        if (shape.size() == 1)
            return name.ends_with(".bias") || !hasOnes ? at::zeros(shape, options) : at::ones(shape, options);
        at::Generator generator = at::globalContext().defaultGenerator(device).clone();
        generator.set_current_seed(seed + std::hash<std::string>()(name)); // of its own, so that a tensor made again is the same
        const double inputs = double(shape.back());
        return at::empty(shape, options).normal_(0, name.find("embed") != std::string::npos ? 1 : 1 / std::sqrt(inputs), generator);
    };
    if (isStreamed)
        return streamedFrom(spec, source, LayersKept::Two);
    context.begin("make weights", std::int64_t(shapes.size()), "tensors");
    return weightsFrom(spec, [&](const std::string &name) {
        context.step();
        return source(name);
    });
}

} // namespace secateur
