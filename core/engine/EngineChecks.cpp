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

} // namespace secateur
