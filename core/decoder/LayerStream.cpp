// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/LayerStream.h"

#include <c10/core/InferenceMode.h>
#include <utility>

namespace secateur {

LayerStream::LayerStream(Maker make, std::int64_t layers, c10::Device device, LayersKept kept)
    : m_make(std::move(make)),
      m_device(device),
      m_queue(device),
      m_kept(kept),
      m_resident(std::size_t(layers))
{
}

LayerStream::~LayerStream()
{
    release();
}

void LayerStream::release()
{
    if (m_next.valid()) {
        m_next.wait(); // what it makes is not needed any more, but it uses the maker
        m_next = {};
    }
    for (auto &layer : m_resident)
        layer.reset();
}

std::shared_ptr<const LayerWeights> LayerStream::layer(std::int64_t index)
{
    std::shared_ptr<const LayerWeights> &wanted = m_resident[std::size_t(index)];
    if (wanted)
        return wanted;
    if (m_kept == LayersKept::Two)
        m_resident[std::size_t(m_current)].reset(); // before another one is waited for
    m_current = index;
    if (m_next.valid() && m_nextIndex != index) {
        m_next.wait();
        m_next = {};
    }
    if (!m_next.valid())
        beginMaking(index);
    wanted = m_next.get();
    forEachTensor(*wanted, useHere);
    ++m_made;
    if (const std::int64_t next = (index + 1) % layerCount(); !m_resident[std::size_t(next)])
        beginMaking(next);
    return wanted;
}

void LayerStream::beginMaking(std::int64_t layer)
{
    m_nextIndex = layer;
    // The thread that asks runs ahead of a GPU. The memory of the layer before is free when the device has computed it, so that is waited for.
    m_next = std::async(std::launch::async, [this, layer, computed = QueuePlace(m_device)] {
        const c10::InferenceMode guard; // of the thread
        computed.wait();
        std::shared_ptr<const LayerWeights> made;
        m_queue.run([&] { made = std::make_shared<const LayerWeights>(m_make(layer)); });
        return made;
    });
}

std::shared_ptr<LayerStream> LayerStream::changed(Change change)
{
    release();
    return std::make_shared<LayerStream>(
        [make = m_make, change = std::move(change)](std::int64_t layer) { return change(layer, make(layer)); }, layerCount(), m_device,
        m_kept);
}

} // namespace secateur
