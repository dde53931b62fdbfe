// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "pruning/RestorationRecord.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// A ridge system that was solved: (G + r 1) X = B with r = ridge * mean(diag G).
struct RidgeSolution {
    at::Tensor x;            ///< as B, fp64
    double ridge = 0;        ///< that it was solved with
    std::int64_t raised = 0; ///< how often it was raised tenfold because G + r 1 was not positive, or X not finite
};

/// Solves it by a Cholesky factorisation in fp64 that reports instead of throwing, raising the ridge tenfold, 12 times at most. Rows and columns of G that
/// are zero (neurons that never fire) get rows of zeros. A ridge of 0 is raised to 1e-12. `gram`: [n, n] symmetric, any float type; `right`: [n, m]. Computed
/// on the device of `gram`, with two matrices of its size in fp64. Throws Error that names `what` ("layer 3") when a number is not finite, when G is zero or
/// not symmetric, or when no ridge helps; std::invalid_argument for shapes that do not fit.
RidgeSolution solveRidge(const at::Tensor &gram, const at::Tensor &right, double ridge, const std::string &what);

/// A refitted down product.
struct RefittedDown {
    at::Tensor weight; ///< [d, K], fp64
    RestoredLayer told;
};

/// R1: the weights of the kept neurons that give the dense output of all neurons best, on dense activations:
/// (G[S,S] + r 1) X^T = G[S,:] W^T, W' = X. `gram`: G, [I, I]; `down`: W, [d, I]; `kept`: S, ascending, not empty. Where max|W'| exceeds 10 max|W| the ridge
/// is raised too. Where the fit would be worse than W[:,S], because of the ridge, that stays; with all neurons kept it is W itself. The errors come from G
/// too, in fp64. The bias of the product stays as it is, and needs no fit. Throws as solveRidge().
RefittedDown refitDown(const at::Tensor &gram, const at::Tensor &down, const std::vector<std::int64_t> &kept, double ridge,
                       const std::string &what);

} // namespace secateur
