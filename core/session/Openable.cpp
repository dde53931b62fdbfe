// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Openable.h"

#include "checkpoint/HubCache.h"
#include "checkpoint/SafetensorsFile.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"

#include <array>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace secateur {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t(1) << 30; // as of a plan

bool isThere(const std::filesystem::path &path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

bool isFolder(const std::filesystem::path &path)
{
    std::error_code error;
    return std::filesystem::is_directory(path, error);
}

/// What a .safetensors file of ours holds, by its metadata; else the weights of a model.
Openable kindOfTensors(const std::filesystem::path &file)
{
    try {
        const SafetensorsFile stored(file);
        const auto kind = stored.metadata().find("kind");
        const std::string name = kind == stored.metadata().end() ? std::string() : kind->second;
        return name == "secateur-neuron-scores" ? Openable::Scores : name == "secateur-plan" ? Openable::Plan : Openable::Model;
    } catch (const std::exception &) { // whoever opens it says why
        return Openable::Model;
    }
}

/// Whether a file begins as one of safetensors or, after blanks, as an object of JSON; a file that cannot be read begins as nothing.
enum class Beginning { Tensors, Object, Other };
Beginning beginningOf(const std::filesystem::path &path)
{
    try {
        if (beginsAsSafetensors(path))
            return Beginning::Tensors;
        InputFile file(path);
        std::array<char, 64> bytes{};
        const std::string_view text(bytes.data(), file.read(bytes));
        const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF"); // and a byte order mark
        return first != std::string_view::npos && text[first] == '{' ? Beginning::Object : Beginning::Other;
    } catch (const std::exception &) { // whoever opens it says why
        return Beginning::Other;
    }
}

bool mentionsPlan(const std::filesystem::path &file)
{
    try {
        return readWholeFile(file, kLargest, {}).find("\"secateur-plan\"") != std::string::npos;
    } catch (const std::exception &) {
        return false;
    }
}

} // namespace

Openable openableAt(const std::filesystem::path &path)
{
    const std::string suffix = path.extension().string(), name = path.filename().string();
    if (suffix == ".secateur")
        return Openable::Session;
    if (suffix == ".gguf" || isFolder(path) || name == "config.json" || name.ends_with(".index.json"))
        return Openable::Model;
    const Beginning beginning = beginningOf(path);
    if (beginning == Beginning::Tensors)
        return kindOfTensors(path);
    if (suffix == ".json" && !isThere(path.parent_path() / "config.json")) // a damaged one, or none, is to be told of as a plan
        return Openable::Plan;
    return (suffix == ".json" || beginning == Beginning::Object) && mentionsPlan(path) ? Openable::Plan : Openable::Model;
}

std::filesystem::path modelNamedIn(const std::filesystem::path &file)
{
    if (file.extension() != ".json")
        return {};
    try {
        const nlohmann::json manifest = readJsonFile(file, kLargest, {});
        if (const nlohmann::json &command = manifest.at("command"); command.size() > 2) { // the program, the command, the model
            const std::filesystem::path named = command.at(2).get<std::string>();
            for (const std::filesystem::path &model : {named, file.parent_path() / named})
                if (isThere(model))
                    return model;
        }
        for (const CachedModel &model : modelsInHubCache())
            if (model.name == manifest.at("baseModel").at("name") && model.problem.empty())
                return model.folder;
    } catch (const std::exception &) { // it is no manifest, or damaged: whoever opens it says so
    }
    return {};
}

} // namespace secateur
