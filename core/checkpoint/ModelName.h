// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace secateur {

/// What a model is called wherever it is named, by the path that it was opened under; the only place where such names are made. The path
/// need not exist any more.
struct ModelName {
    /// "SmolLM2-135M": for titles and names of files. The repository's name of a snapshot in the hub's cache, the stem of a GGUF file, the
    /// name of any other folder; of one that is called as any model's might be ("run17/checkpoint/model"), that of the folder around it
    /// ("run17"). Never empty, no '/', no control characters, UTF-8.
    std::string brief;
    /// "HuggingFaceTB/SmolLM2-135M" for a snapshot in the hub's cache, else as `brief`: for what says where a model comes from.
    std::string full;
    /// The repository on the hub, of a snapshot in its cache (also of a GGUF file there); a name that the hub would accept.
    std::optional<std::string> repository;
};
ModelName modelName(const std::filesystem::path &model);

} // namespace secateur
