// SPDX-License-Identifier: GPL-3.0-or-later
// What was pruned, and in a few numbers what came of it.
#include "checkpoint/TensorInfo.h"
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "session/Measurements.h"

#include <cmath>

namespace secateur::html {
namespace {

std::string tile(const std::string &title, const std::string &value, const std::string &below)
{
    return "<li>" + title + " <strong>" + value + "</strong> " + below + "</li>\n";
}

/// Perplexity before and after on the first text that both were measured on.
std::string perplexityTile(const ReportFacts &facts)
{
    for (const Measurement &measured : facts.session.measurements) {
        if (facts.planHash.empty() || measured.planHash != facts.planHash || measured.what != Measured::Perplexity)
            continue;
        const Measurement *original = originalFor(facts.session.measurements, measured);
        const double after = measured.result.perplexity;
        if (!original)
            return tile("Perplexity", digits(after), "on " + name(textName(measured.text)) + "; the original was not measured");
        return tile("Perplexity", digits(original->result.perplexity) + " → " + digits(after),
                    "on " + name(textName(measured.text)) + ", " + digits(after / original->result.perplexity) + " times");
    }
    return {};
}

std::string attentionWords(const AttentionSpec &attention)
{
    std::string words = counted(attention.heads, "head") + " of " + std::to_string(attention.headDim);
    if (attention.kvHeads != attention.heads)
        words += ", " + counted(attention.kvHeads, "head") + " of keys and values";
    return words;
}

/// A sentence about the model without the folder that it lies in.
std::string withoutFolder(std::string sentence, const std::string &folder)
{
    if (folder.empty())
        return sentence;
    for (const std::string &part : {folder + "/", folder})
        for (std::size_t at = sentence.find(part); at != std::string::npos; at = sentence.find(part, at))
            sentence.replace(at, part.size(), part == folder ? "the model's folder" : "");
    return sentence;
}

} // namespace

std::string overview(const ReportFacts &facts)
{
    std::string tiles;
    if (facts.plan) {
        const SparsityBalance &b = facts.plan->balance;
        if (facts.planProblem.empty()) {
            tiles += tile("Removed", share(b.sparsityLayers()), "of the decoder layers, " + share(b.sparsityModel()) + " of the model");
            tiles += tile("Parameters", digits(double(b.modelParameters) / 1e6) + " M",
                          "of " + digits(double(b.denseModelParameters) / 1e6) + " M");
        }
        tiles += perplexityTile(facts);
    }
    return paragraph(text(facts.planProblem), "warning") + (tiles.empty() ? tiles : "<ul class=\"tiles\">\n" + tiles + "</ul>\n");
}

std::string modelSection(const ReportFacts &facts)
{
    if (!facts.session.model)
        return {};
    const ModelSummary &model = *facts.session.model;
    const ModelSpec &spec = model.spec;
    Facts list;
    list.add("Name", name(facts.model));
    list.add("Family", text(spec.family));
    list.add("Layers", whole(spec.layerCount()));
    list.add("Hidden size", whole(spec.hiddenSize));
    if (const AttentionSpec *attention = firstAttention(spec))
        list.add("Attention", text(attentionWords(*attention)));
    list.add("Neurons of an FFN", whole(spec.mostNeurons()));
    list.add("Vocabulary", counted(spec.vocabularySize, "token"));
    list.add("Context", counted(spec.contextLength, "token"));
    list.add("Parameters", whole(modelParameters(spec)) + ", of which " + whole(layerParameters(spec)) + " in the decoder layers");
    list.add("Stored as", text((model.quantisedAs.empty() ? std::string(configName(model.storedDtype)) : model.quantisedAs) + ", " +
                               sizeText(model.tensorBytes) + " in " + counted(model.files, "file")));
    list.add("Tokenizer",
             model.tokenizerSize
                 ? counted(*model.tokenizerSize, "id")
                 : "<span class=\"warning\">none: " + text(withoutFolder(model.tokenizerProblem, model.folder.string())) + "</span>");
    list.add("SHA-256", facts.modelHash.empty() ? std::string() : code(facts.modelHash));
    std::string html = list.html();
    if (model.origin && model.origin->problem.empty())
        html += paragraph("This model was pruned before: from " + name(model.origin->baseModel) + " by plan " +
                              hash(model.origin->planHash) + ", written as " + text(model.origin->format) + ".",
                          "warning");
    std::vector<std::string> notes;
    for (const std::string &note : model.notes)
        notes.push_back(withoutFolder(note, model.folder.string()));
    return html + html::list(notes);
}

} // namespace secateur::html
