// SPDX-License-Identifier: GPL-3.0-or-later
// The job of SessionJobs that restores a plan, and what calibrations keep for it.
#include "commands/PlanEditor.h"
#include "engine/Engine.h"
#include "engine/RestorationForecast.h"
#include "foundation/Error.h"
#include "jobs/FailureWords.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "restoration/GramSize.h"

#include <QLocale>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace secateur::ui {

// ---- what is kept for it -----------------------------------------------------------------------------------------------------

void SessionJobs::setDataFolder(const std::filesystem::path &folder)
{
    m_dataFolder = folder;
    m_grams = GramStore(folder.empty() ? folder : folder / "restoring");
    lookForGrams();
}

/// A disk may take long to tell.
void SessionJobs::lookForGrams()
{
    if (!m_grams.isThere())
        return;
    m_pool.start([this, store = m_grams] {
        QMetaObject::invokeMethod(
            this,
            [this, kept = store.kept()] {
                m_keptGrams = kept;
                emit gramsChanged();
            },
            Qt::QueuedConnection);
    });
}

void SessionJobs::setKeepsGrams(bool keeps)
{
    if (std::exchange(m_keepsGrams, keeps) != keeps)
        emit gramsChanged();
}

std::int64_t SessionJobs::gramBytes() const
{
    constexpr bool kAreWeighted = true; // widths per layer and neurons by elimination ask for them
    return m_model.hasModel() ? bytesOfGrams(m_model.spec(), kAreWeighted) : 0;
}

bool SessionJobs::areGramsKept() const
{
    if (const ShelfPlan *shelf = m_model.hasModel() ? m_model.shelfPlan() : nullptr)
        return m_keptGrams.has(shelf->plan.calibration);
    const NeuronScores *scores = m_model.scores();
    return scores && m_keptGrams.has(scores->provenance);
}

Possibility SessionJobs::canDeleteGrams() const
{
    if (m_keptGrams.bytes == 0)
        return {tr("Nothing is kept for restoring.")};
    for (const JobKind kind : {JobKind::Calibrate, JobKind::Restore, JobKind::Prune})
        if (m_runner.isBusy(kind))
            return {tr("A job uses what is kept. Wait for it, or cancel it.")};
    return {};
}

void SessionJobs::deleteGrams()
{
    if (!canDeleteGrams())
        return;
    m_messages.resolve(QStringLiteral("grams"));
    m_pool.start([this, store = m_grams] {
        Message problem = failureOf(QStringLiteral("grams"));
        try {
            store.clear();
        } catch (const std::exception &thrown) {
            describe(problem, thrown);
        }
        QMetaObject::invokeMethod(
            this,
            [this, problem] {
                if (!problem.sentence.isEmpty())
                    m_messages.post(problem);
                lookForGrams();
            },
            Qt::QueuedConnection);
    });
}

// ---- the job -----------------------------------------------------------------------------------------------------------------

request::Restore SessionJobs::restoreRequest(const RestorationSettings &settings) const
{
    return {.draft = m_model.draft(), .settings = settings, .searchText = searchTextOf(m_model.draft())};
}

Possibility SessionJobs::canRestore(const RestorationSettings &settings) const
{
    if (const Possibility possible = possibilityOf(restoreRequest(settings)); !possible)
        return possible;
    if (m_dataFolder.empty())
        return {tr("There is no folder that could keep the restored plan.")};
    return {};
}

RestorationText SessionJobs::sizeOf(const RestorationSettings &settings) const
{
    const TextSettings &text = m_model.session().calibrationText;
    RestorationText size{.windows = text.windows.value_or(m_model.roughWindows(text)), .length = text.length, .hasGrams = areGramsKept()};
    if (const NeuronScores *scores = m_model.scores()) {
        size.windows = scores->provenance.windows;
        size.length = scores->provenance.length;
    }
    if (settings.second) {
        size.second = settings.second->windows.value_or(m_model.roughWindows(*settings.second));
        size.secondLength = settings.second->length;
    }
    return size;
}

double SessionJobs::restorationSeconds(const PlanDraft &draft, const RestorationSettings &settings) const
{
    return secondsOf(amountOf(request::Restore{.draft = draft, .settings = settings}, m_model.session()).flop);
}

JobCost SessionJobs::restorationCost(const RestorationSettings &settings) const
{
    if (!m_model.hasModel())
        return {};
    const request::Restore asked = restoreRequest(settings);
    JobCost cost = searchCost(asked.draft);
    if (m_basis && m_model.balance()) {
        try {
            std::vector<std::int64_t> widths;
            for (const LayerSpec &layer : m_model.planSpec().layers)
                widths.push_back(layer.neurons());
            const PruningPlan outline = outlineOf(m_model.draft().balance, *m_model.balance(), widths);
            const Forecast restoring = forecastRestoration(m_model.spec(), outline, settings, sizeOf(settings), basisNow());
            if (!cost.forecast || cost.forecast->memoryBytes() < restoring.memoryBytes())
                cost.forecast = restoring;
            cost.seconds = restoring.seconds > 0 && (cost.evaluations == 0 || cost.seconds)
                               ? std::optional(cost.seconds.value_or(0) + restoring.seconds)
                               : std::nullopt;
        } catch (const Error &problem) {
            cost.problem = QString::fromStdString(problem.what());
        }
        return cost;
    }
    const double seconds = restorationSeconds(asked.draft, settings);
    const bool isSearchTold = cost.evaluations == 0 || cost.seconds;
    if (seconds > 0 && isSearchTold)
        cost.seconds = kSecondsToBegin + cost.seconds.value_or(0) + seconds;
    else
        cost.seconds.reset();
    return cost;
}

/// Of a plan that has to be searched first; empty where the engine tells them itself, or nobody can.
std::vector<ExpectedPhase> SessionJobs::restorationPhases(const RestorationSettings &settings) const
{
    const JobCost search = searchCost(m_model.draft());
    if (search.evaluations == 0 || !m_basis || !m_model.balance())
        return {};
    std::vector<ExpectedPhase> phases = {{"search", search.seconds.value_or(0)}};
    addRestoring(phases, m_model.draft(), settings);
    return phases.size() > 1 ? phases : std::vector<ExpectedPhase>(); // what cannot be is told by the job
}

void SessionJobs::restore(const RestorationSettings &settings)
{
    if (!canRestore(settings))
        return;
    const request::Restore asked = restoreRequest(settings);
    const JobCost cost = restorationCost(settings);
    m_messages.resolve(QStringLiteral("restored"));
    start(
        asked,
        [this, asked, phases = restorationPhases(settings), grams = m_grams, plans = planFolder()](const SessionTask &task, JobPort &port) {
            if (!phases.empty())
                port.context().expect(phases);
            const ShelfEntry entry = task.restore(port, asked, grams, plans);
            task.deliver(port, [this, entry] { tellRestored(entry); });
        },
        {}, cost);
}

/// The current plan stays, which people may be editing.
void SessionJobs::tellRestored(const ShelfEntry &entry)
{
    const RestorationRecord &record = *entry.plan->plan.restoration;
    if (record.variants.empty() || record.variants.front().losses.empty())
        return;
    const auto kept = std::find_if(record.variants.rbegin(), record.variants.rend(), [](const RestorationVariant &v) { return v.isKept; });
    if (kept == record.variants.rend() || kept->losses.empty())
        return;
    const auto perplexity = [](double loss) { return QLocale().toString(std::exp(loss), 'g', 4); };
    m_messages.post({.severity = Message::Severity::Success,
                     .sentence = tr("The plan is restored: held-out perplexity %1 instead of %2.")
                                     .arg(perplexity(kept->losses.front()), perplexity(record.variants.front().losses.front())),
                     .hint = {},
                     .topic = QStringLiteral("restored"),
                     .actionText = tr("Show the restored plan"),
                     .action = [this, entry] { m_editor.useDraft(secateur::draftOf(m_model.session(), entry), tr("Restored plan")); },
                     .time = {}});
}

QString SessionJobs::restorationCommand(const RestorationSettings &settings) const
{
    return canRestore(settings) ? lineOf(restoreRequest(settings)) : QString();
}

} // namespace secateur::ui
