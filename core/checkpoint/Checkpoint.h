// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/TensorInfo.h"
#include "foundation/JobContext.h"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// A folder in Hugging Face form: config.json and the weights, in one model.safetensors or in the shards that
/// model.safetensors.index.json names. Knows names and bytes, nothing of what they mean.
class Checkpoint {
public:
    /// Maps all weight files. Throws Error when there is no config.json, when the weights are pickled (.bin, .pt: refused, they can run
    /// code), missing or malformed, or when the index names a file outside the folder.
    static Checkpoint open(const std::filesystem::path &folder);

    const std::filesystem::path &folder() const { return m_folder; }
    const nlohmann::json &config() const { return m_config; }
    const std::vector<SafetensorsFile> &files() const { return m_files; }

    /// Checks that the files hold exactly the expected tensors. Throws one Error that lists every missing, extra and mis-shaped tensor,
    /// each with its name, its file and both shapes. Tensors named in `ignored` may be there or not.
    void expect(std::span<const ExpectedTensor> expected, std::span<const std::string> ignored = {}) const;

    bool contains(std::string_view name) const;
    /// Throws Error when there is none of that name.
    const TensorView &tensor(std::string_view name) const;
    /// Bytes of all tensors together.
    std::int64_t tensorBytes() const;
    /// The type that most weights have (by elements).
    DType dtype() const;
    /// SHA-256 over the config and the headers and bytes of all weight files: the identity of the model. Reads every byte; throws Cancelled
    /// between pieces when the context was asked to stop.
    std::string hash(const JobContext &context = {}) const;
    /// Lets go of the resident pages of all files (see SafetensorsFile::releasePages).
    void releasePages() const;

private:
    Checkpoint() = default;
    /// Maps one more file and takes in its names.
    void add(const std::filesystem::path &file);

    struct Place {
        std::size_t file = 0;
        std::size_t index = 0;
    };
    std::filesystem::path m_folder;
    nlohmann::json m_config;
    std::vector<SafetensorsFile> m_files;
    std::map<std::string, Place, std::less<>> m_places;
};

/// Reads and parses a config.json. Throws Error that names the file and the place of a mistake.
nlohmann::json readConfig(const std::filesystem::path &file);

} // namespace secateur
