// SPDX-License-Identifier: GPL-3.0-or-later
// Restored plans that no solver made: filled in by hand, with values of weights in memory.
#pragma once

#include "checkpoint/WeightFile.h"
#include "model/ModelTensors.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace secateur::test {

/// Values of weights in memory, as a restoration leaves them.
class ValuesInMemory : public WeightFile {
public:
    void add(const std::string &name, DType dtype, Shape shape, std::vector<std::byte> bytes)
    {
        m_bytes.push_back(std::make_unique<std::vector<std::byte>>(std::move(bytes)));
        m_tensors.push_back({.name = name, .dtype = dtype, .shape = std::move(shape), .bytes = *m_bytes.back()});
    }

    const std::filesystem::path &path() const override { return m_path; }
    const std::vector<TensorView> &tensors() const override { return m_tensors; }
    TensorData read(std::size_t index) const override { return m_tensors.at(index); }
    std::string storage() const override { return "float32"; }
    bool isConverted() const override { return false; }
    std::span<const std::byte> bytes() const override { return {}; }
    void checkUnchanged() const override {}
    void releasePages() const override {}

private:
    std::filesystem::path m_path = "values in memory";
    std::vector<std::unique_ptr<std::vector<std::byte>>> m_bytes;
    std::vector<TensorView> m_tensors;
};

/// What a restored plan is like.
struct RestoredForm {
    bool hasWidths = false; ///< r3: another width in every layer
    std::int64_t width = 20;
    DType dtype = DType::Float32; ///< of the values: F32 or BF16
    float value = 0.5F;           ///< that they begin with
};

inline std::vector<std::byte> valuesOf(std::int64_t count, const RestoredForm &form)
{
    std::vector<std::byte> bytes(std::size_t(count) * bytesPerElement(form.dtype));
    for (std::int64_t i = 0; i < count; ++i) {
        const float value = form.value * float(i % 7 - 3) / 8; // which 16 bits hold too
        std::uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof(bits));
        const auto upper = std::uint16_t(bits >> 16);
        if (form.dtype == DType::BFloat16)
            std::memcpy(bytes.data() + std::size_t(i) * sizeof(upper), &upper, sizeof(upper));
        else
            std::memcpy(bytes.data() + std::size_t(i) * sizeof(bits), &bits, sizeof(bits));
    }
    return bytes;
}

/// The weights that r1 and r4 fit in what the plan leaves: down products, and attentions' output products.
inline WeightEdits fittedWeights(const PruningPlan &plan, const ModelSpec &dense, const RestoredForm &form)
{
    ModelSpec left = plan.surgery().specOf(dense);
    left.hasFusedProducts = false;
    auto values = std::make_shared<ValuesInMemory>();
    for (const ModelTensor &tensor : modelTensors(left))
        if (const TensorRole &role = tensor.role;
            role.kind == TensorKind::Weight && (role.part == TensorPart::Down || role.part == TensorPart::AttentionOutput))
            values->add(ownTensorName(role), form.dtype, tensor.shape, valuesOf(elementCount(tensor.shape), form));
    return editsIn(values);
}

/// A plan with r1, r2 and r4, and r3 where that is wanted: the attention of layer 1 went, that of layer 0 would have been the next. For models of two layers
/// or more that all have both parts.
inline PruningPlan restoredPlan(const ModelSpec &dense, const RestoredForm &form = {})
{
    const auto layers = std::size_t(dense.layerCount());
    PruningPlan plan;
    plan.method = PlanMethod::Restored;
    plan.settings = {.sparsity = 0.25, .alpha = 1.5, .attentionsToRemove = {}, .widthMultiple = 1, .neuronsKept = {}};
    for (std::size_t i = 0; i < layers; ++i) {
        plan.keptNeurons.emplace_back(std::size_t(form.width + (form.hasWidths ? 4 - 4 * std::int64_t(i % 3) : 0)));
        std::iota(plan.keptNeurons.back().begin(), plan.keptNeurons.back().end(), std::int64_t(i % 4)); // not the first ones everywhere
    }
    plan.removedAttentions = {1};
    plan.calibration.modelHash = "model";
    plan.calibration.tokenizerHash = "tokenizer";
    plan.calibration.textFiles = {"/texts/c4.txt"};
    plan.calibration.windows = 4;
    plan.calibration.length = 128;
    plan.calibration.tokenHash = "calibration";

    plan.search.settings.windows = 2;
    plan.search.provenance = plan.calibration;
    plan.search.provenance.windows = 2;
    plan.search.provenance.tokenHash = "search";
    plan.search.initialLoss = 3;
    for (const std::int64_t removed : {1, 0}) {
        SearchStep step = SearchStep::begun(dense.layerCount());
        for (std::size_t j = 0; j < layers; ++j)
            step.losses[j] = 3.5 + double(j);
        if (removed == 0)
            step.losses[1] = std::numeric_limits<double>::quiet_NaN();
        step.losses[std::size_t(removed)] = 3.25 + (removed == 0 ? 0.125 : 0);
        step.removed = removed;
        plan.search.steps.push_back(step);
    }

    const ModelSpec after = plan.surgery().specOf(dense);
    plan.balance = {.attentionsToRemove = 1,
                    .neuronsKept = 0,
                    .leastAttentions = 0,
                    .mostAttentions = dense.layerCount(),
                    .denseLayerParameters = layerParameters(dense),
                    .denseModelParameters = modelParameters(dense),
                    .layerParameters = layerParameters(after),
                    .modelParameters = modelParameters(after),
                    .attentionsByRule = 2};
    countParts(plan);

    using enum RestorationStep;
    RestorationRecord record;
    record.settings.steps = {Refit, Order, Sequential};
    if (form.hasWidths)
        record.settings.steps = {Refit, Order, Widths, Sequential};
    record.settings.second = TextSettings{.files = {"/texts/prose.txt"}, .windows = 4, .length = 128};
    record.plainHash = "of the plain plan"; // which kept other neurons
    record.texts = {{.text = {.files = {"/texts/c4.txt"}, .windows = 4, .length = 128}, .tokenHash = "held out", .windows = 4},
                    {.text = *record.settings.second, .tokenHash = "prose", .windows = 4}};
    const std::vector<std::int64_t> narrow(layers, form.width - 2), one(layers, form.width), all = plan.widths();
    record.variants = {{.steps = {}, .attentionsRemoved = 2, .widths = narrow, .losses = {4.5, 5}, .seconds = 1.0 / 3},
                       {.steps = {Refit}, .attentionsRemoved = 2, .widths = narrow, .losses = {4.25, 4.75}, .seconds = 2},
                       {.steps = {Refit, Order}, .attentionsRemoved = 1, .widths = one, .losses = {4, 4.5}, .seconds = 3}};
    if (form.hasWidths)
        record.variants.push_back(
            {.steps = {Refit, Order, Widths}, .attentionsRemoved = 1, .widths = all, .losses = {3.75, 4.5}, .seconds = 4});
    std::vector<RestorationStep> steps = record.variants.back().steps;
    steps.push_back(Sequential);
    record.variants.push_back({.steps = steps, .attentionsRemoved = 1, .widths = all, .losses = {3.5, 4.25}, .seconds = 5});
    record.removals = {{.attentionsRemoved = 0, .neuronsKept = form.width + 2, .loss = 4.125, .seconds = 0.5},
                       {.attentionsRemoved = 1, .neuronsKept = form.width, .loss = 4, .seconds = 0.5},
                       {.attentionsRemoved = 2, .neuronsKept = form.width - 2, .loss = 4.0625, .seconds = 0.5}};
    record.layers.assign(layers, {.ridge = 1e-3, .raised = 0, .growth = 1.25, .errorBefore = 1.0 / 3, .errorAfter = 0.125});
    record.tokens = 512;
    record.sequentialTokens = 512;
    if (form.hasWidths)
        record.widthShare = 0.5;
    record.notes = {"The ridge of layer 1 was raised to 0.01."};
    plan.restoration = std::move(record);
    plan.edits = fittedWeights(plan, dense, form);
    return plan;
}

} // namespace secateur::test
