// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/HubCache.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>

namespace secateur {
namespace {

constexpr const char *kModel = "models--";

std::filesystem::path fromEnvironment(const char *name)
{
    const char *value = std::getenv(name);
    return value ? std::filesystem::path(value) : std::filesystem::path();
}

/// "models--OWNER--NAME" as "OWNER/NAME".
std::string repositoryOf(std::string folder)
{
    folder.erase(0, std::string(kModel).size());
    if (const std::size_t split = folder.find("--"); split != std::string::npos)
        folder.replace(split, 2, "/");
    return folder;
}

/// The snapshot that refs/main names, else the one that was changed last.
std::optional<std::filesystem::path> snapshotOf(const std::filesystem::path &repository)
{
    std::error_code error;
    std::string revision;
    std::ifstream(repository / "refs" / "main") >> revision;
    if (!revision.empty() && std::filesystem::is_directory(repository / "snapshots" / revision, error))
        return repository / "snapshots" / revision;
    std::optional<std::filesystem::path> newest;
    std::filesystem::file_time_type time;
    for (const auto &entry : std::filesystem::directory_iterator(repository / "snapshots", error)) {
        if (!entry.is_directory(error))
            continue;
        if (const auto changed = entry.last_write_time(error); !newest || changed > time) {
            newest = entry.path();
            time = changed;
        }
    }
    return newest;
}

CachedModel modelIn(const std::filesystem::path &repository, const std::filesystem::path &snapshot)
{
    CachedModel model{.name = repositoryOf(repository.filename().string()), .folder = snapshot, .bytes = 0, .problem = {}};
    bool hasWeights = false, hasPickle = false, isBroken = false;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(snapshot, error)) {
        const std::string suffix = entry.path().extension().string();
        const bool isWeights = suffix == ".safetensors", isPickle = suffix == ".bin" || suffix == ".pt" || suffix == ".pth";
        if (!isWeights && !isPickle)
            continue;
        std::error_code missing;
        const std::uintmax_t size = std::filesystem::file_size(entry.path(), missing); // follows the link into blobs/
        if (missing)
            isBroken = true;
        else if (isWeights)
            model.bytes += std::int64_t(size);
        hasWeights = hasWeights || isWeights;
        hasPickle = hasPickle || isPickle;
    }
    if (!std::filesystem::exists(snapshot / "config.json", error))
        model.problem = "it has no config.json: the download is not complete";
    else if (isBroken)
        model.problem = "files of its weights are missing: the download is not complete";
    else if (!hasWeights)
        model.problem = hasPickle ? "its weights are pickle files, which can run code; only safetensors are read"
                                  : "it has no weights: the download is not complete";
    return model;
}

} // namespace

std::filesystem::path hubCacheFolder()
{
    if (const auto folder = fromEnvironment("HF_HUB_CACHE"); !folder.empty())
        return folder;
    if (const auto home = fromEnvironment("HF_HOME"); !home.empty())
        return home / "hub";
    if (const auto cache = fromEnvironment("XDG_CACHE_HOME"); !cache.empty())
        return cache / "huggingface" / "hub";
    return fromEnvironment("HOME") / ".cache" / "huggingface" / "hub";
}

std::vector<CachedModel> modelsInHubCache(const std::filesystem::path &folder)
{
    std::vector<CachedModel> models;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
        if (!entry.path().filename().string().starts_with(kModel) || !entry.is_directory(error))
            continue;
        if (const auto snapshot = snapshotOf(entry.path()))
            models.push_back(modelIn(entry.path(), *snapshot));
    }
    std::sort(models.begin(), models.end(), [](const CachedModel &a, const CachedModel &b) { return a.name < b.name; });
    return models;
}

} // namespace secateur
