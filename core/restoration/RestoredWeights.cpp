// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/RestoredWeights.h"

#include "decoder/LayerStream.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "restoration/Refit.h"
#include "restoration/SequentialRefit.h"

#include <algorithm>
#include <utility>

namespace secateur {
namespace {

constexpr std::size_t kRefitsKept = 2; ///< that of what is kept so far, and that of what is tried

std::string nameOfLayer(std::int64_t layer)
{
    return "layer " + std::to_string(layer);
}

} // namespace

std::vector<std::int64_t> RestoredChoice::widths() const
{
    std::vector<std::int64_t> counts;
    for (const auto &kept : keptNeurons)
        counts.push_back(std::int64_t(kept.size()));
    return counts;
}

RestoredWeights::RestoredWeights(const Decoder &dense, const GramFile &grams, std::string modelHash, DType stored,
                                 const RestorationSettings &settings, at::Tensor sequentialTokens, std::int64_t spareBytes)
    : m_dense(dense),
      m_grams(grams),
      m_modelHash(std::move(modelHash)),
      m_stored(stored),
      m_settings(settings),
      m_sequentialTokens(std::move(sequentialTokens)),
      m_spareBytes(spareBytes)
{
}

Surgery RestoredWeights::surgery(const RestoredChoice &choice, JobContext &context)
{
    Surgery surgery{.modelHash = m_modelHash, .layers = std::vector<LayerCut>(choice.keptNeurons.size())};
    for (std::size_t i = 0; i < surgery.layers.size(); ++i)
        surgery.layers[i].keptNeurons = choice.keptNeurons[i];
    for (const std::int64_t layer : choice.removedAttentions)
        surgery.layers.at(std::size_t(layer)).hasAttention = false;
    if (!choice.isRefitted)
        return surgery;
    const Refit &refitted = refit(choice.keptNeurons, context);
    surgery.edits = editsOf(refitted.weights);
    if (!choice.sequentialRidge)
        return surgery;
    if (m_sequential.empty() || m_sequentialOf.keptNeurons != choice.keptNeurons ||
        m_sequentialOf.removedAttentions != choice.removedAttentions || m_sequentialOf.sequentialRidge != choice.sequentialRidge) {
        m_sequential.clear();
        m_sequentialNotes.clear();
        const SequentialOptions options{.stored = scalarType(m_stored),
                                        .spareBytes = m_spareBytes,
                                        .told = [&](const std::string &sentence) { m_sequentialNotes.push_back(sentence); }};
        m_sequential = refitInSequence(m_dense, surgery, m_sequentialTokens, *choice.sequentialRidge, context, options);
        m_sequentialOf = choice;
    }
    std::vector<NewWeight> all = m_sequential;
    for (const NewWeight &weight : refitted.weights) // of what the second fit left as it was
        if (std::ranges::find(m_sequential, weight.role, &NewWeight::role) == m_sequential.end())
            all.push_back(weight);
    surgery.edits = editsOf(std::move(all));
    return surgery;
}

const std::vector<RestoredLayer> &RestoredWeights::layers(const RestoredChoice &choice, JobContext &context)
{
    return refit(choice.keptNeurons, context).layers;
}

const RestoredWeights::Refit &RestoredWeights::refit(const std::vector<std::vector<std::int64_t>> &keptNeurons, JobContext &context)
{
    const auto known = std::ranges::find(m_refits, keptNeurons, &Refit::keptNeurons);
    if (known != m_refits.end()) {
        m_refits.splice(m_refits.begin(), m_refits, known);
        return m_refits.front();
    }
    while (m_refits.size() >= kRefitsKept)
        m_refits.pop_back();
    Refit made{.keptNeurons = keptNeurons, .weights = {}, .layers = std::vector<RestoredLayer>(keptNeurons.size())};
    context.begin("restore", m_dense.layerCount(), "layers");
    for (std::int64_t i = 0; i < m_dense.layerCount(); ++i) {
        const auto &kept = keptNeurons[std::size_t(i)];
        const std::int64_t neurons = m_dense.spec().layers[std::size_t(i)].neurons();
        if (kept.empty() || std::int64_t(kept.size()) == neurons) { // nothing is missing that could be made up for
            context.step();
            continue;
        }
        RefittedDown fitted = refitDown(m_grams.plain(i).to(m_dense.device()), downOf(i), kept, m_settings.ridge, nameOfLayer(i));
        made.weights.push_back(
            stored({.role = {.layer = i, .part = TensorPart::Down, .kind = TensorKind::Weight}, .values = fitted.weight}));
        made.layers[std::size_t(i)] = fitted.told;
        context.step();
    }
    m_refits.push_front(std::move(made));
    return m_refits.front();
}

const std::vector<EliminationPath> &RestoredWeights::paths(JobContext &context)
{
    if (!m_paths.empty())
        return m_paths;
    if (!m_grams.areWeighted())
        throw Error(
            "The Gram matrices at hand are without the weighted ones, by which widths per layer and the elimination of neurons are chosen.",
            "Calibrate again with what restoring needs, or leave these steps out (r3, r5).");
    std::vector<EliminationPath> paths;
    context.begin("restore", m_dense.layerCount(), "layers");
    for (std::int64_t i = 0; i < m_dense.layerCount(); ++i) {
        const std::int64_t neurons = m_dense.spec().layers[std::size_t(i)].neurons();
        if (neurons > 0)
            paths.push_back(eliminate(m_grams.weighted(i).to(m_dense.device()), downOf(i), m_settings.pathRidge, eliminationBlock(neurons),
                                      nameOfLayer(i)));
        else
            paths.emplace_back();
        context.step();
    }
    m_paths = std::move(paths); // whole, or none
    return m_paths;
}

at::Tensor RestoredWeights::downOf(std::int64_t layer) const
{
    const Weights &weights = m_dense.weights();
    if (weights.stream)
        return weights.stream->layer(layer)->ffn->down.weight;
    return weights.layers[std::size_t(layer)].ffn->down.weight;
}

/// One cast, to the type in which the checkpoint has the weight.
NewWeight RestoredWeights::stored(NewWeight weight) const
{
    weight.values = weight.values.to(at::kCPU, scalarType(m_stored)).contiguous();
    if (!isFinite(weight.values))
        throw Error("The fitted weight " + ownTensorName(weight.role) + " does not fit into " + std::string(configName(m_stored)) + ".",
                    "Raise the ridge.");
    return weight;
}

} // namespace secateur
