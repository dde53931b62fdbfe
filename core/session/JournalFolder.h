// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: the names of the files in a journal's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace secateur::journal {

constexpr const char *kLock = "lock", *kClosed = "closed";

inline std::filesystem::path baseFile(const std::filesystem::path &folder, std::int64_t number)
{
    return folder / ("base." + std::to_string(number) + ".secateur");
}

inline std::filesystem::path journalFile(const std::filesystem::path &folder, std::int64_t number)
{
    return folder / ("journal." + std::to_string(number) + ".jsonl");
}

} // namespace secateur::journal
