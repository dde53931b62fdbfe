// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/KnownResults.h"

#include "session/Measurements.h"

#include <algorithm>
#include <iterator>

namespace secateur {

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

const ShelfPlan *KnownResults::blocks(const BlockSettings &settings, const TextSettings &text, const std::string &modelHash) const
{
    for (const auto &[key, shelf] : s.plans)
        if (const std::optional<BlockRecord> &record = shelf->plan.blocks;
            record && record->settings == settings && record->provenance.modelHash == modelHash && isOnText(record->provenance, text))
            return shelf.get();
    return nullptr;
}

bool KnownResults::isOnText(const Provenance &record, const TextSettings &text) const
{
    TextSettings its = textSettingsOf(record);
    its.windows = text.windows;
    if (its != text || !isAsNow(record.computed))
        return false;
    return !text.windows || (record.windows == *text.windows && record.tokenHash == contentOf(s.readTexts, text));
}

} // namespace secateur
