// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ProcessMemory.h"

#include <sys/resource.h>

namespace secateur {

std::int64_t peakResidentBytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t(usage.ru_maxrss) * 1024;
}

} // namespace secateur
