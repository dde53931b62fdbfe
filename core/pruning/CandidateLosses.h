// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "foundation/JobContext.h"
#include "pruning/BlockSweep.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace secateur {

/// The lowest of those that are known and finite; infinite when there is none.
double lowestOf(const std::vector<double> &losses);

/// Candidates of a step that are to be evaluated, and who hears of them.
struct Evaluating {
    /// What becomes of a candidate: a loss, or a bound of it.
    using Known = std::function<void(const Block &candidate, double value)>;

    std::vector<Block> candidates;
    double best = 0;        ///< lowest loss known before; infinite = none
    double margin = 0;      ///< above the best, in which a loss is wanted
    std::int64_t least = 0; ///< losses that are wanted whatever they are
    double share = 1;       ///< of the step's progress
    Known heard, isOut;
};

/// The losses of a sweep's candidates. Where only the deciding ones are wanted, the head is computed for the few candidates that can be the best
/// (LossBounds). It keeps how the best of them ends until it is removed: that is how the next base ends.
class CandidateLosses {
public:
    CandidateLosses(BlockSweep sweep, bool isBounded) : m_sweep(std::move(sweep)), m_isBounded(isBounded) {}

    BlockSweep &sweep() { return m_sweep; }
    const BlockSweep &sweep() const { return m_sweep; }
    bool isBounded() const { return m_isBounded; }

    /// Computes every candidate's loss, or where bounds hold those of the candidates that they leave. On a GPU all are heard at the end.
    void evaluate(const Evaluating &what, JobContext &context);
    /// Removes one for good.
    void remove(const Block &block);

private:
    void findDeciding(const Evaluating &what, std::vector<at::Tensor> &ends, JobContext &context,
                      const std::function<void(double heads)> &passed);

    BlockSweep m_sweep;
    bool m_isBounded;
    Block m_best; ///< of the step under way, as far as its end is known
    VariantEnd m_bestEnd;
};

} // namespace secateur
