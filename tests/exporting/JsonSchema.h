// SPDX-License-Identifier: GPL-3.0-or-later
// As much of JSON Schema as the schema of the manifest uses. A keyword that it does not know is a breach, so that a schema promises nothing unchecked.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>
#include <set>
#include <string>

namespace secateur::test {

class JsonSchema {
public:
    explicit JsonSchema(nlohmann::json schema) : m_schema(std::move(schema)) {}

    /// The first thing in `value` that breaks the schema, with its place; empty when nothing does.
    std::string breachIn(const nlohmann::json &value) const { return breach(value, m_schema, "$"); }

private:
    using Json = nlohmann::json;

    static bool isOfType(const Json &value, const std::string &type)
    {
        if (type == "integer")
            return value.is_number_integer();
        if (type == "number")
            return value.is_number();
        return type == value.type_name();
    }

    std::string breach(const Json &value, const Json &schema, const std::string &place) const
    {
        if (schema.contains("$ref")) { // "#/$defs/name"
            const std::string name = schema.at("$ref");
            return breach(value, m_schema.at(Json::json_pointer(name.substr(1))), place);
        }
        for (const auto &[keyword, rule] : schema.items())
            if (const std::string found = breachOf(keyword, value, rule, schema, place); !found.empty())
                return found;
        return {};
    }

    std::string breachOf(const std::string &keyword, const Json &value, const Json &rule, const Json &schema,
                         const std::string &place) const
    {
        static const std::set<std::string> kSilent = {"$schema", "$defs", "title", "description"};
        const std::string said = place + ": " + value.dump().substr(0, 60) + " breaks " + keyword + " " + rule.dump();
        if (keyword == "type") {
            const Json types = rule.is_array() ? rule : Json::array({rule});
            return std::any_of(types.begin(), types.end(), [&](const Json &type) { return isOfType(value, type); }) ? std::string() : said;
        }
        if (keyword == "const")
            return value == rule ? std::string() : said;
        if (keyword == "enum")
            return std::find(rule.begin(), rule.end(), value) != rule.end() ? std::string() : said;
        if (keyword == "minimum" || keyword == "maximum") {
            const bool isOutside = value.is_number() && (keyword == "minimum" ? value < rule : value > rule);
            return isOutside ? said : std::string();
        }
        if (keyword == "pattern")
            return value.is_string() && !std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>())) ? said
                                                                                                                          : std::string();
        if (keyword == "minItems" || keyword == "minProperties")
            return value.size() < rule.get<std::size_t>() ? said : std::string();
        if (keyword == "required") {
            for (const std::string name : rule)
                if (value.is_object() && !value.contains(name))
                    return place + ": there is no '" + name + "'";
            return {};
        }
        if (keyword == "anyOf") { // what the last asks for
            std::string found;
            for (const Json &one : rule)
                if (found = breach(value, one, place); found.empty())
                    return {};
            return found;
        }
        if (keyword == "items") {
            for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
                if (const std::string found = breach(value[i], rule, place + "[" + std::to_string(i) + "]"); !found.empty())
                    return found;
            return {};
        }
        if (keyword == "properties")
            return breachOfProperties(value, rule, place);
        if (keyword == "additionalProperties")
            return breachOfOthers(value, rule, schema, place);
        return kSilent.contains(keyword) ? std::string() : place + ": the schema's keyword '" + keyword + "' is not checked";
    }

    std::string breachOfProperties(const Json &value, const Json &properties, const std::string &place) const
    {
        for (const auto &[name, rule] : properties.items())
            if (value.is_object() && value.contains(name))
                if (const std::string found = breach(value.at(name), rule, place + "." + name); !found.empty())
                    return found;
        return {};
    }

    /// Of the properties that the schema does not name.
    std::string breachOfOthers(const Json &value, const Json &rule, const Json &schema, const std::string &place) const
    {
        if (!value.is_object())
            return {};
        const Json named = schema.value("properties", Json::object());
        for (const auto &[name, other] : value.items()) {
            if (named.contains(name))
                continue;
            if (rule == false)
                return place + ": '" + name + "' is not in the schema";
            if (const std::string found = breach(other, rule, place + "." + name); !found.empty())
                return found;
        }
        return {};
    }

    Json m_schema;
};

} // namespace secateur::test
