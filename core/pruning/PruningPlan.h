// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/Surgery.h"
#include "pruning/BlockRecord.h"
#include "pruning/NeuronScores.h"
#include "pruning/PlanMethod.h"
#include "pruning/RestorationRecord.h"
#include "pruning/SparsityBalance.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// How stage 2 is to be run. Part of the plan, because it decides the result.
struct SearchSettings {
    std::int64_t windows = 1;                  ///< the first so many calibration windows
    bool referenceLoss = false;                ///< the authors' 16-bit loss instead of fp32, for comparisons
    std::vector<std::int64_t> forcedLayers;    ///< layers whose attention goes first, in this order
    std::vector<std::int64_t> protectedLayers; ///< layers whose attention stays
    bool operator==(const SearchSettings &) const = default;
};

/// Which losses a search computes. It decides nothing: the removals are the same.
enum class LossesKnown {
    All,     ///< of every candidate of every step
    Deciding ///< of those that may be the smallest of their step; of the others a bound, which costs less
};

/// One loss of a search as it becomes known.
struct CandidateLoss {
    std::int64_t step = -1, layer = -1; ///< -1: before anything is removed
    double loss = 0;                    ///< mean cross entropy, nats a token
    bool isScreened = false;            ///< computed in 16 bits, in a search that decides by another type
};

/// One removal of the search: the losses of all candidates and the one that went. Vectors but the first may be empty: none.
struct SearchStep {
    std::vector<double> losses;        ///< [L] mean cross entropy with that attention removed too; NaN where not evaluated
    std::vector<double> bounds = {};   ///< [L] below the loss of a candidate that was out before its loss was known, else NaN
    std::vector<double> screened = {}; ///< [L] the loss in 16 bits, by which a candidate was out or stayed in; NaN where not evaluated
    std::int64_t removed = -1;         ///< layer; -1 while the step is not finished
    bool isForced = false;

    /// A step of a model of so many layers, of which nothing is known yet.
    static SearchStep begun(std::int64_t layers);
    std::int64_t evaluations() const; ///< candidates of which something is known
    /// Whether this candidate's loss, bound or screened loss is known.
    bool isKnown(std::int64_t layer) const;
};

/// Everything that stage 2 saw (paper section 3.2). The loss before a step is the winner's of the step before.
struct SearchRecord {
    SearchSettings settings;
    Provenance provenance;
    double initialLoss = 0;      ///< of the narrowed model, before anything is removed; NaN until evaluated
    std::string screenedIn = {}; ///< type of the screened losses: "bfloat16"; empty: there are none
    std::vector<SearchStep> steps;

    /// Layers in the order of their removal; a step that is not finished has none.
    std::vector<std::int64_t> removalOrder() const;
    bool isBegun() const;             ///< at least one loss is known
    std::int64_t evaluations() const; ///< of all steps
    std::int64_t decided() const;     ///< candidates of all steps whose loss is known in the type that decides
};

/// What is to be removed, and where every number came from. The central value: what the search makes and the exporters write.
struct PruningPlan {
    PlanMethod method = PlanMethod::TwoSsp;
    BalanceSettings settings;                           ///< of 2SSP, as is `norm` and `search`
    SparsityBalance balance;                            ///< of 2SSP; of other plans the counts, N, and K where all FFNs are as wide
    std::vector<std::vector<std::int64_t>> keptNeurons; ///< per layer, ascending; empty: without an FFN
    std::vector<std::int64_t> removedAttentions;        ///< layers, in the order of removal
    ScoreNorm norm = ScoreNorm::L2;
    Provenance calibration; ///< of a plan by hand the model's hash alone; of a method of blocks as in its record
    SearchRecord search;
    WeightEdits edits{};                 ///< made for exactly what it keeps
    std::optional<BlockRecord> blocks{}; ///< of methods that remove whole blocks (isOfBlocks)
    /// Of PlanMethod::Restored. Then `settings` is what 2SSP was asked for, `balance` counts what is left, `search` tells the order of removals, of which
    /// `removedAttentions` is a beginning, and `edits` holds the fitted weights.
    std::optional<RestorationRecord> restoration{};

    /// True when as many attentions were removed as the balance asks for; of a method of blocks when its record is finished.
    bool isComplete() const;
    /// What becomes of the model, without the order in which it was found.
    Surgery surgery() const;
    /// That of the surgery: one pruned model, one hash.
    std::string hash() const { return surgery().hash(); }
    std::vector<std::int64_t> widths() const; ///< kept neurons per layer, as counts
    std::vector<std::int64_t> layersWithoutFfn() const;
};

/// How far a restoration is that was begun, apart from weights: what was found so far need not be found again.
struct RestorationProgress {
    RestorationRecord record;
    SearchRecord search = notBegun(); ///< of R2

    static SearchRecord notBegun();
};

/// The plan that a record of a method of blocks leads to (choiceOf). `calibration` has the record's provenance, `keptNeurons` all neurons of the FFNs that
/// stay, `balance` its counts. The record is of this model.
PruningPlan planOfBlocks(const ModelSpec &dense, BlockRecord record);

/// Counts for the balance of a plan without a rule what it removes and keeps: N, and K where all FFNs are as wide, else 0.
void countParts(PruningPlan &plan);

/// The plan of a balance before its search: kept neurons from the scores, nothing removed yet.
/// Throws Error when the scores are of another shape than the model.
PruningPlan planFromScores(const ModelSpec &dense, const NeuronScores &scores, const BalanceSettings &settings);

/// Brings a stored plan to another number of removals at the same width: fewer is a prefix of its search, more is left for the search to
/// go on with. Throws Error where there is none (checkSearchable).
PruningPlan withRemovals(PruningPlan plan, const ModelSpec &dense, std::int64_t attentionsToRemove);

/// The balance of such a plan with another number of removals, at the same width. Throws Error when the model has fewer attentions.
SparsityBalance balanceWithRemovals(const PruningPlan &plan, const ModelSpec &dense, std::int64_t attentionsToRemove);

/// What a record says of the same search with other protected layers: the steps in which that search would know the losses of all its candidates, with
/// what it would remove, and then what is known of the next one. It can be gone on with as any other. A layer that was never removed can so be protected without
/// loss; one that is protected no longer has losses in no step, so that the first one is open again.
SearchRecord withProtected(SearchRecord record, const std::vector<std::int64_t> &protectedLayers);

/// Throws Error when the plan does not fit the model: another hash, other numbers of layers or neurons, indices out of range or not
/// ascending, parts that are not there, nothing that is left, changes of weights that do not fit; and when what it says of itself is not so: its
/// settings, its balance, its parameters, its search, its restoration.
void checkPlan(const PruningPlan &plan, const ModelSpec &dense, const std::string &modelHash);
/// The same of a plan whose changed weights may be known by their list alone, wherever their values are.
void checkPlanWithoutValues(const PruningPlan &plan, const ModelSpec &dense, const std::string &modelHash);

/// Whether a search can go on with a plan: it is by plain 2SSP, and changes no weights.
bool isSearchable(const PruningPlan &plan);
/// Throws Error that says why where it cannot.
void checkSearchable(const PruningPlan &plan);

/// Throws Error when the settings name layers that do not exist or cannot be followed with the plan's number of removals.
void checkSearchSettings(const SearchSettings &settings, const PruningPlan &plan, const ModelSpec &dense);

/// A record may be continued when what decides its numbers is the same: text, settings, and how it was computed as far as that is known
/// (differenceOf). Throws Error that says what differs.
void checkContinuation(const SearchRecord &record, const SearchSettings &settings, const Provenance &now);

} // namespace secateur
