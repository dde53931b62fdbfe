// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/PythonStrings.h"

#include "foundation/Utf8.h"

#include <algorithm>
#include <new>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringoptions.h>

namespace secateur {
namespace {

bool isSpace(char32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

} // namespace

std::size_t lengthWithoutSpaceBehind(std::string_view text)
{
    std::size_t end = text.size();
    while (end > 0) {
        const std::size_t last = previousCodePoint(text, end);
        if (!isSpace(codePointAt(text, last)))
            break;
        end = last;
    }
    return end;
}

std::string_view stripped(std::string_view text)
{
    text = text.substr(0, lengthWithoutSpaceBehind(text));
    std::size_t begin = 0;
    while (begin < text.size() && isSpace(codePointAt(text, begin)))
        begin = nextCodePoint(text, begin);
    return text.substr(begin);
}

std::string capitalised(const std::string &text)
{
    constexpr std::uint32_t kAsOneWord = U_TITLECASE_WHOLE_STRING | U_TITLECASE_NO_BREAK_ADJUSTMENT;
    std::string result;
    icu::StringByteSink<std::string> sink(&result);
    UErrorCode error = U_ZERO_ERROR;
    icu::CaseMap::utf8ToTitle("", kAsOneWord, nullptr, text, sink, nullptr, error);
    if (U_FAILURE(error)) // of well-formed text only where memory is short
        throw std::bad_alloc();
    return result;
}

std::string replaced(std::string_view text, std::string_view part, std::string_view by)
{
    std::string result;
    std::size_t at = 0;
    for (std::size_t found = text.find(part); found != std::string_view::npos; found = text.find(part, at)) {
        result += text.substr(at, found - at);
        result += by;
        at = found + part.size();
    }
    return result += text.substr(at);
}

std::int64_t codePoints(std::string_view text)
{
    return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

} // namespace secateur
