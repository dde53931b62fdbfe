// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs that measure tasks and speed, as functions of the engine that tell what they find, as in JobWork.h.
#pragma once

#include "jobs/JobWork.h"

#include <vector>

namespace secateur {

/// Accuracies in tasks that Engine::readTasks gave for these settings: tells that they begin (TasksBegun), and each item as it is scored
/// (TaskScored). `known`: scores of earlier runs, which are not computed again and not told.
Measurement measureTasks(Engine &engine, const ModelSpec &dense, const Evaluated &what, const std::vector<TaskSet> &tasks,
                         const TaskSettings &settings, JobContext &context, const EventListener &tell,
                         const std::vector<ItemScore> &known = {});

/// Tokens a second.
Measurement measureThroughput(Engine &engine, const ModelSpec &dense, const Evaluated &what, const ThroughputSettings &settings,
                              JobContext &context, const EventListener &tell);

} // namespace secateur
