// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Origin.h"

#include "exporting/Manifest.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "pruning/PlanFile.h"

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

std::optional<PruningOrigin> originOf(const Checkpoint &checkpoint)
{
    const ModelFolder &folder = checkpoint.modelFolder();
    if (!folder.holds(kManifestFile))
        return {};
    try {
        constexpr std::uintmax_t kLargest = 1 << 30; // as of a plan
        const nlohmann::json manifest = folder.readJson(kManifestFile, kLargest, "Take it from the export again.");
        const nlohmann::json &files = manifest.at("export").at("files");
        const auto isNamed = [&](const auto &weights) { return files.contains(weights->path().filename().string()); };
        if (!std::ranges::all_of(checkpoint.files(), isNamed))
            return {}; // it tells of other files
        return originIn(manifest, (folder.path() / kManifestFile).string());
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
