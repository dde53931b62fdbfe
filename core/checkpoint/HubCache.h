// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace secateur {

/// A model in the Hugging Face cache (layout: huggingface_hub, "Understand caching").
struct CachedModel {
    std::string name;             ///< "HuggingFaceTB/SmolLM2-135M"
    std::filesystem::path folder; ///< the snapshot: what Engine::open takes
    std::int64_t bytes = 0;       ///< of its weights (links followed)
    std::string problem;          ///< why it cannot be opened, as far as the file names tell; empty when it can
};

/// Where the cache is: HF_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub or ~/.cache/huggingface/hub.
std::filesystem::path hubCacheFolder();
/// The snapshots of a repository in the cache (a folder such as "models--OWNER--NAME"): the one that refs/main names, then the newest first.
std::vector<std::filesystem::path> snapshotsOf(const std::filesystem::path &repository);
/// The files below a folder of the cache, sorted; an absent folder has none.
std::vector<std::filesystem::path> filesBelow(const std::filesystem::path &folder);
/// Whether a download into a repository of the cache was begun and not finished.
bool holdsUnfinishedDownload(const std::filesystem::path &repository);
/// Models in that folder, by name; of several snapshots the one that refs/main names, else the newest. An absent folder has none.
std::vector<CachedModel> modelsInHubCache(const std::filesystem::path &folder = hubCacheFolder());

} // namespace secateur
