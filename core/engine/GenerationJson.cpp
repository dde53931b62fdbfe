// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/GenerationJson.h"

#include "foundation/Failures.h"
#include "foundation/JsonFile.h"

#include <cmath>
#include <limits>

namespace secateur {
namespace {

using Json = nlohmann::json;

Json jsonOf(const ScoredToken &token)
{
    Json likeliest = Json::array();
    for (const ScoredToken::Likely &likely : token.likeliest)
        likeliest.push_back({{"id", likely.id}, {"text", likely.text}, {"probability", likely.probability}});
    return {{"loss", std::isnan(token.loss) ? Json() : Json(token.loss)}, {"likeliest", likeliest}};
}

ScoredToken scoredTokenOf(const Json &json)
{
    const Json &loss = json.at("loss");
    ScoredToken token{.loss = loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>(), .likeliest = {}};
    for (const Json &likely : json.at("likeliest"))
        token.likeliest.push_back({.id = wholeAt(likely, "id"), .text = likely.at("text"), .probability = likely.at("probability")});
    return token;
}

} // namespace

Json toJson(const GenerationSettings &s)
{
    Json json = {{"prompt", s.prompt}, {"tokens", s.tokens}, {"temperature", s.temperature},
                 {"topK", s.topK},     {"topP", s.topP},     {"seed", s.seed}};
    if (s.isChat)
        json["chat"] = true;
    if (!s.conversation.empty())
        json["conversation"] = Json::array();
    for (const ChatMessage &message : s.conversation)
        json["conversation"].push_back({{"role", message.role}, {"content", message.content}});
    return json;
}

Json toJson(const WrittenToken &token)
{
    return {{"model", token.model}, {"id", token.id}, {"piece", token.piece}};
}

Json toJson(const Generation &text)
{
    return {{"text", text.text}, {"ids", text.ids}, {"promptIds", text.promptIds}, {"tokensPerSecond", text.tokensPerSecond}};
}

Json toJson(const ScoredText &scored)
{
    Json models = Json::array();
    for (const std::vector<ScoredToken> &model : scored.models) {
        Json tokens = Json::array();
        for (const ScoredToken &token : model)
            tokens.push_back(jsonOf(token));
        models.push_back(tokens);
    }
    return {{"ids", scored.ids}, {"pieces", scored.pieces}, {"models", models}};
}

GenerationSettings generationSettingsFromJson(const Json &json)
{
    GenerationSettings settings{.prompt = json.at("prompt"),
                                .tokens = wholeAt(json, "tokens"),
                                .temperature = json.at("temperature"),
                                .topK = wholeAt(json, "topK"),
                                .topP = json.at("topP"),
                                .seed = wholeAt(json, "seed"),
                                .isChat = json.value("chat", false),
                                .conversation = {}};
    for (const Json &message : json.value("conversation", Json::array()))
        settings.conversation.push_back({.role = message.at("role"), .content = message.at("content")});
    return settings;
}

WrittenToken writtenTokenFromJson(const Json &json)
{
    return {.model = wholeAt(json, "model"), .id = wholeAt(json, "id"), .piece = json.at("piece")};
}

Generation generationFromJson(const Json &json)
{
    return {.promptIds = json.at("promptIds").get<std::vector<std::int32_t>>(),
            .ids = json.at("ids").get<std::vector<std::int32_t>>(),
            .text = json.at("text"),
            .tokensPerSecond = json.at("tokensPerSecond")};
}

ScoredText scoredTextFromJson(const Json &json)
{
    ScoredText scored{
        .ids = json.at("ids").get<std::vector<std::int32_t>>(), .pieces = json.at("pieces").get<std::vector<std::string>>(), .models = {}};
    for (const Json &model : json.at("models")) {
        std::vector<ScoredToken> &tokens = scored.models.emplace_back();
        for (const Json &token : model)
            tokens.push_back(scoredTokenOf(token));
        if (tokens.size() != scored.ids.size())
            throw Flaw("a model has scores of other tokens");
    }
    if (scored.pieces.size() != scored.ids.size())
        throw Flaw("its pieces are of other tokens");
    return scored;
}

} // namespace secateur
