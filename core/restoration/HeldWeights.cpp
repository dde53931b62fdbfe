// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/HeldWeights.h"

#include "checkpoint/WeightFile.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace secateur {
namespace {

/// What a plan's file would hold, before there is one.
class HeldWeights : public WeightFile {
public:
    /// All on the CPU and contiguous.
    explicit HeldWeights(std::vector<NewWeight> weights) : m_weights(std::move(weights))
    {
        for (const NewWeight &weight : m_weights)
            m_tensors.push_back({.name = ownTensorName(weight.role),
                                 .dtype = dtypeOf(weight.values),
                                 .shape = weight.values.sizes().vec(),
                                 .bytes = bytesOf(weight.values)});
    }

    const std::filesystem::path &path() const override { return m_name; }
    const std::vector<TensorView> &tensors() const override { return m_tensors; }
    TensorData read(std::size_t index) const override { return m_tensors.at(index); }
    std::string storage() const override { return std::string(configName(m_tensors.empty() ? DType::Float32 : m_tensors.front().dtype)); }
    bool isConverted() const override { return false; }
    std::span<const std::byte> bytes() const override { return {}; } // there is no file
    void checkUnchanged() const override {}
    void releasePages() const override {}

private:
    std::filesystem::path m_name = "the plan in memory";
    std::vector<NewWeight> m_weights;
    std::vector<TensorView> m_tensors;
};

} // namespace

WeightEdits editsOf(std::vector<NewWeight> weights)
{
    std::ranges::sort(weights, {}, &NewWeight::role);
    WeightEdits edits;
    for (NewWeight &weight : weights) {
        const std::string name = inQuotes(ownTensorName(weight.role));
        if (!edits.list.empty() && edits.list.back().role == weight.role)
            throw std::invalid_argument("two values of the weight " + name);
        weight.values = weight.values.to(at::kCPU).contiguous();
        const DType dtype = dtypeOf(weight.values);
        if (!isFinite(weight.values))
            throw Error("The new values of the weight " + name + " are not finite.",
                        "Use a stronger ridge, or a type that holds larger numbers: float32 (--dtype float32).");
        edits.list.push_back({.role = weight.role,
                              .shape = weight.values.sizes().vec(),
                              .dtype = dtype,
                              .sha256 = Sha256().add(bytesOf(weight.values)).hex()});
    }
    if (!edits.isEmpty())
        edits.values = std::make_shared<const HeldWeights>(std::move(weights));
    return edits;
}

} // namespace secateur
