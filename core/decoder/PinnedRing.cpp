// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/PinnedRing.h"

#include <ATen/ops/empty.h>
#include <algorithm>
#include <cstring>
#include <utility>

namespace secateur {

PinnedRing::PinnedRing(at::Device device, std::int64_t blockBytes) : m_device(device), m_blockBytes(blockBytes) {}

at::Tensor PinnedRing::toDevice(std::span<const std::byte> bytes)
{
    const auto size = std::int64_t(bytes.size());
    const at::Tensor all = at::empty({size}, at::TensorOptions(m_device).dtype(at::kByte));
    for (std::int64_t first = 0; first < size; first += m_blockBytes) {
        Block &block = m_blocks[std::exchange(m_next, (m_next + 1) % m_blocks.size())];
        if (!block.memory.defined())
            block.memory = at::empty({m_blockBytes}, at::TensorOptions().dtype(at::kByte).pinned_memory(!m_device.is_cpu()));
        if (block.fetched)
            block.fetched->wait();
        const std::int64_t count = std::min(m_blockBytes, size - first);
        std::memcpy(block.memory.mutable_data_ptr(), bytes.data() + first, std::size_t(count));
        all.narrow(0, first, count).copy_(block.memory.narrow(0, 0, count), /*non_blocking=*/true);
        block.fetched.emplace(m_device);
    }
    return all;
}

} // namespace secateur
