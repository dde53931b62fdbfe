// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Surgery.h"

#include "foundation/Sha256.h"

#include <nlohmann/json.hpp>

namespace secateur {

std::string Surgery::hash() const
{
    nlohmann::json all = nlohmann::json::array();
    for (const LayerCut &layer : layers)
        all.push_back({{"attention", layer.hasAttention}, {"neurons", layer.keptNeurons}});
    nlohmann::json whole = {{"model", modelHash}, {"layers", all}};
    if (!edits.isEmpty())
        whole["edits"] = toJson(edits);
    return Sha256::ofText(whole.dump());
}

std::vector<std::int64_t> Surgery::widths() const
{
    std::vector<std::int64_t> counts;
    for (const LayerCut &layer : layers)
        counts.push_back(std::int64_t(layer.keptNeurons.size()));
    return counts;
}

std::vector<std::int64_t> Surgery::removedAttentions() const
{
    std::vector<std::int64_t> removed;
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (!layers[i].hasAttention)
            removed.push_back(std::int64_t(i));
    return removed;
}

Surgery Surgery::ofFfns() const
{
    Surgery part = *this;
    for (LayerCut &layer : part.layers)
        layer.hasAttention = true;
    part.edits = {};
    return part;
}

ModelSpec Surgery::specOf(const ModelSpec &dense) const
{
    return prunedSpec(dense, widths(), removedAttentions());
}

ModelSpec prunedSpec(const ModelSpec &dense, const std::vector<std::int64_t> &widths, const std::vector<std::int64_t> &removedAttentions)
{
    ModelSpec spec = dense;
    for (std::size_t i = 0; i < spec.layers.size(); ++i) {
        if (widths[i] == 0)
            spec.layers[i].ffn.reset();
        else if (spec.layers[i].ffn)
            spec.layers[i].ffn->neurons = widths[i];
    }
    for (const std::int64_t layer : removedAttentions)
        spec.layers[std::size_t(layer)].attention.reset();
    return spec;
}

} // namespace secateur
