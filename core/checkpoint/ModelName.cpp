// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/ModelName.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>

namespace secateur {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kModel = "models--";

/// Without control characters, and with U+FFFD for what is no UTF-8: such names go into YAML, JSON and GGUF.
std::string clean(const fs::path &name)
{
    std::string text = name.string();
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    const std::string quoted = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return nlohmann::json::parse(quoted).get<std::string>();
}

/// A place in the hub's cache: the repository ("OWNER/NAME"), and the way from its snapshot on.
struct HubPlace {
    std::string repository;
    fs::path within;
};

std::optional<HubPlace> hubPlace(const fs::path &folder)
{
    std::optional<HubPlace> found; // models--OWNER--NAME/snapshots/REVISION; the innermost counts
    for (auto part = folder.begin(); part != folder.end(); ++part) {
        const auto snapshots = std::next(part);
        if (!part->string().starts_with(kModel) || snapshots == folder.end() || *snapshots != "snapshots" ||
            std::next(snapshots) == folder.end())
            continue;
        found = HubPlace{clean(part->string().substr(kModel.size())), {}};
        if (const std::size_t split = found->repository.find("--"); split != std::string::npos)
            found->repository.replace(split, 2, "/");
        for (auto rest = std::next(snapshots, 2); rest != folder.end(); ++rest)
            found->within /= *rest;
    }
    return found;
}

/// Whether the hub could have such a repository.
bool isHubName(const std::string &name)
{
    const auto isPlain = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '/';
    };
    return !name.empty() && name.front() != '/' && name.back() != '/' && std::count(name.begin(), name.end(), '/') <= 1 &&
           std::all_of(name.begin(), name.end(), isPlain);
}

/// Whether a folder's name tells nothing of the model in it: what programs and people call any model's folder.
bool tellsNothing(const fs::path &folder)
{
    static constexpr std::string_view kNames[] = {"model",  "models", "checkpoint", "checkpoints", "final", "final_model", "best",  "last",
                                                  "latest", "output", "outputs",    "export",      "hf",    "weights",     "merged"};
    std::string name = folder.string();
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// The innermost name on the way to a folder that tells something of what is in it; its own where none does. The home folder's is a person's.
fs::path tellingName(const fs::path &folder)
{
    const char *home = std::getenv("HOME");
    fs::path at = folder;
    while (tellsNothing(at.filename()))
        at = at.parent_path();
    return at.has_filename() && !(home && at == fs::path(home).lexically_normal()) ? at.filename() : folder.filename();
}

/// Absolute and without a slash at the end. Where ".." stands in it, links decide what it means.
fs::path absolutePath(const fs::path &model)
{
    std::error_code failure;
    fs::path whole = fs::absolute(model, failure);
    if (failure)
        whole = model;
    const bool goesUp = std::find(whole.begin(), whole.end(), "..") != whole.end();
    if (const fs::path real = goesUp ? fs::weakly_canonical(whole, failure) : fs::path(); goesUp && !failure)
        whole = real;
    whole = whole.lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();
}

} // namespace

ModelName modelName(const fs::path &model)
{
    const fs::path path = absolutePath(model);
    std::error_code failure;
    const bool isFile = path.extension() == ".gguf" && !fs::is_directory(path, failure);
    const fs::path folder = isFile ? path.parent_path() : path;
    std::optional<HubPlace> hub = hubPlace(folder);
    if (!hub) // perhaps a link leads there
        if (const fs::path real = fs::weakly_canonical(folder, failure); !failure)
            hub = hubPlace(real);

    const auto named = [](const std::string &text) { return text.empty() || text == "/" ? std::string("model") : text; };
    ModelName name;
    if (hub && isHubName(hub->repository))
        name.repository = hub->repository;
    if (isFile || !hub) {
        name.brief = name.full = named(clean(isFile ? path.stem() : tellingName(path)));
        return name;
    }
    name.brief = named(hub->repository.substr(hub->repository.find('/') + 1));
    name.full = named(hub->repository);
    for (const fs::path &part : hub->within) { // a model in a folder of a repository
        name.brief += "-" + clean(part);
        name.full += "/" + clean(part);
    }
    return name;
}

} // namespace secateur
