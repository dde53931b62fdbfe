// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/CurveLines.h"

#include "foundation/Error.h"

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

struct Series {
    PlanDraft settings;         ///< what its plans have in common; what varies has its default
    ComputeConditions computed; ///< they too
    CurveLine::Along along;
    std::vector<std::pair<double, std::size_t>> plans; ///< what varies, and the point
};

bool leadsTo(const ModelSpec &spec, const BalanceSettings &settings, const Measurement &record)
{
    try {
        const SparsityBalance reached = balance(spec, settings);
        return reached.neuronsKept == record.neuronsKept && reached.attentionsToRemove == std::int64_t(record.removed.size());
    } catch (const Error &) {
        return false; // nothing is feasible there, so it was not measured under these settings
    }
}

void add(std::vector<Series> &all, CurveLine::Along along, const PlanDraft &settings, const ComputeConditions &computed, double varied,
         std::size_t point)
{
    auto found = std::find_if(all.begin(), all.end(), [&](const Series &one) {
        return one.along == along && one.settings == settings && differenceOf(one.computed, computed).isNone();
    });
    if (found == all.end())
        found = all.insert(all.end(), {.settings = settings, .computed = computed, .along = along, .plans = {}});
    found->plans.emplace_back(varied, point);
}

/// By what plans of another method are put in order: those of blocks by how many go, restored ones by how many parameters do.
double sizeLeft(const Session &session, const Measurement &record)
{
    const PruningPlan &plan = session.plans.at(record.draft->plan)->plan;
    return plan.method == PlanMethod::Restored ? plan.balance.sparsityLayers() : double(record.removed.size());
}

} // namespace

std::optional<PlanMethod> otherMethodOf(const Session &session, const Measurement &record)
{
    const auto found = record.draft ? session.plans.find(record.draft->plan) : session.plans.end();
    const auto isOther = [](PlanMethod method) { return isOfBlocks(method) || method == PlanMethod::Restored; };
    return found != session.plans.end() && isOther(found->second->plan.method) ? std::optional(found->second->plan.method) : std::nullopt;
}

std::vector<CurveLine> curveLines(const Session &session, const std::vector<std::size_t> &records)
{
    if (!session.model)
        return {};
    const ModelSpec &spec = session.model->spec;
    std::vector<std::size_t> originals;
    std::vector<Series> all;
    for (std::size_t point = 0; point < records.size(); ++point) {
        const Measurement &record = session.measurements[records[point]];
        if (record.planHash.empty())
            originals.push_back(point);
        if (const std::optional<PlanMethod> method = otherMethodOf(session, record)) {
            PlanDraft common;
            common.plan = nameOf(*method); // what its plans have in common
            add(all, CurveLine::Along::Size, common, record.computed, sizeLeft(session, record), point);
        }
        if (!record.draft || record.isOrderBorrowed || !record.draft->plan.empty())
            continue;
        const auto removed = std::int64_t(record.removed.size());
        const double target = record.draft->balance.sparsity;
        PlanDraft settings = *record.draft;
        settings.balance.neuronsKept.reset();
        settings.balance.attentionsToRemove = removed;
        if (leadsTo(spec, settings.balance, record)) {
            PlanDraft common = settings;
            common.balance.attentionsToRemove.reset();
            common.balance.alpha = BalanceSettings().alpha; // means nothing where N is given
            add(all, CurveLine::Along::Depth, common, record.computed, double(removed), point);
        }
        settings.balance.attentionsToRemove.reset();
        if (leadsTo(spec, settings.balance, record)) {
            settings.balance.sparsity = BalanceSettings().sparsity;
            add(all, CurveLine::Along::Target, settings, record.computed, target, point);
        }
    }
    std::vector<CurveLine> lines;
    for (Series &series : all) {
        std::sort(series.plans.begin(), series.plans.end());
        if (series.plans.size() < 2 || series.plans.front().first == series.plans.back().first)
            continue;
        CurveLine &line = lines.emplace_back(CurveLine{.along = series.along, .points = {}});
        const auto original = std::find_if(originals.rbegin(), originals.rend(), [&](std::size_t point) {
            return differenceOf(session.measurements[records[point]].computed, series.computed).isNone();
        });
        if (original != originals.rend() && series.along == CurveLine::Along::Target)
            line.points.push_back(*original);
        for (const auto &[varied, point] : series.plans)
            line.points.push_back(point);
    }
    return lines;
}

} // namespace secateur::ui
