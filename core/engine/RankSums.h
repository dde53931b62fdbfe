// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "foundation/JobContext.h"
#include "foundation/Ranks.h"

#include <ATen/core/Tensor.h>
#include <memory>
#include <vector>

namespace secateur {

/// Adds up arrays of several ranks, of any size: by torch.distributed's Gloo, over TCP from rank to rank, so that they do not go through the store of which
/// small things are exchanged. Every number is added in the order of the ranks: the same ranks give the same bits.
///
/// Arrays on a GPU go through the host's memory, block by block. (NCCL would save that. Its process group is a part of LibTorch's CUDA library, which is opened
/// at run time where there is a GPU, and cannot be linked.)
class RankSums {
public:
    /// All ranks make theirs at the same time, and connect. Throws Error that names a rank that has ended or does not answer, and Cancelled.
    RankSums(std::shared_ptr<Ranks> ranks, const JobContext &context);
    ~RankSums();
    RankSums(const RankSums &) = delete;
    RankSums &operator=(const RankSums &) = delete;

    /// Adds up each array, fp32 of two dimensions, in place: rank 0 has the sums then, the arrays of others are as they were. All ranks give arrays of the
    /// same shapes. Returns whether this rank has the sums. Throws as the constructor.
    bool add(const std::vector<at::Tensor> &parts, const JobContext &context);

    /// Bytes on the host that adding takes at most beside the arrays, whose rows have that many numbers.
    static std::int64_t bytesBeside(std::int64_t columns, int ranks);

private:
    class Group;
    std::shared_ptr<Ranks> m_ranks;
    std::unique_ptr<Group> m_group; ///< none where there is one rank
};

} // namespace secateur
