// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur {

/// Of a tokenizer.json or a vocabulary that is read, in bytes.
inline constexpr std::uint64_t kLargestTokenizer = 1'000'000'000;

/// The folder of a model, opened once: whatever lies beside the weights is read through it, so that a folder that is moved or replaced
/// during a job cannot give another model's tokenizer or licence.
class ModelFolder {
public:
    /// Throws Error when it is no folder or cannot be opened.
    explicit ModelFolder(std::filesystem::path folder);
    ~ModelFolder();
    ModelFolder(const ModelFolder &) = delete;
    ModelFolder &operator=(const ModelFolder &) = delete;

    /// As it was opened; what messages call it.
    const std::filesystem::path &path() const { return m_path; }
    /// Where it is now, without links; empty when the system does not tell.
    std::filesystem::path place() const;
    /// Whether `path()` still leads to it.
    bool isInPlace() const;

    /// The names of all that it holds, or a folder in it, sorted. Throws Error when it cannot be listed.
    std::vector<std::string> names(const std::string &folder = ".") const;
    /// Whether there is something of that name; a link whose end is missing is nothing.
    bool holds(const std::string &name) const;

    /// A file that is parsed: links are followed wherever they lead. Throws what InputFile and readJsonFile throw.
    std::string read(const std::string &name, std::uint64_t largest, const std::string &hint) const;
    nlohmann::json readJson(const std::string &name, std::uint64_t largest, const std::string &hint) const;

    /// A file that goes out with a copy of the model. It must be the model's own: links are followed within the folder and into the blobs of
    /// the hub's cache (of the same repository, or for a folder outside the cache of any model there), never elsewhere.
    struct OwnFile {
        std::string content;
        std::string refusal; ///< why it cannot go out: "it is a pipe"; the content is empty then
    };
    /// Reads it. Pipes and devices are not opened. Throws Error when it should be readable and is not, or leads to a file that is missing.
    OwnFile readOwn(const std::string &name, std::uint64_t largest) const;
    /// Whether a file is a link that leads out (see OwnFile).
    bool leadsOut(const std::string &name) const;

private:
    bool isOwn(const std::filesystem::path &file) const;

    std::filesystem::path m_path;
    int m_descriptor = -1;
};

} // namespace secateur
