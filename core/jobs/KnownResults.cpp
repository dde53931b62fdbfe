// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/KnownResults.h"

#include "session/Measurements.h"

#include <algorithm>
#include <iterator>

namespace secateur {
namespace {

bool isByStates(PlanMethod method)
{
    return method == PlanMethod::ShortGpt || method == PlanMethod::Window;
}

/// Whether numbers by some settings are those of others as well: what one pass or one search gives serves both methods of states, and every size of
/// all but an evolution.
bool canServe(BlockSettings settings, const BlockSettings &wanted)
{
    if (isByStates(settings.method) && isByStates(wanted.method))
        settings.method = wanted.method;
    if (settings.method != PlanMethod::EvoPress)
        settings.sparsity = wanted.sparsity;
    settings.generations = wanted.generations;
    return settings == wanted;
}

/// How far a choice is, among those of one method.
std::size_t reachOf(const BlockRecord &record)
{
    return record.steps.size() + record.evolution.size();
}

} // namespace

template <class Fits>
const Measurement *KnownResults::latest(Measured what, const std::string &planHash, const Fits &fits) const
{
    const auto &all = s.measurements;
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const Measurement &measured) {
        return measured.what == what && measured.planHash == planHash && isAsNow(measured.computed) && fits(measured);
    });
    return found != all.rend() ? &*found : nullptr;
}

const Measurement *KnownResults::perplexity(const std::string &planHash, const TextSettings &text) const
{
    return latest(Measured::Perplexity, planHash, [&](const Measurement &measured) { return isOn(measured, text, s.readTexts); });
}

const Measurement *KnownResults::tasks(const std::string &planHash, const std::string &asked) const
{
    return latest(Measured::Tasks, planHash, [&](const Measurement &measured) { return measured.tasks && measured.tasks->hash == asked; });
}

const Measurement *KnownResults::throughput(const std::string &planHash, const ThroughputSettings &settings) const
{
    const auto has = [&](const Measurement &measured, std::int64_t length, std::int64_t batch) {
        return std::ranges::any_of(measured.throughput, [&](const Throughput &one) {
            return one.promptLength == length && one.batchSize == batch && one.newTokens == settings.newTokens &&
                   one.repetitions == settings.repetitions;
        });
    };
    return latest(Measured::Throughput, planHash, [&](const Measurement &measured) {
        for (const std::int64_t length : settings.promptLengths)
            for (const std::int64_t batch : settings.batchSizes)
                if (!has(measured, length, batch))
                    return false;
        return true;
    });
}

const Measurement *KnownResults::pruning(const std::string &planHash) const
{
    return latest(Measured::Pruning, planHash, [](const Measurement &) { return true; });
}

std::int64_t KnownResults::calibration(const TextSettings &text) const
{
    const auto &all = s.calibrations;
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const auto &scores) {
        return isOf(*scores, text, ScoreNorm::L2, s.readTexts) && isAsNow(scores->provenance.computed);
    });
    return std::distance(found, all.rend()) - 1;
}

bool KnownResults::isMadeOf(const Provenance &record, const std::string &content, const std::string &modelHash) const
{
    return record.tokenHash == content && record.modelHash == modelHash && isAsNow(record.computed);
}

const ShelfPlan *KnownResults::blocks(const BlockSettings &settings, const std::string &content, const std::string &modelHash) const
{
    for (const auto &[key, shelf] : s.plans)
        if (const std::optional<BlockRecord> &record = shelf->plan.blocks;
            record && record->settings == settings && isMadeOf(record->provenance, content, modelHash))
            return shelf.get();
    return nullptr;
}

const BlockRecord *KnownResults::begun(const BlockSettings &settings, const std::string &content, const std::string &modelHash) const
{
    const BlockRecord *furthest = nullptr;
    const auto consider = [&](const BlockRecord &record) {
        if (canServe(record.settings, settings) && isMadeOf(record.provenance, content, modelHash) &&
            (!furthest || reachOf(*furthest) < reachOf(record)))
            furthest = &record;
    };
    for (const BlockRecord &record : s.choices)
        consider(record);
    for (const auto &[key, shelf] : s.plans)
        if (shelf->plan.blocks)
            consider(*shelf->plan.blocks);
    return furthest;
}

} // namespace secateur
