// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <cstdint>

namespace secateur {

/// Waits until the device has done all that it was given; nothing on the CPU.
void waitFor(c10::Device device);

/// FLOP/s of the product [rows, inner] x [inner, columns], the best of the runs that fit into about so many seconds.
double productRate(std::int64_t rows, std::int64_t inner, std::int64_t columns, c10::Device device, c10::ScalarType dtype, double seconds);

} // namespace secateur
