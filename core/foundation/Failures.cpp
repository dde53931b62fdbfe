// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Failures.h"

#include "foundation/Wording.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <sys/stat.h>
#include <system_error>

namespace secateur {

std::string reasonOf(int errorNumber)
{
    switch (errorNumber) {
    case ENOSPC:
        return "the disk is full";
    case EDQUOT:
        return "the quota of the disk is used up";
    case EFBIG:
        return "the file would be larger than this process may write (ulimit -f) or the disk can hold";
    case EROFS:
        return "the disk is read-only";
    case EIO:
        return "the disk reports an error";
    case EACCES:
    case EPERM:
        return "you do not have the permission";
    case ENOENT:
        return "it does not exist";
    case ENOTDIR:
        return "a part of the path is not a folder";
    case EISDIR:
        return "it is a folder";
    case ELOOP:
        return "links lead in a circle";
    case ENAMETOOLONG:
        return "the name is too long";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    case EBUSY:
        return "it is in use";
    case ENOMEM:
        return "the memory is not enough";
    case EAGAIN:
        return "the system has no more of it to give";
    case ESTALE:
        return "it is gone from the server that it lay on";
    case EXDEV:
        return "it lies on another disk, or in a layer of a container that cannot be changed";
    case ENXIO:
    case ENODEV:
        return "there is no such device";
    case EILSEQ:
        return "the disk does not take such a name";
    default:
        return std::strerror(errorNumber); // NOLINT(concurrency-mt-unsafe): glibc's is safe
    }
}

std::string remedyOfWriting(int errorNumber)
{
    switch (errorNumber) {
    case ENOSPC:
    case EDQUOT:
        return "Free some space, or choose a folder on another disk.";
    case EFBIG:
        return "Raise the limit, or choose a folder on another disk.";
    case EIO:
    case ESTALE:
        return "Check the disk, or choose a folder on another one.";
    default:
        return "Check that the folder exists and that you may write to it.";
    }
}

const char *kindOfFile(mode_t mode)
{
    if (S_ISREG(mode))
        return "a file";
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a pipe";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

namespace {

/// A kind of JSON value as the library names it: "an array", "a string", "null".
std::string withArticle(const std::string &kind)
{
    const bool isValue = kind.find_first_of("\"[{-0123456789") == 0; // not the name of a kind
    return isValue || kind == "null" ? kind : (kind == "array" || kind == "object" ? "an " : "a ") + kind;
}

} // namespace

std::string problemOf(const nlohmann::json::exception &problem)
{
    constexpr int kWrongType = 302, kNoField = 403, kNoElement = 401, kNotIndexed = 304, kNotIndexedByName = 305;
    const std::string what = problem.what();
    switch (problem.id) {
    case kNoField: {
        const std::size_t first = what.find('\''), last = what.rfind('\'');
        return first < last ? "it has no field " + inQuotes(what.substr(first + 1, last - first - 1)) : "a field is missing";
    }
    case kWrongType: {
        const std::size_t must = what.find("must be "), but = what.find(", but is ");
        return must != std::string::npos && but != std::string::npos && must < but
                   ? "a field holds " + withArticle(what.substr(but + 9)) + " where " + withArticle(what.substr(must + 8, but - must - 8)) +
                         " is expected"
                   : "a field holds a value of another kind than expected";
    }
    case kNoElement:
        return "a list is too short";
    case kNotIndexed:
    case kNotIndexedByName:
        return "a field holds a value of another kind than expected";
    default:
        return "it is not of the expected form";
    }
}

std::string flawOf(const std::exception &problem)
{
    if (dynamic_cast<const Flaw *>(&problem) || dynamic_cast<const Error *>(&problem))
        return problem.what();
    const auto *json = dynamic_cast<const nlohmann::json::exception *>(&problem);
    return json ? problemOf(*json) : "it is not of the expected form";
}

Error asError(const std::exception &problem)
{
    if (const auto *ours = dynamic_cast<const Error *>(&problem))
        return *ours;
    if (const auto *file = dynamic_cast<const std::filesystem::filesystem_error *>(&problem))
        return Error(file->path1().empty() ? "A path cannot be used: " + reasonOf(file->code().value()) + "."
                                           : inQuotes(file->path1().string()) + " cannot be used: " + reasonOf(file->code().value()) + ".",
                     "Check that it exists and that you may use it.");
    if (dynamic_cast<const std::bad_alloc *>(&problem))
        return Error("The memory is not enough.",
                     "Use fewer or shorter windows, or a 16-bit type (--dtype); or give the program more memory.");
    if (const auto *system = dynamic_cast<const std::system_error *>(&problem))
        return system->code() == std::errc::resource_unavailable_try_again
                   ? Error("The system allows this program no more threads.",
                           "Raise the limits (ulimit -u, ulimit -v), or use fewer threads (--threads).")
                   : Error("The system refuses what this job needs: " + reasonOf(system->code().value()) + ".");
    if (const auto *json = dynamic_cast<const nlohmann::json::exception *>(&problem))
        return Error("A JSON document cannot be used: " + problemOf(*json) + ".", "Please report this.");
    return Error(std::string("This should not happen: ") + problem.what() + ".", "Please report it, with the command that led here.");
}

bool isOfMachine(const std::exception &problem)
{
    return dynamic_cast<const MachineFailure *>(&problem) || dynamic_cast<const std::bad_alloc *>(&problem);
}

std::string failedDevice(const std::exception &problem)
{
    const auto *failure = dynamic_cast<const MachineFailure *>(&problem);
    return failure ? failure->device() : std::string();
}

} // namespace secateur
