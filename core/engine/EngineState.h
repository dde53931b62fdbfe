// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room, shows Torch: what an engine holds, for the files that its jobs stand in.
#pragma once

#include "decoder/Tensors.h"
#include "engine/ComputeType.h"
#include "engine/Device.h"
#include "engine/Engine.h"
#include "engine/OpenModel.h"
#include "engine/RankAgreement.h"
#include "engine/TorchErrors.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

struct Engine::State {
    EngineSettings settings;
    c10::Device device = c10::kCPU;
    std::unique_ptr<OpenModel> model;
    ForecastBasis basis; ///< as it was when the model was opened, before anything was loaded

    std::shared_ptr<Ranks> ranks() const { return settings.ranks ? settings.ranks : std::make_shared<Ranks>(); }
    OpenModel &open() const
    {
        if (!model)
            throw Error("No model is open.", "Open a model first.");
        return *model;
    }
    ComputeConditions conditions() const { return conditionsOf(device, model ? model->dtypeName() : settings.dtype); }
    /// The first thing that a job of several ranks does.
    void join(const JobContext &context) const { agreeOnConditions(*ranks(), conditions(), context); }
    /// Reads a text for a job, and has it heard of.
    TokenWindows windows(const TextSettings &text, const JobContext &context) const
    {
        TokenWindows result = open().windows(text, settings.memory, context);
        if (settings.textRead)
            settings.textRead(text, result.report);
        return result;
    }
    /// Forecasts the job, and streams the model from here on when it does not fit otherwise. Once streamed it stays so: what is resident
    /// would have to be read again, and is not needed to go on.
    Forecast fit(const JobSize &job) const
    {
        const Forecast result = secateur::forecast(open().spec(), job, basis);
        if (result.isStreamed)
            open().setStreamed(true);
        return result;
    }
    /// The type in which a search of that size screens, if it does, and its bytes in `size`. `before`: what the record says of it, or empty. Ranks
    /// screen where all would.
    std::optional<DType> screening(JobSize &size, const SearchSettings &search, const std::string &before, const JobContext &context) const
    {
        std::optional<DType> type = ownScreening(size, search, before);
        if (!ranks()->isAlone()) {
            const std::string mine(type ? configName(*type) : std::string_view());
            const std::vector<std::string> all = ranks()->exchange(mine, context);
            if (std::any_of(all.begin(), all.end(), [&](const std::string &other) { return other != mine; })) {
                type.reset();
                size.screenBytes = 0;
            }
        }
        return type;
    }
    std::optional<DType> ownScreening(JobSize &size, const SearchSettings &search, const std::string &before) const
    {
        const bool isWanted = settings.screening != "auto" && settings.screening != "none";
        if (search.referenceLoss && isWanted)
            throw Error("A search by the reference loss cannot be screened.",
                        "Leave out one of the two (--screen, --loss-dtype reference).");
        if (search.referenceLoss)
            return {};
        const OpenModel &opened = open();
        const bool goesOn = settings.screening == "auto" && !before.empty() && settings.losses == LossesKnown::Deciding;
        const std::optional<DType> type = chooseScreening(goesOn ? before : settings.screening, settings.losses, device,
                                                          dtypeFromConfigName(opened.dtypeName()), opened.spec(), size, basis);
        if (type && !before.empty() && before != configName(*type))
            throw Error("The search in the plan cannot be resumed: its candidates were screened in " + before + ", not in " +
                            std::string(configName(*type)) + ".",
                        "Screen in the same type (--screen " + before + "), or no longer (--screen none).");
        return type;
    }
    /// The same for windows of the model or a plan's, one after another unless their states stay. `textTokens`: of all windows, which are kept meanwhile.
    void fitOnePass(const PruningPlan *plan, std::int64_t tokens, std::int64_t textTokens = 0, std::int64_t states = 1) const
    {
        const std::vector<std::int64_t> widths = plan ? plan->widths() : std::vector<std::int64_t>();
        fit({.windows = plan ? 0 : states,
             .length = tokens,
             .searchWindows = plan ? states : 0,
             .removals = 0,
             .neuronsKept = widths.empty() ? 0 : *std::ranges::max_element(widths),
             .textTokens = textTokens,
             .changedElements = plan ? plan->edits.elements() : 0});
    }
};

} // namespace secateur
