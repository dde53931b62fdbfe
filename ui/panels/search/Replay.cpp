// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/Replay.h"

#include <algorithm>
#include <cmath>

namespace secateur::ui {

std::vector<ReplayStep> replaySteps(const SearchRecord &record, qint64 count)
{
    std::vector<ReplayStep> steps;
    for (qint64 i = 0; i < std::min(count, qint64(record.steps.size())); ++i) {
        const SearchStep &step = record.steps[std::size_t(i)];
        steps.push_back({.candidates = step.evaluations(), .isDecided = step.removed >= 0, .isForced = step.isForced});
    }
    while (!steps.empty() && steps.back().candidates == 0 && !steps.back().isDecided)
        steps.pop_back();
    return steps;
}

ReplayPosition beginningOf(const ReplaySteps &steps, qint64 step, ReplayDepth depth)
{
    const auto last = qint64(steps.size()) - 1;
    if (last < 0)
        return {};
    step = std::clamp<qint64>(step, 0, last);
    const ReplayStep &of = steps[std::size_t(step)];
    if (depth == ReplayDepth::Candidates)
        return {.step = step, .candidates = 0};
    return {.step = step, .candidates = depth == ReplayDepth::Predict && of.isQuestion() ? of.candidates : -1};
}

ReplayPosition after(const ReplaySteps &steps, ReplayPosition position, ReplayDepth depth)
{
    const auto count = qint64(steps.size());
    if (position.step < 0 || position.step >= count)
        return {};
    const ReplayStep &step = steps[std::size_t(position.step)];
    if (position.candidates >= 0 && position.candidates < step.candidates)
        return {.step = position.step, .candidates = depth == ReplayDepth::Candidates ? position.candidates + 1 : step.candidates};
    if (position.candidates >= 0 && step.isDecided)
        return {.step = position.step, .candidates = -1};
    return position.step + 1 < count ? beginningOf(steps, position.step + 1, depth) : ReplayPosition{};
}

ReplayPosition before(const ReplaySteps &steps, ReplayPosition position, ReplayDepth depth)
{
    const auto count = qint64(steps.size());
    if (count == 0)
        return {};
    if (depth == ReplayDepth::Steps) // behind the last one is what the last one shows
        return {.step = position.step < 0 ? std::max<qint64>(0, count - 2) : std::max<qint64>(0, position.step - 1), .candidates = -1};
    const qint64 step = position.step < 0 ? count - 1 : std::min(position.step, count - 1);
    const ReplayPosition beginning = beginningOf(steps, step, depth);
    const bool isDecided = position.step < 0 || position.candidates < 0;
    if (isDecided && beginning.candidates >= 0)
        return {.step = step, .candidates = steps[std::size_t(step)].candidates};
    if (depth == ReplayDepth::Candidates && position.candidates > 0)
        return {.step = step, .candidates = position.candidates - 1};
    return step > 0 ? ReplayPosition{.step = step - 1, .candidates = -1} : beginning;
}

ReplayPosition stepBefore(const ReplaySteps &steps, ReplayPosition position, ReplayDepth depth)
{
    const qint64 step = position.step < 0 ? qint64(steps.size()) - 1 : position.step;
    const ReplayPosition beginning = beginningOf(steps, step, depth);
    return beginning == position ? beginningOf(steps, step - 1, depth) : beginning;
}

std::optional<qint64> Predictions::at(qint64 step) const
{
    const auto found = m_layers.find(step);
    return found == m_layers.end() ? std::nullopt : std::optional(found->second);
}

qint64 Predictions::hits(const SearchRecord &record) const
{
    return std::count_if(m_layers.begin(), m_layers.end(), [&](const auto &entry) {
        return entry.first < qint64(record.steps.size()) && record.steps[std::size_t(entry.first)].removed == entry.second;
    });
}

} // namespace secateur::ui
