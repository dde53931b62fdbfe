// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/RidgeSystem.h"

#include "decoder/Tensors.h"
#include "foundation/Error.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cholesky_inverse.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace secateur {
namespace {

constexpr std::int64_t kMostRaised = 12;
constexpr double kRaise = 10, kLeastRaised = 1e-12; ///< what a ridge of 0 is raised to
constexpr std::int64_t kRowsInspected = 512;        ///< at a time, so that no copy of the matrix is made
constexpr double kMostAskew = 1e-5;                 ///< |G - G^T| as a share of the largest diagonal, above the rounding of sums in fp32

const char *const kCalibrateAgain = "The file of Gram matrices is damaged: calibrate again.";

} // namespace

RidgeSystem::RidgeSystem(at::Tensor gram, double ridge, std::string what) : m_what(std::move(what)), m_gram(std::move(gram)), m_ridge(ridge)
{
    if (m_gram.dim() != 2 || m_gram.size(0) != m_gram.size(1) || m_gram.size(0) == 0)
        throw std::invalid_argument("RidgeSystem: the matrix is not square");
    if (!std::isfinite(ridge) || ridge < 0)
        throw std::invalid_argument("RidgeSystem: the ridge is negative or not finite");
    inspect();
    m_diagonal = m_gram.diagonal().clone();
    m_mean = m_diagonal.to(at::kDouble).mean().item<double>();
    factorise();
}

/// Finds out which neurons fire, and refuses what is no Gram matrix.
void RidgeSystem::inspect()
{
    requireFinite(m_gram, "The Gram matrix of " + m_what);
    const std::int64_t n = m_gram.size(0);
    m_fires = at::zeros({n}, m_gram.options().dtype(at::kBool));
    double largest = 0, askew = 0;
    for (std::int64_t begin = 0; begin < n; begin += kRowsInspected) {
        const std::int64_t count = std::min(kRowsInspected, n - begin);
        const at::Tensor rows = m_gram.narrow(0, begin, count);
        const at::Tensor most = rows.abs().amax(1);
        m_fires.narrow(0, begin, count).copy_(most != 0);
        largest = std::max(largest, most.max().item<double>());
        askew = std::max(askew, (rows - m_gram.narrow(1, begin, count).mT()).abs().max().item<double>());
    }
    if (largest == 0)
        throw Error("The activations of " + m_what + " are zero everywhere: there is nothing to fit to.",
                    "Calibrate on another text, or with more windows (--windows).");
    if (askew > kMostAskew * largest)
        throw Error("The Gram matrix of " + m_what + " is not symmetric.", kCalibrateAgain);
}

void RidgeSystem::step()
{
    if (m_raised == kMostRaised) {
        char ridge[32];
        std::snprintf(ridge, sizeof ridge, "%g", m_ridge);
        throw Error("The least squares of " + m_what + " cannot be solved, even with a ridge of " + ridge + " times the mean diagonal.",
                    kCalibrateAgain);
    }
    m_ridge = std::max(m_ridge * kRaise, kLeastRaised);
    ++m_raised;
}

void RidgeSystem::factorise()
{
    for (;; step()) {
        m_factor.reset();
        m_gram.diagonal().copy_(at::where(m_fires, m_diagonal + m_ridge * m_mean, 1.0));
        at::Tensor info;
        std::tie(m_factor, info) = at::linalg_cholesky_ex(m_gram);
        m_gram.diagonal().copy_(m_diagonal);
        if (info.item<int>() == 0)
            return;
    }
}

void RidgeSystem::raise()
{
    step();
    factorise();
}

at::Tensor RidgeSystem::solve(const at::Tensor &right)
{
    for (;; raise()) {
        at::Tensor x = at::linalg_solve_triangular(m_factor, right, /*upper=*/false);
        x = at::linalg_solve_triangular(m_factor.mT(), x, /*upper=*/true);
        x.masked_fill_(m_fires.logical_not().unsqueeze(1), 0);
        if (x.numel() == 0 || std::isfinite(x.abs().max().item<double>()))
            return x;
    }
}

at::Tensor RidgeSystem::inverse() &&
{
    m_gram.reset();
    at::Tensor inverse = at::cholesky_inverse(m_factor);
    m_factor.reset();
    return inverse.is_contiguous() ? inverse : inverse.mT().contiguous(); // it is symmetric to the bit
}

void requireFinite(const at::Tensor &tensor, const std::string &name)
{
    if (!isFinite(tensor))
        throw Error(name + " holds numbers that are not finite.",
                    "The type overflows, or the checkpoint is damaged: calibrate in float32 (--dtype float32).");
}

double sumOfProducts(const at::Tensor &one, const at::Tensor &other)
{
    return (one * other).sum(1, /*keepdim=*/false, at::kDouble).sum().item<double>();
}

at::Tensor indexTensor(const std::vector<std::int64_t> &positions, at::Device device)
{
    return at::tensor(positions, at::TensorOptions(at::kLong)).to(device);
}

} // namespace secateur
