// SPDX-License-Identifier: GPL-3.0-or-later
// Searches of attentions: which went in what order, and what the others would have cost.
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "report/ReportStyle.h"
#include "report/SvgFigure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace secateur::html {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
/// A runner-up whose perplexity is less than 1 % higher: another text could well have decided otherwise.
constexpr double kNearTie = 0.01;

double lossOf(const SearchStep &step, std::size_t layer)
{
    return layer < step.losses.size() ? step.losses[layer] : kUnknown;
}

/// Losses before each step, and after the last.
std::vector<double> lossesBetween(const SearchRecord &record)
{
    std::vector<double> losses{record.initialLoss};
    for (const SearchStep &step : record.steps) {
        if (step.removed < 0)
            break;
        losses.push_back(lossOf(step, std::size_t(step.removed)));
    }
    return losses;
}

struct RunnerUp {
    std::int64_t layer = -1;
    double gap = 0;       ///< by how much its perplexity is higher, as a share
    bool isBound = false; ///< at least that much
};

/// The candidate that would have gone instead: the lowest of what is known of the others.
std::optional<RunnerUp> runnerUpOf(const SearchStep &step)
{
    if (step.removed < 0 || step.isForced)
        return {};
    const double winner = lossOf(step, std::size_t(step.removed));
    double best = std::numeric_limits<double>::infinity();
    RunnerUp found;
    for (std::size_t layer = 0; layer < step.losses.size(); ++layer) {
        if (std::int64_t(layer) == step.removed)
            continue;
        const bool isBound = std::isnan(step.losses[layer]);
        const double known = !isBound ? step.losses[layer] : layer < step.bounds.size() ? step.bounds[layer] : kUnknown;
        if (known < best) {
            best = known;
            found = {.layer = std::int64_t(layer), .gap = std::exp(known - winner) - 1, .isBound = isBound};
        }
    }
    return found.layer >= 0 && std::isfinite(found.gap) ? std::optional(found) : std::nullopt;
}

std::string gapText(const RunnerUp &other)
{
    const double gap = std::max(0.0, other.gap);
    return std::string(other.isBound ? "at least " : "") + "+" + share(gap, gap < kNearTie ? 2 : 1);
}

std::string orderTable(const SearchRecord &record)
{
    const std::vector<double> losses = lossesBetween(record);
    Table table("Removals in order, with the loss on the search windows", {{"Step", true},
                                                                           {"Layer", true},
                                                                           {"Loss, nats/token", true},
                                                                           {"Change", true},
                                                                           {"Search perplexity", true},
                                                                           {"Runner-up"},
                                                                           {"Its perplexity"},
                                                                           {""}});
    if (std::isfinite(losses.front()))
        table.add({"0", "none", fixed(losses.front(), 4), "", digits(std::exp(losses.front())), "", "", ""});
    for (std::size_t i = 0; i + 1 < losses.size(); ++i) {
        const SearchStep &step = record.steps[i];
        const std::optional<RunnerUp> other = runnerUpOf(step);
        const double change = losses[i + 1] - losses[i];
        table.add({std::to_string(i + 1), std::to_string(step.removed), fixed(losses[i + 1], 4),
                   std::isfinite(change) ? html::change(change) : std::string(), digits(std::exp(losses[i + 1])),
                   other ? "layer " + std::to_string(other->layer) : std::string(), other ? gapText(*other) : std::string(),
                   step.isForced                    ? "forced"
                   : other && other->gap < kNearTie ? "<span class=\"warning\">near tie</span>"
                                                    : ""});
    }
    return table.html();
}

/// Where the colours end: four times the usual change where a few are far larger, as those would leave no colours for the rest.
double limitOf(std::vector<double> sizes)
{
    if (sizes.empty())
        return 1;
    std::ranges::sort(sizes);
    const double usual = 4 * sizes[(sizes.size() - 1) / 2], most = sizes.back();
    const double limit = usual > 0 && most > 1.5 * usual ? usual : most;
    return limit > 0 ? limit : 1;
}

class Heatmap {
public:
    Heatmap(const SearchRecord &record, const std::string &id, const std::string &what)
        : m_record(record),
          m_layers(record.steps.empty() ? 0 : record.steps.front().losses.size()),
          m_before(lossesBetween(record)),
          m_cell(std::clamp(640.0 / double(std::max<std::size_t>(1, m_layers)), 8.0, 40.0)),
          m_figure(id, what, description(what), kLeft + m_cell * double(m_layers) + 20, kTop + kRow * double(record.steps.size()) + kBelow)
    {
    }

    std::string html()
    {
        std::vector<double> sizes;
        for (std::size_t i = 0; i < m_record.steps.size(); ++i)
            for (std::size_t layer = 0; layer < m_layers; ++layer)
                if (const double change = changeOf(i, layer); std::isfinite(change))
                    sizes.push_back(std::abs(change));
        m_limit = limitOf(std::move(sizes));
        std::vector<bool> isGone(m_layers, false);
        for (std::size_t i = 0; i < m_record.steps.size(); ++i) {
            drawStep(i, isGone);
            if (const std::int64_t removed = m_record.steps[i].removed; removed >= 0 && removed < std::int64_t(m_layers))
                isGone[std::size_t(removed)] = true;
        }
        const double bottom = kTop + kRow * double(m_record.steps.size());
        const std::size_t every = m_cell < 16 ? 5 : 1;
        for (std::size_t layer = 0; layer < m_layers; layer += every)
            m_figure.text(kLeft + m_cell * (double(layer) + 0.5), bottom + 14, std::to_string(layer), "middle");
        m_figure.text(kLeft + m_cell * double(m_layers) / 2, bottom + 32, "layer", "middle", "title");
        m_figure.text(2, 12, "step", "start", "title");
        return m_figure.html("Change of the loss when one more attention is removed, in nats per token: blue lowers it, red raises it, "
                             "and the colours end at ±" +
                             fixed(m_limit, 4) +
                             ". Framed with a number: the one that was removed. Hatched: gone before. Dotted: out before its "
                             "exact loss was known, or not evaluated.");
    }

private:
    static constexpr double kLeft = 40, kTop = 20, kRow = 20, kBelow = 40;

    std::string description(const std::string &what) const
    {
        std::string order = layers(m_record.removalOrder());
        return what + ": one row for each of " + counted(std::int64_t(m_record.steps.size()), "step") + ", one cell for each of " +
               counted(std::int64_t(m_layers), "layer") + ". Removed in order: " + order + ". The tables beside it have the numbers.";
    }

    double changeOf(std::size_t step, std::size_t layer) const
    {
        return step < m_before.size() ? lossOf(m_record.steps[step], layer) - m_before[step] : kUnknown;
    }

    void drawStep(std::size_t i, const std::vector<bool> &isGone)
    {
        const SearchStep &step = m_record.steps[i];
        const double y = kTop + kRow * double(i);
        m_figure.text(kLeft - 8, y + 14, std::to_string(i + 1), "end");
        for (std::size_t layer = 0; layer < m_layers; ++layer) {
            const double x = kLeft + m_cell * double(layer), change = changeOf(i, layer);
            const std::string tip = "step " + std::to_string(i + 1) + ", layer " + std::to_string(layer) + ": ";
            if (isGone[layer])
                m_figure.hatch(x, y, m_cell - 1, kRow - 1);
            else if (std::isfinite(change))
                m_figure.rect(x, y, m_cell - 1, kRow - 1, changeLook(change / m_limit).c_str(), tip + html::change(change));
            else
                m_figure.rect(x, y, m_cell - 1, kRow - 1, "bound",
                              step.isKnown(std::int64_t(layer)) ? tip + "out before its loss was known" : tip + "not evaluated");
        }
        if (step.removed >= 0 && step.removed < std::int64_t(m_layers))
            m_figure.rect(kLeft + m_cell * double(step.removed), y, m_cell - 1, kRow - 1, "winner");
    }

    const SearchRecord &m_record;
    std::size_t m_layers;
    std::vector<double> m_before;
    double m_cell, m_limit = 1;
    SvgFigure m_figure;
};

std::string lossTable(const SearchRecord &record)
{
    if (record.steps.empty())
        return {};
    std::vector<Table::Column> columns{{"Layer", true}};
    for (std::size_t i = 0; i < record.steps.size(); ++i)
        columns.push_back({"step " + std::to_string(i + 1), true});
    Table table("Loss with that attention removed too, nats per token; of some a bound (at least) or a loss in 16 bits (about)", columns);
    for (std::size_t layer = 0; layer < record.steps.front().losses.size(); ++layer) {
        std::vector<std::string> cells{std::to_string(layer)};
        for (const SearchStep &step : record.steps) {
            const double loss = lossOf(step, layer);
            const double bound = layer < step.bounds.size() ? step.bounds[layer] : kUnknown;
            const double screened = layer < step.screened.size() ? step.screened[layer] : kUnknown;
            cells.push_back(!std::isnan(loss)       ? fixed(loss, 6)
                            : !std::isnan(bound)    ? "at least " + fixed(bound, 4)
                            : !std::isnan(screened) ? "about " + fixed(screened, 4)
                                                    : "");
        }
        table.add(std::move(cells));
    }
    return details("Losses of all candidates", table.html());
}

std::string impactPart(const SearchRecord &record)
{
    const std::vector<double> &losses = record.steps.front().losses;
    Table table("Loss of the original with one attention switched off",
                {{"Layer", true}, {"Loss, nats/token", true}, {"Change", true}, {"Perplexity", true}});
    for (std::size_t layer = 0; layer < losses.size(); ++layer)
        if (!std::isnan(losses[layer]))
            table.add({std::to_string(layer), fixed(losses[layer], 4), change(losses[layer] - record.initialLoss),
                       digits(std::exp(losses[layer]))});
    return heading("How much each attention of the original matters") +
           paragraph("Each was switched off alone, while nothing else was pruned. Loss of the original: " + fixed(record.initialLoss, 4) +
                     " nats per token, on " + textWords(record.provenance) + ". Computed " + conditions(record.provenance.computed) + ".") +
           Heatmap(record, "impact-map", "Impact of each attention on the original").html() + details("As a table", table.html());
}

} // namespace

std::string searchPart(const SearchRecord &record, const std::string &id, const std::string &what)
{
    if (!record.isBegun() || record.steps.empty())
        return {};
    return Heatmap(record, id, what).html() + orderTable(record) + lossTable(record);
}

std::string searchSection(const ReportFacts &facts)
{
    std::string html;
    if (facts.plan && (facts.plan->method == PlanMethod::TwoSsp || facts.plan->method == PlanMethod::Restored))
        html += searchPart(facts.plan->search, "search-map", "Search of the plan");
    if (!html.empty() && facts.plan->restoration)
        html = paragraph("On the refitted model. The plan takes the first " +
                         counted(std::int64_t(facts.plan->removedAttentions.size()), "removal") + " of these, as held-out loss decided.") +
               html;
    if (const auto &impact = facts.session.denseImpact; impact && impact->isBegun() && !impact->steps.empty())
        html += impactPart(*impact);
    return html;
}

} // namespace secateur::html
