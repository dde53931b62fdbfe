// SPDX-License-Identifier: GPL-3.0-or-later
// What a command may write, and what its outputs may not replace.
#include "cli/ItemsFile.h"
#include "cli/Run.h"
#include "exporting/Manifest.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "report/ReportSession.h"
#include "session/Shelf.h"

#include <algorithm>

namespace secateur::cli {
namespace {

/// Where a path leads, existing or not: absolute, links followed, without a slash at the end.
std::filesystem::path placeOf(const std::filesystem::path &path)
{
    std::error_code error;
    std::filesystem::path place = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error).lexically_normal();
    if (error) // a link to itself, a name that is too long: told by whoever opens it
        place = std::filesystem::absolute(path).lexically_normal();
    return place.has_filename() ? place : place.parent_path();
}

/// Whether `path` is the folder or lies somewhere in it.
bool isWithin(const std::filesystem::path &path, const std::filesystem::path &folder)
{
    if (path.empty() || folder.empty())
        return false;
    const std::filesystem::path inner = placeOf(path), outer = placeOf(folder);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

/// Whether both lead to the same place, existing or not; an empty path leads nowhere.
bool isSame(const std::filesystem::path &one, const std::filesystem::path &other)
{
    return !one.empty() && !other.empty() && placeOf(one) == placeOf(other);
}

} // namespace

void Run::checkOutputFile(const std::filesystem::path &file) const
{
    if (file.empty())
        return;
    if (file == o.savePlan && file.extension() == ".secateur")
        throw Error("The plan cannot be called " + inQuotes(file.string()) + ": names that end in '.secateur' are those of sessions.",
                    "Choose another name for it (--save-plan plan.json).");
    const AtomicPath probe = AtomicPath::forFile(file); // throws when it could not be written
    // A search may be brought on in place (checkGoesOn), but not in a manifest, which tells of more than its plan.
    const bool goesOn = (o.command == "search" && isSame(file, o.plan) && probe.target().filename() != kManifestFile) ||
                        (o.command == "compare" && file == o.session);
    const std::optional<SessionPlanName> plan = sessionPlanName(o.plan), scores = sessionPlanName(o.scores);
    bool isInput = isSame(file, o.model) || isSame(file, scores ? scores->file : o.scores) || isSame(file, o.config) ||
                   isSame(file, o.tokens) || isSame(file, o.grams) || (plan && isSame(file, plan->file));
    for (const auto *inputs : {&o.texts, &o.evaluationTexts, &o.restore.texts, &o.tasks.paths})
        for (const std::filesystem::path &text : *inputs)
            isInput = isInput || isSame(file, text);
    if (o.command == "report") // of a plan, a session or an export, none of which it replaces
        isInput = isInput || isSame(file, o.plan) || isSame(file, manifestOf(o.plan));
    if (isInput)
        throw Error("The output " + inQuotes(file.string()) + " is also an input.", "Choose another name.");
    static const std::filesystem::path kNone;
    const auto outputs = {
        &o.saveItems, &o.session, &o.csv, &o.markdown, &o.latex, &o.saveGrams, o.command == "calibrate" ? &o.output : &kNone};
    if (std::ranges::count_if(outputs, [&](const std::filesystem::path *output) { return isSame(file, *output); }) > 1)
        throw Error("Two outputs are the same place: " + inQuotes(file.string()) + ".", "Choose another name for one of them.");
    if (isWithin(file, o.model))
        throw Error("The output " + inQuotes(file.string()) + " is inside the model folder " + inQuotes(o.model.string()) + ".",
                    "Choose another place: nothing is written to a model.");
    if (!o.isOverwriteAllowed && doesExist(probe.target()) && !goesOn && !o.isResumed)
        throw Error("The output " + inQuotes(file.string()) + " already exists.",
                    std::string("Choose another name, or replace it with --overwrite") +
                        (o.saveItems.empty() ? "." : ", or go on with it: --resume."));
}

void Run::checkItemsFile() const
{
    if (o.saveItems.empty())
        return;
    checkOutputFile(o.saveItems);
    const std::filesystem::path part = ItemsFile::partOf(o.saveItems);
    checkOutputFile(part);
    for (const std::filesystem::path &tasks : o.tasks.paths)
        if (isWithin(o.saveItems, tasks))
            throw Error("The output " + inQuotes(o.saveItems.string()) + " is inside the tasks " + inQuotes(tasks.string()) + ".",
                        "Choose another place: it would be taken for a task.");
}

void Run::checkGoesOn(const PruningPlan &plan, const SearchRecord &record) const
{
    const std::vector<std::int64_t> had = plan.removedAttentions, keeps = record.removalOrder();
    checkGoesOn(std::int64_t(had.size()), std::mismatch(had.begin(), had.end(), keeps.begin(), keeps.end()).first - had.begin(), "removal");
}

void Run::checkGoesOn(std::int64_t had, std::int64_t kept, const char *what) const
{
    if (kept < had && isSame(o.plan, o.savePlan) && !o.isOverwriteAllowed)
        throw Error("The plan " + inQuotes(o.plan.string()) + " holds " + counted(had, what) + " and would keep " + std::to_string(kept) +
                        ".",
                    "Choose another --save-plan, or add --overwrite.");
}

void Run::checkOutputFolder() const
{
    if (isSame(o.savePlan, o.output))
        throw Error("--save-plan and --output are the same place: " + inQuotes(o.output.string()) + ".",
                    "Choose another place for one of them.");
    const std::optional<SessionPlanName> plan = sessionPlanName(o.plan), scores = sessionPlanName(o.scores);
    std::vector<std::filesystem::path> files = {o.savePlan, plan ? plan->file : o.plan, scores ? scores->file : o.scores, o.config,
                                                o.grams};
    files.insert(files.end(), o.restore.texts.begin(), o.restore.texts.end());
    files.insert(files.end(), o.texts.begin(), o.texts.end());
    files.insert(files.end(), o.evaluationTexts.begin(), o.evaluationTexts.end());
    for (const std::filesystem::path &file : files) {
        if (isSame(file, o.output))
            throw Error("The output " + inQuotes(o.output.string()) + " is also an input.", "Choose another name.");
        if (isWithin(file, o.output))
            throw Error(inQuotes(file.string()) + " is inside the output folder " + inQuotes(o.output.string()) +
                            ", which will be replaced.",
                        "Choose another place for one of them.");
    }
}

} // namespace secateur::cli
