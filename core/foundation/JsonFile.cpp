// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/JsonFile.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <string_view>
#include <system_error>

namespace secateur {

namespace fs = std::filesystem;

namespace {

/// Line and column, both from 1, of a byte.
std::string lineAndColumn(std::string_view text, std::size_t byte)
{
    const std::string_view before = text.substr(0, byte);
    const std::size_t line = std::size_t(std::count(before.begin(), before.end(), '\n')) + 1;
    const std::size_t lastBreak = before.rfind('\n');
    const std::size_t column = before.size() - (lastBreak == std::string_view::npos ? 0 : lastBreak + 1) + 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

} // namespace

nlohmann::json parseJsonObject(std::string_view text, const std::string &name, const std::string &hint, int deepest)
{
    const auto limitDepth = [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json &) {
        if (depth > deepest)
            throw Error(name + " is nested too deeply.", hint);
        return true;
    };
    try {
        nlohmann::json document = nlohmann::json::parse(text, limitDepth);
        if (!document.is_object())
            throw Error(name + " must hold a JSON object, it holds another value.", hint);
        return document;
    } catch (const nlohmann::json::parse_error &error) {
        const std::size_t byte = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
        throw Error(name + " is not valid JSON: there is a mistake at " + lineAndColumn(text, byte) + ".", hint);
    } catch (const nlohmann::json::exception &) {
        throw Error(name + " is not valid JSON: it holds a number that is out of range.", hint);
    }
}

nlohmann::json readJsonFile(const fs::path &file, std::uintmax_t largest, const std::string &hint)
{
    std::error_code failure;
    const std::uintmax_t size = fs::file_size(file, failure);
    if (failure)
        throw Error(inQuotes(file.string()) + " cannot be read: " + failure.message() + ".",
                    "Check that the file exists and that you may read it.");
    if (size > largest)
        throw Error(inQuotes(file.string()) + " is " + grouped(size) + " bytes long, at most " + grouped(largest) + " are allowed.", hint);
    std::string text(std::size_t(size), '\0');
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(text.data(), std::streamsize(text.size())))
        throw Error(inQuotes(file.string()) + " cannot be read: " + std::strerror(errno) + ".", "Check that you may read the file.");

    return parseJsonObject(text, inQuotes(file.string()), hint);
}

std::int64_t integerOf(const nlohmann::json &value, const std::string &name)
{
    constexpr auto kLargest = std::uint64_t(std::numeric_limits<std::int64_t>::max());
    if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest))
        throw Error(name + " is not a whole number", "The file may be damaged; fetch it again.");
    return value.get<std::int64_t>();
}

} // namespace secateur
