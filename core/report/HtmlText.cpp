// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/HtmlText.h"

#include "foundation/Utf8.h"
#include "foundation/Wording.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace secateur::html {
namespace {

constexpr std::size_t kHashShown = 12;
constexpr const char *kSpace = "\u00a0"; ///< between a number and its unit

std::string plain(double number, std::chars_format format, int decimals)
{
    std::array<char, 512> written{};
    const auto end = std::to_chars(written.data(), written.data() + written.size(), number, format, decimals);
    return end.ec == std::errc() ? std::string(written.data(), end.ptr) : std::string("very large");
}

std::string notFinite(double number)
{
    return std::isnan(number) ? "unknown" : number > 0 ? "infinite" : "-infinite";
}

} // namespace

std::string text(std::string_view anything)
{
    std::string escaped;
    for (const char c : replaceIllFormed(printable(anything, Newlines::Kept)))
        switch (c) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        case '\'':
            escaped += "&#39;";
            break;
        default:
            escaped += c;
        }
    return escaped;
}

std::string name(std::string_view anything)
{
    return "<bdi class=\"name\">" + text(printable(anything)) + "</bdi>";
}

std::string code(std::string_view anything)
{
    return "<code>" + text(anything) + "</code>";
}

std::string hash(std::string_view whole)
{
    if (whole.empty())
        return {};
    return "<code title=\"" + text(whole) + "\">" + text(whole.substr(0, kHashShown)) + "</code>";
}

std::string elided(const std::string &whole, std::size_t most)
{
    std::vector<std::size_t> begins;
    for (std::size_t at = 0; at < whole.size(); at = nextCodePoint(whole, at))
        begins.push_back(at);
    if (begins.size() <= most || most < 3)
        return whole;
    const std::size_t front = most / 2, back = most - front - 1;
    return whole.substr(0, begins[front]) + "…" + whole.substr(begins[begins.size() - back]);
}

std::string fixed(double number, int decimals)
{
    if (!std::isfinite(number))
        return notFinite(number);
    std::string written = plain(number, std::chars_format::fixed, decimals);
    const std::size_t first = written.starts_with('-') ? 1 : 0;
    for (std::size_t place = std::min(written.find('.'), written.size()); place > first + 3;) {
        place -= 3;
        written.insert(place, ",");
    }
    return written;
}

std::string whole(std::int64_t number)
{
    return number < 0 ? "-" + grouped(0 - std::uint64_t(number)) : grouped(std::uint64_t(number));
}

std::string digits(double number)
{
    if (!std::isfinite(number))
        return notFinite(number);
    const double size = std::abs(number);
    if (size >= 1e9)
        return plain(number, std::chars_format::scientific, 1);
    return fixed(number, size < 100 ? 2 : size < 1000 ? 1 : 0);
}

std::string scientific(double number)
{
    return std::isfinite(number) ? plain(number, std::chars_format::scientific, 1) : notFinite(number);
}

std::string share(double part, int decimals)
{
    return std::isfinite(part) ? fixed(100 * part, decimals) + kSpace + "%" : notFinite(part);
}

std::string withError(double value, double error, int decimals)
{
    return fixed(value, decimals) + (std::isfinite(error) ? " ± " + fixed(error, decimals) : std::string());
}

std::string duration(double seconds)
{
    constexpr double kMinute = 60, kHour = 3600;
    if (!std::isfinite(seconds) || seconds < 0)
        return "unknown";
    if (seconds < kMinute)
        return fixed(seconds, seconds < 10 ? 1 : 0) + kSpace + "s";
    const auto all = std::int64_t(std::llround(seconds));
    if (seconds < kHour)
        return std::to_string(all / 60) + kSpace + "min " + std::to_string(all % 60) + kSpace + "s";
    return whole(all / 3600) + kSpace + "h " + std::to_string(all % 3600 / 60) + kSpace + "min";
}

std::string change(double nats)
{
    return (nats >= 0 ? "+" : "") + fixed(nats, 4);
}

std::string layers(const std::vector<std::int64_t> &numbers)
{
    std::string listed;
    for (const std::int64_t number : numbers)
        listed += (listed.empty() ? "" : ", ") + std::to_string(number);
    return listed.empty() ? "none" : listed;
}

std::string conditionsBriefly(const ComputeConditions &computed)
{
    if (!computed.isKnown())
        return "not recorded";
    if (computed.device == "cpu")
        return text("on the CPU in " + computed.dtype + " with " + counted(computed.threads, "thread"));
    return text("on " + computed.device + (computed.gpu.empty() ? "" : " (" + computed.gpu + ")") + " in " + computed.dtype);
}

std::string conditions(const ComputeConditions &computed)
{
    std::string words;
    if (computed.device == "cpu" && !computed.instructions.empty())
        words += ", " + (computed.instructions == "DEFAULT" ? "default" : computed.instructions) + " instructions";
    if (computed.device == "cpu" && !computed.products.empty())
        words += ", matrix products by " + computed.products;
    if (!computed.torchVersion.empty())
        words += ", LibTorch " + computed.torchVersion;
    if (!computed.programVersion.empty())
        words += ", Secateur " + computed.programVersion;
    return conditionsBriefly(computed) + (computed.isKnown() ? text(words) : std::string());
}

Table::Table(std::string caption, std::vector<Column> columns, std::string id)
    : m_caption(std::move(caption)),
      m_id(std::move(id)),
      m_columns(std::move(columns))
{
}

void Table::add(std::vector<std::string> cells, bool isMarked)
{
    cells.resize(m_columns.size());
    m_rows.push_back({.cells = std::move(cells), .isMarked = isMarked});
}

std::string Table::html() const
{
    if (m_rows.empty())
        return {};
    const auto kindOf = [&](std::size_t column) { return m_columns[column].isNumber ? " class=\"number\"" : ""; };
    std::string html = "<div class=\"scroll\"" + (m_id.empty() ? std::string() : " id=\"" + m_id + "\"") + "><table>\n<caption>" +
                       text(m_caption) + "</caption>\n<thead><tr>";
    for (std::size_t i = 0; i < m_columns.size(); ++i)
        html += std::string("<th scope=\"col\"") + kindOf(i) + ">" + text(m_columns[i].title) + "</th>";
    html += "</tr></thead>\n<tbody>\n";
    for (const Row &row : m_rows) {
        html += row.isMarked ? "<tr class=\"marked\">" : "<tr>";
        for (std::size_t i = 0; i < row.cells.size(); ++i)
            html += (i == 0 ? std::string("<th scope=\"row\"") + kindOf(i) + ">" + row.cells[i] + "</th>"
                            : std::string("<td") + kindOf(i) + ">" + row.cells[i] + "</td>");
        html += "</tr>\n";
    }
    return html + "</tbody>\n</table></div>\n";
}

void Facts::add(const std::string &term, const std::string &value)
{
    if (!value.empty())
        m_rows += "<div><dt>" + text(term) + "</dt><dd>" + value + "</dd></div>\n";
}

std::string Facts::html() const
{
    return m_rows.empty() ? std::string() : "<dl>\n" + m_rows + "</dl>\n";
}

std::string paragraph(const std::string &content, const char *kind)
{
    return content.empty() ? std::string()
                           : std::string("<p") + (*kind ? std::string(" class=\"") + kind + "\"" : "") + ">" + content + "</p>\n";
}

std::string heading(const std::string &title)
{
    return "<h3>" + text(title) + "</h3>\n";
}

std::string list(const std::vector<std::string> &items)
{
    std::string html;
    for (const std::string &item : items)
        html += "<li>" + text(item) + "</li>\n";
    return html.empty() ? html : "<ul>\n" + html + "</ul>\n";
}

std::string details(const std::string &summary, const std::string &content)
{
    return content.empty() ? std::string() : "<details><summary>" + text(summary) + "</summary>\n" + content + "</details>\n";
}

} // namespace secateur::html
