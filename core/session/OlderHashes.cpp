// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/OlderHashes.h"

#include "foundation/Error.h"
#include "pruning/PlanFile.h"

#include <map>
#include <string>

namespace secateur {
namespace {

/// The plan that was evaluated, as far as it decides the weights.
PruningPlan planOf(const Session &session, const EvaluationRecord &record)
{
    const NeuronScores &scores = *session.calibrations[std::size_t(record.calibration)];
    PruningPlan plan;
    plan.calibration = scores.provenance;
    plan.removedAttentions = record.removed;
    for (std::size_t i = 0; i < scores.layers.size(); ++i)
        plan.keptNeurons.push_back(scores.best(std::int64_t(i), record.neuronsKept));
    return plan;
}

} // namespace

void renewPlanHashes(Session &session)
{
    std::map<std::string, std::string> renewed; // by the hash of before
    const auto learn = [&](const PruningPlan &plan) { renewed[hashOfFormat1(plan)] = plan.hash(); };
    for (const EvaluationRecord &record : session.evaluations)
        if (!record.planHash.empty() && record.calibration >= 0)
            learn(planOf(session, record));
    std::vector<PlanDraft> drafts{session.draft};
    for (const PinnedPlan &pin : session.pinned)
        drafts.push_back(pin.draft);
    for (const PlanDraft &draft : drafts) {
        try {
            learn(secateur::planOf(session, draft));
        } catch (const Error &) { // it makes no plan, so nothing belongs to it
        }
    }
    const auto renew = [&](std::string &hash) {
        if (const auto known = renewed.find(hash); known != renewed.end())
            hash = known->second;
    };
    for (EvaluationRecord &record : session.evaluations)
        renew(record.planHash);
    for (ExportRecord &record : session.exports)
        renew(record.planHash);
}

} // namespace secateur
