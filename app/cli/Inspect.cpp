// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Run.h"

namespace secateur::cli {
namespace {

std::string sentence(const PruningOrigin &origin)
{
    if (!origin.problem.empty())
        return "How it was pruned is unknown: " + origin.problem;
    std::vector<std::int64_t> withoutFfn;
    for (std::size_t i = 0; i < origin.widths.size(); ++i)
        if (origin.widths[i] == 0)
            withoutFfn.push_back(std::int64_t(i));
    return "pruned from " + printable(origin.baseModel) + ", as " + printable(origin.format) + ": keeps " + widthsText(origin.widths) +
           " per layer, attentions removed: " + joined(origin.removedAttentions) +
           (withoutFfn.empty() ? "" : ", FFNs removed: " + joined(withoutFfn)) + "; plan " + origin.planHash;
}

} // namespace

void Run::inspect()
{
    const ModelSpec spec = specOfModelOrConfig();
    const LayerSpec &first = spec.layers.front();
    const auto listOf = [&](Part part) { return joined(layersWithout(spec, part)); };
    const bool isWhole = layersWithout(spec, Part::Attention).empty() && layersWithout(spec, Part::Ffn).empty();
    const DType dtype = model ? model->storedDtype : spec.dtype;
    const std::int64_t attention = first.attention ? attentionParameters(*first.attention, spec.hiddenSize) : 0;
    const std::int64_t ffn = first.ffn ? ffnParameters(*first.ffn, spec.hiddenSize) : 0;
    std::vector<std::int64_t> widths;
    for (const LayerSpec &layer : spec.layers)
        widths.push_back(layer.neurons());
    const std::int64_t bytes = model ? model->tensorBytes : modelParameters(spec) * std::int64_t(bytesPerElement(dtype));
    report.table(
        {{"family", spec.family},
         {"layers", std::to_string(spec.layerCount())},
         {"hidden size", grouped(spec.hiddenSize)},
         {"FFN neurons of a layer", widthsText(widths)},
         {"heads / KV heads x size", first.attention
                                         ? std::to_string(first.attention->heads) + " / " + std::to_string(first.attention->kvHeads) +
                                               " x " + std::to_string(first.attention->headDim)
                                         : "none"},
         {"vocabulary", grouped(spec.vocabularySize) + (spec.tiedEmbeddings ? ", tied" : "")},
         {"context", counted(spec.contextLength, "token")},
         {"parameters, model", grouped(modelParameters(spec))},
         {"parameters, layers", grouped(layerParameters(spec))},
         {"one attention", grouped(attention)},
         {"one FFN", grouped(ffn)},
         {"weights", size(bytes) + ", " + (model && !model->quantisedAs.empty() ? model->quantisedAs : std::string(configName(dtype))) +
                         (model ? ", " + counted(model->files, "file") : "")},
         {"KV cache per token", size(kvBytesPerToken(spec, dtype))},
         {"FLOP per token", decimal(double(flopPerToken(spec)) / 1e9, 3) + " G"}});
    nlohmann::json result = {{"family", spec.family},
                             {"layers", spec.layerCount()},
                             {"hiddenSize", spec.hiddenSize},
                             {"neurons", first.neurons()},
                             {"vocabulary", spec.vocabularySize},
                             {"contextLength", spec.contextLength},
                             {"tiedEmbeddings", spec.tiedEmbeddings},
                             {"parameters", modelParameters(spec)},
                             {"layerParameters", layerParameters(spec)},
                             {"attentionParameters", attention},
                             {"ffnParameters", ffn},
                             {"bytes", bytes},
                             {"dtype", configName(dtype)},
                             {"kvBytesPerToken", kvBytesPerToken(spec, dtype)},
                             {"flopPerToken", flopPerToken(spec)},
                             {"widths", widths},
                             {"layersWithoutAttention", layersWithout(spec, Part::Attention)},
                             {"layersWithoutFfn", layersWithout(spec, Part::Ffn)}};
    if (!isWhole)
        report.line("layers without attention: " + listOf(Part::Attention) + "; without FFN: " + listOf(Part::Ffn));
    if (first.attention)
        result.update({{"heads", first.attention->heads}, {"kvHeads", first.attention->kvHeads}, {"headDim", first.attention->headDim}});
    if (model)
        result["notes"] = model->notes;
    if (model && model->origin) {
        report.line(sentence(*model->origin));
        result["origin"] = toJson(*model->origin);
    }
    if (model) {
        report.line(model->tokenizerSize ? "tokenizer: " + counted(*model->tokenizerSize, "id")
                                         : "no usable tokenizer: " + model->tokenizerProblem + " " + model->tokenizerHint);
        result["tokenizer"] = model->tokenizerSize ? nlohmann::json(*model->tokenizerSize) : nlohmann::json();
        result["tokenizerProblem"] = model->tokenizerProblem;
        result["tokenizerHint"] = model->tokenizerHint;
    }
    finish(result);
}

} // namespace secateur::cli
