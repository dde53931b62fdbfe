// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/OlderHashes.h"

#include "foundation/Error.h"
#include "pruning/PlanFile.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

std::vector<std::vector<std::int64_t>> bestOf(const NeuronScores &scores, std::int64_t neuronsKept)
{
    std::vector<std::vector<std::int64_t>> kept;
    for (std::size_t i = 0; i < scores.layers.size(); ++i)
        kept.push_back(scores.best(std::int64_t(i), neuronsKept));
    return kept;
}

/// The plans that were evaluated, as far as they decide the weights: each once, for its neurons are ranked and dumped for two hashes.
void forEachPlan(const Session &session, const std::function<void(const PruningPlan &)> &take)
{
    std::map<std::pair<std::int64_t, std::int64_t>, std::set<std::vector<std::int64_t>>> removals; // by calibration and K
    for (const Measurement &record : session.measurements)
        if (!record.planHash.empty() && record.calibration >= 0)
            removals[{record.calibration, record.neuronsKept}].insert(record.removed);
    for (const auto &[ofScores, orders] : removals) {
        const NeuronScores &scores = *session.calibrations[std::size_t(ofScores.first)];
        PruningPlan plan;
        plan.calibration = scores.provenance;
        plan.keptNeurons = bestOf(scores, ofScores.second);
        for (const std::vector<std::int64_t> &order : orders) {
            plan.removedAttentions = order;
            take(plan);
        }
    }
}

} // namespace

void renewPlanHashes(Session &session)
{
    std::map<std::string, std::string> renewed; // by the hash of before
    const auto learn = [&](const PruningPlan &plan) { renewed[hashOfFormat1(plan)] = plan.hash(); };
    forEachPlan(session, learn);
    std::vector<PlanDraft> drafts{session.draft};
    for (const PinnedPlan &pin : session.pinned)
        drafts.push_back(pin.draft);
    for (const PlanDraft &draft : drafts) {
        try {
            learn(planOf(session, draft));
        } catch (const Error &) { // it makes no plan, so nothing belongs to it
        }
    }
    const auto renew = [&](std::string &hash) {
        if (const auto known = renewed.find(hash); known != renewed.end())
            hash = known->second;
    };
    for (Measurement &record : session.measurements)
        renew(record.planHash);
    for (ExportRecord &record : session.exports)
        renew(record.planHash);
}

} // namespace secateur
