// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "model/Weights.h"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>

namespace secateur {

/// The layers of a model that is larger than the memory: each is made when it is asked for, and the one behind it meanwhile, so that two are
/// resident at most. Whoever computes goes from the first layer to the last again and again, so the first follows the last.
///
/// A layer made twice has the same values. Used by one thread at a time; the next layer is made in a thread of its own.
class LayerStream {
public:
    /// Makes the weights of a layer. Called from another thread, one call at a time.
    using Maker = std::function<LayerWeights(std::int64_t layer)>;
    /// Changes a layer that was made.
    using Change = std::function<LayerWeights(std::int64_t layer, LayerWeights weights)>;

    LayerStream(Maker make, std::int64_t layers);
    ~LayerStream();
    LayerStream(const LayerStream &) = delete;
    LayerStream &operator=(const LayerStream &) = delete;

    /// The weights of a layer. Throws what the maker throws.
    std::shared_ptr<const LayerWeights> layer(std::int64_t index);
    /// Layers made so far. Exposed because tests count them.
    std::int64_t made() const { return m_made; }
    /// Lets go of what is resident. What is asked for afterwards is made again.
    void release();
    /// A stream of the same layers, each changed after it is made. Nothing is shared with this one, which lets go of what it holds.
    std::shared_ptr<LayerStream> changed(Change change);

private:
    void makeNext();

    Maker m_make;
    std::int64_t m_layers;
    std::shared_ptr<const LayerWeights> m_current;
    std::int64_t m_currentIndex = -1, m_nextIndex = -1;
    std::future<std::shared_ptr<const LayerWeights>> m_next; ///< valid while the layer of m_nextIndex is being made or waits to be taken
    std::int64_t m_made = 0;
};

} // namespace secateur
