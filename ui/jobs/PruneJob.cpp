// SPDX-License-Identifier: GPL-3.0-or-later
// The job of SessionJobs that does all of it, from the model to a verified checkpoint.
#include "commands/PlanEditor.h"
#include "engine/Engine.h"
#include "foundation/Error.h"
#include "jobs/JobTable.h"
#include "jobs/RestorationChoice.h"
#include "jobs/RestoreWork.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/SessionModel.h"
#include "session/Measurements.h"
#include "text/TokenWindows.h"

#include <algorithm>

namespace secateur::ui {
PlanDraft SessionJobs::draftOf(const PruneRequest &request) const
{
    const Session &session = m_model.session();
    PlanDraft draft = session.draft;
    draft.balance.sparsity = request.sparsity;
    draft.balance.attentionsToRemove.reset();
    draft.balance.neuronsKept.reset();
    draft.calibration = calibrationFor(session, session.calibrationText, session.norm);
    draft.plan.clear();
    return draft;
}

request::Prune SessionJobs::pruneRequest(const PruneRequest &prune) const
{
    const Session &session = m_model.session();
    PlanDraft draft = draftOf(prune);
    draft.calibration = -1; // that of the text and the norm, once it is there
    return {.draft = draft,
            .calibrationText = session.calibrationText,
            .evaluationText = session.evaluationText,
            .norm = session.norm,
            .settings = prune.exporting,
            .restoration = prune.restoration};
}

Possibility SessionJobs::canPrune(const PruneRequest &request) const
{
    if (const Possibility possible = possibilityOf(pruneRequest(request)); !possible)
        return possible;
    if (request.restoration) {
        if (m_dataFolder.empty())
            return {tr("There is no folder that could keep the restored plan.")};
        if (const std::optional<Error> problem = restorationProblem(*request.restoration, m_model.spec()))
            return {QString::fromStdString(problem->what())};
    }
    const JobInfo *job = m_runner.current();
    if (!job || job->isHeld()) // one that is held is given up for a newer one
        return {};
    const QString paused = pausedText(*job);
    return {paused.isEmpty() ? tr("Another job is running. Wait for it, or cancel it.") : paused};
}

/// Seconds of evaluating one model on the session's text; by an earlier evaluation where there is one.
double SessionJobs::evaluationSeconds() const
{
    const TextSettings &text = m_model.session().evaluationText;
    for (const Measurement &record : m_model.session().measurements)
        if (isOn(record, text, m_model.session().readTexts))
            return record.seconds;
    const JobSize one{
        .windows = 0, .length = text.length, .searchWindows = 1, .removals = 0, .neuronsKept = m_model.neurons()}; // with the head
    const std::optional<double> seconds = costOf(one).seconds;
    return seconds ? kSecondsToBegin + (*seconds - kSecondsToBegin) * double(m_model.roughWindows(text)) : 0;
}

/// Appends the phases of restoring the plan of a draft: none, where no plan can be of its size.
void SessionJobs::addRestoring(std::vector<ExpectedPhase> &phases, const PlanDraft &draft, const RestorationSettings &settings) const
{
    RestorationText text = sizeOf(settings);
    text.hasGrams = draft.calibration < 0 || areGramsKept(); // else its scores are there, and they are not
    try {
        const SparsityBalance split = balanceOf(m_model.session(), draft);
        const PruningPlan outline = outlineOf(draft.balance, split, std::vector(m_model.spec().layers.size(), split.neuronsKept));
        for (const RestorationPhase &phase :
             phasesOfRestoration(m_model.spec(), outline, settings, text, {.limits = {}, .flopPerSecond = 1}))
            phases.push_back({phase.phase, secondsOf(phase.seconds)});
    } catch (const Error &) { // what cannot be is told when it is tried
    }
}

/// What is still to do for a request, with the seconds that it may take.
std::vector<ExpectedPhase> SessionJobs::phasesOf(const PruneRequest &request) const
{
    const Session &session = m_model.session();
    const PlanDraft draft = draftOf(request);
    std::vector<ExpectedPhase> phases;
    if (draft.calibration < 0)
        phases.push_back({"calibrate", calibrationCost().seconds.value_or(0)});
    if (const JobCost search = searchCost(draft); search.evaluations > 0)
        phases.push_back({"search", search.seconds.value_or(0)});
    const bool isEvaluated = !session.evaluationText.files.empty();
    const double ofPlan = isEvaluated ? evaluationSeconds() * (1 - request.sparsity) : 0;
    if (isEvaluated && !isOriginalMeasured())
        phases.push_back({"evaluate", evaluationSeconds()});
    if (isEvaluated)
        phases.push_back({"evaluate", ofPlan});
    if (request.restoration) {
        addRestoring(phases, draft, *request.restoration);
        if (isEvaluated)
            phases.push_back({"evaluate", ofPlan});
    }
    const double pass = onePassCost().seconds.value_or(0);
    phases.push_back({"export", pass});
    phases.push_back({"verify", pass});
    return phases;
}

JobCost SessionJobs::pruneCost(const PruneRequest &request) const
{
    JobCost cost;
    if (!m_model.hasModel())
        return cost;
    const PlanDraft draft = draftOf(request);
    const JobCost search = searchCost(draft);
    cost.evaluations = search.evaluations;
    cost.anew = search.anew;
    const JobCost calibration = draft.calibration < 0 ? calibrationCost() : JobCost();
    for (const JobCost *part : {&calibration, &search}) {
        if (!part->problem.isEmpty())
            cost.problem = part->problem;
        if (part->forecast && (!cost.forecast || cost.forecast->memoryBytes() < part->forecast->memoryBytes()))
            cost.forecast = part->forecast;
    }
    double seconds = 0;
    for (const ExpectedPhase &phase : phasesOf(request))
        seconds += phase.seconds;
    if (seconds > 0)
        cost.seconds = seconds;
    if (cost.forecast)
        cost.forecast->seconds = seconds;
    return cost;
}

int SessionJobs::prune(const PruneRequest &request)
{
    if (!canPrune(request))
        return 0;
    const PlanDraft draft = draftOf(request);
    const JobCost cost = pruneCost(request);
    const std::vector<ExpectedPhase> phases = phasesOf(request);
    PlanDraft shown = draft; // until there is a calibration, the plan keeps the one that it has
    if (shown.calibration < 0)
        shown.calibration = m_model.draft().calibration;
    const request::Prune asked = pruneRequest(request);
    m_editor.useDraft(shown, titleOf(asked));

    return start(
        asked,
        [this, request, phases, settings = commandSettings(), grams = m_grams, plans = planFolder(),
         isKept = m_keepsGrams || areGramsKept(), kept = std::make_shared<Session>(m_model.session()),
         keptDraft = std::make_shared<PlanDraft>(draft)](const SessionTask &task, JobPort &port) {
            Session &session = *kept; // with what was found, should the work be called again
            PlanDraft &own = *keptDraft;
            Engine &engine = task.engine(port); // everything that can be refused is refused before the work
            if (own.calibration < 0)
                engine.checkText(session.calibrationText, port.context());
            if (!session.evaluationText.files.empty())
                engine.checkText(session.evaluationText, port.context());
            engine.checkExportSettings(request.exporting, balance(session.model->spec, own.balance).neuronsKept);
            port.context().expect(phases);
            if (own.calibration < 0) {
                const bool keepsGrams = request.restoration.has_value() && grams.isThere(); // one pass for both
                const std::filesystem::path begun = keepsGrams ? grams.begin() : std::filesystem::path();
                const auto scores = engine.score(session.calibrationText, session.norm, port.context(), begun);
                if (keepsGrams)
                    grams.keep(begun, scores->provenance);
                const double seconds = port.context().phaseSeconds();
                const auto ranked = std::make_shared<const RankedScores>(*scores);
                const auto index = std::make_shared<std::int64_t>(-1);
                task.deliverAndWait(port, [this, scores, ranked, index] { *index = keepCalibration(scores, ranked); });
                own.calibration = *index;
                task.noteCalibration(*index, seconds);
                session.calibrations.resize(std::max(session.calibrations.size(), std::size_t(*index) + 1));
                session.calibrations[std::size_t(*index)] = scores;
            }
            const SessionTask scored = task.with(session);
            PruningPlan plan = scored.planOf(own);
            if (!plan.isComplete())
                scored.search(port, plan, own);
            scored.deliver(port, [this, own, removed = plan.removedAttentions, hash = QString::fromStdString(plan.hash())] {
                m_model.setPlanHash(own, removed, hash);
            });
            const auto measure = [&](const PruningPlan &pruned, const PlanDraft &of) {
                if (session.evaluationText.files.empty())
                    return;
                if (const auto dense = scored.evaluateDenseOnce(port))
                    session.measurements.push_back(*dense);
                if (!task.with(session).isMeasured(port, pruned.hash()))
                    session.measurements.push_back(scored.evaluate(port, &pruned, of, false));
            };
            measure(plan, own);
            if (request.restoration) {
                const ShelfEntry entry = scored.restore(port, plan, restorationTextOf(plan), *request.restoration, grams, plans);
                if (!isKept) // nobody asked for it
                    grams.forget(plan.calibration);
                plan = entry.plan->plan;
                measure(plan, entry.draft);
                scored.deliver(port, [this, entry, wanted = own] {
                    if (m_model.draft().balance == wanted.balance) // else people went on to another plan meanwhile
                        m_editor.useDraft(secateur::draftOf(m_model.session(), entry), tr("Restored plan"));
                });
            }
            ExportSettings exporting = request.exporting; // the scores are there by now: the command names what they were made from
            exporting.command = pruneWords({.draft = own,
                                            .calibrationText = session.calibrationText,
                                            .evaluationText = session.evaluationText,
                                            .norm = session.norm,
                                            .settings = exporting,
                                            .restoration = request.restoration},
                                           session, settings);
            exportTo(task.with(session), port, plan, exporting);
        },
        {}, cost);
}

QString SessionJobs::pruneCommand(const PruneRequest &request) const
{
    return m_model.hasModel() ? lineOf(pruneRequest(request)) : QString();
}

} // namespace secateur::ui
