// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace secateur {

/// Where a search keeps its restart states, and how many bytes they may take; 0 = none are kept.
struct StateBudget {
    StateBudget(std::int64_t most, bool onHost = false) : bytes(most), isOnHost(onHost) {}
    std::int64_t bytes;
    bool isOnHost; ///< in pinned memory of the host, although the model is on a GPU
};

/// Memory for tensors of one shape, taken once: what is kept for long lies by itself, and leaves no holes among what comes and goes.
class StateMemory {
public:
    /// `like`: any state. Nothing is taken before the first is kept.
    StateMemory(at::Tensor like, std::int64_t count, bool isOnHost);

    /// Whether another state can be kept.
    bool hasRoom() { return freeSlot().defined(); }
    /// Where the next state may be written, to stay until nobody holds it. Undefined when there is no room, or when states are on the host.
    at::Tensor room();
    /// A copy of the state, which stays until nobody holds it.
    at::Tensor keep(const at::Tensor &state);
    /// A kept state where the model is: itself, or a copy of it.
    at::Tensor back(const at::Tensor &kept) const { return kept.to(m_like.device(), /*non_blocking=*/true); }

private:
    at::Tensor freeSlot();

    at::Tensor m_like;
    std::int64_t m_count;
    bool m_isOnHost;
    std::vector<at::Tensor> m_slots; ///< a slot that nobody else holds is free
};

} // namespace secateur
