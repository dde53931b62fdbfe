// SPDX-License-Identifier: GPL-3.0-or-later
// How many tokens a second a model computes here.
#include "engine/EngineState.h"

#include "evaluation/ThroughputMeasuring.h"

#include <algorithm>

namespace secateur {

std::vector<Throughput> Engine::throughput(const PruningPlan *plan, const ThroughputSettings &given, JobContext &context)
{
    return underTorch(m_state->device, [&] {
        OpenModel &model = m_state->open();
        const ThroughputSettings settings = settledThroughputSettings(given, model.spec().contextLength);
        checkThroughputSettings(settings, model.spec().contextLength);
        const std::int64_t positions = std::ranges::max(settings.promptLengths) + settings.newTokens;
        const std::int64_t keysAndValues =
            2 * (plan ? 1 : model.spec().layerCount()); // as wide as states at most; of a plan, a state a layer is counted
        m_state->fitOnePass(plan, positions, 0, std::ranges::max(settings.batchSizes) * (1 + keysAndValues));
        return measureThroughput(model.decoder(plan, positions, context), settings, context);
    });
}

} // namespace secateur
