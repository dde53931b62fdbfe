// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch. From the type of a tensor's elements to the kernels for it.
#pragma once

#include "decoder/VectorKernels.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

namespace secateur {

/// `use(Number())` with the C++ type of the elements: float, c10::BFloat16 or c10::Half.
template <typename Use>
auto withNumberOf(at::ScalarType type, const Use &use)
{
    switch (type) {
    case at::kFloat:
        return use(float());
    case at::kBFloat16:
        return use(c10::BFloat16());
    case at::kHalf:
        return use(c10::Half());
    default:
        TORCH_CHECK(false, "no kernels for ", type);
    }
}

/// Whether the kernels can take the elements of x: on the CPU, of such a type, and this processor has some.
inline bool hasKernelsFor(const at::Tensor &x)
{
    const at::ScalarType type = x.scalar_type();
    return x.is_cpu() && (type == at::kFloat || type == at::kBFloat16 || type == at::kHalf) && vectorKernels<float>();
}

} // namespace secateur
