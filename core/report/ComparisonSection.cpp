// SPDX-License-Identifier: GPL-3.0-or-later
// The plans of a session beside each other, as far as they were measured.
#include "comparison/ComparisonRows.h"
#include "comparison/ComparisonTable.h"
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "report/SvgFigure.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace secateur::html {
namespace {

bool isMeasured(const ComparisonRow &row)
{
    return row.tasks || !row.throughput.empty() ||
           std::ranges::any_of(row.evaluations, [](const std::optional<Evaluation> &found) { return found.has_value(); });
}

/// As the table of methods and sizes has it.
Comparison comparisonOf(const ReportFacts &facts, const std::vector<const PlanTableRow *> &rows)
{
    Comparison comparison;
    for (const MeasuredText &text : facts.table.texts) {
        const bool isUnique = std::ranges::count(facts.table.texts, text.name, &MeasuredText::name) == 1;
        const std::string called = isUnique ? text.name : text.name + " (" + text.tokenHash.substr(0, 6) + ")";
        comparison.settings.evaluations.push_back({.files = {called}, .windows = text.windows, .length = text.length});
    }
    comparison.modelName = facts.model;
    for (const PlanTableRow *row : rows)
        comparison.rows.push_back(row->row);
    return comparison;
}

std::string table(const ReportFacts &facts, const std::vector<const PlanTableRow *> &rows)
{
    const ComparisonTable cells = tableOf(comparisonOf(facts, rows));
    std::vector<Table::Column> columns{{"Plan"}};
    for (const ComparisonColumn &column : cells.columns)
        if (!column.title.empty())
            columns.push_back({column.title, !column.isText});
    Table table("Plans of this session", columns);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<std::string> line{facts.planName(rows[i]->row.planHash)};
        for (std::size_t c = 0; c < cells.columns.size(); ++c)
            if (!cells.columns[c].title.empty()) {
                const ComparisonCell &cell = cells.rows[i][c];
                line.push_back(text(cell.error.empty() ? cell.text : cell.text + " ± " + cell.error));
            }
        table.add(std::move(line), !rows[i]->row.planHash.empty() && rows[i]->row.planHash == facts.planHash);
    }
    std::vector<std::string> notes;
    for (const PlanTableRow *row : rows) {
        if (!row->differs.empty())
            notes.push_back(facts.planText(row->row.planHash) + ": " + row->differs + ".");
        if (!row->row.problem.empty())
            notes.push_back(facts.planText(row->row.planHash) + ": " + row->row.problem);
    }
    return table.html() + list(notes);
}

/// How the points of a method look.
struct Look {
    Mark mark;
    const char *fill;
};
Look lookOf(const ComparisonRow &row)
{
    if (!row.method)
        return {Mark::Circle, "s0"};
    switch (*row.method) {
    case PlanMethod::TwoSsp:
        return {Mark::Circle, "s1"};
    case PlanMethod::Restored:
        return {Mark::Diamond, "s2"};
    case PlanMethod::ShortGpt:
        return {Mark::Square, "s3"};
    case PlanMethod::Window:
        return {Mark::Triangle, "s4"};
    case PlanMethod::BlockPruner:
        return {Mark::Cross, "s2"};
    case PlanMethod::EvoPress:
        return {Mark::Diamond, "s5"};
    case PlanMethod::Manual:
        break;
    }
    return {Mark::Square, "s0"};
}

std::string chart(const ReportFacts &facts, const std::vector<const PlanTableRow *> &rows, std::size_t place)
{
    constexpr double kWidth = 740, kHeight = 340, kLeft = 64, kTop = 34, kRight = 150, kBottom = 46, kRadius = 5;
    const MeasuredText &measuredOn = facts.table.texts[place];
    std::vector<const PlanTableRow *> points;
    double least = INFINITY, most = 0, smallest = INFINITY, largest = 0;
    for (const PlanTableRow *row : rows) {
        const auto &found = row->row.evaluations[place];
        if (!found || !(found->perplexity > 0) || !std::isfinite(found->perplexity) || row->row.modelParameters <= 0)
            continue;
        points.push_back(row);
        least = std::min(least, found->perplexity);
        most = std::max(most, found->perplexity);
        smallest = std::min(smallest, double(row->row.modelParameters) / 1e6);
        largest = std::max(largest, double(row->row.modelParameters) / 1e6);
    }
    if (points.size() < 2)
        return {};
    const std::string id = "quality-" + std::to_string(place + 1);
    SvgFigure figure(id, "Perplexity against size, on " + printable(measuredOn.name),
                     counted(std::int64_t(points.size()), "model") + " from " + digits(smallest) + " to " + digits(largest) +
                         " million parameters, with perplexities from " + digits(least) + " to " + digits(most) +
                         ". The table above has the numbers.",
                     kWidth, kHeight);
    const Axis x = Axis::around(smallest, largest, kLeft, kWidth - kRight);
    const Axis y = Axis::around(least, most, kHeight - kBottom, kTop, most / least > 3);
    figure.axisY(y, kLeft, kWidth - kRight, std::string("perplexity") + (y.isLog ? ", logarithmic" : ""));
    figure.axisX(x, kHeight - kBottom, "parameters, millions");
    std::vector<std::string> named;
    for (const PlanTableRow *row : points) {
        const Look look = lookOf(row->row);
        const double px = x.at(double(row->row.modelParameters) / 1e6), py = y.at(row->row.evaluations[place]->perplexity);
        figure.mark(look.mark, px, py, kRadius, look.fill,
                    facts.planText(row->row.planHash) + ": " + digits(row->row.evaluations[place]->perplexity) + " at " +
                        whole(row->row.modelParameters) + " parameters");
        if (!row->row.planHash.empty() && row->row.planHash == facts.planHash)
            figure.mark(Mark::Ring, px, py, kRadius + 4, "now");
        const std::string method = row->row.method ? titleOf(*row->row.method) : "original";
        if (std::ranges::find(named, method) == named.end()) {
            const double line = kTop + 18 * double(named.size());
            figure.mark(look.mark, kWidth - kRight + 20, line, kRadius, look.fill);
            figure.text(kWidth - kRight + 32, line + 4, method);
            named.push_back(method);
        }
    }
    return figure.html("Perplexity on " + name(measuredOn.name) + " (" + counted(measuredOn.windows, "window") + " of " +
                       counted(measuredOn.length, "token") +
                       ") of the original and of plans, by their size. The ring marks this plan. Lower and further left is better.");
}

} // namespace

std::string comparisonSection(const ReportFacts &facts)
{
    std::vector<const PlanTableRow *> rows;
    for (const PlanTableRow &row : facts.table.rows)
        if (isMeasured(row.row))
            rows.push_back(&row);
    if (std::ranges::count_if(rows, [](const PlanTableRow *row) { return row->row.method.has_value(); }) < 2)
        return {};
    std::string html = table(facts, rows);
    for (std::size_t place = 0; place < facts.table.texts.size(); ++place)
        html += chart(facts, rows, place);
    return html;
}

} // namespace secateur::html
