// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

namespace secateur {

/// Sees what stage 1 computes beside the norms. Layers come in their order, and the windows of each in theirs, as this process owns them.
class ActivationWatcher {
public:
    virtual ~ActivationWatcher() = default;

    /// A layer with an FFN of so many neurons begins.
    virtual void beginLayer(std::int64_t layer, std::int64_t neurons) = 0;
    /// A window of it: what enters the down product, [T, I], and the state as it leaves the layer, [T, d]. Both on the device and in the type of the decoder.
    virtual void window(const at::Tensor &activation, const at::Tensor &state) = 0;
    /// All windows were shown, and the layer's scores are finite.
    virtual void endLayer() = 0;
};

} // namespace secateur
