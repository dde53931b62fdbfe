// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/ComputeConditions.h"

#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <vector>

namespace secateur {
namespace {

bool isCpu(const ComputeConditions &conditions)
{
    return conditions.device == "cpu";
}

std::string placeOf(const ComputeConditions &conditions)
{
    if (isCpu(conditions))
        return "on the CPU";
    return "on " + conditions.device + (conditions.gpu.empty() ? "" : " (" + conditions.gpu + ")");
}

/// Whether both compute in the same place: GPUs of one name, whatever their numbers.
bool isSamePlace(const ComputeConditions &one, const ComputeConditions &other)
{
    return one.gpu.empty() || other.gpu.empty() ? one.device == other.device : one.gpu == other.gpu;
}

std::string withInstructions(const std::string &instructions)
{
    return "with " + (instructions == "DEFAULT" ? "the default" : instructions) + " instructions";
}

} // namespace

ConditionDifference differenceOf(const ComputeConditions &one, const ComputeConditions &other)
{
    if (!one.isKnown() && !other.isKnown())
        return {};
    const auto wordsOf = [](const ComputeConditions &c) {
        return c.isKnown() ? "in " + c.dtype + " " + placeOf(c) : std::string("in a way that was not recorded");
    };
    if (one.isKnown() != other.isKnown())
        return {wordsOf(one), wordsOf(other)};
    std::vector<std::string> ones, others;
    const auto compare = [&](bool isSame, const auto &words) {
        if (isSame)
            return;
        ones.push_back(words(one));
        others.push_back(words(other));
    };
    const auto isAlike = [](const std::string &a, const std::string &b) { return a == b || a.empty() || b.empty(); };
    using Conditions = const ComputeConditions &;
    compare(one.dtype == other.dtype, [](Conditions c) { return "in " + c.dtype; });
    compare(isSamePlace(one, other), placeOf);
    if (isCpu(one) && isCpu(other)) {
        compare(one.threads == other.threads, [](Conditions c) { return "with " + counted(c.threads, "thread"); });
        compare(isAlike(one.products, other.products), [](Conditions c) { return "with " + c.products + " for matrix products"; });
    }
    compare(isAlike(one.instructions, other.instructions), [](Conditions c) { return withInstructions(c.instructions); });
    compare(one.torchVersion == other.torchVersion, [](Conditions c) { return "with LibTorch " + c.torchVersion; });
    return {listed(ones), listed(others)};
}

std::string unknownOf(const ComputeConditions &conditions)
{
    if (!conditions.isKnown())
        return "in which way";
    std::vector<std::string> unknown;
    if (!isCpu(conditions) && conditions.gpu.empty())
        unknown.emplace_back("on which GPU");
    if (conditions.instructions.empty())
        unknown.emplace_back("with which instructions");
    if (isCpu(conditions) && conditions.products.empty())
        unknown.emplace_back("with which matrix library (BLAS)");
    return listed(unknown);
}

ComputeConditions continued(const ComputeConditions &before, ComputeConditions now)
{
    for (const auto field : {&ComputeConditions::gpu, &ComputeConditions::instructions, &ComputeConditions::products})
        if ((before.*field).empty())
            (now.*field).clear();
    return now;
}

nlohmann::json toJson(const ComputeConditions &c)
{
    return {{"device", c.device},
            {"gpu", c.gpu},
            {"dtype", c.dtype},
            {"threads", c.threads},
            {"instructions", c.instructions},
            {"products", c.products},
            {"torch", c.torchVersion},
            {"secateur", c.programVersion},
            {"host", c.host}};
}

ComputeConditions conditionsFromJson(const nlohmann::json &json)
{
    const auto later = [&](const char *name) { return json.value(name, std::string()); }; // older files have none
    return {.device = json.at("device"),
            .gpu = later("gpu"),
            .dtype = json.at("dtype"),
            .threads = wholeAt(json, "threads"),
            .instructions = later("instructions"),
            .products = later("products"),
            .torchVersion = json.at("torch"),
            .programVersion = json.at("secateur"),
            .host = later("host")};
}

} // namespace secateur
