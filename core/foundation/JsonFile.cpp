// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/JsonFile.h"

#include "foundation/BinaryKinds.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// Line and column of a byte of a text that begins at a place.
std::string lineAndColumn(std::string_view text, std::size_t byte, const JsonPlace &begin)
{
    const std::string_view before = text.substr(0, byte);
    const std::uint64_t line = std::uint64_t(std::count(before.begin(), before.end(), '\n')) + begin.line;
    const std::size_t lastBreak = before.rfind('\n');
    const std::uint64_t column = lastBreak == std::string_view::npos ? before.size() + begin.column : before.size() - lastBreak;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// What stands for a number that JSON has no word for while the library parses: a string that no file holds by chance.
constexpr std::pair<std::string_view, std::string_view> kNumbers[] = {
    {"-Infinity", R"("\u0000secateur -Infinity")"}, {"Infinity", R"("\u0000secateur Infinity")"}, {"NaN", R"("\u0000secateur NaN")"}};
constexpr std::string_view kMark{"\0secateur ", 10};

std::atomic<std::int64_t> mostMemory = std::int64_t(8) << 30;

/// Looks through a text once, before it is parsed: how deep it is, and what Python's json writes that the standard lacks.
class Scanner {
public:
    explicit Scanner(std::string_view text) : m_text(text) {}

    void run()
    {
        int depth = 0;
        for (m_at = 0; m_at < m_text.size(); ++m_at) {
            switch (m_text[m_at]) {
            case '"':
                skipString();
                break;
            case '[':
            case '{':
                m_deepest = std::max(m_deepest, ++depth);
                ++m_brackets;
                break;
            case ',':
                ++m_commas;
                break;
            case ']':
            case '}':
                --depth;
                break;
            case 'N':
            case 'I':
            case '-':
                word();
                break;
            default:
                break;
            }
            if (m_at < m_text.size() && (std::isdigit(static_cast<unsigned char>(m_text[m_at])) != 0 || m_text[m_at] == '-'))
                number();
        }
    }

    int deepest() const { return m_deepest; }
    /// About how many bytes the document will take while it is parsed: a value has 16, in lists that grow by doubling; a list or an object has
    /// a block of its own.
    std::int64_t memory() const
    {
        constexpr std::int64_t kOfValue = 40, kOfBlock = 100;
        return 2 * std::int64_t(m_text.size()) + kOfValue * m_commas + kOfBlock * m_brackets;
    }
    bool isChanged() const { return !m_changes.empty(); }
    bool hasNumbers() const { return m_hasNumbers; }

    std::string changed() const
    {
        std::string result;
        std::size_t done = 0;
        for (const Change &change : m_changes) {
            result.append(m_text.substr(done, change.at - done)).append(change.text);
            done = change.at + change.length;
        }
        return result.append(m_text.substr(done));
    }

    /// Where a byte of the changed text stands in the original.
    std::size_t placeOf(std::size_t byte) const
    {
        std::size_t added = 0; // modulo 2^64: a text may become shorter
        for (const Change &change : m_changes) {
            if (change.at + added >= byte)
                break;
            added += change.text.size() - change.length;
        }
        return byte - added;
    }

private:
    struct Change {
        std::size_t at, length;
        std::string_view text;
    };

    /// A number that is too large for a double is infinite, as Python reads it; the library refuses it.
    void number()
    {
        constexpr std::size_t kLongestFinite = 308; // digits
        const std::size_t end = std::min(m_text.find_first_not_of("0123456789+-.eE", m_at), m_text.size());
        const std::string_view digits = m_text.substr(m_at, end - m_at);
        if (digits.find_first_of("eE") != std::string_view::npos || digits.size() > kLongestFinite) {
            double value = 0;
            const auto [rest, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            const bool isTiny = digits.find("e-") != std::string_view::npos || digits.find("E-") != std::string_view::npos;
            if (problem == std::errc::result_out_of_range && rest == digits.data() + digits.size() && !isTiny) {
                m_changes.push_back({m_at, digits.size(), kNumbers[digits.starts_with('-') ? 0 : 1].second});
                m_hasNumbers = true;
            }
        }
        m_at = end - 1;
    }

    void word()
    {
        for (const auto &[word, mark] : kNumbers) {
            if (m_text.substr(m_at, word.size()) != word)
                continue;
            const std::size_t end = m_at + word.size();
            if (end < m_text.size() && std::isalnum(static_cast<unsigned char>(m_text[end])) != 0)
                return;
            m_changes.push_back({m_at, word.size(), mark});
            m_hasNumbers = true;
            m_at = end - 1;
            return;
        }
    }

    /// The code unit of "\uD83D" at a place; -1 where there is none.
    int escapedUnit(std::size_t at) const
    {
        if (at + 6 > m_text.size() || m_text[at] != '\\' || m_text[at + 1] != 'u')
            return -1;
        int unit = 0;
        for (std::size_t i = at + 2; i < at + 6; ++i) {
            const char c = m_text[i];
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0)
                return -1;
            unit = unit * 16 + digit;
        }
        return unit;
    }

    void skipString()
    {
        constexpr int kFirstHigh = 0xD800, kFirstLow = 0xDC00, kLastLow = 0xDFFF;
        constexpr std::size_t kEscape = 6;
        for (++m_at; m_at < m_text.size() && m_text[m_at] != '"'; ++m_at) {
            if (m_text[m_at] != '\\')
                continue;
            const int unit = escapedUnit(m_at);
            if (unit < kFirstHigh || unit > kLastLow) {
                ++m_at; // what is escaped
                continue;
            }
            const int next = escapedUnit(m_at + kEscape);
            if (unit < kFirstLow && next >= kFirstLow && next <= kLastLow) {
                m_at += 2 * kEscape - 1; // a pair
                continue;
            }
            m_changes.push_back({m_at, kEscape, "\\ufffd"});
            m_at += kEscape - 1;
        }
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    int m_deepest = 0;
    std::int64_t m_commas = 0, m_brackets = 0;
    bool m_hasNumbers = false;
    std::vector<Change> m_changes;
};

/// Turns the marks into numbers. The document is not deep, so this may recurse.
void putNumbers(nlohmann::json &value)
{
    if (value.is_structured()) {
        for (auto &part : value)
            putNumbers(part);
        return;
    }
    if (!value.is_string() || !value.get_ref<const std::string &>().starts_with(kMark))
        return;
    const std::string word = value.get_ref<const std::string &>().substr(kMark.size());
    const double infinity = std::numeric_limits<double>::infinity();
    value = word == "NaN" ? std::numeric_limits<double>::quiet_NaN() : word == "Infinity" ? infinity : -infinity;
}

} // namespace

void limitJsonMemory(std::int64_t bytes)
{
    mostMemory = bytes;
}

nlohmann::json parseJson(std::string_view text, const std::string &name, const std::string &hint, int deepest, const JsonPlace &begin)
{
    refuseLfsPointer(text, name);
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        throw Error(name + " is written in UTF-16; JSON is read in UTF-8.", "Save it in UTF-8.");
    const auto malformed = [&](const std::string &what, std::size_t byte) {
        const std::string other = begin.line == 1 && begin.column == 1 ? isInPlaceOf("JSON", text) : std::string();
        return Error(name + " " +
                         (other.empty() ? "is not valid JSON: there is " + what + " at " + lineAndColumn(text, byte, begin) : other) + ".",
                     hint);
    };
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) // where the library would end
        throw malformed("a NUL", nul);
    Scanner scanner(text);
    scanner.run();
    if (scanner.memory() > mostMemory)
        throw Error(name + " holds so many values that reading it takes about " + sizeText(scanner.memory()) + " of memory; " +
                        sizeText(mostMemory) + " are allowed.",
                    "Check that it is the right file, or give more memory (--host-memory).");
    if (scanner.deepest() > deepest)
        throw Error(name + " is nested too deeply: " + grouped(std::uint64_t(scanner.deepest())) + " levels, at most " +
                        std::to_string(deepest) + " are allowed.",
                    hint);
    const std::string changed = scanner.isChanged() ? scanner.changed() : std::string();
    const std::string_view parsed = scanner.isChanged() ? std::string_view(changed) : text;
    try {
        nlohmann::json document = nlohmann::json::parse(parsed);
        if (scanner.hasNumbers())
            putNumbers(document);
        return document;
    } catch (const nlohmann::json::parse_error &error) {
        const std::size_t byte = scanner.placeOf(error.byte > 0 ? error.byte - 1 : 0);
        throw malformed("a mistake", std::min(byte, text.size()));
    } catch (const nlohmann::json::exception &) {
        throw Error(name + " is not valid JSON: it holds a number that is out of range.", hint);
    }
}

nlohmann::json parseJsonObject(std::string_view text, const std::string &name, const std::string &hint, int deepest)
{
    nlohmann::json document = parseJson(text, name, hint, deepest);
    if (!document.is_object())
        throw Error(name + " must hold a JSON object; it holds another value.", hint);
    return document;
}

nlohmann::json readJsonFile(const std::filesystem::path &file, std::uintmax_t largest, const std::string &hint)
{
    return parseJsonObject(readWholeFile(file, largest, hint), inQuotes(file.string()), hint);
}

bool isFinite(const nlohmann::json &document)
{
    if (document.is_structured())
        return std::all_of(document.begin(), document.end(), isFinite);
    return !document.is_number_float() || std::isfinite(document.get<double>());
}

std::int64_t integerOf(const nlohmann::json &value, const std::string &name)
{
    constexpr auto kLargest = std::uint64_t(std::numeric_limits<std::int64_t>::max());
    if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest))
        throw Error(name + " is not a whole number", "The file may be damaged; fetch it again.");
    return value.get<std::int64_t>();
}

void WholeNumber::refuse(const nlohmann::json &value)
{
    constexpr int kWrongType = 302;
    constexpr std::size_t kLongest = 40;
    const std::string shown = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, kLongest);
    throw nlohmann::json::type_error::create(kWrongType, "type must be whole number in range, but is " + shown, &value);
}

WholeNumber wholeAt(const nlohmann::json &object, const char *field)
{
    return WholeNumber(object.at(field));
}

std::vector<std::int64_t> wholesOf(const nlohmann::json &list)
{
    if (!list.is_array())
        return list.get<std::vector<std::int64_t>>(); // throws
    std::vector<std::int64_t> numbers;
    numbers.reserve(list.size());
    for (const nlohmann::json &value : list)
        numbers.push_back(WholeNumber(value));
    return numbers;
}

} // namespace secateur
