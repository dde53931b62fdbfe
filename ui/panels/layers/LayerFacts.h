// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <QString>
#include <optional>

namespace secateur::ui {

class SelectionModel;
class SessionModel;

/// What there is to say of one layer for the current plan, at the step of the search that is looked at.
struct LayerFacts {
    bool hasAttention = true; ///< in the dense model
    bool hasFfn = true;       ///< likewise; without one there are no neurons
    qint64 removal = -1;      ///< place of its attention in the order of removals, from 0; -1: still there
    bool isProtected = false, isForced = false;
    bool isOrdered = true;           ///< the removals were found one after the other; not so in a plan by hand
    qint64 neurons = 0, kept = 0;    ///< of its FFN; all are kept before a calibration, none of one that a plan by hand removes
    std::optional<double> shareKept; ///< of the layer's score, 0 to 1; none without scores

    bool isRemoved() const { return removal >= 0; }
    bool isFfnRemoved() const { return hasFfn && kept == 0; }
    bool operator==(const LayerFacts &) const = default;
};

/// One candidate of one step of a search.
struct CandidateFacts {
    qint64 step = 0;      ///< from 0
    double change = 0;    ///< of the search loss against the loss before the step, nats per token
    qint64 runnerUp = -1; ///< the layer that would have gone instead; -1 where no other was evaluated
    double gap = 0;       ///< how much larger the runner-up's perplexity is, as a share; 0 without a runner-up
    bool isForced = false;

    /// Perplexities that differ by less than this are a near tie: another text may well turn them round. Measured on the sample with single windows of
    /// 512 tokens: of two attentions whose perplexities are nearer than 1 %, another window puts four of ten the other way round; from 3 to 5 %, two of ten.
    static constexpr double kNearTie = 0.01;
    bool isNearTie() const { return runnerUp >= 0 && gap < kNearTie; }
    /// The change of perplexity, as a share: exp(change) - 1.
    double perplexityChange() const;
};

/// How many removals are shown: all that are known, or those up to and with the step that is looked at.
qint64 removalsShown(const SessionModel &session, const SelectionModel &selection);
LayerFacts layerFacts(const SessionModel &session, const SelectionModel &selection, qint64 layer);

/// What the record says of a layer in a step; none where it was not evaluated. The runner-up is that of the step's lowest loss.
std::optional<CandidateFacts> candidateFacts(const SearchRecord &record, qint64 step, qint64 layer);

/// "first", "second", ... in the order of removals; `place` from 0.
QString placeText(qint64 place);
/// "present", "removed, first", "present, protected", ...
QString attentionText(const LayerFacts &facts);
/// "212 of 300 neurons kept", ...
QString ffnText(const LayerFacts &facts);

/// Why the layer's attention cannot be protected, or its removal forced, now; empty when it can (and when it is: that can be taken back).
QString protectProblem(const SessionModel &session, qint64 layer);
QString forceProblem(const SessionModel &session, qint64 layer);

} // namespace secateur::ui
