// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Session.h"

#include "foundation/Error.h"

#include <algorithm>

namespace secateur {
namespace {

std::string listOf(const std::vector<std::int64_t> &layers)
{
    std::string text;
    for (const std::int64_t layer : layers)
        text += (text.empty() ? "" : ",") + std::to_string(layer);
    return text;
}

const NeuronScores &calibrationOf(const Session &session, const PlanDraft &draft)
{
    const std::int64_t index = draft.calibration;
    if (index < 0 || index >= std::int64_t(session.calibrations.size()))
        throw Error("There are no neuron scores for this plan yet.", "Calibrate the model first.");
    return *session.calibrations[std::size_t(index)];
}

} // namespace

std::string searchKey(const PlanDraft &draft, std::int64_t neuronsKept)
{
    if (draft.calibration < 0)
        return {};
    const SearchSettings &s = draft.search;
    return "calibration " + std::to_string(draft.calibration) + ", K " + std::to_string(neuronsKept) + ", windows " +
           std::to_string(s.windows) + (s.referenceLoss ? ", reference" : ", float32") + ", force [" + listOf(s.forcedLayers) +
           "], protect [" + listOf(s.protectedLayers) + "]";
}

PruningPlan planOf(const Session &session, const PlanDraft &draft)
{
    if (!session.model)
        throw Error("The session has no model.", "Open a model first.");
    PruningPlan plan = planFromScores(session.model->spec, calibrationOf(session, draft), draft.balance);
    plan.search.settings = draft.search;
    const auto known = session.searches.find(searchKey(draft, plan.balance.neuronsKept));
    if (known == session.searches.end())
        return plan;
    plan.search = known->second;
    if (std::int64_t(plan.search.steps.size()) > plan.balance.attentionsToRemove)
        plan.search.steps.resize(std::size_t(plan.balance.attentionsToRemove));
    plan.removedAttentions = plan.search.removalOrder();
    return plan;
}

bool isOf(const NeuronScores &scores, const TextSettings &text, ScoreNorm norm)
{
    const Provenance &p = scores.provenance;
    const bool isSameFiles = std::equal(p.textFiles.begin(), p.textFiles.end(), text.files.begin(), text.files.end(),
                                        [](const std::string &one, const std::filesystem::path &other) { return one == other.string(); });
    return isSameFiles && p.length == text.length && p.seed == text.seed && p.column == text.column &&
           (!text.windows || p.windows == *text.windows) && scores.norm == norm;
}

std::string textName(const TextSettings &text)
{
    if (text.files.size() > 1)
        return std::to_string(text.files.size()) + " files";
    return text.files.empty() ? std::string() : text.files.front().filename().string();
}

} // namespace secateur
