// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Tensors.h"

#include "decoder/PinnedRing.h"
#include "foundation/Error.h"

#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace secateur {

c10::ScalarType scalarType(DType dtype)
{
    switch (dtype) {
    case DType::Float16:
        return c10::kHalf;
    case DType::BFloat16:
        return c10::kBFloat16;
    case DType::Float32:
        break;
    }
    return c10::kFloat;
}

DType dtypeOf(const at::Tensor &tensor)
{
    switch (tensor.scalar_type()) {
    case c10::kFloat:
        return DType::Float32;
    case c10::kHalf:
        return DType::Float16;
    case c10::kBFloat16:
        return DType::BFloat16;
    default:
        throw Error(std::string("A tensor of type ") + c10::toString(tensor.scalar_type()) + " cannot be stored.");
    }
}

at::Tensor copyOf(const TensorView &view)
{
    at::Tensor tensor = at::empty(view.shape, scalarType(view.dtype));
    if (!view.bytes.empty())
        std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
    return tensor;
}

at::Tensor readTensor(const Checkpoint &checkpoint, const std::string &name)
{
    at::Tensor tensor = copyOf(checkpoint.read(name).view);
    checkpoint.checkUnchanged(name);
    return tensor;
}

at::Tensor readTensor(const Checkpoint &checkpoint, const std::string &name, PinnedRing &ring, c10::ScalarType dtype)
{
    const TensorData data = checkpoint.read(name);
    const TensorView &view = data.view;
    const auto copied = [&] {
        if (!ring.device().is_cpu())
            return ring.toDevice(view.bytes).view(scalarType(view.dtype)).view(view.shape).to(dtype);
        const bool isAligned = reinterpret_cast<std::uintptr_t>(view.bytes.data()) % bytesPerElement(view.dtype) == 0;
        if (view.bytes.empty() || !isAligned)
            return copyOf(view).to(dtype);
        void *bytes = const_cast<std::byte *>(view.bytes.data()); // only read from: the copy is made here
        return at::from_blob(bytes, view.shape, at::TensorOptions().dtype(scalarType(view.dtype)))
            .to(dtype, /*non_blocking=*/false, /*copy=*/true);
    };
    at::Tensor tensor = copied();
    checkpoint.checkUnchanged(name);
    return tensor;
}

std::span<const std::byte> bytesOf(const at::Tensor &tensor)
{
    return {static_cast<const std::byte *>(tensor.const_data_ptr()), tensor.nbytes()};
}

at::Tensor tokenTensor(std::span<const std::int32_t> tokens, std::int64_t length, at::Device device)
{
    at::Tensor tensor = at::empty({std::int64_t(tokens.size()) / length, length}, at::kLong);
    std::copy(tokens.begin(), tokens.end(), tensor.mutable_data_ptr<std::int64_t>());
    return tensor.to(device);
}

bool isFinite(const at::Tensor &tensor)
{
    if (tensor.numel() == 0)
        return true;
    const auto [least, greatest] = at::aminmax(tensor); // both are NaN when any element is
    return std::isfinite(least.item<double>()) && std::isfinite(greatest.item<double>());
}

} // namespace secateur
