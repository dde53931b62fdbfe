// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints that were written, and where everything was computed.
#include "exporting/Export.h"
#include "foundation/Wording.h"
#include "report/ReportSections.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::html {
namespace {

std::string verified(const Verification &v)
{
    std::string words = v.isPassed ? "<strong class=\"good\">passed</strong>" : "<strong class=\"warning\">failed</strong>";
    words += ": largest difference of a logit " + scientific(v.largestDifference) + " of " + scientific(v.tolerance) + " allowed, over " +
             counted(v.tokens, "token") + "; the same most likely token at " + share(v.sameArgmax);
    if (v.ids > 0)
        words += v.idsDiffering == 0 ? "; all " + counted(v.ids, "token id") + " the same"
                                     : "; " + whole(v.idsDiffering) + " of " + counted(v.ids, "token id") + " differ";
    return words + (v.idsNote.empty() ? std::string() : " (" + text(v.idsNote) + ")");
}

std::string targetText(const std::string &format)
{
    const auto &targets = exportTargets();
    const auto target = std::ranges::find(targets, format, &ExportTarget::name);
    return target == targets.end() ? std::string() : "; loads in " + text(target->loads);
}

} // namespace

std::string exportsSection(const ReportFacts &facts)
{
    std::string html;
    for (const ExportRecord &written : facts.named.exports) {
        Facts list;
        list.add("Folder", name(written.folder.string()));
        list.add("Plan", facts.planName(written.planHash) + " " + hash(written.planHash));
        list.add("Target", code(written.format) + targetText(written.format));
        list.add("Parameters in the files", whole(written.parameters));
        list.add("Size of the weights", text(sizeText(written.bytes)));
        list.add("Verification", verified(written.verification));
        html += list.html() + html::list(written.notes);
    }
    return html;
}

std::string conditionsSection(const ReportFacts &facts)
{
    std::vector<std::pair<std::string, std::string>> known; ///< how, what for
    const auto note = [&](const ComputeConditions &computed, const std::string &what) {
        if (!computed.isKnown())
            return;
        const std::string how = conditions(computed) + (computed.host.empty() ? std::string() : ", on the machine " + name(computed.host));
        const auto found = std::ranges::find(known, how, &std::pair<std::string, std::string>::first);
        if (found == known.end())
            known.emplace_back(how, what);
        else if (found->second.find(what) == std::string::npos)
            found->second += ", " + what;
    };
    if (facts.plan) {
        note(facts.plan->calibration.computed, "neuron scores");
        note(facts.plan->search.provenance.computed, "search");
        if (facts.plan->blocks)
            note(facts.plan->blocks->provenance.computed, "choice of blocks");
    } else {
        for (const auto &scores : facts.session.calibrations)
            note(scores->provenance.computed, "neuron scores");
    }
    if (facts.session.denseImpact)
        note(facts.session.denseImpact->provenance.computed, "impact on the original");
    for (const Measurement &measured : facts.session.measurements)
        note(measured.computed, measured.what == Measured::Perplexity   ? "perplexity"
                                : measured.what == Measured::Tasks      ? "tasks"
                                : measured.what == Measured::Throughput ? "speed"
                                                                        : "pruning");
    if (known.empty())
        return {};
    Table table("What the last bits of the numbers depend on", {{"Numbers"}, {"Computed"}});
    for (const auto &[how, what] : known)
        table.add({text(what), how});
    return (known.size() > 1 ? paragraph("Numbers that were computed in different ways may differ in their last digits.") : std::string()) +
           table.html();
}

} // namespace secateur::html
