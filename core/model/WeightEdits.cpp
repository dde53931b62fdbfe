// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/WeightEdits.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "model/ModelTensors.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kMakeAgain = "Make the plan again.";

std::string nameOf(const WeightEdit &edit)
{
    return inQuotes(ownTensorName(edit.role));
}

std::string changeOf(const WeightEdit &edit)
{
    return "The plan changes the weight " + nameOf(edit) + " to one of shape " + toString(edit.shape);
}

/// The place of a tensor among those of a file; their number when there is none.
std::size_t indexOf(const WeightFile &file, const std::string &name)
{
    const auto found = std::ranges::find(file.tensors(), name, &TensorView::name);
    return std::size_t(found - file.tensors().begin());
}

/// Whether all exponents have a zero bit: numbers that are not finite have none.
template <typename Bits>
bool isFinite(std::span<const std::byte> bytes, Bits exponent)
{
    bool isFinite = true;
    for (std::size_t i = 0; i + sizeof(Bits) <= bytes.size(); i += sizeof(Bits)) {
        Bits bits = 0;
        std::memcpy(&bits, bytes.data() + i, sizeof(Bits)); // which may be unaligned
        isFinite = isFinite && (bits & exponent) != exponent;
    }
    return isFinite;
}

bool isFinite(const TensorView &view)
{
    switch (view.dtype) {
    case DType::Float16:
        return isFinite(view.bytes, std::uint16_t(0x7c00));
    case DType::BFloat16:
        return isFinite(view.bytes, std::uint16_t(0x7f80));
    case DType::Float32:
        break;
    }
    return isFinite(view.bytes, std::uint32_t(0x7f800000));
}

std::string hashOf(const TensorView &view)
{
    return Sha256().add(view.bytes).hex();
}

bool isHash(const std::string &text)
{
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

std::int64_t WeightEdits::elements() const
{
    std::int64_t sum = 0;
    for (const WeightEdit &edit : list)
        sum += elementCount(edit.shape);
    return sum;
}

const WeightEdit *WeightEdits::find(const TensorRole &role) const
{
    const auto found = std::ranges::lower_bound(list, role, {}, &WeightEdit::role);
    return found != list.end() && found->role == role ? &*found : nullptr;
}

TensorData WeightEdits::valuesOf(const WeightEdit &edit) const
{
    if (!values)
        throw Error("The plan changes " + counted(std::int64_t(list.size()), "weight") + ", and their values are not at hand.",
                    "Use the plan's own file (.safetensors): a manifest names the changes only.");
    const std::string name = ownTensorName(edit.role);
    const std::size_t index = indexOf(*values, name);
    if (index == values->tensors().size())
        throw Error("The plan changes the weight " + nameOf(edit) + ", and " + inQuotes(values->path().string()) +
                        " does not hold its values.",
                    kMakeAgain);
    return values->read(index);
}

WeightEdits editsIn(std::shared_ptr<const WeightFile> file)
{
    WeightEdits edits;
    for (std::size_t i = 0; i < file->tensors().size(); ++i) {
        const TensorData data = file->read(i);
        const auto role = roleOfOwnTensor(data.view.name);
        if (!role)
            throw Error("The tensor " + inQuotes(data.view.name) + " in " + inQuotes(file->path().string()) +
                            " is none that a plan can change.",
                        "Call it by its role, as in 'layers.3.ffn.down.weight'.");
        edits.list.push_back({.role = *role, .shape = data.view.shape, .dtype = data.view.dtype, .sha256 = hashOf(data.view)});
        file->checkUnchanged();
        file->releasePages();
    }
    std::ranges::sort(edits.list, {}, &WeightEdit::role);
    edits.values = std::move(file);
    return edits;
}

void checkEditList(const WeightEdits &edits, const ModelSpec &pruned)
{
    if (edits.isEmpty())
        return;
    ModelSpec inPieces = pruned;
    inPieces.hasFusedProducts = false;
    std::map<TensorRole, Shape> there;
    for (ModelTensor &tensor : modelTensors(inPieces))
        there.emplace(tensor.role, std::move(tensor.shape));
    for (const WeightEdit &edit : edits.list) {
        const auto found = there.find(edit.role);
        if (found == there.end())
            throw Error("The plan changes the weight " + nameOf(edit) + ", which is not in the model that it leaves.", kMakeAgain);
        if (found->second != edit.shape)
            throw Error(changeOf(edit) + "; in the model that it leaves it has the shape " + toString(found->second) + ".", kMakeAgain);
    }
}

void checkEdits(const WeightEdits &edits, const ModelSpec &pruned)
{
    checkEditList(edits, pruned);
    for (const WeightEdit &edit : edits.list) {
        const TensorData data = edits.valuesOf(edit);
        if (data.view.shape != edit.shape || data.view.dtype != edit.dtype)
            throw Error(changeOf(edit) + " and type " + std::string(configName(edit.dtype)) + "; its file holds " +
                            toString(data.view.shape) + " and " + std::string(configName(data.view.dtype)) + ".",
                        kMakeAgain);
    }
}

void checkValues(const WeightEdits &edits)
{
    for (const WeightEdit &edit : edits.list) {
        const TensorData data = edits.valuesOf(edit);
        const bool isRight = hashOf(data.view) == edit.sha256, isNumber = isFinite(data.view);
        edits.values->checkUnchanged();
        edits.values->releasePages();
        if (!isRight)
            throw Error("The values of the weight " + nameOf(edit) + " are not those that the plan tells: its file was changed or damaged.",
                        kMakeAgain);
        if (!isNumber)
            throw Error("The plan changes the weight " + nameOf(edit) + " to NaN or infinite values.", kMakeAgain);
    }
}

nlohmann::json toJson(const WeightEdits &edits)
{
    nlohmann::json list = nlohmann::json::array();
    for (const WeightEdit &edit : edits.list)
        list.push_back({{"tensor", ownTensorName(edit.role)},
                        {"shape", edit.shape},
                        {"dtype", std::string(configName(edit.dtype))},
                        {"sha256", edit.sha256}});
    return list;
}

WeightEdits weightEditsFromJson(const nlohmann::json &json)
{
    if (!json.is_array())
        throw Flaw("the weights that it changes are no list");
    WeightEdits edits;
    for (const nlohmann::json &stored : json) {
        const std::string name = stored.at("tensor"), dtype = stored.at("dtype");
        const auto role = roleOfOwnTensor(name);
        if (!role)
            throw Flaw("it changes a weight called " + inQuotes(name) + ", and none is called so");
        WeightEdit edit{
            .role = *role, .shape = wholesOf(stored.at("shape")), .dtype = dtypeFromConfigName(dtype), .sha256 = stored.at("sha256")};
        if (!isHash(edit.sha256))
            throw Flaw("the hash of the weight " + inQuotes(name) + " is none");
        if (!edits.list.empty() && edits.list.back().role >= edit.role)
            throw Flaw("the weights that it changes are not in the order of their layers and parts");
        edits.list.push_back(std::move(edit));
    }
    return edits;
}

} // namespace secateur
