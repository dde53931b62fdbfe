// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "engine/Forecast.h"
#include "foundation/Error.h"
#include "jobs/JobRequest.h"
#include "session/Session.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a job still has to compute in a session.
struct JobAmount {
    JobSize size;                 ///< of stage 1 and the search: what a forecast counts
    std::int64_t evaluations = 0; ///< of the model, in the search
    double flop = 0;              ///< of what else it computes, by arithmetic; 0: nothing, or it cannot be told before it runs
};

/// A row of the table of jobs: what is known of a kind without doing it. The functions take requests of that kind, and answer at once.
struct JobType {
    JobKind kind;
    const char *name; ///< one word, in JSON: "calibrate"
    /// Why it cannot run in the session as it is.
    std::optional<Error> (*problem)(const JobRequest &, const Session &);
    /// Of one that can run.
    JobAmount (*amount)(const JobRequest &, const Session &);
    /// Commands of secateur-cli that do the same, ready for a shell: whoever runs the line gets the same numbers and the same plan. It names every setting
    /// that decides them, the number of threads among them. Empty where there is nothing to do.
    std::string (*commandLine)(const JobRequest &, const Session &, const EngineSettings &);
};

/// A row for every kind, in their order.
const std::vector<JobType> &jobTypes();
const JobType &typeOf(JobKind kind);

std::optional<Error> problemOf(const JobRequest &request, const Session &session);
JobAmount amountOf(const JobRequest &request, const Session &session);
std::string commandLineOf(const JobRequest &request, const Session &session, const EngineSettings &engine);

/// The command that writes the same checkpoint, as words: a manifest holds them. Of a plan of the shelf that is searched, "&&" is one of them, behind the
/// command that makes the plan.
std::vector<std::string> exportWords(const request::Export &asked, const Session &session, const EngineSettings &engine);
/// The same of a pruning in one go, with the evaluation where the program takes such a text: one file, to its end, cut as the calibration is.
std::vector<std::string> pruneWords(const request::Prune &asked, const Session &session, const EngineSettings &engine);

} // namespace secateur
