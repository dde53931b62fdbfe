// SPDX-License-Identifier: GPL-3.0-or-later
// What lies in a folder that should hold a model, by the names of its files: each of the usual mistakes is called by its name.
#pragma once

#include "checkpoint/ModelFolder.h"
#include "foundation/Error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// Whether there is something of that name. Throws Error for a link to something that is not there (a download into the hub's cache that was
/// broken off), and for a folder that may not be looked into.
bool isThere(const std::filesystem::path &file);

/// Links of the folder whose targets are not there, each with its target: "'generation_config.json' (to '../../blobs/12ab')".
std::vector<std::string> brokenLinksIn(const ModelFolder &folder);

/// Why a folder without config.json is no model.
Error noConfiguration(const ModelFolder &folder);
/// Why a folder with config.json, but with neither model.safetensors nor an index, cannot be opened.
Error noWeights(const ModelFolder &folder);
/// That weights are pickled, which can run code.
Error pickledWeights(const std::filesystem::path &folder, const std::vector<std::string> &names);
bool isPickle(std::string_view name);

/// Throws Error when there is no tokenizer.json, which says what lies there instead.
void checkTokenizer(const ModelFolder &folder);

} // namespace secateur
