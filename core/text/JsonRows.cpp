// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/JsonRows.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "text/JsonValues.h"
#include "text/PastedText.h"

#include <algorithm>
#include <utility>

namespace secateur {
namespace {

class JsonLines : public JsonRows {
public:
    using JsonRows::JsonRows;

    std::optional<nlohmann::json> next() override
    {
        while (const auto line = nextLine()) {
            if (line->find_first_not_of(" \t") == std::string_view::npos)
                continue;
            nlohmann::json value = parsed(*line, {m_number, 1});
            if (!value.is_object())
                throw Error(place() + " is not a JSON object.", m_hint);
            return value;
        }
        return {};
    }

    std::string place() const override { return m_name + ", line " + std::to_string(m_number); }
    std::uint64_t line() const override { return m_number; }

private:
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
            if (!readMore())
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

class JsonArray : public JsonRows {
public:
    using JsonRows::JsonRows;

    std::optional<nlohmann::json> next() override
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
            } else {
                return element();
            }
        }
        return {};
    }

    std::string place() const override { return m_name + ", element " + grouped(m_number) + " (line " + grouped(m_elementLine) + ")"; }
    std::uint64_t line() const override { return m_elementLine; }

private:
    enum class Wants { Begin, First, Value, Comma };

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

    nlohmann::json element()
    {
        ++m_number;
        m_elementLine = m_line;
        ValueEnd end;
        while (!end.find(m_text.rest()))
            if (!readMore())
                throw Error(m_name + " ends in the middle of element " + grouped(m_number) + " (line " + grouped(m_line) +
                                ") of its JSON array.",
                            "The file may be cut off; fetch it again.");
        nlohmann::json value = parsed(m_text.rest().substr(0, end.length()), {m_line, m_columnOfLine});
        take(end.length());
        m_wants = Wants::Comma;
        return value;
    }

    void end()
    {
        if (nextCharacter() != '\0')
            throw Error(m_name + ": something follows the JSON array, on line " + grouped(m_line) + ".", m_hint);
        m_isEnded = true;
    }

    Wants m_wants = Wants::Begin;
    bool m_isEnded = false;
    std::uint64_t m_number = 0, m_elementLine = 1; ///< of the element read last
    std::uint64_t m_line = 1, m_columnOfLine = 1;  ///< at which m_text stands
};

} // namespace

JsonRows::JsonRows(TextBuffer text, const std::filesystem::path &file, std::string hint, std::size_t largest)
    : m_name(subjectOf(file)),
      m_hint(std::move(hint)),
      m_largest(largest),
      m_text(std::move(text))
{
}

nlohmann::json JsonRows::parsed(std::string_view text, const JsonPlace &begin) const
{
    nlohmann::json value = quickJson(text);
    if (value.is_discarded())
        value = parseJson(text, m_name, m_hint, kDeepestInTexts, begin); // takes more, or says what is wrong
    return value;
}

bool JsonRows::readMore()
{
    if (m_text.rest().size() >= m_largest)
        throw Error(place() + " is longer than " + sizeText(std::int64_t(m_largest)) +
                        ", the most that there is memory for in one document.",
                    "Split it into several documents, or give more memory (--host-memory).");
    return m_text.more();
}

std::unique_ptr<JsonRows> jsonLineRows(TextBuffer text, const std::filesystem::path &file, std::string hint, std::size_t largest)
{
    return std::make_unique<JsonLines>(std::move(text), file, std::move(hint), largest);
}

std::unique_ptr<JsonRows> jsonArrayRows(TextBuffer text, const std::filesystem::path &file, std::string hint, std::size_t largest)
{
    return std::make_unique<JsonArray>(std::move(text), file, std::move(hint), largest);
}

const char *kindOf(const nlohmann::json &value)
{
    return value.is_object()    ? "an object"
           : value.is_array()   ? "a list"
           : value.is_string()  ? "a text"
           : value.is_number()  ? "a number"
           : value.is_boolean() ? "true or false"
                                : "null";
}

} // namespace secateur
