// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include "jobs/GramStore.h"
#include "jobs/JobRequest.h"
#include "jobs/JobRunner.h"
#include "session/Session.h"
#include "session/SessionStore.h"
#include "session/Shelf.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secateur::ui {

struct Message;
class MessageLog;
class SessionModel;

/// What the jobs of a session have found so far, for the jobs behind them: those may have been asked for before it was found. Used on the
/// compute thread alone.
struct Findings {
    std::map<std::string, SearchRecord> searches; ///< by searchKey()
    std::vector<Measurement> originals;           ///< of the dense model
    std::vector<ReadText> readTexts;
    std::map<std::int64_t, double> calibrationSeconds; ///< of the calibrations that ran here, by their number
};

/// The part of a session's jobs that runs on the compute thread: a copy of the session as it was when the job was asked for, and the ways
/// back. Results reach the session model on the interface's thread, unless another session has begun meanwhile; losses and removals
/// are written to the journal first, on this thread, so that a kill loses at most one.
class SessionTask {
public:
    /// `isCurrent` is asked on the interface's thread.
    SessionTask(SessionModel &model, MessageLog &messages, std::shared_ptr<SessionJournal> journal, std::shared_ptr<Findings> findings,
                std::function<bool()> isCurrent);

    const Session &session() const { return *m_session; }
    /// With the session's model open; the session model hears of the texts that it reads.
    Engine &engine(JobPort &port) const;
    /// What a job tells goes there: into the journal, on this thread, and from there into the session model.
    EventListener listener(JobPort &port) const;
    void deliver(JobPort &port, std::function<void()> function) const;
    /// The same, and waits until it was done. Throws Cancelled when the job is stopped meanwhile, as it is when another session begins.
    void deliverAndWait(JobPort &port, std::function<void()> function) const;
    /// The task as it goes on with what it has added to the session itself.
    SessionTask with(Session session) const;

    /// A plan of a file comes onto the shelf; jobs that wait know of its search, too.
    void shelve(JobPort &port, const ShelfEntry &entry) const;
    /// The plan of a draft with what is known of its search by now.
    PruningPlan planOf(const PlanDraft &draft) const;
    /// Searches what the plan still lacks, a plan of the shelf on `ofShelf`. A record that was begun otherwise (differenceOf) cannot go on: then it starts
    /// anew, and that is said. Where both stages ran here, what they took is noted.
    void search(JobPort &port, PruningPlan &plan, const PlanDraft &draft, const std::optional<TextSettings> &ofShelf = {}) const;
    /// The plan of a draft, searched.
    PruningPlan searched(JobPort &port, const PlanDraft &draft, const std::optional<TextSettings> &ofShelf) const;
    /// A calibration ran here; what it took is known to the searches behind it.
    void noteCalibration(std::int64_t calibration, double seconds) const;
    /// The impact of every attention on the dense model.
    void measureImpact(JobPort &port, const request::Impact &asked) const;
    /// A plan by a method of blocks, which comes onto the shelf. One that was stopped goes on.
    ShelfEntry findBlocks(JobPort &port, const request::FindBlocks &asked) const;
    /// The restored plan of a draft, which is searched first where that is missing: it comes onto the shelf. One that was stopped goes on. `grams`: of the
    /// pass that scored its neurons; empty: they are summed first. `plans`: the folder that gets its file.
    ShelfEntry restore(JobPort &port, const request::Restore &asked, const GramStore &grams, const std::filesystem::path &plans) const;
    /// The same of a plan that is there.
    ShelfEntry restore(JobPort &port, const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                       const GramStore &grams, const std::filesystem::path &plans) const;
    /// What is not known of the table; it comes into the session as it is found.
    void compare(JobPort &port, const ComparisonSettings &settings, const std::filesystem::path &plans) const;
    /// Accuracies of a plan, or of the dense model without one, unless the session knows them.
    void measureTasks(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, const std::vector<TaskSet> &tasks,
                      const TaskSettings &settings) const;
    /// The same of its speed, in any case.
    void measureThroughput(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, const ThroughputSettings &settings) const;
    /// Perplexity of a plan, or of the dense model without one.
    Measurement evaluate(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, bool isOrderBorrowed) const;
    /// Of the dense model, unless the session knows it already.
    std::optional<Measurement> evaluateDenseOnce(JobPort &port) const;
    /// Whether a plan, or the dense model for no hash, was measured on the evaluation text as it would be computed now.
    bool isMeasured(JobPort &port, const std::string &planHash) const;

private:
    Session known() const;
    std::shared_ptr<const Session> latest(JobPort &port, const std::function<void()> &then = {}) const;
    void noteHash(JobPort &port, const PruningPlan &plan, const PlanDraft &draft) const;
    void startAnewIfNeeded(JobPort &port, PruningPlan &plan) const;
    void tell(JobPort &port, const Message &message) const;
    void tellJournalProblem(JobPort &port, const std::exception &problem) const;

    SessionModel &m_model;
    MessageLog &m_messages;
    std::shared_ptr<SessionJournal> m_journal;
    std::shared_ptr<Findings> m_findings;
    std::function<bool()> m_isCurrent;
    std::shared_ptr<const Session> m_session;
};

} // namespace secateur::ui
