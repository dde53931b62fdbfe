// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/ModelFolder.h"
#include "checkpoint/TensorInfo.h"
#include "checkpoint/WeightFile.h"
#include "foundation/JobContext.h"

#include <atomic>
#include <compare>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// A model on the disk: a folder in Hugging Face form (config.json and the weights, in one model.safetensors or in the shards that
/// model.safetensors.index.json names), or a GGUF file, also as the only one in a folder without a config.json. Knows names and bytes,
/// nothing of what they mean.
class Checkpoint {
public:
    /// Maps all weight files. Throws Error when there is no config.json, when the weights are pickled (.bin, .pt: refused, they can run
    /// code), missing or malformed, or when the index names a file outside the folder.
    static Checkpoint open(const std::filesystem::path &path);

    /// The path that was opened.
    const std::filesystem::path &path() const { return m_path; }
    /// The folder in which the weights lie, held open: what lies beside them is read through it.
    const ModelFolder &modelFolder() const { return *m_folder; }
    /// What messages call the configuration: its file.
    std::filesystem::path configFile() const;
    const nlohmann::json &config() const { return m_config; }
    const std::vector<std::unique_ptr<WeightFile>> &files() const { return m_files; }
    /// What a GGUF file says beside its tensors; null for a folder in Hugging Face form.
    const nlohmann::json *ggufMetadata() const;
    /// What most weights are stored as, such as "bfloat16" or "Q4_K".
    std::string storage() const;
    /// True when values are made on reading (quantised): a type of `dtype()` holds them rounded.
    bool isConverted() const;

    /// What was found and is not used, in words that end no sentence; for people.
    const std::vector<std::string> &notes() const { return m_notes; }
    void note(std::string text) { m_notes.push_back(std::move(text)); }

    /// All tensors, those of types that cannot be computed too, by name.
    std::vector<std::string> names() const;
    /// Calls a tensor by another name from now on; its file and its view keep what is written. There must be none of that name yet.
    void rename(const std::string &from, const std::string &to);
    /// Checks that the files hold exactly the expected tensors. Throws one Error that lists every missing, extra and mis-shaped tensor,
    /// each with its name, its file and both shapes, or that names a tensor of a type that cannot be computed. Tensors named in `ignored`
    /// may be there or not, whatever their type.
    void expect(std::span<const ExpectedTensor> expected, std::span<const std::string> ignored = {}) const;

    /// Whether there is a tensor of that name that can be computed with.
    bool contains(std::string_view name) const;
    /// Where a tensor lies: the file, and its place among the file's tensors.
    struct Place {
        std::size_t file = 0;
        std::size_t index = 0;
        auto operator<=>(const Place &) const = default;
    };
    /// Throws Error when there is none of that name.
    const Place &placeOf(std::string_view name) const;
    /// Name, type and shape; throws Error when there is none of that name.
    const TensorView &tensor(std::string_view name) const;
    /// The values of a tensor. Throws Error when there is none of that name.
    TensorData read(std::string_view name) const;
    /// Throws Error when the file of that tensor was changed since it was opened. Whoever uses values calls it after he has copied them.
    void checkUnchanged(std::string_view name) const;
    /// Bytes of tensors that were read so far, as they are stored; a tensor read again counts again.
    std::int64_t bytesRead() const { return *m_bytesRead; }
    /// Bytes of all tensors together.
    std::int64_t tensorBytes() const;
    /// The type that most weights have (by elements), or that they are written in when they are quantised.
    DType dtype() const;
    /// SHA-256 over the config and the headers and bytes of all weight files: the identity of the model. Reads every byte; throws Cancelled
    /// between pieces when the context was asked to stop.
    std::string hash(const JobContext &context = {}) const;
    /// Lets go of the resident pages of all files (see SafetensorsFile::releasePages).
    void releasePages() const;

private:
    /// `path` is what was asked for, `folder` the folder of the weights.
    Checkpoint(std::filesystem::path path, std::shared_ptr<const ModelFolder> folder) : m_path(std::move(path)), m_folder(std::move(folder)) {}
    static Checkpoint openPath(const std::filesystem::path &path);
    static Checkpoint openFolder(std::shared_ptr<const ModelFolder> opened);
    static Checkpoint openGguf(const std::filesystem::path &path, const std::filesystem::path &file, std::shared_ptr<const ModelFolder> folder);
    /// Takes in one more file with its names.
    void add(std::unique_ptr<WeightFile> added);

    using Places = std::map<std::string, Place, std::less<>>;
    void addName(const std::string &name, Place place, Places &places);

    std::filesystem::path m_path;
    std::shared_ptr<const ModelFolder> m_folder;
    nlohmann::json m_config;
    std::vector<std::unique_ptr<WeightFile>> m_files;
    Places m_places;
    Places m_foreign; ///< tensors that cannot be computed
    std::vector<std::string> m_notes;
    std::unique_ptr<std::atomic<std::int64_t>> m_bytesRead = std::make_unique<std::atomic<std::int64_t>>(0); ///< streams read in a thread
};

/// Reads and parses a config.json. Throws Error that names the file and the place of a mistake.
nlohmann::json readConfig(const std::filesystem::path &file);

} // namespace secateur
