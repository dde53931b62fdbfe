// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PlanFolder.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "pruning/PlanFile.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr const char *kFile = ".safetensors", *kSession = ".secateur";
constexpr std::size_t kDigits = 64; ///< of a hash

/// What lies in a folder, and in those within where that is wanted. Throws filesystem_error, but not where there is no such folder.
template <class Iterator>
std::vector<std::filesystem::path> filesIn(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> files;
    if (std::filesystem::exists(folder))
        for (const auto &entry : Iterator(folder))
            if (entry.is_regular_file())
                files.push_back(entry.path());
    return files;
}

/// Takes those hashes out that a file speaks of.
void eraseMentioned(std::set<std::string> &hashes, const std::filesystem::path &file)
{
    constexpr std::size_t kChunk = std::size_t(1) << 20;
    InputFile input(file);
    std::vector<char> chunk(kChunk);
    std::string text; // with the end of the chunk before, in which a hash may begin
    while (const std::size_t count = input.read(chunk)) {
        text.erase(0, text.size() - std::min(text.size(), kDigits - 1));
        text.append(chunk.data(), count);
        std::erase_if(hashes, [&](const std::string &hash) { return text.find(hash) != std::string::npos; });
    }
}

} // namespace

std::filesystem::path planFileFor(const std::filesystem::path &root, const std::string &planHash)
{
    return root / (planHash + kFile);
}

bool isFoundPlanFile(const std::filesystem::path &file)
{
    const std::string hash = file.stem().string();
    return file.extension() == kFile && hash.size() == kDigits && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::filesystem::path planFolderBeside(const std::filesystem::path &session)
{
    const std::filesystem::path name = session.extension() == kSession ? session.stem() : session.filename();
    return session.parent_path() / (name.string() + kPlanFolder);
}

bool holdsPlan(const std::filesystem::path &file, const std::string &planHash)
{
    try {
        return loadPlan(file).hash() == planHash;
    } catch (const std::exception &problem) {
        if (isOfMachine(problem)) // says nothing of the file
            throw;
        return false;
    }
}

ShelfPlan keptPlan(PruningPlan plan, const std::filesystem::path &root)
{
    if (plan.edits.isEmpty())
        return {.plan = std::move(plan), .file = {}};
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::absolute(root, error);
    if (!error)
        std::filesystem::create_directories(folder, error);
    if (error)
        throw Error("The folder for the plans that are found, " + inQuotes(root.string()) +
                        ", could not be made: " + reasonOf(error.value()) + ".",
                    "Free some space or check the folder's permissions, and try again.");
    const std::string hash = plan.hash();
    const std::filesystem::path file = planFileFor(folder, hash);
    if (!holdsPlan(file, hash))
        savePlan(plan, file);
    plan.edits.values = loadPlan(file).edits.values;
    return {.plan = std::move(plan), .file = file};
}

std::int64_t removeUnusedPlans(const std::filesystem::path &root, const std::filesystem::path &journals)
{
    std::int64_t count = 0;
    try {
        const auto yesterday =
            std::filesystem::file_time_type::clock::now() - std::chrono::hours(24); // a job may be about to tell of its plan
        std::set<std::string> unused;
        for (const std::filesystem::path &file : filesIn<std::filesystem::directory_iterator>(root))
            if (isFoundPlanFile(file) && std::filesystem::last_write_time(file) < yesterday)
                unused.insert(file.stem().string());
        if (unused.empty())
            return 0;
        for (const std::filesystem::path &file : filesIn<std::filesystem::recursive_directory_iterator>(journals))
            eraseMentioned(unused, file);
        for (const std::string &hash : unused)
            count += std::filesystem::remove(planFileFor(root, hash)) ? 1 : 0;
    } catch (const std::exception &problem) { // another time
        if (isOfMachine(problem))
            throw;
    }
    return count;
}

} // namespace secateur
