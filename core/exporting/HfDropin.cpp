// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/HfDropin.h"

#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "model/Families.h"
#include "model/Tensors.h"

#include <ATen/ops/tensor.h>
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace secateur {
namespace {

/// What happens to one tensor of the source.
struct Change {
    std::int64_t keptDim = -1;      ///< dimension along which only `kept` stays: 0 = rows, 1 = columns; -1 = all stays
    std::vector<std::int64_t> kept; ///< ascending
    bool isZeroed = false;
};

/// The kept rows of gate, and behind them those of up, in one tensor that holds both.
std::vector<std::int64_t> keptOfBoth(const std::vector<std::int64_t> &kept, std::int64_t neurons)
{
    std::vector<std::int64_t> both = kept;
    for (const std::int64_t neuron : kept)
        both.push_back(neurons + neuron);
    return both;
}

/// The changes by tensor name; a tensor without one is copied.
std::map<std::string, Change> changesOf(const ModelSpec &dense, const PruningPlan &plan)
{
    std::map<std::string, Change> changes;
    for (std::int64_t i = 0; i < dense.layerCount(); ++i) {
        const std::string mlp = "model.layers." + std::to_string(i) + ".mlp.";
        const auto &kept = plan.keptNeurons[std::size_t(i)];
        for (const char *kind : {"weight", "bias"}) {
            changes[mlp + "gate_proj." + kind] = changes[mlp + "up_proj." + kind] = {.keptDim = 0, .kept = kept};
            changes[mlp + "gate_up_proj." + kind] = {.keptDim = 0, .kept = keptOfBoth(kept, dense.layers[std::size_t(i)].ffn.neurons)};
        }
        changes[mlp + "down_proj.weight"] = {.keptDim = 1, .kept = kept};
    }
    for (const std::int64_t layer : plan.removedAttentions) {
        const std::string output = "model.layers." + std::to_string(layer) + ".self_attn.o_proj.";
        changes[output + "weight"] = changes[output + "bias"] = {.keptDim = -1, .kept = {}, .isZeroed = true};
    }
    return changes;
}

at::Tensor changed(at::Tensor tensor, const Change &change)
{
    if (change.isZeroed)
        return tensor.zero_();
    if (change.keptDim < 0)
        return tensor;
    return tensor.index_select(change.keptDim, at::tensor(at::ArrayRef<std::int64_t>(change.kept), at::kLong));
}

Shape changedShape(Shape shape, const Change &change)
{
    if (change.keptDim >= 0)
        shape[std::size_t(change.keptDim)] = std::int64_t(change.kept.size());
    return shape;
}

} // namespace

void checkHfDropin(const PruningPlan &plan)
{
    const std::vector<std::int64_t> widths = plan.widths();
    const auto [least, most] = std::minmax_element(widths.begin(), widths.end());
    if (*least != *most)
        throw Error("The target hf-dropin needs the same width in every layer; this plan's widths go from " + std::to_string(*least) +
                        " to " + std::to_string(*most) + ".",
                    "Choose a target with a width per layer.");
}

ExportResult writeHfDropin(const Checkpoint &source, const ModelSpec &dense, const PruningPlan &plan, const std::filesystem::path &folder,
                           std::optional<DType> dtype, JobContext &context)
{
    checkHfDropin(plan);
    const std::map<std::string, Change> changes = changesOf(dense, plan);
    std::set<std::string> wanted;
    for (const ExpectedTensor &tensor : expectedTensors(dense))
        wanted.insert(tensor.name);
    const auto changeOf = [&](const std::string &name) {
        const auto found = changes.find(name);
        return found == changes.end() ? Change{} : found->second;
    };

    ExportResult result;
    nlohmann::json weightMap;
    context.begin("export", std::int64_t(wanted.size()), "tensors");
    for (const SafetensorsFile &file : source.files()) {
        const std::string fileName = file.path().filename().string();
        std::vector<SafetensorsWriter::Declaration> declarations;
        std::vector<const TensorView *> views;
        for (const TensorView &view : file.tensors()) {
            if (!wanted.contains(view.name))
                continue; // a buffer that is computed, not stored
            views.push_back(&view);
            declarations.push_back({view.name, dtype.value_or(view.dtype), changedShape(view.shape, changeOf(view.name))});
            weightMap[view.name] = fileName;
        }
        SafetensorsWriter writer(folder / fileName, declarations, {{"format", "pt"}});
        for (std::size_t i = 0; i < views.size(); ++i) {
            const at::Tensor tensor =
                changed(copyOf(*views[i]), changeOf(views[i]->name)).to(scalarType(declarations[i].dtype)).contiguous();
            if (dtype && !isFinite(tensor))
                throw Error("The tensor '" + views[i]->name + "' does not fit into " + std::string(configName(*dtype)) + ".",
                            "Choose another --export-dtype; bfloat16 has the range of float32.");
            writer.write(views[i]->name, bytesOf(tensor));
            result.parameters += tensor.numel();
            result.bytes += std::int64_t(tensor.nbytes());
            context.step();
        }
        writer.finish();
        file.releasePages();
    }
    if (source.files().size() > 1)
        writeFileAtomically(folder / "model.safetensors.index.json",
                            nlohmann::json{{"metadata", {{"total_size", result.bytes}}}, {"weight_map", weightMap}}.dump(2) + "\n");

    nlohmann::json config = source.config();
    config["intermediate_size"] = plan.keptNeurons.front().size();
    if (dtype)
        config[config.contains("dtype") ? "dtype" : "torch_dtype"] = configName(*dtype);
    writeFileAtomically(folder / "config.json", config.dump(2) + "\n");
    return result;
}

} // namespace secateur
