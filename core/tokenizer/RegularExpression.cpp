// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/RegularExpression.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace secateur {
namespace {

constexpr std::string_view kPosixWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
constexpr std::string_view kWord =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE})"; // Oniguruma's \w has these of Latin-1 too
constexpr std::string_view kHex = "0-9A-Fa-f";

[[noreturn]] void refuse(std::string_view pattern, const std::string &what)
{
    throw Error("the regular expression " + inQuotes(pattern) + " " + what, "Report the tokenizer, so that its pattern can be supported.");
}

/// The members of a POSIX bracket such as [:alpha:]; empty when it is not supported.
std::string_view membersOfPosixClass(std::string_view name)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kClasses{{
        {"alnum", R"(\p{Alphabetic}\p{Nd})"},
        {"alpha", R"(\p{Alphabetic})"},
        {"digit", R"(\p{Nd})"},
        {"lower", R"(\p{Lowercase})"},
        {"punct", R"(\p{P}\p{S})"},
        {"space", R"(\p{White_Space})"},
        {"upper", R"(\p{Uppercase})"},
        {"word", kPosixWord},
    }};
    const auto *const found = std::ranges::find(kClasses, name, &std::pair<std::string_view, std::string_view>::first);
    return found == kClasses.end() ? std::string_view() : found->second;
}

/// Whether a property is a script, such as Han: PCRE2 then needs to be told that scripts are meant and not script extensions.
bool isScript(std::string_view property)
{
    const std::string pattern = "\\p{sc:" + std::string(property) + "}";
    int error = 0;
    PCRE2_SIZE where = 0;
    pcre2_code *const code =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP, &error, &where, nullptr);
    pcre2_code_free(code);
    return code != nullptr;
}

/// Turns Oniguruma's Ruby syntax into PCRE2's, as far as tokenizers use it.
class Translator {
public:
    explicit Translator(std::string_view pattern) : m_pattern(pattern) {}

    std::string run()
    {
        while (m_position < m_pattern.size()) {
            if (at('\\'))
                escape();
            else if (m_inClass)
                insideClass();
            else
                outsideClass();
        }
        return std::move(m_result);
    }

private:
    bool at(char c, std::size_t ahead = 0) const { return m_position + ahead < m_pattern.size() && m_pattern[m_position + ahead] == c; }

    void copy(std::size_t count)
    {
        const std::string_view part = m_pattern.substr(m_position, count);
        m_result += part;
        m_position += part.size();
    }

    void escape()
    {
        const char letter = m_position + 1 < m_pattern.size() ? m_pattern[m_position + 1] : '\0';
        switch (letter) {
        case 's':
            return replaceEscape(R"(\p{White_Space})");
        case 'S':
            return replaceEscape(R"(\P{White_Space})");
        case 'w':
        case 'W':
            return classEscape(kWord, letter == 'W');
        case 'h':
        case 'H':
            return classEscape(kHex, letter == 'H');
        case 'p':
        case 'P':
            return property();
        case 'R':
        case 'X':
        case 'K':
            refuse(m_pattern, std::string("uses \\") + letter + ", which is not supported");
        default:
            return copy(2);
        }
    }

    void replaceEscape(std::string_view text)
    {
        m_result += text;
        m_position += 2;
    }

    void classEscape(std::string_view members, bool isNegated)
    {
        if (m_inClass && isNegated)
            refuse(m_pattern, "uses \\W or \\H inside brackets, which is not supported");
        if (m_inClass)
            return replaceEscape(members);
        replaceEscape(std::string(isNegated ? "[^" : "[") + std::string(members) + "]");
    }

    /// \p{Name}, \P{Name} or \p{^Name}
    void property()
    {
        const std::size_t end = m_pattern.find('}', m_position);
        if (!at('{', 2) || end == std::string_view::npos)
            return copy(2);
        const std::size_t name = m_position + (at('^', 3) ? 4 : 3);
        if (!isScript(m_pattern.substr(name, end - name)))
            return copy(end + 1 - m_position);
        copy(name - m_position);
        m_result += "sc:";
        copy(end + 1 - name);
    }

    void posixClass()
    {
        const std::size_t end = m_pattern.find(":]", m_position);
        const std::string_view name = m_pattern.substr(m_position + 2, end == std::string_view::npos ? end : end - m_position - 2);
        const std::string_view members = membersOfPosixClass(name);
        if (end == std::string_view::npos || members.empty())
            refuse(m_pattern, "uses [:" + std::string(name) + ":], which is not supported");
        m_result += members;
        m_position = end + 2;
    }

    void insideClass()
    {
        if (at('[') && at(':', 1))
            return posixClass();
        if (at('['))
            refuse(m_pattern, "uses brackets inside brackets, which is not supported");
        if (at('&') && at('&', 1))
            refuse(m_pattern, "uses && inside brackets, which is not supported");
        if (at(']'))
            m_inClass = false;
        copy(1);
    }

    void outsideClass()
    {
        if (at('[')) {
            m_inClass = true;
            copy(at('^', 1) ? 2 : 1);
            if (at(']')) // a bracket that comes first is an ordinary character
                copy(1);
            return;
        }
        if (at('{') && at(',', 1) && m_position + 2 < m_pattern.size() &&
            std::isdigit(static_cast<unsigned char>(m_pattern[m_position + 2]))) {
            m_result += "{0"; // {,n} is {0,n}, in PCRE2 only since 10.43
            ++m_position;
            return copy(1);
        }
        if (at('(') && at('?', 1)) {
            const std::size_t end = m_pattern.find_first_not_of("imx-", m_position + 2);
            const std::string_view flags =
                m_pattern.substr(m_position, (end == std::string_view::npos ? m_pattern.size() : end) - m_position);
            if (flags.find('m') != std::string_view::npos)
                refuse(m_pattern, "uses the flag (?m), which is not supported");
            return copy(flags.size());
        }
        copy(1);
    }

    std::string_view m_pattern;
    std::size_t m_position = 0;
    bool m_inClass = false;
    std::string m_result;
};

struct FreeMatchData {
    void operator()(pcre2_match_data *data) const { pcre2_match_data_free(data); }
};

/// One per thread: a match is copied out at once, so that all expressions can share it.
pcre2_match_data *matchData()
{
    thread_local const std::unique_ptr<pcre2_match_data, FreeMatchData> data(pcre2_match_data_create(1, nullptr));
    return data.get();
}

} // namespace

struct RegularExpression::Code {
    pcre2_code *code = nullptr;
    bool isJit = false;
    std::string pattern;

    Code() = default;
    Code(const Code &) = delete;
    Code &operator=(const Code &) = delete;
    ~Code() { pcre2_code_free(code); }
};

RegularExpression::RegularExpression(std::string_view pattern)
    : RegularExpression(Translator(pattern).run(), PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_UTF_CHECK)
{
}

RegularExpression RegularExpression::literal(std::string_view text)
{
    return {text, PCRE2_UTF | PCRE2_LITERAL | PCRE2_NO_UTF_CHECK};
}

RegularExpression::RegularExpression(std::string_view pattern, unsigned options)
{
    const auto code = std::make_shared<Code>();
    int error = 0;
    PCRE2_SIZE where = 0;
    const std::unique_ptr<pcre2_compile_context, void (*)(pcre2_compile_context *)> context(pcre2_compile_context_create(nullptr),
                                                                                            &pcre2_compile_context_free);
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    code->pattern = pattern;
    code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &where, context.get());
    if (code->code == nullptr) // the translated pattern is shown, which the place refers to
        refuse(pattern, "cannot be read: there is a mistake at, or syntax that is not supported before, its byte " + std::to_string(where));
    code->isJit = pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE) == 0;
    m_code = code;
}

std::optional<RegularExpression::Match> RegularExpression::find(std::string_view subject, std::size_t from) const
{
    pcre2_match_data *const data = matchData();
    const auto text = reinterpret_cast<PCRE2_SPTR>(subject.data());
    int result = PCRE2_ERROR_JIT_STACKLIMIT;
    if (m_code->isJit)
        result = pcre2_jit_match(m_code->code, text, subject.size(), from, 0, data, nullptr);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) // the interpreter keeps its state on the heap
        result = pcre2_match(m_code->code, text, subject.size(), from, PCRE2_NO_JIT | PCRE2_NO_UTF_CHECK, data, nullptr);
    if (result == PCRE2_ERROR_NOMATCH)
        return std::nullopt;
    if (result < 0)
        refuse(m_code->pattern, "needs too many steps on the text");
    const PCRE2_SIZE *const range = pcre2_get_ovector_pointer(data);
    return Match{range[0], range[1]};
}

} // namespace secateur
