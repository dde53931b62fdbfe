// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PlanFolder.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"
#include "pruning/PlanFile.h"

#include <exception>
#include <system_error>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kFile = ".safetensors", *kSession = ".secateur";

} // namespace

std::filesystem::path planFileFor(const std::filesystem::path &root, const std::string &planHash)
{
    return root / (planHash + kFile);
}

bool isFoundPlanFile(const std::filesystem::path &file)
{
    constexpr std::size_t kDigits = 64; // of SHA-256
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

} // namespace secateur
