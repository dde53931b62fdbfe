// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ProcessMemory.h"

#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace secateur {

std::int64_t residentBytes()
{
    std::ifstream stream("/proc/self/statm"); // proc(5): pages, the whole size first
    std::int64_t whole = 0, resident = 0;
    return stream >> whole >> resident ? resident * sysconf(_SC_PAGESIZE) : 0;
}

std::int64_t peakResidentBytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t(usage.ru_maxrss) * 1024;
}

void resetPeakResidentBytes()
{
    std::ofstream("/proc/self/clear_refs") << "5"; // proc(5): the high water mark
}

std::int64_t availableMemoryBytes()
{
    std::ifstream stream("/proc/meminfo");
    std::string key, unit;
    for (std::int64_t kib = 0; stream >> key >> kib; std::getline(stream, unit))
        if (key == "MemAvailable:")
            return kib * 1024;
    return 0;
}

} // namespace secateur
