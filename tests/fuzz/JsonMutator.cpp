// SPDX-License-Identifier: GPL-3.0-or-later
#include "Mutators.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace fuzz {
namespace {

using nlohmann::json;

/// Texts of values that readers stumble over; some are no JSON of the standard.
const std::vector<std::string> kValues = {"0",
                                          "-1",
                                          "1",
                                          "2",
                                          "3",
                                          "0.5",
                                          "1.0",
                                          "1e3",
                                          "-0",
                                          "-0.0",
                                          "1e-999",
                                          "1e300",
                                          "1e999",
                                          "-1e999",
                                          "NaN",
                                          "Infinity",
                                          "-Infinity",
                                          "2147483647",
                                          "2147483648",
                                          "4294967295",
                                          "4294967296",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775808",
                                          "-9223372036854775809",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "null",
                                          "true",
                                          "false",
                                          "[]",
                                          "{}",
                                          "[[]]",
                                          "\"\"",
                                          "\"0\"",
                                          "\"\\ud83d\"",
                                          "\"\\udfff\\ud83d\\ude00\"",
                                          "\"\\u0000\"",
                                          "\"\xC3\xA9\xF0\x9F\xA7\x99\"",
                                          "\"\xFF\"",
                                          "\"../../x\"",
                                          '"' + std::string(300, 'a') + '"',
                                          std::string(70, '[') + std::string(70, ']')};

// In a document stand marks for what it cannot hold; withTexts() replaces them in its text.
const std::string kValueMark = "@value ", kTwiceMark = "@twice ";

json value(Random &random)
{
    return kValueMark + std::to_string(random.below(kValues.size())) + "@";
}

std::string withTexts(std::string text)
{
    for (std::size_t at = 0; (at = text.find('"' + kTwiceMark, at)) != std::string::npos; ++at)
        text.erase(at + 1, kTwiceMark.size());
    for (std::size_t at = 0; (at = text.find('"' + kValueMark, at)) != std::string::npos;) {
        const std::size_t end = text.find("@\"", at);
        if (end == std::string::npos)
            break;
        const auto index = std::size_t(std::strtoul(text.c_str() + at + 1 + kValueMark.size(), nullptr, 10));
        const std::string &by = kValues[index % kValues.size()];
        text.replace(at, end + 2 - at, by);
        at += by.size();
    }
    return text;
}

/// All values of a document that is not deep.
void collect(json &node, std::vector<json *> &nodes)
{
    nodes.push_back(&node);
    if (node.is_structured())
        for (json &child : node)
            collect(child, nodes);
}

std::string keyOf(json &object, Random &random)
{
    auto entry = object.begin();
    std::advance(entry, std::ptrdiff_t(random.below(object.size())));
    return entry.key();
}

void changeObject(json &object, json other, Random &random)
{
    const std::string key = keyOf(object, random);
    switch (random.below(4)) {
    case 0:
        object.erase(key);
        break;
    case 1: // under another name
        object[changedBytes(key, random)] = object[key];
        object.erase(key);
        break;
    case 2:
        object[kTwiceMark + key] = random.oneIn(2) ? value(random) : std::move(other);
        break;
    default:
        std::swap(object[key], object[keyOf(object, random)]);
    }
}

void changeArray(json &array, json other, Random &random)
{
    const auto at = array.begin() + std::ptrdiff_t(random.below(array.size()));
    switch (random.below(4)) {
    case 0:
        array.erase(at);
        break;
    case 1: {
        json twice = *at; // the list may move
        array.insert(at, std::move(twice));
        break;
    }
    case 2:
        array.insert(at, std::move(other));
        break;
    default:
        std::swap(*at, array[random.below(array.size())]);
    }
}

void changeNumber(json &number, Random &random)
{
    const double was = number.get<double>();
    const std::int64_t whole = number.is_number_integer() ? number.get<std::int64_t>() : 0;
    switch (random.below(5)) {
    case 0:
        number = std::int64_t(std::uint64_t(whole) + 1);
        break;
    case 1:
        number = std::int64_t(std::uint64_t(whole) - 1);
        break;
    case 2:
        number = was * 2;
        break;
    case 3:
        number = std::int64_t(std::uint64_t(whole) * 256);
        break;
    default:
        number = -was;
    }
}

void change(json &document, Random &random)
{
    std::vector<json *> nodes;
    collect(document, nodes);
    json &node = *nodes[random.below(nodes.size())];
    json other = *nodes[random.below(nodes.size())];
    if (random.oneIn(4)) {
        node = value(random);
    } else if (random.oneIn(6)) {
        node = std::move(other);
    } else if (random.oneIn(12)) { // deeper
        for (std::size_t levels = 1 + random.below(random.oneIn(4) ? 70 : 3); levels > 0; --levels)
            node = random.oneIn(2) ? json::array({node}) : json{{"a", node}};
    } else if (node.is_object() && !node.empty()) {
        changeObject(node, std::move(other), random);
    } else if (node.is_array() && !node.empty()) {
        changeArray(node, std::move(other), random);
    } else if (node.is_string()) {
        node = changedBytes(node.get<std::string>(), random);
    } else if (node.is_number()) {
        changeNumber(node, random);
    } else {
        node = value(random);
    }
}

bool isDeep(std::string_view text)
{
    constexpr int kDeepest = 100; // the library recurses
    int depth = 0, deepest = 0;
    for (const char c : text)
        deepest = std::max(deepest, c == '[' || c == '{' ? ++depth : c == ']' || c == '}' ? --depth : depth);
    return deepest > kDeepest;
}

} // namespace

std::string changedJson(const std::string &content, Random &random)
{
    json document = isDeep(content) ? json(json::value_t::discarded) : json::parse(content, nullptr, false);
    if (document.is_discarded())
        return changedBytes(content, random);
    for (std::size_t left = 1 + random.below(3); left > 0; --left)
        change(document, random);
    return withTexts(document.dump(random.oneIn(16) ? 1 : -1, ' ', random.oneIn(4), json::error_handler_t::replace));
}

} // namespace fuzz
