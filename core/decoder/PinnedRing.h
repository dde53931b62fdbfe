// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/DeviceQueue.h"

#include <ATen/core/Tensor.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace secateur {

/// The way of bytes from mapped files to a GPU: block by block through pinned memory of the host, so that the next block is read from the disk
/// while the device fetches the last one. It takes two blocks of host memory, however much goes through.
/// Used by one thread at a time.
class PinnedRing {
public:
    static constexpr std::int64_t kBlockBytes = std::int64_t(32) << 20;

    explicit PinnedRing(at::Device device, std::int64_t blockBytes = kBlockBytes);

    at::Device device() const { return m_device; }
    /// A copy on the device, as uint8 [bytes]. Returns when the last block is read, which may be before it is on the device; what the calling
    /// thread asks the device for next finds it there.
    at::Tensor toDevice(std::span<const std::byte> bytes);

private:
    struct Block {
        at::Tensor memory;                 ///< taken when it is first needed
        std::optional<QueuePlace> fetched; ///< behind it the device does not need the memory any more
    };

    at::Device m_device;
    std::int64_t m_blockBytes;
    std::array<Block, 2> m_blocks;
    std::size_t m_next = 0;
};

} // namespace secateur
