// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobTypes.h"

#include "engine/RestorationForecast.h"
#include "jobs/ComparisonCost.h"
#include "jobs/JobCommands.h"
#include "jobs/JobProblems.h"
#include "jobs/RestoreWork.h"
#include "pruning/SparsityBalance.h"
#include "session/Shelf.h"

#include <algorithm>
#include <cmath>

namespace secateur {
namespace {

bool isKnown(double loss)
{
    return !std::isnan(loss);
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

/// Of restoring the plan of a draft, with the pass that sums Gram matrices.
double restoringFlop(const RestorationSettings &settings, const Session &session, const PlanDraft &draft, std::int64_t windows,
                     std::int64_t length)
{
    try {
        std::vector<std::int64_t> widths;
        for (const LayerSpec &layer : specOf(session, draft).layers)
            widths.push_back(layer.neurons());
        return flopOfRestoration(session.model->spec, settings, outlineOf(draft.balance, balanceOf(session, draft), widths), windows,
                                 length);
    } catch (const Error &) { // no plan can meet it
        return 0;
    }
}

JobAmount amount(const request::Open &, const Session &)
{
    return {};
}

JobAmount amount(const request::Calibrate &asked, const Session &)
{
    return {.size = {.windows = asked.text.windows ? *asked.text.windows : roughWindows(asked.text),
                     .length = asked.text.length,
                     .gramsPerLayer = asked.keepsGrams ? 2 : 0},
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
    if (asked.restoration) {
        const TextSettings &text = asked.calibrationText;
        all.flop = restoringFlop(*asked.restoration, session, draft, roughWindows(text), text.length);
    }
    return all;
}

/// The searches of several models; the size is that of the widest.
JobAmount searchAmount(const Session &session, const std::vector<std::optional<PlanDraft>> &drafts)
{
    JobAmount all;
    for (const std::optional<PlanDraft> &draft : drafts) {
        const JobAmount one = draft ? searchAmount(session, *draft) : JobAmount();
        if (one.size.neuronsKept > all.size.neuronsKept)
            all.size = one.size;
        all.evaluations += one.evaluations;
    }
    return all;
}

JobAmount amount(const request::Generate &asked, const Session &session)
{
    return searchAmount(session, asked.drafts);
}

JobAmount amount(const request::ScoreText &asked, const Session &session)
{
    return searchAmount(session, asked.drafts);
}

/// As many windows as are asked for, or as are usual, as far as the text may have them.
std::int64_t windowsOf(const TextSettings &text, std::int64_t usual)
{
    const TextSettings all{.files = text.files, .windows = {}, .length = text.length};
    return std::min(text.windows.value_or(usual), roughWindows(all));
}

JobAmount amount(const request::FindBlocks &asked, const Session &session)
{
    const BlockSettings &settings = asked.settings;
    const std::int64_t windows = windowsOf(asked.text, usualWindows(settings.method, asked.text.length));
    return {.size = {.windows = windows, .length = asked.text.length},
            .evaluations = 0,
            .flop = flopOfBlocks(session.model->spec, settings, {settings.sparsity}, windows, asked.text.length)};
}

/// The search; what the items ask for is known once they are read.
JobAmount amount(const request::MeasureTasks &asked, const Session &session)
{
    return asked.draft ? searchAmount(session, *asked.draft) : JobAmount();
}

JobAmount amount(const request::MeasureThroughput &asked, const Session &session)
{
    JobAmount all = asked.draft ? searchAmount(session, *asked.draft) : JobAmount();
    all.flop = flopOfThroughput(session.model->spec, asked.settings);
    if (asked.draft)
        all.flop += flopOfThroughput(specOf(session, *asked.draft), asked.settings);
    return all;
}

/// The search, and about what restoring takes, with the pass that sums Gram matrices.
JobAmount amount(const request::Restore &asked, const Session &session)
{
    JobAmount all = searchAmount(session, asked.draft);
    const TextSettings text = restorationTextOf(asked, session);
    all.flop = restoringFlop(asked.settings, session, asked.draft, text.windows.value_or(1), text.length);
    return all;
}

/// All of it but the tasks, as if nothing were known yet.
JobAmount amount(const request::Compare &asked, const Session &session)
{
    const ComparisonSettings &s = asked.settings;
    const ModelSpec &dense = session.model->spec;
    constexpr std::int64_t kUsualCalibration = 32; // the authors'
    const double ofWindow = flopOfWindow(dense, s.text.length);
    double measuring = s.throughput ? flopOfThroughput(dense, *s.throughput) : 0;
    for (const TextSettings &text : s.evaluations)
        measuring += double(roughWindows(text)) * flopOfWindow(dense, text.length);
    JobAmount all;
    all.flop = measuring;
    for (const PlanMethod method : s.methods) {
        for (const double sparsity : s.sparsities)
            all.flop += (1 - sparsity) * measuring;
        if (isOfBlocks(method)) {
            BlockSettings settings = s.blocks;
            settings.method = method;
            const std::int64_t windows = windowsOf(s.text, usualWindows(method, s.text.length));
            all.flop += flopOfBlocks(dense, settings, s.sparsities, windows, s.text.length);
            continue;
        }
        all.flop += double(windowsOf(s.text, kUsualCalibration)) * ofWindow;
        for (const double sparsity : s.sparsities) {
            PlanDraft draft;
            draft.balance.sparsity = sparsity;
            all.flop += double(searchAmount(session, draft).evaluations) * (1 - sparsity) * ofWindow;
            for (const RestorationSettings &restoration : s.restorations) {
                all.flop += restoringFlop(restoration, session, draft, windowsOf(s.text, kUsualCalibration), s.text.length);
                all.flop += (1 - sparsity) * measuring;
            }
        }
    }
    return all;
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
    static const std::vector<JobType> types = {row<request::Open>("open"),
                                               row<request::Calibrate>("calibrate"),
                                               row<request::Impact>("impact"),
                                               row<request::Search>("search"),
                                               row<request::Evaluate>("evaluate"),
                                               row<request::Curve>("curve"),
                                               row<request::Export>("export"),
                                               row<request::Prune>("prune"),
                                               row<request::Generate>("generate"),
                                               row<request::FindBlocks>("findBlocks"),
                                               row<request::MeasureTasks>("measureTasks"),
                                               row<request::MeasureThroughput>("measureThroughput"),
                                               row<request::Compare>("compare"),
                                               row<request::Restore>("restore"),
                                               row<request::ScoreText>("scoreText")};
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
