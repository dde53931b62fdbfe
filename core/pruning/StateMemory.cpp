// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/StateMemory.h"

#include <ATen/ops/empty.h>
#include <algorithm>
#include <utility>

namespace secateur {

StateMemory::StateMemory(at::Tensor like, std::int64_t count, bool isOnHost)
    : m_like(std::move(like)),
      m_count(count),
      m_isOnHost(isOnHost && !m_like.is_cpu())
{
}

at::Tensor StateMemory::freeSlot()
{
    if (m_slots.empty()) {
        std::vector<std::int64_t> shape = m_like.sizes().vec();
        shape.insert(shape.begin(), m_count);
        const at::TensorOptions options = m_like.options();
        const at::Tensor all = at::empty(shape, m_isOnHost ? options.device(at::kCPU).pinned_memory(true) : options);
        for (std::int64_t i = 0; i < m_count; ++i)
            m_slots.push_back(all.select(0, i));
    }
    const auto free = std::find_if(m_slots.begin(), m_slots.end(), [](const at::Tensor &slot) { return slot.use_count() == 1; });
    return free == m_slots.end() ? at::Tensor() : *free;
}

at::Tensor StateMemory::room()
{
    return m_isOnHost ? at::Tensor() : freeSlot();
}

at::Tensor StateMemory::keep(const at::Tensor &state)
{
    const at::Tensor slot = freeSlot();
    if (!slot.defined())
        return state;
    slot.copy_(state, /*non_blocking=*/true);
    return slot;
}

} // namespace secateur
