// SPDX-License-Identifier: GPL-3.0-or-later
// How a plan was found: the method in words, its settings, the text.
#include "comparison/ComparisonRows.h"
#include "foundation/Wording.h"
#include "report/ReportSections.h"

namespace secateur::html {
namespace {

const char *methodWords(PlanMethod method)
{
    switch (method) {
    case PlanMethod::TwoSsp:
        return "2SSP (arXiv 2501.17771) works in two stages. Stage 1 scores every FFN neuron by the mean norm of its activation on a "
               "calibration "
               "text and keeps the K best of each layer. Stage 2 removes N attentions one by one: each time the one whose removal leaves "
               "the "
               "lowest loss. The balance rule splits the wanted sparsity into N and K.";
    case PlanMethod::Manual:
        return "This plan was written by hand: any part of any layer may be absent, and every layer has a width of its own.";
    case PlanMethod::Restored:
        return "This plan was found by 2SSP (arXiv 2501.17771) and then restored: the weights that are left were fitted to what the "
               "original "
               "computes on the calibration text, in closed form, without training. It is not plain 2SSP.";
    case PlanMethod::ShortGpt:
        return "ShortGPT (arXiv 2403.03853) removes the layers that change their input least, all at once.";
    case PlanMethod::Window:
        return "The sliding window (arXiv 2403.17887) removes consecutive layers: those that lie between the two most similar states.";
    case PlanMethod::BlockPruner:
        return "BlockPruner (arXiv 2406.10594) removes attentions and FFNs in turn, each time the one whose removal leaves the lowest "
               "loss.";
    case PlanMethod::EvoPress:
        return "EvoPress (arXiv 2410.14649) lets sets of attentions and FFNs evolve, and keeps those whose predictions stay closest to the "
               "original's.";
    }
    return "";
}

void addBalance(Facts &list, const PruningPlan &plan)
{
    const BalanceSettings &s = plan.settings;
    const SparsityBalance &b = plan.balance;
    list.add("Sparsity asked for", text(shareText(s.sparsity)) + " of the decoder layers");
    if (plan.restoration) { // its loss decided, on text that was held out
        list.add("N",
                 std::to_string(b.attentionsToRemove) + ", by held-out loss; the balance rule gives " + std::to_string(b.attentionsByRule));
        return;
    }
    list.add("N",
             std::to_string(b.attentionsToRemove) +
                 (s.attentionsToRemove ? ", by hand; the balance rule gives " + std::to_string(b.attentionsByRule)
                                       : ", by the balance rule with alpha = " + digits(s.alpha)) +
                 (s.neuronsKept ? std::string()
                                : "; " + std::to_string(b.leastAttentions) + " to " + std::to_string(b.mostAttentions) + " can reach it"));
    if (b.neuronsKept > 0)
        list.add("K",
                 whole(b.neuronsKept) + (s.neuronsKept         ? ", by hand"
                                         : s.widthMultiple > 1 ? ", by what N leaves, rounded to a multiple of " + whole(s.widthMultiple)
                                                               : ", by what N leaves of the sparsity"));
}

void addSearch(Facts &list, const SearchRecord &search)
{
    const SearchSettings &s = search.settings;
    if (!search.isBegun())
        return;
    list.add("Search text", textWords(search.provenance));
    list.add("Search",
             counted(search.evaluations(), "candidate") + " on " + counted(s.windows, "window") + ", loss in " +
                 (s.referenceLoss ? "the model's own type, as in the authors' code" : "float32") +
                 (search.screenedIn.empty() ? std::string()
                                            : "; " + whole(search.decided()) + " decided in " + text(search.provenance.computed.dtype) +
                                                  ", the others ruled out in " + text(search.screenedIn)));
    if (!s.protectedLayers.empty())
        list.add("Protected", "the attention of layers " + layers(s.protectedLayers) + " stays");
    if (!s.forcedLayers.empty())
        list.add("Removed first", "the attention of layers " + layers(s.forcedLayers) + ", in this order");
    list.add("Searched", conditions(search.provenance.computed));
}

} // namespace

std::string textWords(const TextSettings &source)
{
    std::string files;
    for (const std::filesystem::path &file : source.files)
        files += (files.empty() ? "" : ", ") + name(file.filename().string());
    std::string words = files.empty() ? std::string("a text without a name") : files;
    words += source.windows ? ", " + counted(*source.windows, "window") + " of " + counted(source.length, "token")
                            : ", all windows of " + counted(source.length, "token");
    if (source.seed != 0)
        words += ", documents in the order of seed " + std::to_string(source.seed);
    if (source.column != TextSettings().column)
        words += ", column " + name(source.column);
    if (source.documents)
        words += ", the first " + counted(*source.documents, "document") + " of each file";
    return words;
}

std::string textWords(const Provenance &source)
{
    const TextSettings text{.files = {source.textFiles.begin(), source.textFiles.end()},
                            .windows = source.windows,
                            .length = source.length,
                            .seed = source.seed,
                            .column = source.column.empty() ? TextSettings().column : source.column,
                            .documents = source.documents};
    return textWords(text) + (source.tokenHash.empty() ? std::string() : "; tokens " + hash(source.tokenHash));
}

std::string methodSection(const ReportFacts &facts)
{
    if (!facts.plan)
        return {};
    const PruningPlan &plan = *facts.plan;
    Facts list;
    if (plan.method == PlanMethod::TwoSsp || plan.method == PlanMethod::Restored) {
        addBalance(list, plan);
        list.add("Norm of the scores", plan.norm == ScoreNorm::L2 ? "L2, as in the paper" : "L1, the paper's ablation");
        if (!plan.calibration.tokenHash.empty() || !plan.calibration.textFiles.empty())
            list.add("Calibration text", textWords(plan.calibration));
        list.add("Calibrated", conditions(plan.calibration.computed));
        addSearch(list, plan.search);
    }
    std::string html = paragraph(methodWords(plan.method)) + list.html();
    if (plan.blocks)
        html += blocksPart(*plan.blocks, std::int64_t(plan.keptNeurons.size()));
    if (plan.restoration)
        html += restorationPart(*plan.restoration);
    return html;
}

} // namespace secateur::html
