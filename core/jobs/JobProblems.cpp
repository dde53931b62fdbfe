// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobProblems.h"

#include "jobs/RestorationChoice.h"
#include "pruning/SparsityBalance.h"
#include "session/Shelf.h"

namespace secateur {
namespace {

using Problem = std::optional<Error>;

Problem modelProblem(const Session &session)
{
    return session.model ? Problem() : Error("Open a model first.");
}

/// Of a job that reads text.
Problem tokenizerProblem(const Session &session)
{
    if (!session.model || session.model->tokenizerSize)
        return modelProblem(session);
    return Error(session.model->tokenizerProblem, session.model->tokenizerHint);
}

Problem calibrationProblem(const Session &session, const TextSettings &text)
{
    if (const Problem none = tokenizerProblem(session))
        return none;
    if (const std::string layers = layersProblem(session.model->spec); !layers.empty())
        return Error(layers + " " + kOpenOriginal);
    return text.files.empty() ? Error("Choose a calibration text first.") : Problem();
}

Problem evaluationProblem(const Session &session, const TextSettings &text)
{
    if (const Problem none = tokenizerProblem(session))
        return none;
    return text.files.empty() ? Error("Choose a text to evaluate on first.") : Problem();
}

/// Of a plan's balance and of how its search is steered.
Problem planProblem(const Session &session, const PlanDraft &draft)
{
    try {
        if (isSettled(session, draft)) // nothing of it is open
            return {};
        PruningPlan plan;
        plan.balance = balanceOf(session, draft);
        checkSearchSettings(draft.search, plan, session.model->spec);
    } catch (const Error &infeasible) {
        return infeasible;
    }
    return {};
}

/// Why no search can continue a plan that is settled.
std::string settledBecause(const PruningPlan &plan)
{
    if (isOfBlocks(plan.method))
        return std::string("This plan was found by ") + titleOf(plan.method) + ": there is no search to continue.";
    if (plan.method == PlanMethod::Restored)
        return "This plan is restored: its weights are fitted to what it keeps, and no search can continue it.";
    return plan.method == PlanMethod::Manual ? "This plan was written by hand: there is no search to continue."
                                             : "This plan changes weights for exactly what it keeps: no search can continue it.";
}

/// How many removals a draft asks for, and how many of them are known.
struct Removals {
    std::int64_t wanted = 0, known = 0;
};

Removals removalsOf(const Session &session, const PlanDraft &draft)
{
    if (isSettled(session, draft))
        return {};
    const SparsityBalance b = balanceOf(session, draft);
    const std::optional<SearchRecord> record = searchOf(session, draft, b.neuronsKept);
    return {.wanted = b.attentionsToRemove, .known = record ? std::int64_t(record->removalOrder().size()) : 0};
}

} // namespace

Problem problem(const request::Open &, const Session &)
{
    return {};
}

Problem problem(const request::Calibrate &asked, const Session &session)
{
    return calibrationProblem(session, asked.text);
}

Problem problem(const request::Impact &asked, const Session &session)
{
    return calibrationProblem(session, asked.text);
}

Problem problem(const request::Search &asked, const Session &session)
{
    if (const Problem none = modelProblem(session))
        return none;
    if (!asked.draft.hasNeurons()) {
        if (const Problem before = calibrationProblem(session, session.calibrationText))
            return before;
        return Error("Calibrate first: the search runs on the narrowed model.");
    }
    if (const Problem plan = planProblem(session, asked.draft))
        return plan;
    if (isSettled(session, asked.draft))
        return Error(settledBecause(shelfPlanOf(session, asked.draft)->plan));
    const Removals removals = removalsOf(session, asked.draft);
    if (removals.wanted == 0)
        return Error("N = 0: the plan removes no attention, so there is nothing to search.");
    return removals.known >= removals.wanted ? Error("The search of this plan is complete.") : Problem();
}

namespace {

/// Whether the plan of a draft is settled, or can be.
Problem settlingProblem(const Session &session, const PlanDraft &draft)
{
    const Problem search = problem(request::Search{draft}, session);
    if (!search || !draft.hasNeurons())
        return search;
    try {
        const Removals removals = removalsOf(session, draft);
        return removals.known >= removals.wanted ? Problem() : search;
    } catch (const Error &) {
        return search;
    }
}

} // namespace

Problem problem(const request::Evaluate &asked, const Session &session)
{
    if (const Problem text = evaluationProblem(session, asked.text))
        return text;
    return asked.draft ? settlingProblem(session, *asked.draft) : Problem();
}

Problem problem(const request::Curve &asked, const Session &session)
{
    return evaluationProblem(session, asked.text);
}

Problem problem(const request::Export &asked, const Session &session)
{
    if (const Problem none = modelProblem(session))
        return none;
    if (!asked.draft.hasNeurons())
        return Error("Calibrate first: no neurons are chosen yet.");
    try {
        if (const Removals removals = removalsOf(session, asked.draft); removals.known < removals.wanted)
            return Error("Search first: " + std::to_string(removals.known) + " of " + std::to_string(removals.wanted) +
                         " removals are known.");
    } catch (const Error &balance) {
        return balance;
    }
    return {};
}

Problem problem(const request::Prune &asked, const Session &session)
{
    if (const Problem calibration = calibrationProblem(session, asked.calibrationText))
        return calibration;
    if (const Problem plan = planProblem(session, asked.draft))
        return plan;
    if (asked.restoration)
        if (const Problem none = restorationProblem(*asked.restoration, session.model->spec, asked.settings.format))
            return none;
    try {
        const ModelSpec &dense = session.model->spec;
        const std::vector<std::int64_t> widths(dense.layers.size(), balanceOf(session, asked.draft).neuronsKept);
        if (const std::string target = exportProblem(asked.settings.format, dense, prunedSpec(dense, widths, {})); !target.empty())
            return Error(target);
    } catch (const Error &unknown) {
        return unknown;
    }
    return {};
}

namespace {

/// Of models that are asked for a text beside each other.
Problem textsProblem(const Session &session, const std::vector<std::optional<PlanDraft>> &drafts)
{
    if (const Problem none = tokenizerProblem(session))
        return none;
    if (drafts.empty())
        return Error("Choose the original or a plan first.");
    for (const std::optional<PlanDraft> &draft : drafts)
        if (const Problem plan = draft ? settlingProblem(session, *draft) : Problem())
            return plan;
    return {};
}

} // namespace

Problem problem(const request::Generate &asked, const Session &session)
{
    if (const Problem none = textsProblem(session, asked.drafts))
        return none;
    if (asked.settings.isChat && !session.model->hasChatTemplate)
        return Error("This model has no chat template.", "Continue a plain prompt instead.");
    return {};
}

Problem problem(const request::ScoreText &asked, const Session &session)
{
    if (const Problem none = textsProblem(session, asked.drafts))
        return none;
    return asked.text.empty() ? Error("Write or choose a text to score first.") : Problem();
}

Problem problem(const request::FindBlocks &asked, const Session &session)
{
    if (const Problem none = calibrationProblem(session, asked.text))
        return none;
    try {
        blocksToRemove(asked.settings.sparsity, session.model->spec.layerCount());
    } catch (const Error &infeasible) {
        return infeasible;
    }
    return {};
}

Problem problem(const request::MeasureTasks &asked, const Session &session)
{
    if (const Problem none = tokenizerProblem(session))
        return none;
    if (asked.tasks.paths.empty())
        return Error("Choose the folder or the files of the tasks first.");
    return asked.draft ? settlingProblem(session, *asked.draft) : Problem();
}

Problem problem(const request::MeasureThroughput &asked, const Session &session)
{
    if (const Problem none = modelProblem(session))
        return none;
    return asked.draft ? settlingProblem(session, *asked.draft) : Problem();
}

Problem problem(const request::Compare &asked, const Session &session)
{
    const ComparisonSettings &s = asked.settings;
    if (s.methods.empty()) {
        if (const Problem none = tokenizerProblem(session))
            return none;
    } else if (const Problem none = calibrationProblem(session, s.text)) {
        return none;
    }
    if (!s.methods.empty() && s.sparsities.empty())
        return Error("Choose a size to compare the methods at.");
    for (const double sparsity : s.sparsities)
        if (!(sparsity > 0 && sparsity < 1))
            return Error("A sparsity is between 0 and 100 %.");
    if (s.evaluations.empty() && s.tasks.paths.empty() && !s.throughput)
        return Error("Choose what to measure: a text, tasks or the speed.");
    for (const RestorationSettings &restoration : s.restorations)
        if (const Problem none = restorationProblem(restoration, session.model->spec))
            return none;
    return {};
}

Problem problem(const request::Restore &asked, const Session &session)
{
    if (const Problem none = tokenizerProblem(session))
        return none;
    if (!asked.draft.hasNeurons())
        return Error("Calibrate first: no neurons are chosen yet.");
    const ModelSpec &dense = session.model->spec;
    const ShelfPlan *shelf = shelfPlanOf(session, asked.draft);
    if (const Problem none = shelf ? restorationProblem(shelf->plan, asked.settings, dense) : restorationProblem(asked.settings, dense))
        return none;
    return settlingProblem(session, asked.draft);
}

} // namespace secateur
