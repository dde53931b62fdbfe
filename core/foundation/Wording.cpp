// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Wording.h"

#include <iomanip>
#include <sstream>

namespace secateur {

std::string inQuotes(std::string_view name)
{
    constexpr std::size_t kLongest = 300;
    std::string text = "'";
    for (const char c : name.substr(0, kLongest)) {
        const bool isControl = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        text += isControl ? '?' : c;
    }
    return text + (name.size() > kLongest ? "...'" : "'");
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
