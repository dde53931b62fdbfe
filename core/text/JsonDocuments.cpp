// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/JsonDocuments.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "text/JsonValues.h"
#include "text/PastedText.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// What JSON values have in common, lines or elements.
class JsonDocuments : public FileDocuments {
public:
    /// `rule`: how the file is to be written, the beginning of a sentence.
    JsonDocuments(const char *rule, TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
        : m_name(subjectOf(file)),
          m_column(std::move(column)),
          m_hint(std::string(rule) + ", each with its text in the field \"" + m_column + "\", or name another field (--column)."),
          m_largest(largest),
          m_text(std::move(text))
    {
    }

protected:
    nlohmann::json parsed(std::string_view text, const JsonPlace &place) const
    {
        nlohmann::json value = quickJson(text);
        if (value.is_discarded())
            value = parseJson(text, m_name, m_hint, kDeepestInTexts, place); // takes more, or says what is wrong
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
            ++m_nulls;
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
            } else {
                ++m_nulls;
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

std::unique_ptr<FileDocuments> jsonLines(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
{
    return std::make_unique<JsonLines>("Give one JSON object per line", std::move(text), file, std::move(column), largest);
}

std::unique_ptr<FileDocuments> jsonArray(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
{
    return std::make_unique<JsonArray>("Give an array of JSON objects", std::move(text), file, std::move(column), largest);
}

} // namespace secateur
