// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "comparison/Comparison.h"
#include "engine/Generation.h"
#include "foundation/JobContext.h"
#include "pruning/RankedScores.h"
#include "session/Session.h"
#include "session/Shelf.h"

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

namespace secateur {

// What jobs tell, as plain values. FORMATS.md describes their JSON.

/// A model was opened: a new session begins with it.
struct Opened {
    ModelSummary model;
};

/// A text was read; nothing was computed with it yet. What is in it is known from here on.
struct TextRead {
    TextSettings text;
    TextReport report;
};

/// Stage 1 is done.
struct Scored {
    std::shared_ptr<const NeuronScores> scores;
    std::shared_ptr<const RankedScores> ranked{}; ///< the same, sorted, where that was done already; not in the JSON
};

/// A plan of a file was opened, or one was found by a method of blocks (it has no file): it is on the shelf from here on, and what its file knows of its
/// search counts where that is more than was known.
struct PlanOpened {
    ShelfEntry entry;
};

/// All that is known of a search, in place of what was known before: as it begins or goes on, and as it ends.
struct SearchKnown {
    std::string key; ///< of Session::searches; empty = the impact on the dense model
    SearchRecord record;
};

/// One more loss of a search that was told of.
struct LossKnown {
    std::string key; ///< as of SearchKnown
    CandidateLoss candidate;
};

/// A step of a search is finished.
struct AttentionRemoved {
    std::string key; ///< as of SearchKnown
    std::int64_t step = 0, layer = 0;
    bool isForced = false;
};

/// The choice of blocks is so far: it can be gone on with from there. In the place of what was known of it before.
struct BlocksKnown {
    BlockRecord record;
};

/// A restoration is so far: it can be gone on with from there. In the place of what was known of the same before.
struct RestorationKnown {
    RestorationProgress progress;
};

/// Tasks are asked of a plan or of the dense model: the items that follow are theirs. Those that were known before stay where they were asked and computed in
/// the same way.
struct TasksBegun {
    std::string planHash; ///< empty for the dense model
    std::string asked;    ///< TaskResults::hash
    ComputeConditions computed;
};

/// Items of a task were scored; `done` of `items` by now.
struct TaskScored {
    ItemScore score;
    std::int64_t done = 0, items = 0;
};

/// A row of a comparison is there, or more of it than before.
struct RowCompared {
    ComparisonRow row;
};

/// Something was measured of a plan or of the dense model.
struct MeasurementMade {
    Measurement record;
};

/// The next token of a text that is being generated.
struct TokenWritten {
    WrittenToken token;
};

/// Texts are generated: one of each model that was asked.
struct TextsGenerated {
    std::vector<Generation> texts;
};

/// A text was scored, token by token, by the models that were asked.
struct TextScored {
    ScoredText scored;
};

/// A checkpoint was written and verified.
struct Exported {
    ExportRecord record;
};

/// Something to know about what is read or waited for; the job goes on.
struct Noted {
    std::string text;
};

/// The job ended: see Error and MachineFailure.
struct JobFailed {
    std::string sentence, hint;
};

/// The job was stopped; what it told before is kept.
struct JobCancelled {};

using JobEvent = std::variant<Progress, Opened, TextRead, Scored, PlanOpened, SearchKnown, LossKnown, AttentionRemoved, BlocksKnown,
                              RestorationKnown, TasksBegun, TaskScored, RowCompared, MeasurementMade, TokenWritten, TextsGenerated,
                              TextScored, Exported, Noted, JobFailed, JobCancelled>;

/// Hears what a job tells, in order, on the job's thread.
using EventListener = std::function<void(const JobEvent &)>;

/// What `secateur-cli --json` prints and a journal holds: an object whose field "event" names the kind.
nlohmann::json toJson(const JobEvent &event);
/// Throws nlohmann's exceptions, Error for a model's configuration that cannot be read, and Flaw for an event that this version does not know.
JobEvent jobEventFromJson(const nlohmann::json &json);

/// Whether it brings a session a result that a journal holds: all but a model, which begins a session, and scores, which are in its base.
bool isFinding(const JobEvent &event);

/// Throws Flaw when an event from outside does not belong to the session: numbers of another model, a search that it cannot have.
void checkEvent(const JobEvent &event, const Session &session);

/// Brings into the session what an event tells, and is the only way for results to get there: from a job that runs, and from a journal. What is
/// applied twice counts once. Events that tell of the job alone change nothing.
/// Throws Flaw, and changes nothing, when a loss or a removal does not follow what is known of its search.
void applyEvent(Session &session, const JobEvent &event);

} // namespace secateur
