// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Products.h"

#include <ATen/Context.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/linear.h>
#include <c10/core/Scalar.h>
#include <optional>
#include <string_view>

namespace secateur {
namespace {

/// A product and what follows it, which can be nothing: LibTorch's own way to oneDNN, which its compiled models use.
using OneDnn = at::Tensor(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, std::string_view then,
                          c10::List<std::optional<at::Scalar>> scalars, std::optional<std::string_view> algorithm);

bool isOtherThanIntel()
{
#if defined(__x86_64__)
    return !__builtin_cpu_is("intel");
#else
    return false;
#endif
}

/// None where MKL is no worse, or where this LibTorch has no oneDNN.
const std::optional<c10::TypedOperatorHandle<OneDnn>> &oneDnn()
{
    static const auto found = []() -> std::optional<c10::TypedOperatorHandle<OneDnn>> {
        if (!isOtherThanIntel() || !at::hasMKL() || !at::globalContext().userEnabledMkldnn())
            return {};
        const auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
        return handle ? std::optional(handle->typed<OneDnn>()) : std::nullopt;
    }();
    return found;
}

} // namespace

at::Tensor product(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias)
{
    const std::optional<at::Tensor> added = bias.defined() ? std::optional(bias) : std::nullopt;
    if (oneDnn() && x.is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0)
        return oneDnn()->call(x, weight, added, "none", c10::List<std::optional<at::Scalar>>(), "");
    return at::linear(x, weight, added);
}

const char *productLibrary()
{
    return oneDnn() ? "oneDNN" : "LibTorch";
}

} // namespace secateur
