// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/EvaluationJson.h"

#include "foundation/JsonFile.h"

#include <cmath>
#include <limits>

namespace secateur {
namespace {

nlohmann::json jsonOf(const Rate &rate)
{
    return {{"median", rate.median}, {"least", rate.least}, {"most", rate.most}};
}

Rate rateOf(const nlohmann::json &json)
{
    return {.median = json.at("median"), .least = json.at("least"), .most = json.at("most")};
}

} // namespace

nlohmann::json toJson(const Evaluation &e)
{
    return {{"loss", e.loss},       {"perplexity", e.perplexity}, {"tokens", e.tokens},
            {"windows", e.windows}, {"length", e.length},         {"tokenHash", e.tokenHash}};
}

Evaluation evaluationFromJson(const nlohmann::json &json)
{
    const nlohmann::json &loss = json.at("loss"), &perplexity = json.at("perplexity");
    Evaluation e;
    e.loss = loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>();
    e.perplexity = perplexity.is_null() ? std::exp(e.loss) : perplexity.get<double>(); // infinity is written as null
    e.tokens = wholeAt(json, "tokens");
    e.windows = wholeAt(json, "windows");
    e.length = wholeAt(json, "length");
    e.tokenHash = json.at("tokenHash");
    return e;
}

nlohmann::json toJson(const ThroughputSettings &s)
{
    return {{"promptLengths", s.promptLengths}, {"batchSizes", s.batchSizes}, {"newTokens", s.newTokens}, {"repetitions", s.repetitions}};
}

ThroughputSettings throughputSettingsFromJson(const nlohmann::json &json)
{
    return {.promptLengths = wholesOf(json.at("promptLengths")),
            .batchSizes = wholesOf(json.at("batchSizes")),
            .newTokens = wholeAt(json, "newTokens"),
            .repetitions = wholeAt(json, "repetitions")};
}

nlohmann::json toJson(const Throughput &t)
{
    return {{"promptLength", t.promptLength}, {"batchSize", t.batchSize},     {"newTokens", t.newTokens},
            {"repetitions", t.repetitions},   {"prefill", jsonOf(t.prefill)}, {"decode", jsonOf(t.decode)}};
}

Throughput throughputFromJson(const nlohmann::json &json)
{
    return {.promptLength = wholeAt(json, "promptLength"),
            .batchSize = wholeAt(json, "batchSize"),
            .newTokens = wholeAt(json, "newTokens"),
            .repetitions = wholeAt(json, "repetitions"),
            .prefill = rateOf(json.at("prefill")),
            .decode = rateOf(json.at("decode"))};
}

} // namespace secateur
