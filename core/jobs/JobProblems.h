// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: the column of the table of jobs that says why a job cannot run (JobType::problem).
#pragma once

#include "foundation/Error.h"
#include "jobs/JobRequest.h"
#include "session/Session.h"

#include <optional>

namespace secateur {

std::optional<Error> problem(const request::Open &asked, const Session &session);
std::optional<Error> problem(const request::Calibrate &asked, const Session &session);
std::optional<Error> problem(const request::Impact &asked, const Session &session);
std::optional<Error> problem(const request::Search &asked, const Session &session);
std::optional<Error> problem(const request::Evaluate &asked, const Session &session);
std::optional<Error> problem(const request::Curve &asked, const Session &session);
std::optional<Error> problem(const request::Export &asked, const Session &session);
std::optional<Error> problem(const request::Prune &asked, const Session &session);
std::optional<Error> problem(const request::Generate &asked, const Session &session);
std::optional<Error> problem(const request::FindBlocks &asked, const Session &session);
std::optional<Error> problem(const request::MeasureTasks &asked, const Session &session);
std::optional<Error> problem(const request::MeasureThroughput &asked, const Session &session);
std::optional<Error> problem(const request::Compare &asked, const Session &session);
std::optional<Error> problem(const request::Restore &asked, const Session &session);
std::optional<Error> problem(const request::ScoreText &asked, const Session &session);

} // namespace secateur
