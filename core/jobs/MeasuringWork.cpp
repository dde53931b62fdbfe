// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/MeasuringWork.h"

#include "engine/EngineChecks.h"
#include "tasks/TaskScoring.h"

#include <chrono>

namespace secateur {

Measurement measureTasks(Engine &engine, const ModelSpec &dense, const Evaluated &what, const std::vector<TaskSet> &tasks,
                         const TaskSettings &settings, JobContext &context, const EventListener &tell, const std::vector<ItemScore> &known)
{
    const auto start = std::chrono::steady_clock::now();
    const TaskSettings settled = settledTaskSettings(settings, dense);
    tell(TasksBegun{.planHash = what.plan ? what.plan->hash() : std::string(),
                    .asked = askedHash(tasks, settled.bos, *settled.longest),
                    .computed = engine.report().computed});
    std::int64_t items = 0, done = std::int64_t(known.size());
    for (const TaskSet &task : tasks)
        items += std::int64_t(task.items.size());
    TaskResults results = engine.evaluateTasks(what.plan, tasks, settings, context, known, [&](const ItemScore &score) {
        tell(TaskScored{.score = score, .done = ++done, .items = items});
    });
    Measurement record = measurementOf(engine, dense, what, std::chrono::steady_clock::now() - start);
    record.what = Measured::Tasks;
    record.tasks = std::move(results);
    tell(MeasurementMade{record});
    return record;
}

Measurement measureThroughput(Engine &engine, const ModelSpec &dense, const Evaluated &what, const ThroughputSettings &settings,
                              JobContext &context, const EventListener &tell)
{
    const auto start = std::chrono::steady_clock::now();
    std::vector<Throughput> measured = engine.throughput(what.plan, settings, context);
    Measurement record = measurementOf(engine, dense, what, std::chrono::steady_clock::now() - start);
    record.what = Measured::Throughput;
    record.throughput = std::move(measured);
    tell(MeasurementMade{record});
    return record;
}

} // namespace secateur
