// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs of SessionJobs for the other methods, tasks and speed, and the table of all of them.
#include "commands/PlanEditor.h"
#include "engine/Engine.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/SessionModel.h"
#include "session/Measurements.h"

#include <QLocale>

#include <algorithm>
#include <utility>

namespace secateur::ui {

// ---- what is asked for -------------------------------------------------------------------------------------------------------

request::FindBlocks SessionJobs::blocksRequest(const BlockSettings &settings) const
{
    TextSettings text = m_model.session().calibrationText;
    text.windows.reset(); // as many as the authors take of this method
    return {.settings = settings, .text = text};
}

request::MeasureTasks SessionJobs::tasksRequest(const std::optional<PlanDraft> &draft, const TaskSettings &tasks) const
{
    return {.draft = draft, .tasks = tasks, .searchText = draft ? searchTextOf(*draft) : std::optional<TextSettings>()};
}

request::MeasureThroughput SessionJobs::throughputRequest(const ThroughputSettings &settings) const
{
    const PlanDraft &draft = m_model.draft();
    if (!draft.hasNeurons())
        return {.draft = {}, .settings = settings};
    return {.draft = draft, .settings = settings, .searchText = searchTextOf(draft)};
}

Possibility SessionJobs::canFindBlocks(const BlockSettings &settings) const
{
    return possibilityOf(blocksRequest(settings));
}

Possibility SessionJobs::canMeasureTasks(const TaskSettings &tasks) const
{
    return possibilityOf(tasksRequest(m_model.draft(), tasks));
}

Possibility SessionJobs::canMeasureTasksOfDense(const TaskSettings &tasks) const
{
    return possibilityOf(tasksRequest({}, tasks));
}

Possibility SessionJobs::canMeasureThroughput() const
{
    return possibilityOf(throughputRequest({}));
}

Possibility SessionJobs::canCompare(const ComparisonSettings &settings) const
{
    return possibilityOf(request::Compare{settings});
}

// ---- what it costs -----------------------------------------------------------------------------------------------------------

double SessionJobs::secondsOf(double flop) const
{
    return m_basis && m_basis->flopPerSecond > 0 ? flop / m_basis->flopPerSecond : 0;
}

JobCost SessionJobs::blocksCost(const BlockSettings &settings) const
{
    if (!m_model.hasModel())
        return {};
    const JobAmount amount = amountOf(blocksRequest(settings), m_model.session());
    JobCost cost = costOf(amount.size);
    cost.seconds.reset();
    if (const double seconds = secondsOf(amount.flop); seconds > 0) {
        cost.seconds = kSecondsToBegin + seconds;
        if (cost.forecast)
            cost.forecast->seconds = *cost.seconds;
    }
    return cost;
}

JobCost SessionJobs::tasksCost(const TaskSettings &tasks) const
{
    if (!m_model.hasModel())
        return {};
    JobCost cost = searchCost(m_model.draft());
    const bool isSearchTold = cost.evaluations == 0 || cost.seconds;
    const auto &all = m_model.session().measurements;
    const auto before = std::find_if(all.rbegin(), all.rend(), [&](const Measurement &m) {
        return m.what == Measured::Tasks && m.planHash.empty() && m.tasks->limit == tasks.limit && m.tasks->seed == tasks.seed;
    });
    if (before == all.rend() || !isSearchTold) {
        cost.seconds.reset();
        return cost;
    }
    cost.seconds = cost.seconds.value_or(0) + before->seconds * workShare();
    return cost;
}

JobCost SessionJobs::comparisonCost(const ComparisonSettings &settings) const
{
    JobCost cost;
    if (!m_model.hasModel())
        return cost;
    if (const double seconds = secondsOf(amountOf(request::Compare{settings}, m_model.session()).flop); seconds > 0)
        cost.seconds = seconds;
    return cost;
}

// ---- jobs --------------------------------------------------------------------------------------------------------------------

void SessionJobs::findBlocks(const BlockSettings &settings)
{
    if (!canFindBlocks(settings))
        return;
    const request::FindBlocks asked = blocksRequest(settings);
    const JobCost cost = blocksCost(settings);
    const QString step =
        tr("%1, %2 %").arg(QLatin1String(secateur::titleOf(settings.method)), QLocale().toString(100 * settings.sparsity, 'g', 3));
    start(
        asked,
        [this, asked, step, seconds = cost.seconds.value_or(0)](const SessionTask &task, JobPort &port) {
            port.context().expect({{"search", seconds}});
            const ShelfEntry entry = task.findBlocks(port, asked);
            task.deliver(port, [this, entry, step] { m_editor.useDraft(secateur::draftOf(m_model.session(), entry), step); });
        },
        {}, cost);
}

void SessionJobs::measureTasks(const TaskSettings &tasks)
{
    if (canMeasureTasks(tasks))
        startTasks(tasksRequest(m_model.draft(), tasks));
}

void SessionJobs::measureTasksOfDense(const TaskSettings &tasks)
{
    if (canMeasureTasksOfDense(tasks))
        startTasks(tasksRequest({}, tasks));
}

void SessionJobs::startTasks(const request::MeasureTasks &asked)
{
    std::vector<ExpectedPhase> phases;
    const JobCost search = asked.draft ? searchCost(*asked.draft) : JobCost();
    if (search.evaluations > 0)
        phases.push_back({"search", search.seconds.value_or(0)});
    start(
        asked,
        [asked, phases](const SessionTask &task, JobPort &port) {
            const std::vector<TaskSet> tasks =
                task.engine(port).readTasks(asked.tasks, port.context()); // what is wrong with them is told first
            port.context().expect(phases);
            const std::optional<PruningPlan> plan =
                asked.draft ? std::optional(task.searched(port, *asked.draft, asked.searchText)) : std::nullopt;
            task.measureTasks(port, nullptr, {}, tasks, asked.tasks);
            if (plan)
                task.measureTasks(port, &*plan, *asked.draft, tasks, asked.tasks);
        },
        {}, search);
}

void SessionJobs::measureThroughput(const ThroughputSettings &settings)
{
    const request::MeasureThroughput asked = throughputRequest(settings);
    if (!possibilityOf(asked))
        return;
    start(asked, [asked](const SessionTask &task, JobPort &port) {
        const std::optional<PruningPlan> plan =
            asked.draft ? std::optional(task.searched(port, *asked.draft, asked.searchText)) : std::nullopt;
        task.measureThroughput(port, nullptr, {}, asked.settings);
        if (plan)
            task.measureThroughput(port, &*plan, *asked.draft, asked.settings);
    });
}

void SessionJobs::compare(const ComparisonSettings &settings)
{
    if (canCompare(settings))
        start(
            request::Compare{settings},
            [settings, plans = planFolder()](const SessionTask &task, JobPort &port) { task.compare(port, settings, plans); }, {},
            comparisonCost(settings));
}

// ---- command lines -----------------------------------------------------------------------------------------------------------

QString SessionJobs::blocksCommand(const BlockSettings &settings) const
{
    return canFindBlocks(settings) ? lineOf(blocksRequest(settings)) : QString();
}

QString SessionJobs::tasksCommand(const TaskSettings &tasks) const
{
    if (!canMeasureTasksOfDense(tasks))
        return {};
    return lineOf(tasksRequest(m_model.draft().hasNeurons() ? std::optional(m_model.draft()) : std::nullopt, tasks));
}

QString SessionJobs::throughputCommand(const ThroughputSettings &settings) const
{
    const request::MeasureThroughput asked = throughputRequest(settings);
    return possibilityOf(asked) ? lineOf(asked) : QString();
}

QString SessionJobs::comparisonCommand(const ComparisonSettings &settings) const
{
    return canCompare(settings) ? lineOf(request::Compare{settings}) : QString();
}

} // namespace secateur::ui
