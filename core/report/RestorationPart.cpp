// SPDX-License-Identifier: GPL-3.0-or-later
// How a restored plan was made: its steps, what each is worth, and what the fits came to.
#include "foundation/Wording.h"
#include "report/ReportSections.h"

#include <algorithm>
#include <cmath>

namespace secateur::html {
namespace {

std::string stepNames(const std::vector<RestorationStep> &steps)
{
    std::string names;
    for (const RestorationStep step : steps)
        names += (names.empty() ? "" : ", ") + std::string(nameOf(step)) + " (" + titleOf(step) + ")";
    return names;
}

std::string variantName(const RestorationVariant &variant)
{
    std::string names;
    for (const RestorationStep step : variant.steps)
        names += (names.empty() ? "" : " + ") + std::string(nameOf(step));
    return names.empty() ? "plain 2SSP" : names;
}

std::string widthsText(const std::vector<std::int64_t> &widths)
{
    std::vector<std::int64_t> some = widths;
    std::erase(some, 0);
    if (some.empty())
        return {};
    const auto [least, most] = std::ranges::minmax(some);
    return least == most ? whole(least) : whole(least) + " to " + whole(most);
}

std::string variantsTable(const RestorationRecord &record)
{
    std::vector<Table::Column> columns{{"Steps"}, {"N", true}, {"K", true}};
    for (const GateText &text : record.texts)
        columns.push_back({"Loss on " + textName(text.text), true});
    columns.push_back({"Time", true});
    columns.push_back({""});
    Table table("Held-out loss with some of the steps, nats per token: restored, not plain 2SSP", columns);
    for (const RestorationVariant &variant : record.variants) {
        std::vector<std::string> cells{text(variantName(variant)), std::to_string(variant.attentionsRemoved), widthsText(variant.widths)};
        for (std::size_t i = 0; i < record.texts.size(); ++i)
            cells.push_back(i < variant.losses.size() ? fixed(variant.losses[i], 4) : std::string());
        cells.push_back(duration(variant.seconds));
        const bool isTheLast = variant.isKept && variant.steps == record.kept();
        cells.emplace_back(isTheLast ? "this plan" : variant.isKept ? "" : "turned down: a text gets worse by it");
        table.add(std::move(cells), isTheLast);
    }
    return table.html();
}

std::string removalsTable(const RestorationRecord &record)
{
    Table table("Numbers of removals that were tried", {{"N", true}, {"K", true}, {"Held-out loss, nats/token", true}, {"Time", true}});
    for (const RemovalsTried &tried : record.removals)
        table.add({std::to_string(tried.attentionsRemoved), whole(tried.neuronsKept), fixed(tried.loss, 4), duration(tried.seconds)});
    return table.html();
}

std::string layersTable(const RestorationRecord &record)
{
    Table table(
        "What the fit of each layer's down product came to; errors are shares of the original's output",
        {{"Layer", true}, {"Error before", true}, {"Error after", true}, {"Ridge", true}, {"Raised", true}, {"Growth of weights", true}});
    for (std::size_t i = 0; i < record.layers.size(); ++i) {
        const RestoredLayer &layer = record.layers[i];
        if (layer.ridge > 0)
            table.add({std::to_string(i), share(layer.errorBefore, 2), share(layer.errorAfter, 2), scientific(layer.ridge),
                       std::to_string(layer.raised), digits(layer.growth)});
    }
    return details("Every layer as a table", table.html());
}

} // namespace

std::string restorationPart(const RestorationRecord &record)
{
    const RestorationSettings &s = record.settings;
    Facts list;
    list.add("Steps asked for", text(stepNames(s.steps)));
    list.add("Steps kept", text(record.kept().empty() ? "none" : stepNames(record.kept())));
    list.add("Gate", s.isGated ? "a step stays only if no text gets worse by it" : "every step stays that was asked for");
    list.add("Ridge of the refit", scientific(s.ridge) + " of the mean diagonal");
    if (s.has(RestorationStep::Widths) || s.has(RestorationStep::Elimination))
        list.add("Ridge of the elimination", scientific(s.pathRidge) + " of the mean diagonal");
    if (s.has(RestorationStep::Sequential))
        list.add("Ridge layer by layer", scientific(s.sequentialRidge) + ", centred on the refitted weights");
    if (record.widthShare)
        list.add("Widths", share(*record.widthShare, 0) + " of the way from one width to the allocation's");
    list.add("Tokens of the fits",
             whole(record.tokens) + (record.sequentialTokens > 0 ? "; layer by layer " + whole(record.sequentialTokens) : ""));
    for (const GateText &gate : record.texts)
        list.add("Held out", textWords(gate.text) + "; tokens " + hash(gate.tokenHash));
    list.add("Made from plan", record.plainHash.empty() ? std::string() : code(record.plainHash));
    return heading("Restored, not plain 2SSP") + list.html() + variantsTable(record) + removalsTable(record) + layersTable(record) +
           html::list(record.notes);
}

} // namespace secateur::html
