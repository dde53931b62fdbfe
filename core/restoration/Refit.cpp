// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/Refit.h"

#include "restoration/RidgeSystem.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace secateur {
namespace {

constexpr double kMostGrowth = 10;         ///< max|W'| / max|W| from which on the ridge is raised
constexpr std::int64_t kRowsAtOnce = 1024; ///< of a Gram matrix that are widened to fp64 for a product

/// Calls take(begin, G[rows[begin...], columns] in fp64) for a few rows at a time.
template <typename Take>
void widenRows(const at::Tensor &gram, const at::Tensor &rows, const at::Tensor &columns, Take take)
{
    for (std::int64_t begin = 0; begin < rows.size(0); begin += kRowsAtOnce) {
        const at::Tensor some = rows.narrow(0, begin, std::min(kRowsAtOnce, rows.size(0) - begin));
        take(begin, gram.index_select(0, some).index_select(1, columns).to(at::kDouble));
    }
}

/// G[rows, columns] in fp64.
at::Tensor widened(const at::Tensor &gram, const at::Tensor &rows, const at::Tensor &columns)
{
    at::Tensor whole = at::empty({rows.size(0), columns.size(0)}, gram.options().dtype(at::kDouble));
    widenRows(gram, rows, columns, [&](std::int64_t begin, const at::Tensor &some) { whole.narrow(0, begin, some.size(0)).copy_(some); });
    return whole;
}

/// G[rows, columns] factor in fp64, without a widened copy of the matrix.
at::Tensor product(const at::Tensor &gram, const at::Tensor &rows, const at::Tensor &columns, const at::Tensor &factor)
{
    at::Tensor whole = at::empty({rows.size(0), factor.size(1)}, gram.options().dtype(at::kDouble));
    widenRows(gram, rows, columns,
              [&](std::int64_t begin, const at::Tensor &some) { whole.narrow(0, begin, some.size(0)).copy_(some.mm(factor)); });
    return whole;
}

/// The numbers below `count` that are not among `kept`.
std::vector<std::int64_t> others(const std::vector<std::int64_t> &kept, std::int64_t count)
{
    std::vector<std::int64_t> gone;
    for (std::int64_t i = 0, next = 0; i < count; ++i) {
        if (next < std::int64_t(kept.size()) && kept[std::size_t(next)] == i)
            ++next;
        else
            gone.push_back(i);
    }
    return gone;
}

/// What a fit starts from, in fp64.
struct Aim {
    at::Tensor right;   ///< G[S,:] W^T, [K, d]
    double before, all; ///< |A_S W_S^T - A W^T|^2 = |A_R W_R^T|^2, and |A W^T|^2
};

/// From G alone. `own`: G[S,S] in fp64; `removed`: W_R^T, [I - K, d]; `plain`: W_S^T, [K, d]; `s`, `r`: which neurons are kept and removed.
Aim aimOf(const at::Tensor &gram, const at::Tensor &own, const at::Tensor &removed, const at::Tensor &plain, const at::Tensor &s,
          const at::Tensor &r)
{
    const at::Tensor crossed = product(gram, s, r, removed), kept = own.mm(plain);
    const double before = std::max(0.0, sumOfProducts(removed, product(gram, r, r, removed)));
    return {.right = kept + crossed, .before = before, .all = before + sumOfProducts(plain, kept + 2 * crossed)};
}

void check(const at::Tensor &gram, const at::Tensor &down, const std::vector<std::int64_t> &kept, const std::string &what)
{
    const bool isOrdered = std::adjacent_find(kept.begin(), kept.end(), std::greater_equal<>()) == kept.end();
    if (gram.dim() != 2 || gram.size(0) != gram.size(1) || down.dim() != 2 || down.size(1) != gram.size(0))
        throw std::invalid_argument("refitDown: the shapes do not fit");
    if (kept.empty() || !isOrdered || kept.front() < 0 || kept.back() >= gram.size(0))
        throw std::invalid_argument("refitDown: the kept neurons are none, not ascending or not there");
    requireFinite(gram, "The Gram matrix of " + what);
    requireFinite(down, "The down product of " + what);
}

} // namespace

RidgeSolution solveRidge(const at::Tensor &gram, const at::Tensor &right, double ridge, const std::string &what)
{
    if (right.dim() != 2 || right.size(0) != gram.size(0))
        throw std::invalid_argument("solveRidge: the shapes do not fit");
    requireFinite(right, "The right-hand side of " + what);
    RidgeSystem system(gram.to(at::kDouble, /*non_blocking=*/false, /*copy=*/true), ridge, what);
    at::Tensor x = system.solve(right.to(gram.device(), at::kDouble));
    return {.x = std::move(x), .ridge = system.ridge(), .raised = system.raised()};
}

RefittedDown refitDown(const at::Tensor &gram, const at::Tensor &down, const std::vector<std::int64_t> &kept, double ridge,
                       const std::string &what)
{
    check(gram, down, kept, what);
    RestoredLayer told{.ridge = ridge};
    if (std::int64_t(kept.size()) == gram.size(0))
        return {.weight = down.to(gram.device(), at::kDouble), .told = told};

    const at::Tensor weight = down.to(gram.device()).mT(); // [I, d]
    const at::Tensor s = indexTensor(kept, gram.device()), r = indexTensor(others(kept, gram.size(0)), gram.device());
    const at::Tensor plain = weight.index_select(0, s).to(at::kDouble);
    RidgeSystem system(widened(gram, s, s), ridge, what);
    const auto [right, before, all] = aimOf(gram, system.gram(), weight.index_select(0, r).to(at::kDouble), plain, s, r);

    const auto largest = weight.abs().max().item<double>();
    const auto growthOf = [&](const at::Tensor &x) { return largest > 0 ? x.abs().max().item<double>() / largest : 1; };
    at::Tensor fitted = system.solve(right); // [K, d]
    for (; growthOf(fitted) > kMostGrowth; fitted = system.solve(right))
        system.raise();
    // Two errors of the same quadratic form: their difference is exact where they are close.
    double after = std::max(0.0, before + sumOfProducts(fitted - plain, system.gram().mm(fitted + plain) - 2 * right));
    if (after > before) { // the ridge took more than the fit gave
        fitted = plain;
        after = before;
    }
    told.ridge = system.ridge();
    told.raised = system.raised();
    told.growth = growthOf(fitted);
    told.errorBefore = all > 0 ? before / all : 0;
    told.errorAfter = all > 0 ? after / all : 0;
    return {.weight = fitted.mT().contiguous(), .told = told};
}

} // namespace secateur
