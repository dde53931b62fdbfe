// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
// The products of activations with weights, in which nearly all of the time goes.
#pragma once

#include <ATen/core/Tensor.h>

namespace secateur {

/// x weight^T + bias of [..., inner] and [columns, inner], as at::linear computes it, to rounding.
///
/// In fp32 on x86-64 processors that are not Intel's, by oneDNN: LibTorch asks MKL, which holds back on them (up to a third slower on AMD's Zen 2,
/// `tests/benchmarks/RESULTS.md`). The choice depends on the processor alone, so that a run can be repeated bit by bit.
at::Tensor product(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias = {});

/// What `product` takes in fp32 on the CPU: "oneDNN", or "LibTorch", which chooses itself.
const char *productLibrary();

} // namespace secateur
