// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/EngineChecks.h"

#include "checkpoint/TensorInfo.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <regex>

namespace secateur {

bool isDeviceName(const std::string &name)
{
    static const std::regex kKnown("auto|cpu|cuda(:[0-9]+)?");
    return std::regex_match(name, kKnown);
}

void checkEngineSettings(const EngineSettings &settings)
{
    if (!isDeviceName(settings.device))
        throw Error("There is no device " + inQuotes(settings.device) + ".", "Devices: auto, cpu, cuda, cuda:N.");
    if (settings.dtype != "auto" && settings.dtype != "fastest")
        dtypeFromConfigName(settings.dtype);
    if (settings.screening != "auto" && settings.screening != "none")
        dtypeFromConfigName(settings.screening);
    if (settings.threads < 0 || settings.threads > 1024)
        throw Error("The number of threads is out of range.", "Give 0 (all cores) to 1024.");
}

TaskSettings settledTaskSettings(TaskSettings settings, const ModelSpec &spec)
{
    if (spec.family.find("gemma") != std::string::npos) // falls to chance without
        settings.bos = BosUse::Always;
    if (settings.longest && (*settings.longest < 1 || *settings.longest > spec.contextLength))
        throw Error("Inputs of " + std::to_string(*settings.longest) + " tokens are not possible: the model's context holds " +
                        std::to_string(spec.contextLength) + ".",
                    "Give a length from 1 to " + std::to_string(spec.contextLength) + ".");
    settings.longest = settings.longest.value_or(spec.contextLength);
    return settings;
}

} // namespace secateur
