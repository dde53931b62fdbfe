// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TextShape.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "text/JsonValues.h"
#include "text/PastedText.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace secateur {
namespace {

std::string lowerExtension(const std::filesystem::path &file)
{
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return extension;
}

/// The ending that says what a file holds, behind which may stand how it is packed.
std::string innerExtension(const std::filesystem::path &file)
{
    static constexpr std::array kPacked = {".gz", ".zst", ".zstd", ".xz", ".bz2"};
    const bool isPacked = std::ranges::find(kPacked, lowerExtension(file)) != kPacked.end();
    return lowerExtension(isPacked ? file.stem() : file);
}

bool isNamedJson(const std::filesystem::path &file)
{
    static constexpr std::array kJson = {".json", ".jsonl", ".ndjson", ".jsonlines", ".ldjson", ".jl"};
    return std::ranges::find(kJson, innerExtension(file)) != kJson.end();
}

/// A value as Python's json reads it; discarded when it is malformed.
nlohmann::json valueOf(std::string_view text)
{
    nlohmann::json value = quickJson(text);
    if (!value.is_discarded())
        return value;
    try {
        return parseJson(text, {}, {}, kDeepestInTexts, {});
    } catch (const Error &) {
        return nlohmann::json(nlohmann::json::value_t::discarded);
    }
}

/// Whether a text begins as an object does that has a field: {"name":
bool beginsAsObject(std::string_view text)
{
    std::size_t at = skipBlank(text, 0);
    if (!text.substr(at).starts_with('{'))
        return false;
    at = skipBlank(text, at + 1);
    if (!text.substr(at).starts_with('"'))
        return false;
    ValueEnd name;
    return name.find(text.substr(at)) && text.substr(skipBlank(text, at + name.length())).starts_with(':');
}

bool readsMore(TextBuffer &text, std::size_t largest)
{
    return text.rest().size() < largest && text.more();
}

/// The next line that is not blank, from `at` on, which moves behind it; empty when there is none.
std::string_view nextLine(TextBuffer &text, std::size_t &at, std::size_t largest)
{
    at = skipBlank(text.rest(), at);
    while (at == text.rest().size() && readsMore(text, largest))
        at = skipBlank(text.rest(), at);
    std::size_t searched = at, end = 0;
    while ((end = text.rest().find_first_of("\r\n", searched)) == std::string_view::npos) {
        searched = text.rest().size();
        if (!readsMore(text, largest))
            break;
    }
    const std::string_view line = text.rest().substr(at, end == std::string_view::npos ? end : end - at);
    at += line.size();
    return line;
}

/// The value that begins at `at`, which moves behind it; empty when its end is not found.
std::string_view nextValue(TextBuffer &text, std::size_t &at, std::size_t largest)
{
    at = skipBlank(text.rest(), at);
    ValueEnd end;
    while (!end.find(text.rest().substr(at)))
        if (!readsMore(text, largest))
            return {};
    const std::string_view value = text.rest().substr(at, end.length());
    at += value.size();
    return value;
}

bool isObject(std::string_view text)
{
    return valueOf(text).is_object();
}

TextShape shapeOfObjects(TextBuffer &text, const std::string &name, bool isNamed, std::size_t largest)
{
    if (!beginsAsObject(text.rest()))
        return isNamed ? TextShape::JsonLines : TextShape::Plain;
    constexpr int kNear = 3; // lines
    std::size_t at = 0;
    if (isObject(nextLine(text, at, largest))) {
        const std::string_view second = nextLine(text, at, largest);
        return isNamed || second.empty() || second.starts_with('{') ? TextShape::JsonLines : TextShape::Plain;
    }
    for (int i = 0; i < kNear; ++i)
        if (const std::string_view line = nextLine(text, at, largest); line.starts_with('{') && isObject(line))
            return TextShape::JsonLines; // with a mistake in the first
    at = 0;
    const nlohmann::json value = valueOf(nextValue(text, at, largest));
    if (!value.is_object())
        return isNamed ? TextShape::JsonLines : TextShape::Plain;
    for (const auto &[key, field] : value.items())
        if (field.is_array() && !field.empty() && field.front().is_object())
            throw Error(name + " is one JSON object; its field " + inQuotes(key) + " holds a list of objects.",
                        "Give one JSON object per line: jq -c '." + key + "[]' FILE > NEW.jsonl");
    throw Error(name + " is JSON whose objects go over several lines.", "Give one JSON object per line: jq -c . FILE > NEW.jsonl");
}

/// The next character that is not blank, from `at` on, which moves there; NUL at the end.
char nextCharacter(TextBuffer &text, std::size_t &at, std::size_t largest)
{
    at = skipBlank(text.rest(), at);
    while (at == text.rest().size() && readsMore(text, largest))
        at = skipBlank(text.rest(), at);
    return at == text.rest().size() ? '\0' : text.rest()[at];
}

bool isValueNext(TextBuffer &text, std::size_t &at, std::size_t largest)
{
    return !valueOf(nextValue(text, at, largest)).is_discarded();
}

/// Whether an array begins here and not a text in brackets: "[Illustration]", "[1] A footnote", "[1, 2 and 3]".
bool isArray(TextBuffer &text, std::size_t largest)
{
    std::size_t at = skipBlank(text.rest(), 0) + 1;
    if (nextCharacter(text, at, largest) != ']') {
        const nlohmann::json first = valueOf(nextValue(text, at, largest));
        if (first.is_discarded() || first.is_object()) // no text has an object there: what follows is a mistake, if it is no JSON
            return first.is_object();
    }
    const char behind = nextCharacter(text, at, largest);
    if (behind == ',') {
        if (!isValueNext(text, ++at, largest))
            return false;
        const char next = nextCharacter(text, at, largest);
        return next == ',' || next == ']';
    }
    return behind == ']' && nextCharacter(text, ++at, largest) == '\0';
}

} // namespace

bool isNamedTable(const std::filesystem::path &file)
{
    const std::string ending = innerExtension(file);
    return ending == ".csv" || ending == ".tsv";
}

bool TextBuffer::more()
{
    m_text.erase(0, std::exchange(m_used, 0));
    return m_file.append(m_text);
}

TextShape shapeOf(TextBuffer &text, const std::filesystem::path &file, std::size_t largest)
{
    constexpr std::size_t kBlankAtMost = std::size_t(1) << 16; // in front
    const bool isNamed = isNamedJson(file);
    while (skipBlank(text.rest(), 0) == text.rest().size() && readsMore(text, kBlankAtMost))
        continue;
    const std::string_view rest = text.rest().substr(skipBlank(text.rest(), 0));
    if (rest.starts_with('{'))
        return shapeOfObjects(text, subjectOf(file), isNamed, largest);
    if (rest.starts_with('[') && (isNamed || isArray(text, largest)))
        return TextShape::JsonArray;
    return isNamed ? TextShape::JsonLines : TextShape::Plain;
}

} // namespace secateur
