// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/LayerStream.h"

#include <c10/core/InferenceMode.h>
#include <utility>

namespace secateur {

LayerStream::LayerStream(Maker make, std::int64_t layers) : m_make(std::move(make)), m_layers(layers) {}

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
    m_current.reset();
    m_currentIndex = -1;
}

std::shared_ptr<const LayerWeights> LayerStream::layer(std::int64_t index)
{
    if (index == m_currentIndex)
        return m_current;
    m_current.reset(); // before another one is waited for: two at most
    m_currentIndex = -1;
    std::shared_ptr<const LayerWeights> taken;
    if (m_next.valid()) {
        const bool isWanted = m_nextIndex == index;
        std::shared_ptr<const LayerWeights> next = m_next.get();
        if (isWanted)
            taken = std::move(next);
    }
    if (!taken)
        taken = std::make_shared<const LayerWeights>(m_make(index));
    ++m_made;
    m_current = std::move(taken);
    m_currentIndex = index;
    makeNext();
    return m_current;
}

void LayerStream::makeNext()
{
    if (m_layers < 2)
        return;
    m_nextIndex = (m_currentIndex + 1) % m_layers;
    m_next = std::async(std::launch::async, [make = &m_make, layer = m_nextIndex] {
        const c10::InferenceMode guard; // of the thread
        return std::make_shared<const LayerWeights>((*make)(layer));
    });
}

std::shared_ptr<LayerStream> LayerStream::changed(Change change)
{
    release();
    return std::make_shared<LayerStream>(
        [make = m_make, change = std::move(change)](std::int64_t layer) { return change(layer, make(layer)); }, m_layers);
}

} // namespace secateur
