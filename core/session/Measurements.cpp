// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Measurements.h"

#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <utility>

namespace secateur {

const char *nameOf(Measured what)
{
    return std::ranges::find(kMeasured, what, &MeasuredRow::what)->name;
}

Measured measuredOf(const std::string &name)
{
    const auto row = std::ranges::find(kMeasured, name, &MeasuredRow::name);
    return row != kMeasured.end() ? row->what : throw Flaw("it measures " + inQuotes(name) + ", which this version does not know");
}

bool noteContent(std::vector<ReadText> &read, const TextSettings &text, const std::string &tokenHash)
{
    const auto known = std::ranges::find(read, text, &ReadText::text);
    if (known == read.end()) {
        read.push_back({.text = text, .tokenHash = tokenHash});
        return true;
    }
    return std::exchange(known->tokenHash, tokenHash) != tokenHash;
}

std::string contentOf(const std::vector<ReadText> &read, const TextSettings &text)
{
    const auto known = std::ranges::find(read, text, &ReadText::text);
    return known != read.end() ? known->tokenHash : std::string();
}

bool isOn(const Measurement &measurement, const TextSettings &text, const std::vector<ReadText> &read)
{
    if (measurement.what != Measured::Perplexity)
        return false;
    const std::string content = contentOf(read, text);
    return content.empty() ? measurement.text == text : measurement.result.tokenHash == content && measurement.result.length == text.length;
}

bool isOn(const Measurement &measurement, const ThroughputSettings &settings)
{
    const auto isThere = [&](std::int64_t length, std::int64_t batch) {
        return std::ranges::any_of(measurement.throughput, [&](const Throughput &t) {
            return t.promptLength == length && t.batchSize == batch && t.newTokens == settings.newTokens &&
                   t.repetitions == settings.repetitions;
        });
    };
    return std::ranges::all_of(settings.promptLengths, [&](std::int64_t length) {
        return std::ranges::all_of(settings.batchSizes, [&](std::int64_t batch) { return isThere(length, batch); });
    });
}

bool areOnSameContent(const Measurement &one, const Measurement &other)
{
    if (one.what != other.what)
        return false;
    switch (one.what) {
    case Measured::Perplexity:
        return one.result.tokenHash == other.result.tokenHash && one.result.length == other.result.length;
    case Measured::Tasks:
        return one.tasks && other.tasks && one.tasks->hash == other.tasks->hash;
    case Measured::Throughput:
        return std::ranges::equal(one.throughput, other.throughput,
                                  [](const Throughput &mine, const Throughput &its) {
                                      return mine.promptLength == its.promptLength && mine.batchSize == its.batchSize &&
                                             mine.newTokens == its.newTokens && mine.repetitions == its.repetitions;
                                  }) &&
               one.computed.host == other.computed.host; // bits do not depend on the machine, but speed does
    case Measured::Pruning:
        return true;
    }
    return false;
}

bool areComputedAlike(const Measurement &one, const Measurement &other)
{
    return differenceOf(one.computed, other.computed).isNone();
}

void addMeasurement(std::vector<Measurement> &all, Measurement added)
{
    std::erase_if(all, [&](const Measurement &old) {
        return old.planHash == added.planHash && old.isOrderBorrowed == added.isOrderBorrowed && areOnSameContent(old, added) &&
               areComputedAlike(old, added);
    });
    all.push_back(std::move(added));
}

bool isMeasured(const Session &session, Measured what, const std::string &planHash, const ComputeConditions &now)
{
    return std::ranges::any_of(session.measurements, [&](const Measurement &m) {
        return m.what == what && m.planHash == planHash && isOn(m, session.evaluationText, session.readTexts) &&
               differenceOf(m.computed, now).isNone();
    });
}

namespace {

/// The latest of a plan that is asked for and was computed as it is now.
template <class IsWanted>
const Measurement *latestOf(const Session &session, const std::string &planHash, const ComputeConditions &now, IsWanted isWanted)
{
    const auto &all = session.measurements;
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const Measurement &m) {
        return m.planHash == planHash && isWanted(m) && differenceOf(m.computed, now).isNone();
    });
    return found == all.rend() ? nullptr : &*found;
}

} // namespace

const Measurement *taskMeasurementOf(const Session &session, const std::string &tasksHash, const std::string &planHash,
                                     const ComputeConditions &now)
{
    return latestOf(session, planHash, now,
                    [&](const Measurement &m) { return m.what == Measured::Tasks && m.tasks && m.tasks->hash == tasksHash; });
}

const BegunTasks *begunTasksOf(const Session &session, const std::string &tasksHash, const std::string &planHash,
                               const ComputeConditions &now)
{
    const std::optional<BegunTasks> &begun = session.begunTasks;
    const bool isIt = begun && begun->asked == tasksHash && begun->planHash == planHash && differenceOf(begun->computed, now).isNone();
    return isIt ? &*begun : nullptr;
}

std::vector<ItemScore> begunScoresOf(const Session &session, const std::string &tasksHash, const std::string &planHash,
                                     const ComputeConditions &now)
{
    std::vector<ItemScore> scores;
    if (const BegunTasks *begun = begunTasksOf(session, tasksHash, planHash, now))
        for (const auto &[name, score] : begun->scores)
            scores.push_back(score);
    return scores;
}

const Measurement *throughputMeasurementOf(const Session &session, const ThroughputSettings &settings, const std::string &planHash,
                                           const ComputeConditions &now)
{
    return latestOf(session, planHash, now, [&](const Measurement &m) {
        return m.what == Measured::Throughput && isOn(m, settings) && m.computed.host == now.host;
    });
}

const Measurement *originalFor(const std::vector<Measurement> &all, const Measurement &one)
{
    const Measurement *alike = nullptr, *latest = nullptr;
    for (const Measurement &other : all)
        if (other.planHash.empty() && areOnSameContent(other, one)) {
            latest = &other;
            if (areComputedAlike(other, one))
                alike = &other;
        }
    return alike ? alike : latest;
}

} // namespace secateur
