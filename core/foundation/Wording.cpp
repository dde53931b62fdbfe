// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Wording.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace secateur {

namespace {

/// How many bytes from `at` on make a character that cannot be seen, or that moves or turns what follows: controls, bidirectional marks and isolates,
/// separators of lines, the byte order mark. 0 for any other.
std::size_t unseenAt(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
    const auto isWithin = [](unsigned value, unsigned least, unsigned most) { return value >= least && value <= most; };
    const unsigned first = byte(0), second = byte(1), third = byte(2);
    if (first < 0x20 || first == 0x7F)
        return 1;
    if ((first == 0xC2 && isWithin(second, 0x80, 0x9F)) || (first == 0xD8 && second == 0x9C)) // U+0080 to U+009F, U+061C
        return 2;
    if (first == 0xE2 && second == 0x80) // U+200B, U+200E to U+200F, U+2028 to U+202E; the joiners between them belong to words and emoji
        return third == 0x8B || isWithin(third, 0x8E, 0x8F) || isWithin(third, 0xA8, 0xAE) ? 3 : 0;
    if (first == 0xE2 && second == 0x81) // U+2060 to U+206F
        return isWithin(third, 0xA0, 0xAF) ? 3 : 0;
    return first == 0xEF && second == 0xBB && third == 0xBF ? 3 : 0; // U+FEFF
}

} // namespace

std::string printable(std::string_view text, Newlines newlines)
{
    constexpr const char *kDigits = "0123456789abcdef";
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t unseen = newlines == Newlines::Kept && text[at] == '\n' ? 0 : unseenAt(text, at);
        const std::size_t end = at + std::max<std::size_t>(unseen, 1);
        for (; at < end; ++at) {
            const auto byte = static_cast<unsigned char>(text[at]);
            if (unseen == 0)
                shown += text[at];
            else if (byte == '\n' || byte == '\t')
                shown.append("\\").append(1, byte == '\n' ? 'n' : 't');
            else
                shown.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
        }
    }
    return shown;
}

std::string inQuotes(std::string_view name)
{
    constexpr std::size_t kLongest = 300;
    std::size_t end = std::min(kLongest, name.size());
    while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) // not inside a character
        --end;
    return "'" + printable(name.substr(0, end)) + (end < name.size() ? "...'" : "'");
}

std::string counted(std::int64_t number, std::string_view thing)
{
    const std::string count = number < 0 ? "-" + grouped(0 - std::uint64_t(number)) : grouped(std::uint64_t(number));
    return count + " " + std::string(thing) + (number == 1 ? "" : "s");
}

std::string grouped(std::uint64_t number)
{
    std::string text = std::to_string(number);
    for (std::size_t place = text.size(); place > 3;) {
        place -= 3;
        text.insert(place, ",");
    }
    return text;
}

std::string sizeText(std::int64_t bytes)
{
    const char *unit = "B";
    auto value = double(bytes);
    for (const char *next : {"kB", "MB", "GB", "TB"}) {
        if (value < 1000)
            break;
        value /= 1000;
        unit = next;
    }
    std::ostringstream text;
    text << std::fixed << std::setprecision(unit[1] == '\0' ? 0 : value < 10 ? 2 : 1) << value << ' ' << unit;
    return text.str();
}

std::string listed(const std::vector<std::string> &entries, std::size_t limit, std::string_view separator)
{
    std::string text;
    for (std::size_t i = 0; i < entries.size() && i < limit; ++i) {
        if (i > 0)
            text += separator;
        text += entries[i];
    }
    if (entries.size() > limit)
        text.append(separator).append("and ").append(grouped(entries.size() - limit)).append(" more");
    return text;
}

} // namespace secateur
