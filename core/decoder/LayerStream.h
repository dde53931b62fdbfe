// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/DeviceQueue.h"
#include "decoder/Weights.h"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <vector>

namespace secateur {

/// How many of the layers that were made stay.
enum class LayersKept {
    Two, ///< of a model that is larger than the memory: the one computed and the one behind it
    All, ///< of a model whose first pass need not wait until the last layer is read
};

/// Layers that are made when they are asked for, and the one behind them meanwhile. Whoever computes goes from the first layer to the last again and
/// again, so the first follows the last.
///
/// A layer made twice has the same values. Used by one thread at a time; layers are made in a thread of their own, and on a GPU in a queue of
/// their own, where copying overlaps with the computing of the layer before.
class LayerStream {
public:
    /// Makes the weights of a layer. Called from another thread, one call at a time.
    using Maker = std::function<LayerWeights(std::int64_t layer)>;
    /// Changes a layer that was made.
    using Change = std::function<LayerWeights(std::int64_t layer, LayerWeights weights)>;

    LayerStream(Maker make, std::int64_t layers, c10::Device device, LayersKept kept);
    ~LayerStream();
    LayerStream(const LayerStream &) = delete;
    LayerStream &operator=(const LayerStream &) = delete;

    std::int64_t layerCount() const { return std::int64_t(m_resident.size()); }
    /// The weights of a layer. Throws what the maker throws.
    std::shared_ptr<const LayerWeights> layer(std::int64_t index);
    /// Layers asked for that had to be made. Exposed because tests count them.
    std::int64_t made() const { return m_made; }
    /// Lets go of what is resident. What is asked for afterwards is made again.
    void release();
    /// A stream of the same layers, each changed after it is made. Nothing is shared with this one, which lets go of what it holds.
    std::shared_ptr<LayerStream> changed(Change change);

private:
    void beginMaking(std::int64_t layer);

    Maker m_make;
    c10::Device m_device;
    DeviceQueue m_queue; ///< in which layers are made
    LayersKept m_kept;
    std::vector<std::shared_ptr<const LayerWeights>> m_resident; ///< of each layer, or none
    std::int64_t m_current = 0;                                  ///< asked for last
    std::int64_t m_nextIndex = -1;                               ///< of m_next
    std::future<std::shared_ptr<const LayerWeights>> m_next;     ///< valid while a layer is being made or waits to be taken
    std::int64_t m_made = 0;
};

} // namespace secateur
