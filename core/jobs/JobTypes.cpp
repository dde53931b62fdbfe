// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobTypes.h"

#include "jobs/JobCommands.h"
#include "pruning/SparsityBalance.h"
#include "session/Shelf.h"

#include <algorithm>
#include <cmath>

namespace secateur {
namespace {

using Problem = std::optional<Error>;

bool isKnown(double loss)
{
    return !std::isnan(loss);
}

// ---- why it cannot run -------------------------------------------------------------------------------------------------------

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
        return Error(shelfPlanOf(session, asked.draft)->plan.method == PlanMethod::Manual
                         ? "This plan was written by hand: there is no search to continue."
                         : "This plan changes weights for exactly what it keeps: no search can continue it.");
    const Removals removals = removalsOf(session, asked.draft);
    if (removals.wanted == 0)
        return Error("N = 0: the plan removes no attention, so there is nothing to search.");
    return removals.known >= removals.wanted ? Error("The search of this plan is complete.") : Problem();
}

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

Problem problem(const request::Generate &asked, const Session &session)
{
    if (const Problem none = tokenizerProblem(session))
        return none;
    return asked.draft ? settlingProblem(session, *asked.draft) : Problem();
}

// ---- what it computes --------------------------------------------------------------------------------------------------------

JobAmount searchAmount(const Session &session, const PlanDraft &draft)
{
    SparsityBalance b;
    try {
        b = balanceOf(session, draft);
    } catch (const Error &) { // no search can meet it
        return {};
    }
    const std::int64_t N = b.attentionsToRemove;
    const std::optional<SearchRecord> record = searchOf(session, draft, b.neuronsKept);
    const auto done = record ? std::int64_t(record->removalOrder().size()) : 0;
    if (done >= N || isSettled(session, draft))
        return {};
    std::int64_t evaluations = record && isKnown(record->initialLoss) ? 0 : 1;
    const auto forced = std::int64_t(draft.search.forcedLayers.size()), kept = std::int64_t(draft.search.protectedLayers.size());
    for (std::int64_t n = done; n < N; ++n)
        evaluations += n < forced ? 1 : session.model->spec.layerCount() - n - kept;
    if (record && std::int64_t(record->steps.size()) > done)
        evaluations -= std::ranges::count_if(record->steps[std::size_t(done)].losses, isKnown);
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    const NeuronScores *scores = draft.calibration >= 0 ? session.calibrations[std::size_t(draft.calibration)].get() : nullptr;
    return {.size = {.windows = 0,
                     .length = shelf    ? shelf->plan.calibration.length
                               : scores ? scores->provenance.length
                                        : session.calibrationText.length,
                     .searchWindows = draft.search.windows,
                     .removals = N - done,
                     .neuronsKept = b.neuronsKept},
            .evaluations = evaluations};
}

JobAmount amount(const request::Open &, const Session &)
{
    return {};
}

JobAmount amount(const request::Calibrate &asked, const Session &)
{
    return {.size = {.windows = asked.text.windows ? *asked.text.windows : roughWindows(asked.text), .length = asked.text.length},
            .evaluations = 0};
}

JobAmount amount(const request::Impact &asked, const Session &session)
{
    const ModelSpec &dense = session.model->spec;
    const std::optional<SearchRecord> &record = session.denseImpact;
    const std::int64_t known = record ? record->evaluations() + (isKnown(record->initialLoss) ? 1 : 0) : 0;
    return {.size = {.windows = 0,
                     .length = asked.text.length,
                     .searchWindows = asked.search.windows,
                     .removals = 1,
                     .neuronsKept = dense.mostNeurons()},
            .evaluations = dense.layerCount() + 1 - known}; // the model as it is comes first
}

JobAmount amount(const request::Search &asked, const Session &session)
{
    return searchAmount(session, asked.draft);
}

JobAmount amount(const request::Evaluate &asked, const Session &session)
{
    return asked.draft ? searchAmount(session, *asked.draft) : JobAmount();
}

/// All that is to be searched; the size is that of the widest.
JobAmount amount(const request::Curve &asked, const Session &session)
{
    JobAmount all;
    for (const PlanDraft &draft : asked.lentOrder ? std::vector<PlanDraft>() : asked.drafts) {
        const JobAmount one = searchAmount(session, draft);
        if (one.size.neuronsKept > all.size.neuronsKept)
            all.size = one.size;
        all.evaluations += one.evaluations;
    }
    return all;
}

JobAmount amount(const request::Export &, const Session &)
{
    return {};
}

JobAmount amount(const request::Prune &asked, const Session &session)
{
    const PlanDraft draft = calibrated(asked, session);
    JobAmount all = searchAmount(session, draft);
    if (draft.calibration < 0) {
        const JobAmount calibration = amount(request::Calibrate{.text = asked.calibrationText, .norm = asked.norm}, session);
        all.size.windows = calibration.size.windows;
        all.size.length = calibration.size.length;
    }
    return all;
}

JobAmount amount(const request::Generate &asked, const Session &session)
{
    return asked.draft ? searchAmount(session, *asked.draft) : JobAmount();
}

/// The row of requests of type `Asked`.
template <class Asked>
JobType row(const char *name)
{
    return {.kind = kindOf(JobRequest(Asked())),
            .name = name,
            .problem = [](const JobRequest &request, const Session &session) { return problem(std::get<Asked>(request), session); },
            .amount = [](const JobRequest &request, const Session &session) { return amount(std::get<Asked>(request), session); },
            .commandLine = [](const JobRequest &request, const Session &session,
                              const EngineSettings &engine) { return commandLine(std::get<Asked>(request), session, engine); }};
}

} // namespace

const std::vector<JobType> &jobTypes()
{
    static const std::vector<JobType> types = {
        row<request::Open>("open"),     row<request::Calibrate>("calibrate"), row<request::Impact>("impact"),
        row<request::Search>("search"), row<request::Evaluate>("evaluate"),   row<request::Curve>("curve"),
        row<request::Export>("export"), row<request::Prune>("prune"),         row<request::Generate>("generate")};
    return types;
}

const JobType &typeOf(JobKind kind)
{
    return jobTypes().at(std::size_t(kind));
}

std::optional<Error> problemOf(const JobRequest &request, const Session &session)
{
    return typeOf(kindOf(request)).problem(request, session);
}

JobAmount amountOf(const JobRequest &request, const Session &session)
{
    return typeOf(kindOf(request)).amount(request, session);
}

std::string commandLineOf(const JobRequest &request, const Session &session, const EngineSettings &engine)
{
    return typeOf(kindOf(request)).commandLine(request, session, engine);
}

} // namespace secateur
