// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ModelSummary.h"
#include "evaluation/Evaluation.h"
#include "evaluation/Throughput.h"
#include "exporting/Export.h"
#include "foundation/ComputeConditions.h"
#include "pruning/NeuronScores.h"
#include "pruning/PruningPlan.h"
#include "pruning/SparsityBalance.h"
#include "tasks/Task.h"
#include "text/TokenWindows.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secateur {

/// What people edit: everything that decides a plan, and nothing that was measured. What undo goes back to.
///
/// Its neurons come from the scores of a calibration or from a plan of the shelf, never from both. Of a plan of the shelf, `balance` decides N alone (none: the
/// plan's own), and of one that cannot be searched (isSearchable) nothing does.
struct PlanDraft {
    std::int64_t calibration = -1; ///< index into Session::calibrations; -1 = none yet
    BalanceSettings balance;
    SearchSettings search;
    std::string plan{}; ///< key of Session::plans; empty: it is made from the scores
    /// Whether it says which neurons stay.
    bool hasNeurons() const { return calibration >= 0 || !plan.empty(); }
    bool operator==(const PlanDraft &) const = default;
};

/// A plan that does not follow from scores of this session: of the command line, by hand, of an export, or found here by a method of blocks.
struct ShelfPlan {
    PruningPlan plan;           ///< one that can be searched as before its search; what is known of that is in Session::searches
    std::filesystem::path file; ///< that it was read from; empty for one that was found in this session
};

/// A draft that was given a name and kept.
struct PinnedPlan {
    std::string name;
    PlanDraft draft;
    bool operator==(const PinnedPlan &) const = default;
};

/// What can be measured of a model; see kMeasured.
enum class Measured { Perplexity, Tasks, Throughput, Pruning };

/// Items of tasks that a model was asked of, while others are missing.
struct BegunTasks {
    std::string planHash;                                               ///< empty for the dense model
    std::string asked;                                                  ///< TaskResults::hash
    ComputeConditions computed{};                                       ///< of the scores
    std::map<std::pair<std::string, std::int64_t>, ItemScore> scores{}; ///< by task and index
    bool operator==(const BegunTasks &) const = default;
};

/// What was measured of a plan or of the dense model, on what, and how it was computed. It belongs to the content of its text (`result.tokenHash`
/// and `result.length`) or of its tasks, wherever that lay; see Measurements.h.
struct Measurement {
    Measured what = Measured::Perplexity;
    std::string planHash;                           ///< empty for the dense model
    TextSettings text;                              ///< where the content was read; of a perplexity, as `result`
    Evaluation result;                              ///< of Measured::Perplexity
    std::optional<TaskResults> tasks{};             ///< of Measured::Tasks; `tasks->hash` is their content
    std::vector<Throughput> throughput{};           ///< of Measured::Throughput
    std::optional<std::int64_t> windowsForwarded{}; ///< of Measured::Pruning: through the model, in stage 1 and in the search
    ComputeConditions computed{};                   ///< not known in older sessions
    double seconds = 0;                             ///< that measuring took; of Measured::Pruning, that finding the plan took

    std::int64_t calibration = -1;     ///< of the plan; -1 with `neuronsKept` = all: the dense model
    std::int64_t neuronsKept = 0;      ///< K
    std::vector<std::int64_t> removed; ///< layers, in order
    bool isOrderBorrowed = false;      ///< the order was searched at another K
    std::optional<PlanDraft> draft{};  ///< the settings that gave the plan; none for the dense model, and in older sessions
};

/// What was in a text when it was read.
struct ReadText {
    TextSettings text;
    std::string tokenHash; ///< of its windows; see TokenWindows
};

/// A checkpoint that was written and verified.
struct ExportRecord {
    std::string planHash;
    std::string format;
    std::filesystem::path folder;
    std::int64_t parameters = 0, bytes = 0;
    Verification verification;
    std::vector<std::string> notes{}; ///< as of ExportResult
};

/// Everything that a session holds, as plain values: what is saved, journalled and recovered.
///
/// Plots need nothing else, so a session whose model has moved still shows them.
struct Session {
    std::optional<ModelSummary> model;
    TextSettings calibrationText, evaluationText;
    TaskSettings tasks{}; ///< chosen last; without paths: none yet
    ScoreNorm norm = ScoreNorm::L2;
    std::vector<std::shared_ptr<const NeuronScores>> calibrations; ///< in the order of their making; none is ever removed
    std::map<std::string, std::shared_ptr<const ShelfPlan>> plans; ///< the shelf, by shelfKey(); none is ever removed
    std::vector<BlockRecord> choices{};                            ///< of blocks, that were begun and have not led to a plan yet
    std::vector<RestorationProgress> restorations{};               ///< that were begun and have not led to a plan yet
    std::optional<BegunTasks> begunTasks{};                        ///< that were begun the last, unless all of their items were scored
    PlanDraft draft;
    std::map<std::string, SearchRecord> searches; ///< by searchKey()
    std::optional<SearchRecord> denseImpact;      ///< one step on the dense model
    std::vector<Measurement> measurements;        ///< in the order of measuring
    std::vector<ExportRecord> exports;
    std::vector<PinnedPlan> pinned;
    std::map<std::string, std::string> view; ///< how the window showed it, in the window's own words; decides nothing
    /// The format of a newer version that it was read from: what this version does not know is missing, so it is for looking at only. Not written.
    std::optional<std::int64_t> newerFormat{};
    std::vector<ReadText> readTexts{}; ///< since the session was opened. Not written: files change
};

/// What decides the numbers of a search apart from how far it goes: the calibration with K, or the plan of the shelf, and the search settings. Searches of
/// the same key continue each other; a shorter one is the beginning of a longer one. Empty when the draft has neither.
std::string searchKey(const PlanDraft &draft, std::int64_t neuronsKept);

/// What is kept under the key of a search, or, of an empty one, of the impact on the dense model. Null: nothing.
SearchRecord *recordOf(Session &session, const std::string &key);
const SearchRecord *recordOf(const Session &session, const std::string &key);

/// What the session knows of the search of a draft at so many neurons: its own record or, where that says more, what another one says that differs in the
/// protected layers only (withProtected). None where nothing is known.
std::optional<SearchRecord> searchOf(const Session &session, const PlanDraft &draft, std::int64_t neuronsKept);
/// The second of those alone: none where the draft's own record says as much.
std::optional<SearchRecord> searchOfOthers(const Session &session, const PlanDraft &draft, std::int64_t neuronsKept);
/// How far a record is, to compare: its removals, then what is known of candidates.
std::pair<std::size_t, std::int64_t> reachOf(const SearchRecord &record);
/// Whether searches of these keys differ in nothing but their protected layers.
bool areAlikeButProtected(const std::string &oneKey, const std::string &otherKey);

/// The plan of a draft with as much of its search as the session knows (its beginning, when it knows more than the draft asks for).
/// Throws Error when the draft has neither calibration nor plan or its balance is infeasible. Sorts every layer's scores: off the interface's thread.
PruningPlan planOf(const Session &session, const PlanDraft &draft);
/// N and K of that plan, with what they leave, also where the draft says of no neurons yet which stay. Throws Error when that is infeasible. Sorts nothing.
SparsityBalance balanceOf(const Session &session, const PlanDraft &draft);
/// The N that a draft can have. Throws Error when a setting of its balance is out of its range.
BalanceBounds boundsOf(const Session &session, const PlanDraft &draft);
/// What that plan leaves of the model. Where its search does not tell yet which attentions go, any do: the layers are alike. Throws Error as balanceOf().
ModelSpec specOf(const Session &session, const PlanDraft &draft);
/// The calibration whose scores chose a draft's neurons: its own or, of a plan of the shelf, the one with the same scores. -1: there is none.
std::int64_t calibrationOf(const Session &session, const PlanDraft &draft);
/// The plan of the shelf that a draft varies; null where it is made from scores. Throws Error when it is not there.
const ShelfPlan *shelfPlanOf(const Session &session, const PlanDraft &draft);

/// Whether a measurement is of the plan of that draft, with that K and those removals.
bool isOf(const Measurement &record, const PlanDraft &draft, std::int64_t neuronsKept, const std::vector<std::int64_t> &removed);

/// Whether scores were made from that text with that norm: from what is in it now where that was read, else as far as the settings tell, and of a
/// text without a number of windows any number will do.
bool isOf(const NeuronScores &scores, const TextSettings &text, ScoreNorm norm, const std::vector<ReadText> &read);
/// Whether both are of the same text and norm and computed in the same way, so that the first serves as well as the second.
bool isSameCalibration(const NeuronScores &one, const NeuronScores &other);
/// The text that numbers were made from, as settings that give it again. At least one window of one token: a file may say anything.
TextSettings textSettingsOf(const Provenance &provenance);
/// Which of a session's calibrations was made from that text with that norm: the latest, where there are several. -1 when there is none, or when that
/// cannot be told: scores do not say whether their windows were all of a text that was not read yet.
std::int64_t calibrationFor(const Session &session, const TextSettings &text, ScoreNorm norm);

/// Names of the records' texts for people: the file name, or "3 files".
std::string textName(const TextSettings &text);

} // namespace secateur
