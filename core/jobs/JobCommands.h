// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: the column of command lines in the table of jobs (JobType::commandLine).
#pragma once

#include "engine/EngineSettings.h"
#include "jobs/JobRequest.h"
#include "session/Session.h"

#include <string>

namespace secateur {

/// The draft with the calibration of the text and the norm, where there is one.
PlanDraft calibrated(const request::Prune &asked, const Session &session);

std::string commandLine(const request::Open &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::Calibrate &asked, const Session &session, const EngineSettings &engine);
/// One step of a search in which every neuron is kept: `prune` with all of K and N = 1.
std::string commandLine(const request::Impact &asked, const Session &session, const EngineSettings &engine);
/// Score, plan and search in one line; of a plan of the shelf the search alone, which goes on from its file, or begins anew where that was searched otherwise.
std::string commandLine(const request::Search &asked, const Session &session, const EngineSettings &engine);
/// That line, and `evaluate` with its plan; of a plan by hand `evaluate` with its file.
std::string commandLine(const request::Evaluate &asked, const Session &session, const EngineSettings &engine);
/// The same for each draft, one after another; the plans are "plan-1.json" and so on. An order that is lent is one that is forced.
std::string commandLine(const request::Curve &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::Export &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::Prune &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::Generate &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::FindBlocks &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::MeasureTasks &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::MeasureThroughput &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::Compare &asked, const Session &session, const EngineSettings &engine);
/// What makes the plan, with its restoration; of a plan by hand `search` with its file. Empty where the second text is cut otherwise than the calibration.
std::string commandLine(const request::Restore &asked, const Session &session, const EngineSettings &engine);
std::string commandLine(const request::ScoreText &asked, const Session &session, const EngineSettings &engine);

} // namespace secateur
