// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskJson.h"

#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <array>

namespace secateur {
namespace {

using Json = nlohmann::json;

constexpr std::array kBosUses = {"never", "tokenizer", "always"}; ///< in the order of BosUse

template <class Number>
Json orNull(const std::optional<Number> &number)
{
    return number ? Json(*number) : Json();
}

std::optional<double> numberAt(const Json &json, const char *field)
{
    const Json &value = json.at(field);
    return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

std::optional<std::int64_t> wholeOrNoneAt(const Json &json, const char *field)
{
    return json.at(field).is_null() ? std::nullopt : std::optional<std::int64_t>(wholeAt(json, field));
}

} // namespace

const char *nameOf(BosUse use)
{
    return kBosUses.at(std::size_t(use));
}

BosUse bosUseOf(const std::string &name)
{
    for (std::size_t i = 0; i < kBosUses.size(); ++i)
        if (name == kBosUses[i])
            return BosUse(i);
    throw Flaw("the token that begins a text is used " + inQuotes(name) + ", and can be used never, tokenizer or always");
}

Json toJson(const TaskSettings &s)
{
    std::vector<std::string> paths;
    for (const std::filesystem::path &path : s.paths)
        paths.push_back(path.string());
    return {{"paths", paths}, {"only", s.only},       {"limit", orNull(s.limit)},
            {"seed", s.seed}, {"bos", nameOf(s.bos)}, {"longest", orNull(s.longest)}};
}

TaskSettings taskSettingsFromJson(const Json &json)
{
    TaskSettings s;
    for (const Json &path : json.at("paths"))
        s.paths.emplace_back(path.get<std::string>());
    s.only = json.at("only").get<std::vector<std::string>>();
    s.limit = wholeOrNoneAt(json, "limit");
    s.seed = wholeAt(json, "seed");
    s.bos = bosUseOf(json.at("bos"));
    s.longest = wholeOrNoneAt(json, "longest");
    return s;
}

Json toJson(const ItemScore &score)
{
    return {{"task", score.task}, {"index", score.index}, {"logLikelihoods", score.logLikelihoods}};
}

ItemScore itemScoreFromJson(const Json &json)
{
    return {
        .task = json.at("task"), .index = wholeAt(json, "index"), .logLikelihoods = json.at("logLikelihoods").get<std::vector<double>>()};
}

Json toJson(const TaskResult &r)
{
    return {{"name", r.name},
            {"acc", r.acc},
            {"accStderr", orNull(r.accStderr)},
            {"accNorm", orNull(r.accNorm)},
            {"accNormStderr", orNull(r.accNormStderr)},
            {"items", r.items},
            {"skipped", r.skipped},
            {"subjects", r.subjects},
            {"textHash", r.textHash}};
}

TaskResult taskResultFromJson(const Json &json)
{
    return {.name = json.at("name"),
            .acc = json.at("acc"),
            .accStderr = numberAt(json, "accStderr"),
            .accNorm = numberAt(json, "accNorm"),
            .accNormStderr = numberAt(json, "accNormStderr"),
            .items = wholeAt(json, "items"),
            .skipped = wholeAt(json, "skipped"),
            .subjects = wholeAt(json, "subjects"),
            .textHash = json.at("textHash")};
}

Json toJson(const TaskResults &r)
{
    Json tasks = Json::array();
    for (const TaskResult &task : r.tasks)
        tasks.push_back(toJson(task));
    return {{"tasks", tasks},       {"limit", orNull(r.limit)}, {"seed", r.seed},
            {"bos", nameOf(r.bos)}, {"longest", r.longest},     {"hash", r.hash}};
}

TaskResults taskResultsFromJson(const Json &json)
{
    TaskResults r;
    for (const Json &task : json.at("tasks"))
        r.tasks.push_back(taskResultFromJson(task));
    r.limit = wholeOrNoneAt(json, "limit");
    r.seed = wholeAt(json, "seed");
    r.bos = bosUseOf(json.at("bos"));
    r.longest = wholeAt(json, "longest");
    r.hash = json.at("hash");
    return r;
}

} // namespace secateur
