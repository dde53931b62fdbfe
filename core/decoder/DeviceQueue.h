// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <functional>
#include <optional>

namespace secateur {

/// A queue of a GPU (CUDA calls it a stream) beside the one that computes: what is copied there overlaps with the computing.
/// The CPU has no queues: there everything is done when a call returns, and nothing here does anything.
class DeviceQueue {
public:
    explicit DeviceQueue(c10::Device device);

    /// Calls `work`, whose operations go to this queue, and returns when the device has done them.
    void run(const std::function<void()> &work) const;

private:
    std::optional<c10::Stream> m_queue;
};

/// A place in the queue of the thread that makes it: behind all that this thread asked the device for so far.
class QueuePlace {
public:
    explicit QueuePlace(c10::Device device);

    /// Returns when the device has come to the place. May be called from another thread.
    void wait() const;

private:
    std::optional<c10::Event> m_event;
};

/// Keeps the memory of a tensor that was made in another queue until what the calling thread's queue has to do with it is done.
void useHere(const at::Tensor &tensor);

} // namespace secateur
