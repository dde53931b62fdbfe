// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/Elimination.h"

#include "restoration/RidgeSystem.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

namespace secateur {
namespace {

constexpr std::int64_t kSmallLayer = 1024, kSmallBlock = 16, kBlocks = 48; ///< neurons below which blocks have 16, blocks of larger layers
constexpr std::int64_t kDeepest = 24;                                      ///< a path stops at this part of the neurons

/// The way down from (G + r 1)^-1. What is left lies in front: the first n rows and columns of the inverse, the first n rows of the fitted weights.
class Descent {
public:
    /// `fitted`: X, [I, d]; `inverse`: H, [I, I]; both are changed.
    Descent(at::Tensor fitted, at::Tensor inverse) : m_fitted(std::move(fitted)), m_inverse(std::move(inverse)), m_left(m_inverse.size(0))
    {
        std::iota(m_left.begin(), m_left.end(), 0);
    }

    std::int64_t left() const { return std::int64_t(m_left.size()); }
    /// The neurons that are left, ascending.
    std::vector<std::int64_t> neuronsLeft() const;
    /// Takes the `count` neurons away that are missed least, and adds them to the path. False, where rounding has made the inverse indefinite.
    bool cut(std::int64_t count, EliminationPath &path);

private:
    std::vector<std::int64_t> leastMissed(std::int64_t count) const;
    void closeGaps(const std::vector<std::int64_t> &gaps, at::Tensor &rows);

    at::Tensor m_fitted, m_inverse;
    std::vector<std::int64_t> m_left; ///< the neuron at each place
};

std::vector<std::int64_t> Descent::neuronsLeft() const
{
    std::vector<std::int64_t> sorted = m_left;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

/// Their places, by score |X_j|^2 / H_jj and then by neuron; none where a score is no number.
std::vector<std::int64_t> Descent::leastMissed(std::int64_t count) const
{
    const std::int64_t n = left();
    const at::Tensor scores =
        (m_fitted.narrow(0, 0, n).square().sum(1) / m_inverse.diagonal().narrow(0, 0, n)).to(at::kCPU, at::kDouble).contiguous();
    const double *score = scores.const_data_ptr<double>();
    if (!std::all_of(score, score + n, [](double value) { return std::isfinite(value) && value >= 0; }))
        return {};
    std::vector<std::int64_t> places(m_left.size());
    std::iota(places.begin(), places.end(), 0);
    std::partial_sort(places.begin(), places.begin() + count, places.end(), [&](std::int64_t a, std::int64_t b) {
        return std::pair(score[a], m_left[std::size_t(a)]) < std::pair(score[b], m_left[std::size_t(b)]);
    });
    places.resize(std::size_t(count));
    return places;
}

bool Descent::cut(std::int64_t count, EliminationPath &path)
{
    const std::int64_t n = left();
    const std::vector<std::int64_t> gone = leastMissed(count); // P
    if (gone.empty())
        return false;
    const at::Tensor index = indexTensor(gone, m_inverse.device());
    at::Tensor rows = m_inverse.narrow(0, 0, n).narrow(1, 0, n).index_select(0, index); // H_P, [b, n]
    const auto [factor, info] = at::linalg_cholesky_ex(rows.index_select(1, index));    // of H_PP
    if (info.item<int>() != 0)
        return false;
    const at::Tensor x = at::linalg_solve_triangular(factor, m_fitted.index_select(0, index), /*upper=*/false); // [b, d]
    for (const std::int64_t place : gone)
        path.order.push_back(m_left[std::size_t(place)]);
    closeGaps(gone, rows);
    path.cuts.push_back({.remaining = left(), .error = sumOfProducts(x, x)});

    // X_q -= H_qP H_PP^-1 X_P and H_qq -= H_qP H_PP^-1 H_Pq, with H_PP^-1 shared by both sides.
    const at::Tensor h = at::linalg_solve_triangular(factor, rows.narrow(1, 0, left()), /*upper=*/false); // [b, n - b]
    m_inverse.narrow(0, 0, left()).narrow(1, 0, left()).addmm_(h.mT(), h, 1, -1);
    m_fitted.narrow(0, 0, left()).addmm_(h.mT(), x, 1, -1);
    return true;
}

/// Moves what is left behind the new end into the gaps before it, also in `rows` of the inverse.
void Descent::closeGaps(const std::vector<std::int64_t> &gaps, at::Tensor &rows)
{
    const std::int64_t n = left(), end = n - std::int64_t(gaps.size());
    std::vector<std::int64_t> from, to;
    for (const std::int64_t gap : gaps)
        if (gap < end)
            to.push_back(gap);
    for (std::int64_t place = end; place < n; ++place)
        if (std::find(gaps.begin(), gaps.end(), place) == gaps.end())
            from.push_back(place);
    for (std::size_t i = 0; i < to.size(); ++i)
        m_left[std::size_t(to[i])] = m_left[std::size_t(from[i])];
    m_left.resize(std::size_t(end));
    if (to.empty())
        return;
    const at::Tensor source = indexTensor(from, rows.device()), target = indexTensor(to, rows.device());
    const auto move = [&](at::Tensor all, std::int64_t dimension) {
        all.index_copy_(dimension, target, all.index_select(dimension, source));
    };
    move(m_inverse.narrow(1, 0, n), 0);
    move(m_inverse.narrow(0, 0, end), 1);
    move(m_fitted, 0);
    move(rows, 1);
}

/// None, where rounding has made the inverse indefinite: with a larger ridge it may do.
std::optional<EliminationPath> pathOf(RidgeSystem system, const at::Tensor &cross, std::int64_t block)
{
    EliminationPath path;
    at::Tensor fitted = system.solve(cross).contiguous();
    path.ridge = system.ridge();
    Descent descent(std::move(fitted), std::move(system).inverse());
    const std::int64_t deepest = endOfPath(cross.size(0));
    while (descent.left() > deepest)
        if (!descent.cut(std::min(block, descent.left() - deepest), path))
            return {};
    const std::vector<std::int64_t> left = descent.neuronsLeft();
    path.order.insert(path.order.end(), left.begin(), left.end());
    return path;
}

} // namespace

std::vector<std::int64_t> EliminationPath::best(std::int64_t kept) const
{
    if (kept < 0 || kept > neurons())
        throw std::invalid_argument("EliminationPath: there are not so many neurons");
    std::vector<std::int64_t> set(order.end() - kept, order.end());
    std::sort(set.begin(), set.end());
    return set;
}

std::int64_t endOfPath(std::int64_t neurons)
{
    return std::max<std::int64_t>(1, neurons / kDeepest);
}

std::int64_t eliminationBlock(std::int64_t neurons)
{
    return neurons < kSmallLayer ? kSmallBlock : neurons / kBlocks;
}

EliminationPath eliminate(const at::Tensor &gram, const at::Tensor &down, double ridge, std::int64_t block, const std::string &what)
{
    if (gram.dim() != 2 || down.dim() != 2 || down.size(1) != gram.size(0) || block < 1)
        throw std::invalid_argument("eliminate: the shapes do not fit, or the block is empty");
    requireFinite(down, "The down product of " + what);
    requireFinite(gram, "The Gram matrix of " + what);
    const c10::ScalarType type = gram.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor cross = gram.to(type).mm(down.to(gram.device(), type).mT()); // G W^T, [I, d]
    for (std::int64_t raises = 0;; ++raises) {
        RidgeSystem system(gram.to(type, /*non_blocking=*/false, /*copy=*/true), ridge, what);
        for (std::int64_t i = 0; i < raises; ++i)
            system.raise();
        if (std::optional<EliminationPath> path = pathOf(std::move(system), cross, block))
            return std::move(*path);
    }
}

} // namespace secateur
