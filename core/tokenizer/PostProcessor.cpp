// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/PostProcessor.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

using nlohmann::json;

TokenId idOf(const json &value)
{
    const std::int64_t id = integerOf(value, "the id of a token of the post-processor");
    if (id < 0 || id > std::numeric_limits<TokenId>::max())
        throw Error("a token of the post-processor has the id " + std::to_string(id) + ", which is out of range",
                    "The file may be damaged; fetch it again.");
    return TokenId(id);
}

} // namespace

PostProcessor PostProcessor::fromJson(const json &postProcessor)
{
    PostProcessor result;
    if (!postProcessor.is_null())
        result.append(postProcessor);
    return result;
}

/// Each step puts its own around what those before it made.
void PostProcessor::append(const json &step)
{
    const auto type = step.at("type").get<std::string>();
    if (type == "Sequence") {
        for (const json &part : step.at("processors"))
            append(part);
    } else if (type == "TemplateProcessing") {
        appendTemplate(step);
    } else if (type == "BertProcessing" || type == "RobertaProcessing") {
        m_before.insert(m_before.begin(), idOf(step.at("cls").at(1)));
        m_behind.push_back(idOf(step.at("sep").at(1)));
    } else if (type != "ByteLevel") { // which changes places in the text only
        m_problem = "the post-processor " + inQuotes(type) + " is not supported";
    }
}

void PostProcessor::appendTemplate(const json &step)
{
    const json tokens = step.value("special_tokens", json::object());
    std::vector<TokenId> before;
    bool isBehind = false;
    for (const json &piece : step.at("single")) {
        if (piece.contains("Sequence")) {
            if (isBehind)
                m_problem = "a post-processor that repeats the text is not supported";
            isBehind = true;
            continue;
        }
        for (const json &id : tokens.at(piece.at("SpecialToken").at("id").get<std::string>()).at("ids"))
            (isBehind ? m_behind : before).push_back(idOf(id));
    }
    if (!isBehind)
        m_problem = "a post-processor that leaves the text out is not supported";
    m_before.insert(m_before.begin(), before.begin(), before.end());
}

std::vector<TokenId> PostProcessor::around(std::vector<TokenId> ids) const
{
    if (!m_problem.empty())
        throw Error("The tokenizer cannot say how a prompt begins: " + m_problem + ".", "Use a model with another tokenizer.");
    ids.insert(ids.begin(), m_before.begin(), m_before.end());
    ids.insert(ids.end(), m_behind.begin(), m_behind.end());
    return ids;
}

json templateAround(const json &before, const json &behind)
{
    json single = json::array(), tokens = json::object();
    const auto add = [&](const json &list) {
        for (const json &token : list) {
            single.push_back({{"SpecialToken", {{"id", token.at(0)}, {"type_id", 0}}}});
            tokens[token.at(0).get<std::string>()] = {
                {"id", token.at(0)}, {"ids", json::array({token.at(1)})}, {"tokens", json::array({token.at(0)})}};
        }
    };
    add(before);
    single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    add(behind);
    json pair = single;
    pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
    return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}};
}

} // namespace secateur
