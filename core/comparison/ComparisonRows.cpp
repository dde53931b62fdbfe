// SPDX-License-Identifier: GPL-3.0-or-later
#include "comparison/ComparisonRows.h"

#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace secateur {
namespace {

constexpr const char *kMmlu = "mmlu";

bool isSubject(const std::string &task)
{
    return task.starts_with(std::string(kMmlu) + "_");
}

} // namespace

void setSizes(ComparisonRow &row, const ModelSpec &dense, const ModelSpec &left, DType cacheType)
{
    row.layerParameters = layerParameters(left);
    row.modelParameters = modelParameters(left);
    row.sparsityLayers = 1 - double(row.layerParameters) / double(layerParameters(dense));
    row.sparsityModel = 1 - double(row.modelParameters) / double(modelParameters(dense));
    row.cacheBytes = kvBytesPerToken(left, cacheType);
    row.flop = double(flopPerToken(left));
    row.attentionsRemoved = std::int64_t(layersWithout(left, Part::Attention).size() - layersWithout(dense, Part::Attention).size());
    row.ffnsRemoved = std::int64_t(layersWithout(left, Part::Ffn).size() - layersWithout(dense, Part::Ffn).size());
}

ComparisonRow rowOf(const ModelSpec &dense, const PruningPlan *plan, DType cacheType)
{
    ComparisonRow row;
    row.neuronsKept = dense.mostNeurons();
    if (!plan) {
        setSizes(row, dense, dense, cacheType);
        return row;
    }
    row.method = plan->method;
    row.planHash = plan->hash();
    row.neuronsKept = plan->balance.neuronsKept;
    if (plan->blocks) {
        row.sparsity = plan->blocks->settings.sparsity;
        row.pruningSeconds = plan->blocks->seconds;
        row.windowsForwarded = plan->blocks->windowsForwarded;
    } else if (plan->method == PlanMethod::TwoSsp || plan->restoration) {
        row.sparsity = plan->settings.sparsity;
    }
    if (plan->restoration) {
        row.restored = plan->restoration->kept();
        row.isGated = plan->restoration->settings.isGated;
    }
    setSizes(row, dense, plan->surgery().specOf(dense), cacheType);
    return row;
}

std::vector<std::string> evaluationNames(const std::vector<TextSettings> &texts)
{
    std::vector<std::string> names, paths;
    for (const TextSettings &text : texts) {
        std::vector<std::string> files, whole;
        for (const std::filesystem::path &file : text.files) {
            files.push_back(file.filename().string());
            whole.push_back(file.string());
        }
        names.push_back(listed(files, 2, " + "));
        paths.push_back(listed(whole, 2, " + "));
    }
    const std::vector<std::string> brief = names;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (std::ranges::count(brief, brief[i]) > 1)
            names[i] = paths[i];
    return names;
}

std::vector<std::string> taskNames(const std::vector<const ComparisonRow *> &rows)
{
    std::vector<std::string> names;
    for (const ComparisonRow *row : rows)
        if (row->tasks)
            for (const TaskResult &task : row->tasks->tasks)
                if (std::ranges::find(names, task.name) == names.end())
                    names.push_back(task.name);
    return names;
}

std::vector<std::string> taskNamesForPeople(const std::vector<const ComparisonRow *> &rows)
{
    std::vector<std::string> names = taskNames(rows);
    if (std::ranges::find(names, kMmlu) != names.end())
        std::erase_if(names, isSubject);
    return names;
}

const TaskResult *taskOf(const ComparisonRow &row, const std::string &name)
{
    if (!row.tasks)
        return nullptr;
    const auto found = std::ranges::find(row.tasks->tasks, name, &TaskResult::name);
    return found != row.tasks->tasks.end() ? &*found : nullptr;
}

std::string stepsLabel(const std::vector<RestorationStep> &steps)
{
    std::string text;
    for (const RestorationStep step : steps) {
        std::string name = nameOf(step);
        name.front() = 'R';
        text += (text.empty() ? "" : " + ") + name;
    }
    return text.empty() ? "plain" : text;
}

std::string methodLabel(const ComparisonRow &row)
{
    if (!row.method)
        return "original";
    if (*row.method != PlanMethod::Restored)
        return titleOf(*row.method);
    if (row.isGated)
        return std::string(titleOf(*row.method)) + " (" + stepsLabel(row.restored) + ")";
    return std::string(titleOf(PlanMethod::TwoSsp)) + " + " + stepsLabel(row.restored);
}

std::string nameOf(const ComparisonRow &row)
{
    if (!row.method)
        return "original";
    return methodLabel(row) + (row.sparsity > 0 ? " at " + shareText(row.sparsity) : std::string());
}

std::string shareText(double share)
{
    std::ostringstream text;
    text << std::setprecision(4) << 100 * share << " %";
    return text.str();
}

} // namespace secateur
