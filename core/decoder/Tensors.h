// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "checkpoint/TensorInfo.h"
#include "checkpoint/TensorRole.h"

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>
#include <functional>
#include <span>
#include <string>

namespace secateur {

class PinnedRing;

/// Gives the tensor of a role, in the device and type in which it is to be used.
using TensorSource = std::function<at::Tensor(const TensorRole &role)>;

c10::ScalarType scalarType(DType dtype);
/// Throws Error for a type that no checkpoint stores.
DType dtypeOf(const at::Tensor &tensor);

/// A copy of mapped bytes as a tensor on the CPU, in the type stored. The bytes may be unaligned.
at::Tensor copyOf(const TensorView &view);
/// A tensor of a checkpoint on the CPU, in the type in which its values come.
at::Tensor readTensor(const Checkpoint &checkpoint, const std::string &name);
/// The same on the ring's device in a type. The stored bytes are copied once, to a GPU through the ring.
at::Tensor readTensor(const Checkpoint &checkpoint, const std::string &name, PinnedRing &ring, c10::ScalarType dtype);
/// The bytes of a contiguous tensor on the CPU.
std::span<const std::byte> bytesOf(const at::Tensor &tensor);
/// Token ids, row-major, as int64 [rows, length] on the device.
at::Tensor tokenTensor(std::span<const std::int32_t> tokens, std::int64_t length, at::Device device);
/// True when every element is finite. Reads the tensor once.
bool isFinite(const at::Tensor &tensor);

} // namespace secateur
