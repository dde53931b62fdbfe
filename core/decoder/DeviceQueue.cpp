// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/DeviceQueue.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace secateur {

DeviceQueue::DeviceQueue(c10::Device device)
{
    if (!device.is_cpu())
        m_queue = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

void DeviceQueue::run(const std::function<void()> &work) const
{
    if (!m_queue)
        return work();
    const c10::StreamGuard guard(*m_queue);
    work();
    m_queue->synchronize();
}

QueuePlace::QueuePlace(c10::Device device)
{
    if (device.is_cpu())
        return;
    m_event.emplace(device.type());
    m_event->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
}

void QueuePlace::wait() const
{
    if (m_event)
        m_event->synchronize();
}

void useHere(const at::Tensor &tensor)
{
    if (!tensor.is_cpu())
        tensor.record_stream(c10::impl::VirtualGuardImpl(tensor.device().type()).getStream(tensor.device()));
}

} // namespace secateur
