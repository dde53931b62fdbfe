// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/HubCache.h"

#include "checkpoint/FolderProblems.h"
#include "checkpoint/ModelName.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kModel = "models--";

std::filesystem::path fromEnvironment(const char *name)
{
    const char *value = std::getenv(name), *home = std::getenv("HOME");
    const std::string text = value ? value : "";
    return home && text.starts_with("~/") ? std::filesystem::path(home) / text.substr(2) : std::filesystem::path(text); // as the hub does
}

/// How many shards there are by the name of one ("model-00001-of-00003.safetensors"); 0 for other names.
int shardsBy(const std::string &name)
{
    const std::size_t of = name.rfind("-of-");
    int count = 0;
    if (of != std::string::npos)
        std::from_chars(name.data() + of + 4, name.data() + name.size(), count);
    return count;
}

/// The weight files of a snapshot, as far as their names tell. A link whose blob is missing was not downloaded.
struct Weights {
    std::int64_t singleBytes = 0, shardBytes = 0, ggufBytes = 0;
    int shards = 0, shardsInAll = 0, ggufs = 0;
    bool hasSingle = false, hasPickle = false, hasOther = false, isBroken = false;

    explicit Weights(const std::filesystem::path &snapshot)
    {
        std::error_code error;
        for (const auto &entry : std::filesystem::directory_iterator(snapshot, error)) {
            const std::string name = entry.path().filename().string(), suffix = entry.path().extension().string();
            hasPickle = hasPickle || isPickle(name);
            std::error_code missing;
            if (suffix == ".gguf") {
                const std::uintmax_t size = std::filesystem::file_size(entry.path(), missing);
                isBroken = isBroken || missing;
                ggufBytes += missing ? 0 : std::int64_t(size);
                ++ggufs;
            }
            if (suffix != ".safetensors")
                continue;
            const std::uintmax_t size = std::filesystem::file_size(entry.path(), missing); // follows the link into blobs/
            const int inAll = shardsBy(name);
            isBroken = isBroken || missing;
            hasSingle = hasSingle || name == "model.safetensors";
            hasOther = hasOther || (name != "model.safetensors" && inAll == 0);
            if (missing)
                continue;
            if (name == "model.safetensors")
                singleBytes = std::int64_t(size);
            if (inAll > 0) {
                shardBytes += std::int64_t(size);
                shardsInAll = inAll;
                ++shards;
            }
        }
    }
};

std::string problemOf(const Weights &weights, const std::filesystem::path &snapshot)
{
    std::error_code error;
    if (!std::filesystem::exists(snapshot / "config.json", error)) { // as a folder is opened
        if (std::filesystem::exists(snapshot / "adapter_config.json", error))
            return "it is an adapter (LoRA), not a model; merge it into its base model";
        if (std::filesystem::exists(snapshot / "model_index.json", error))
            return "it is a pipeline of diffusers, no language model";
        if (weights.ggufs > 1)
            return "it holds several GGUF files; open one of them";
        if (weights.ggufs == 1)
            return weights.isBroken ? "its GGUF file is missing: the download is not complete" : std::string();
        return "it has no config.json: the download is not complete";
    }
    if (weights.hasSingle && weights.singleBytes > 0)
        return {};
    if (weights.shards < weights.shardsInAll)
        return "it has " + std::to_string(weights.shards) + " of " + counted(std::int64_t(weights.shardsInAll), "shard") +
               ": the download is not complete";
    if (weights.isBroken)
        return "files of its weights are missing: the download is not complete";
    if (weights.shards > 0)
        return std::filesystem::exists(snapshot / "model.safetensors.index.json", error)
                   ? std::string()
                   : "it has no model.safetensors.index.json: the download is not complete";
    if (weights.hasOther)
        return "its weights are not in model.safetensors or its shards";
    return weights.hasPickle ? "its weights are pickle files, which can run code; only safetensors are read"
                             : "it has no weights: the download is not complete";
}

CachedModel modelIn(const std::filesystem::path &snapshot)
{
    const Weights weights(snapshot);
    return {.name = modelName(snapshot).full,
            .folder = snapshot,
            .bytes = weights.hasSingle    ? weights.singleBytes
                     : weights.shards > 0 ? weights.shardBytes
                                          : weights.ggufBytes, // as a checkpoint is opened
            .problem = problemOf(weights, snapshot)};
}

/// The revision that refs/main names; empty when there is none or it cannot be read.
std::string mainRevision(const std::filesystem::path &repository)
{
    try {
        constexpr std::uint64_t kLongest = 4096;
        std::string revision = readWholeFile(repository / "refs" / "main", kLongest, {});
        revision.erase(revision.find_last_not_of(" \n\r\t") + 1);
        return revision;
    } catch (const Error &) {
        return {};
    }
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

std::vector<std::filesystem::path> snapshotsOf(const std::filesystem::path &repository)
{
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> snapshots;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(repository / "snapshots", error))
        if (entry.is_directory(error))
            snapshots.emplace_back(entry.last_write_time(error), entry.path());
    const std::string main = mainRevision(repository);
    std::sort(snapshots.begin(), snapshots.end(), [&](const auto &a, const auto &b) {
        const bool isMain = a.second.filename() == main, isOtherMain = b.second.filename() == main;
        return isMain == isOtherMain ? a > b : isMain;
    });
    std::vector<std::filesystem::path> folders;
    for (auto &[time, folder] : snapshots)
        folders.push_back(std::move(folder));
    return folders;
}

std::vector<std::filesystem::path> filesBelow(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> files;
    std::error_code error;
    const auto options = std::filesystem::directory_options::skip_permission_denied;
    for (std::filesystem::recursive_directory_iterator entry(folder, options, error), end; !error && entry != end; entry.increment(error))
        if (std::error_code unknown; !entry->is_directory(unknown))
            files.push_back(entry->path());
    std::sort(files.begin(), files.end());
    return files;
}

bool holdsUnfinishedDownload(const std::filesystem::path &repository)
{
    const std::vector<std::filesystem::path> blobs = filesBelow(repository / "blobs");
    return std::any_of(blobs.begin(), blobs.end(), [](const std::filesystem::path &blob) { return blob.extension() == ".incomplete"; });
}

std::vector<CachedModel> modelsInHubCache(const std::filesystem::path &folder)
{
    std::vector<CachedModel> models;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
        if (!entry.path().filename().string().starts_with(kModel) || !entry.is_directory(error))
            continue;
        if (const auto snapshots = snapshotsOf(entry.path()); !snapshots.empty())
            models.push_back(modelIn(snapshots.front()));
    }
    std::sort(models.begin(), models.end(), [](const CachedModel &a, const CachedModel &b) { return a.name < b.name; });
    return models;
}

} // namespace secateur
