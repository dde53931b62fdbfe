// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PlanFilesBeside.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"
#include "foundation/WritingFailure.h"
#include "pruning/PlanFile.h"
#include "session/PlanFolder.h"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace secateur {
namespace {

namespace fs = std::filesystem;

/// A name that was made in a folder is on the disk afterwards, where the file system can do that.
void syncFolder(const fs::path &folder)
{
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    ::fsync(descriptor);
    ::close(descriptor);
}

/// Gives a file a second name; false where there is no such thing (another disk, another owner), or something has the name.
bool isLinked(const fs::path &file, const fs::path &name)
{
    std::error_code error;
    const fs::path real = fs::canonical(file, error); // of a link to it there is to be no second one
    if (!error)
        fs::create_hard_link(real, name, error);
    return !error;
}

void copyPlan(const fs::path &file, const fs::path &target)
{
    AtomicPath copied = AtomicPath::forFile(target);
    std::error_code error;
    fs::copy_file(file, copied.temporary(), fs::copy_options::overwrite_existing, error);
    if (error)
        throw WritingFailure("The plan " + inQuotes(file.string()) + " could not be copied to " + inQuotes(target.string()), error.value());
    copied.commit();
}

/// Whether the values of changed weights can be had, whatever has become of the name of their file: they are in memory, or mapped. Reads every byte.
bool areAtHand(const WeightEdits &edits)
{
    try {
        checkValues(edits);
        return true;
    } catch (const Error &) {
        return false;
    }
}

bool isThere(const fs::path &path)
{
    std::error_code error;
    return fs::exists(fs::symlink_status(path, error));
}

} // namespace

PlanFilesBeside::PlanFilesBeside(const Session &session, const fs::path &file) : m_folder(planFolderBeside(file))
{
    try {
        for (const auto &[key, shelf] : session.plans)
            bring(key, *shelf);
        if (!m_made.empty())
            syncFolder(m_folder);
    } catch (...) {
        removeMade();
        throw;
    }
}

PlanFilesBeside::~PlanFilesBeside()
{
    removeMade();
}

void PlanFilesBeside::keep()
{
    m_made.clear();
}

void PlanFilesBeside::bring(const std::string &key, const ShelfPlan &shelf)
{
    const PruningPlan &plan = shelf.plan;
    if (plan.edits.isEmpty() || !(shelf.file.empty() || isFoundPlanFile(shelf.file)))
        return;
    const std::string hash = plan.hash();
    const fs::path target = planFileFor(m_folder, hash);
    if (!holdsPlan(target, hash)) {
        const bool isFileThere = !shelf.file.empty() && holdsPlan(shelf.file, hash);
        if (!isFileThere && !areAtHand(plan.edits))
            return;
        makeFolder();
        const bool isNew = !isThere(target);
        if (!isFileThere)
            savePlan(plan, target);
        else if (!isNew || !isLinked(shelf.file, target))
            copyPlan(shelf.file, target);
        if (isNew)
            m_made.push_back(target);
    }
    m_names[key] = (m_folder.filename() / target.filename()).string();
}

void PlanFilesBeside::makeFolder()
{
    std::error_code error;
    if (fs::create_directory(m_folder, error))
        m_made.push_back(m_folder);
    if (!error && !fs::is_directory(m_folder, error))
        error = std::make_error_code(std::errc::not_a_directory);
    if (error)
        throw WritingFailure("The folder " + inQuotes(m_folder.string()) + ", in which the session's plans are kept, could not be made",
                             error.value());
}

void PlanFilesBeside::removeMade()
{
    std::error_code ignored;
    for (auto made = m_made.rbegin(); made != m_made.rend(); ++made)
        fs::remove(*made, ignored); // the folder only where nothing else is in it
    m_made.clear();
}

fs::path planFileOf(const std::string &name, const fs::path &session)
{
    const fs::path file(name);
    if (!isFoundPlanFile(file))
        return file;
    std::error_code error;
    const fs::path here = fs::absolute(session, error), real = fs::weakly_canonical(session, error);
    for (const fs::path &place : {here, real}) // an absolute name stays what it is
        for (const fs::path &found : {place.parent_path() / file, planFolderBeside(place) / file.filename()})
            if (fs::is_regular_file(found, error))
                return found;
    return here.parent_path() / file;
}

} // namespace secateur
