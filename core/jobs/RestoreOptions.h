// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/RestorationRecord.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a command line names of a restoration.
struct RestoreOptions {
    std::string steps;    ///< "auto", "off", or a list: "r1,r2"; empty when not given
    bool isGated = false; ///< of a list: a step stays only if no text gets worse by it, as with "auto"
    std::optional<std::int64_t> gateWindows, searchWindows, sequentialWindows;
    std::vector<std::filesystem::path> texts; ///< files, or names of known texts, of the second text that the gate asks
    std::optional<double> ridge, pathRidge, sequentialRidge, widthShare;

    bool isAsked() const { return !steps.empty() && steps != "off"; }
};
/// Those that ask for the settings; a second text by its files alone.
RestoreOptions restoreOptionsOf(const RestorationSettings &settings);
/// Those that ask for one restoration, or, beside --variants, for several, where options can say them: the second text is cut as the calibration is, and
/// several are variantsOf() the last.
std::optional<RestoreOptions> restoreOptionsOf(const std::vector<RestorationSettings> &all, const TextSettings &calibration);

} // namespace secateur
