// SPDX-License-Identifier: GPL-3.0-or-later
// The problems of tests/fixtures/restoration, which make_restoration.py solved, and random ones.
#pragma once

#include "../decoder/TinyLlamas.h"

#include "foundation/JsonFile.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/randn.h>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur::test {

inline nlohmann::json closedForm()
{
    return readJsonFile(SECATEUR_FIXTURES "/restoration/closed-form.json", 1 << 20, {});
}

/// A matrix of a document in fp64.
inline at::Tensor matrixOf(const nlohmann::json &rows)
{
    at::Tensor matrix = at::empty({std::int64_t(rows.size()), std::int64_t(rows.at(0).size())}, at::kDouble);
    auto *value = matrix.mutable_data_ptr<double>();
    for (const nlohmann::json &row : rows)
        for (const nlohmann::json &number : row)
            *value++ = number.get<double>();
    return matrix.to(testDevice());
}

/// Activations, their Gram matrix and a down product, in fp64.
struct Problem {
    Problem(const nlohmann::json &document, const std::string &name)
    {
        const nlohmann::json &problem = document.at("problems").at(name);
        activations = matrixOf(problem.at("activations")) / 8;
        down = matrixOf(problem.at("down")) / 64;
        gram = activations.mT().mm(activations) - problem.value("shift", 0.0) / 64 * at::eye(activations.size(1), activations.options());
    }
    /// Random: tokens, neurons, outputs. Neurons share some of what they say.
    Problem(std::int64_t seed, std::int64_t tokens, std::int64_t neurons, std::int64_t outputs)
    {
        at::manual_seed(std::uint64_t(seed));
        const at::TensorOptions options(at::kDouble);
        activations =
            (at::randn({tokens, neurons}, options) + at::randn({tokens, 2}, options).mm(at::randn({2, neurons}, options))).to(testDevice());
        down = at::randn({outputs, neurons}, options).to(testDevice());
        gram = activations.mT().mm(activations);
    }

    at::Tensor activations; ///< [T, I]
    at::Tensor down;        ///< [d, I]
    at::Tensor gram;        ///< [I, I]
};

/// The largest difference of two tensors as a share of the largest number of the second.
inline double differenceOf(const at::Tensor &one, const at::Tensor &other)
{
    return ((one - other).abs().max() / other.abs().max()).item<double>();
}

} // namespace secateur::test
