// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ProcessMemory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace secateur {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

/// The number in a file of one number; none where there is no such file or it says "max".
std::optional<std::int64_t> numberIn(const fs::path &file)
{
    std::ifstream stream(file);
    std::int64_t number = 0;
    return stream >> number ? std::optional(number) : std::nullopt;
}

/// The number behind a key at the beginning of a line ("MemAvailable: 123 kB", "inactive_file 456"); none where there is none.
std::optional<std::int64_t> numberBehind(const fs::path &file, std::string_view key)
{
    std::ifstream stream(file);
    std::string word, rest;
    for (std::int64_t number = 0; stream >> word >> number; std::getline(stream, rest))
        if (word == key)
            return number;
    return {};
}

/// Where the hierarchy of control groups is mounted whose file system is of that type and, for version 1, has the memory controller; and which
/// of its groups is at that place (in a container not the topmost).
struct Mount {
    fs::path place, group;
};

std::optional<Mount> mountOf(const fs::path &root, std::string_view type, std::string_view option)
{
    std::ifstream stream(root / "proc/self/mountinfo"); // proc(5): id parent device root mountpoint options... - type source superoptions
    for (std::string line; std::getline(stream, line);) {
        const std::size_t separator = line.find(" - ");
        if (separator == std::string::npos)
            continue;
        std::istringstream before(line.substr(0, separator)), after(line.substr(separator + 3));
        std::string id, parent, device, group, place, actualType, source, options;
        before >> id >> parent >> device >> group >> place;
        after >> actualType >> source >> options;
        if (actualType == type && (option.empty() || ("," + options + ",").find("," + std::string(option) + ",") != std::string::npos))
            return Mount{root / fs::path(place).relative_path(), group};
    }
    return {};
}

/// The group of this process in a hierarchy: "0::/a/b" for version 2, "7:memory:/a/b" for version 1.
std::optional<std::string> groupOf(const fs::path &root, bool isVersion2)
{
    std::ifstream stream(root / "proc/self/cgroup");
    for (std::string line; std::getline(stream, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        if (isVersion2 ? line.starts_with("0::") : controllers.find(",memory,") != std::string::npos)
            return line.substr(second + 1);
    }
    return {};
}

/// What the limits of a group and those above it leave.
std::int64_t leftInGroups(const fs::path &root, bool isVersion2)
{
    const auto mount = isVersion2 ? mountOf(root, "cgroup2", {}) : mountOf(root, "cgroup", "memory");
    const auto group = groupOf(root, isVersion2);
    if (!mount || !group)
        return kUnlimited;
    // As it is seen at the mount: without the part above it.
    fs::path inner = fs::path(*group).lexically_relative(mount->group);
    if (inner.empty() || *inner.begin() == "..") // a group outside of what is mounted here
        inner = ".";
    std::int64_t left = kUnlimited;
    const fs::path top = mount->place.lexically_normal();
    for (fs::path folder = (mount->place / inner).lexically_normal();; folder = folder.parent_path()) {
        if (!folder.has_filename())
            folder = folder.parent_path();
        const auto limit = numberIn(folder / (isVersion2 ? "memory.max" : "memory.limit_in_bytes"));
        const auto used = numberIn(folder / (isVersion2 ? "memory.current" : "memory.usage_in_bytes"));
        if (limit && used) {
            const char *cache = isVersion2 ? "inactive_file" : "total_inactive_file";
            const std::int64_t reclaimable = std::min(*used, numberBehind(folder / "memory.stat", cache).value_or(0));
            left = std::min(left, std::max<std::int64_t>(0, *limit - (*used - reclaimable)));
        }
        if (folder == top || folder == folder.parent_path() || folder.string().size() <= top.string().size())
            return left;
    }
}

} // namespace

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

std::int64_t availableMemoryBytes(const fs::path &root)
{
    constexpr std::int64_t kKibibyte = 1024;
    const auto available = numberBehind(root / "proc/meminfo", "MemAvailable:");
    const std::int64_t left = std::min(leftInGroups(root, true), leftInGroups(root, false));
    return std::min(available ? *available * kKibibyte : (left == kUnlimited ? 0 : kUnlimited), left);
}

} // namespace secateur
