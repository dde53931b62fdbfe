// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "model/ModelSpec.h"
#include "tasks/Task.h"

#include <string>

namespace secateur {

/// Whether devices have such names: "auto", "cpu", "cuda", "cuda:N". It need not be there.
bool isDeviceName(const std::string &name);

/// Throws Error for settings that no machine could follow: names that are none, a number of threads out of range. Asks no device, so it is quick.
void checkEngineSettings(const EngineSettings &settings);

/// The settings as they are used on a model: Gemma, which falls to chance without, always gets the token that begins a text, and an input may have as many
/// tokens as the context unless they say otherwise. Throws Error for a length that is out of range.
TaskSettings settledTaskSettings(TaskSettings settings, const ModelSpec &spec);

} // namespace secateur
