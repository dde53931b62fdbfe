// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"

#include <string>

namespace secateur {

/// Whether devices have such names: "auto", "cpu", "cuda", "cuda:N". It need not be there.
bool isDeviceName(const std::string &name);

/// Throws Error for settings that no machine could follow: names that are none, a number of threads out of range. Asks no device, so it is quick.
void checkEngineSettings(const EngineSettings &settings);

} // namespace secateur
