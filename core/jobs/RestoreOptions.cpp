// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/RestoreOptions.h"

#include "jobs/RestorationChoice.h"

namespace secateur {
namespace {

/// None where it is as usual.
template <class Value>
std::optional<Value> unlessUsual(const Value &value, const Value &usual)
{
    return value == usual ? std::nullopt : std::optional(value);
}

/// Whether --restore-text beside the options of a calibration text means the second text, where there is one.
bool isSecondTakenWith(const TextSettings &calibration, const RestorationSettings &settings)
{
    const std::optional<TextSettings> &text = settings.second;
    return !text || (text->windows == settings.gateWindows && text->seed == 0 && text->length == calibration.length &&
                     text->column == calibration.column && text->documents == calibration.documents);
}

} // namespace

RestoreOptions restoreOptionsOf(const RestorationSettings &settings)
{
    const RestorationSettings usual;
    RestoreOptions options;
    options.steps = stepsText(settings.steps);
    options.isGated = settings.isGated;
    options.gateWindows = unlessUsual(settings.gateWindows, usual.gateWindows);
    options.ridge = unlessUsual(settings.ridge, usual.ridge);
    if (settings.second)
        options.texts = settings.second->files;
    if (settings.has(RestorationStep::Order)) // what has no effect is not named
        options.searchWindows = unlessUsual(settings.searchWindows, usual.searchWindows);
    if (settings.has(RestorationStep::Widths))
        options.widthShare = settings.widthShare;
    if (settings.has(RestorationStep::Widths) || settings.has(RestorationStep::Elimination))
        options.pathRidge = unlessUsual(settings.pathRidge, usual.pathRidge);
    if (settings.has(RestorationStep::Sequential)) {
        options.sequentialWindows = settings.sequentialWindows;
        options.sequentialRidge = unlessUsual(settings.sequentialRidge, usual.sequentialRidge);
    }
    return options;
}

std::optional<RestoreOptions> restoreOptionsOf(const std::vector<RestorationSettings> &all, const TextSettings &calibration)
{
    if (!isSecondTakenWith(calibration, all.back()) || (all.size() > 1 && all != variantsOf(all.back())))
        return {};
    RestoreOptions options = restoreOptionsOf(all.back());
    if (all.size() > 1)
        options.isGated = false;
    return options;
}

} // namespace secateur
