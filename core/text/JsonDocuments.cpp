// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/JsonDocuments.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr int kDeepest = 512; // trees of answers are deep

std::string lowerExtension(const std::filesystem::path &file)
{
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return extension;
}

/// Whether the name says that the file holds JSON, behind which may stand how it is packed.
bool isNamedJson(const std::filesystem::path &file)
{
    static constexpr std::array kPacked = {".gz", ".zst", ".zstd", ".xz", ".bz2"};
    static constexpr std::array kJson = {".json", ".jsonl", ".ndjson", ".jsonlines", ".ldjson", ".jl"};
    const bool isPacked = std::ranges::find(kPacked, lowerExtension(file)) != kPacked.end();
    return std::ranges::find(kJson, lowerExtension(isPacked ? file.stem() : file)) != kJson.end();
}

std::size_t skipBlank(std::string_view text, std::size_t at)
{
    return std::min(text.find_first_not_of(kBlank, at), text.size());
}

/// Finds where a JSON value ends, of which ever more becomes known. It need not be valid: only strings and brackets are looked at.
class ValueEnd {
public:
    /// `text` begins with the value and goes on as before, further. True once the end is known.
    bool find(std::string_view text)
    {
        for (; m_at < text.size() && !m_isFound; ++m_at)
            look(text[m_at]);
        return m_isFound;
    }
    /// How many bytes the value has, or has so far.
    std::size_t length() const { return m_at - (m_isBehind ? 1 : 0); }

private:
    void look(char c)
    {
        if (m_isInString) {
            m_isInString = c != '"' || m_isEscaped;
            m_isEscaped = c == '\\' && !m_isEscaped;
            m_isFound = !m_isInString && m_depth == 0;
            return;
        }
        switch (c) {
        case '"':
            m_isInString = true;
            return;
        case '{':
        case '[':
            ++m_depth;
            return;
        case '}':
        case ']':
            m_isBehind = m_depth == 0; // of a number, say
            m_isFound = m_depth <= 1;
            --m_depth;
            return;
        default:
            m_isBehind = m_isFound = m_depth == 0 && (c == ',' || kBlank.find(c) != std::string_view::npos);
        }
    }

    std::size_t m_at = 0;
    int m_depth = 0;
    bool m_isInString = false, m_isEscaped = false;
    bool m_isFound = false, m_isBehind = false; ///< the end is known; by a character that belongs to it no more
};

/// By the library alone, which is fast; discarded when it is malformed for the library, or may be too deep: even copying a value recurses.
nlohmann::json quickValueOf(std::string_view text)
{
    const std::ptrdiff_t brackets = std::ranges::count(text, '[') + std::ranges::count(text, '{');
    return brackets > kDeepest ? nlohmann::json(nlohmann::json::value_t::discarded) : nlohmann::json::parse(text, nullptr, false);
}

/// A value as Python's json reads it; discarded when it is malformed.
nlohmann::json valueOf(std::string_view text)
{
    nlohmann::json value = quickValueOf(text);
    if (!value.is_discarded())
        return value;
    try {
        return parseJson(text, {}, {}, kDeepest, {});
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

/// What JSON values have in common, lines or elements.
class JsonDocuments : public FileDocuments {
public:
    JsonDocuments(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
        : m_name(inQuotes(file.string())),
          m_column(std::move(column)),
          m_hint("Give one JSON object per line, each with its text in the field \"" + m_column + "\", or name another field (--column)."),
          m_largest(largest),
          m_text(std::move(text))
    {
    }

protected:
    nlohmann::json parsed(std::string_view text, const JsonPlace &place) const
    {
        nlohmann::json value = quickValueOf(text);
        if (value.is_discarded())
            value = parseJson(text, m_name, m_hint, kDeepest, place); // takes more, or says what is wrong
        return value;
    }

    std::optional<std::string> textOf(nlohmann::json &object, const std::string &place) const
    {
        const auto text = object.find(m_column);
        if (text == object.end())
            throw Error(place + " has no field \"" + m_column + "\"; " + fieldsOf(object) + ".", m_hint);
        if (text->is_null())
            return {};
        if (!text->is_string())
            throw Error(place + ": the field \"" + m_column + "\" is not a string; it is " + kindOf(*text) + ".", m_hint);
        return std::move(text->get_ref<std::string &>());
    }

    /// Reads on behind what is held; false at the end. Throws Error where `place` is longer than a document may be.
    bool readMore(const std::string &place)
    {
        if (m_text.rest().size() >= m_largest)
            throw Error(place + " is longer than " + sizeText(std::int64_t(m_largest)) +
                            ", the most that there is memory for in one document.",
                        "Split it into several documents, or give more memory (--host-memory).");
        return m_text.more();
    }

    static std::string kindOf(const nlohmann::json &value)
    {
        return value.is_object()    ? "an object"
               : value.is_array()   ? "a list"
               : value.is_string()  ? "a text"
               : value.is_number()  ? "a number"
               : value.is_boolean() ? "true or false"
                                    : "null";
    }

    std::string m_name, m_column, m_hint;
    std::size_t m_largest;
    TextBuffer m_text;

private:
    static std::string fieldsOf(const nlohmann::json &object)
    {
        std::vector<std::string> names;
        for (const auto &field : object.items())
            names.push_back(inQuotes(field.key()));
        return names.empty() ? "it has none" : "it has " + listed(names);
    }
};

class JsonLines : public JsonDocuments {
public:
    using JsonDocuments::JsonDocuments;

    std::optional<DocumentPiece> next() override
    {
        while (const auto line = nextLine()) {
            if (line->find_first_not_of(" \t") == std::string_view::npos)
                continue;
            nlohmann::json value = parsed(*line, {m_number, 1});
            if (!value.is_object())
                throw Error(place() + " is not a JSON object.", m_hint);
            if (auto text = textOf(value, place()))
                return DocumentPiece{std::move(*text)};
        }
        return {};
    }

private:
    std::string place() const { return m_name + ", line " + std::to_string(m_number); }

    /// The next line without its end (LF, CR LF or CR); good until the next call.
    std::optional<std::string_view> nextLine()
    {
        m_text.drop(std::exchange(m_given, 0));
        if (std::exchange(m_isBehindReturn, false)) { // a line feed behind belongs to it
            if (m_text.rest().empty())
                m_text.more();
            if (m_text.rest().starts_with('\n'))
                m_text.drop(1);
        }
        ++m_number;
        std::size_t end = std::string_view::npos;
        for (std::size_t searched = 0;;) {
            const std::string_view rest = m_text.rest();
            end = rest.find('\n', searched);
            const std::size_t carriage = rest.substr(0, end).find('\r', searched);
            end = std::min(end, carriage);
            if (end != std::string_view::npos) {
                m_isBehindReturn = end == carriage;
                break;
            }
            searched = rest.size();
            if (!readMore(place()))
                break;
        }
        const std::string_view rest = m_text.rest();
        if (end == std::string_view::npos && rest.empty())
            return {};
        m_given = std::min(end, rest.size() - 1) + 1;
        return rest.substr(0, end);
    }

    std::size_t m_given = 0; ///< bytes of the line given last, with its end
    bool m_isBehindReturn = false;
    std::uint64_t m_number = 0; ///< of the line given last
};

class JsonArray : public JsonDocuments {
public:
    using JsonDocuments::JsonDocuments;

    std::optional<DocumentPiece> next() override
    {
        while (!m_isEnded) {
            const char c = nextCharacter();
            if (c == '\0')
                throw Error(m_name + " ends in the middle of its JSON array, behind " + behind() + ".",
                            "The file may be cut off; fetch it again.");
            if (c == ']' && (m_wants != Wants::Value)) {
                take(1);
                end();
            } else if (c == ',' && m_wants == Wants::Comma) {
                take(1);
                m_wants = Wants::Value;
            } else if (m_wants == Wants::Comma) {
                throw Error(m_name + ": there is no comma behind " + behind() + " of the JSON array.", m_hint);
            } else if (c == '[' && m_wants == Wants::Begin) {
                take(1);
                m_wants = Wants::First;
            } else if (auto text = element()) {
                return DocumentPiece{std::move(*text)};
            }
        }
        return {};
    }

private:
    enum class Wants { Begin, First, Value, Comma };

    std::string place() const { return m_name + ", element " + grouped(m_number) + " (line " + grouped(m_line) + ")"; }
    std::string behind() const
    {
        return m_number == 0 ? "its beginning" : "element " + grouped(m_number) + " (line " + grouped(m_line) + ")";
    }

    void take(std::size_t bytes)
    {
        const std::string_view taken = m_text.rest().substr(0, bytes);
        if (const std::size_t last = taken.rfind('\n'); last != std::string_view::npos) {
            m_line += std::uint64_t(std::count(taken.begin(), taken.end(), '\n'));
            m_columnOfLine = taken.size() - last;
        } else {
            m_columnOfLine += taken.size();
        }
        m_text.drop(bytes);
    }

    /// The next character that is not blank, which comes first then; NUL at the end.
    char nextCharacter()
    {
        while (true) {
            take(skipBlank(m_text.rest(), 0));
            if (!m_text.rest().empty())
                return m_text.rest().front();
            if (!m_text.more())
                return '\0';
        }
    }

    std::optional<std::string> element()
    {
        ++m_number;
        ValueEnd end;
        while (!end.find(m_text.rest()))
            if (!readMore(place()))
                throw Error(m_name + " ends in the middle of element " + grouped(m_number) + " (line " + grouped(m_line) +
                                ") of its JSON array.",
                            "The file may be cut off; fetch it again.");
        nlohmann::json value = parsed(m_text.rest().substr(0, end.length()), {m_line, m_columnOfLine});
        std::optional<std::string> text;
        if (value.is_object())
            text = textOf(value, place());
        else if (value.is_string())
            text = std::move(value.get_ref<std::string &>());
        else if (!value.is_null())
            throw Error(m_name + " is a JSON array, and its element " + grouped(m_number) + " (line " + grouped(m_line) + ") is " +
                            kindOf(value) + ".",
                        "An array of objects or of texts can be read.");
        take(end.length());
        m_wants = Wants::Comma;
        return text;
    }

    void end()
    {
        if (nextCharacter() != '\0')
            throw Error(m_name + ": something follows the JSON array, on line " + grouped(m_line) + ".", m_hint);
        m_isEnded = true;
    }

    Wants m_wants = Wants::Begin;
    bool m_isEnded = false;
    std::uint64_t m_number = 0;                   ///< of the element read last
    std::uint64_t m_line = 1, m_columnOfLine = 1; ///< at which m_text stands
};

} // namespace

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
        return shapeOfObjects(text, inQuotes(file.string()), isNamed, largest);
    if (rest.starts_with('[') && (isNamed || isArray(text, largest)))
        return TextShape::JsonArray;
    return isNamed ? TextShape::JsonLines : TextShape::Plain;
}

std::unique_ptr<FileDocuments> jsonLines(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
{
    return std::make_unique<JsonLines>(std::move(text), file, std::move(column), largest);
}

std::unique_ptr<FileDocuments> jsonArray(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
{
    return std::make_unique<JsonArray>(std::move(text), file, std::move(column), largest);
}

} // namespace secateur
