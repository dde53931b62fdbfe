// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// G + r 1, r = ridge * mean(diag G), factorised by Cholesky in the type of G. Where it is not positive the ridge is raised tenfold, 12 times at most.
class RidgeSystem {
public:
    /// `gram`: G, [n, n] symmetric, fp32 or fp64. It is taken over and changed on the way, so nobody else may use it. It is kept beside its factor: two
    /// matrices of n x n. `what`: whose activations they are, as a message names it ("layer 3"). Throws Error where G is not finite, not symmetric or
    /// zero, or where no ridge helps.
    RidgeSystem(at::Tensor gram, double ridge, std::string what);

    const at::Tensor &gram() const { return m_gram; } ///< G as it was given
    double ridge() const { return m_ridge; }          ///< a share of the mean diagonal
    std::int64_t raised() const { return m_raised; }  ///< how often it was raised

    /// (G + r 1)^-1 `right`, [n, m] in the type of G. Rows of neurons that never fire (rows of G that are zero) are zero. Raises the ridge until the result
    /// is finite.
    at::Tensor solve(const at::Tensor &right);
    /// (G + r 1)^-1, [n, n] row-major, with 1 on the diagonal for neurons that never fire. The system is used up: two matrices at the most.
    at::Tensor inverse() &&;
    /// For a result that will not do: goes on with ten times the ridge.
    void raise();

private:
    void inspect();
    void step();
    void factorise();

    std::string m_what;
    at::Tensor m_gram, m_factor;
    at::Tensor m_diagonal; ///< [n], of G
    at::Tensor m_fires;    ///< [n], bool
    double m_mean = 0, m_ridge;
    std::int64_t m_raised = 0;
};

/// Throws Error that says of `name` ("The Gram matrix of layer 3") that it is not finite, where it is not.
void requireFinite(const at::Tensor &tensor, const std::string &name);
/// The sum of one * other in fp64, [n, m] each, in an order that does not depend on the number of threads.
double sumOfProducts(const at::Tensor &one, const at::Tensor &other);
/// Positions as an index of tensors on a device.
at::Tensor indexTensor(const std::vector<std::int64_t> &positions, at::Device device);

} // namespace secateur
