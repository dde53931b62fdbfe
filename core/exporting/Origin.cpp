// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Origin.h"

#include "exporting/Manifest.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"

#include <algorithm>

namespace secateur {
namespace {

PruningOrigin originIn(const nlohmann::json &manifest, const std::string &source)
{
    const PruningPlan plan = planFromJson(manifest, source);
    return {.baseModel = manifest.at("baseModel").at("name"),
            .format = manifest.at("export").at("format"),
            .planHash = plan.hash(),
            .removedAttentions = plan.removedAttentions,
            .widths = plan.widths(),
            .problem = {}};
}

} // namespace

std::optional<PruningOrigin> originOf(std::span<const std::filesystem::path> weightFiles)
{
    if (weightFiles.empty())
        return {};
    const std::filesystem::path file = weightFiles.front().parent_path() / kManifestFile;
    std::error_code failure;
    if (!std::filesystem::exists(file, failure))
        return {};
    try {
        constexpr std::uintmax_t kLargest = 1 << 30; // as of a plan
        const nlohmann::json manifest = readJsonFile(file, kLargest, "Take it from the export again.");
        const nlohmann::json &files = manifest.at("export").at("files");
        if (!std::ranges::all_of(weightFiles, [&](const auto &weights) { return files.contains(weights.filename().string()); }))
            return {}; // it tells of other files
        return originIn(manifest, file.string());
    } catch (const std::exception &problem) { // the weights can be read without it
        PruningOrigin unknown;
        unknown.problem = asError(problem).what();
        return unknown;
    }
}

nlohmann::json toJson(const PruningOrigin &origin)
{
    return {{"baseModel", origin.baseModel}, {"format", origin.format},
            {"planHash", origin.planHash},   {"removedAttentions", origin.removedAttentions},
            {"widths", origin.widths},       {"problem", origin.problem}};
}

PruningOrigin originFromJson(const nlohmann::json &json)
{
    return {.baseModel = json.at("baseModel"),
            .format = json.at("format"),
            .planHash = json.at("planHash"),
            .removedAttentions = wholesOf(json.at("removedAttentions")),
            .widths = wholesOf(json.at("widths")),
            .problem = json.at("problem")};
}

} // namespace secateur
