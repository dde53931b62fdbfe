// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/KnownResults.h"

#include "session/Measurements.h"

#include <algorithm>
#include <iterator>

namespace secateur {
namespace {

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
    return taskMeasurementOf(s, asked, planHash, m_now);
}

std::vector<ItemScore> KnownResults::scores(const std::string &planHash, const std::string &asked) const
{
    return begunScoresOf(s, asked, planHash, m_now);
}

const Measurement *KnownResults::throughput(const std::string &planHash, const ThroughputSettings &settings) const
{
    return throughputMeasurementOf(s, settings, planHash, m_now);
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

const ShelfPlan *KnownResults::restored(const RestorationSettings &settings, const std::string &plainHash) const
{
    for (const auto &[key, shelf] : s.plans)
        if (const std::optional<RestorationRecord> &record = shelf->plan.restoration;
            record && record->settings == settings && record->plainHash == plainHash && isAsNow(shelf->plan.calibration.computed))
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
