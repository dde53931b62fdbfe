// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Reporter.h"

#include "foundation/Wording.h"

#include "foundation/Error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <unistd.h>

namespace secateur::cli {
namespace {

using namespace std::chrono_literals;

std::string counts(const Progress &p)
{
    std::string text = grouped(p.done) + " of " + grouped(p.total) + " " + p.unit;
    if (p.seconds > 0.5 && p.done > 0)
        text += ", " + decimal(double(p.done) / p.seconds, double(p.done) / p.seconds < 10 ? 1 : 0) + "/s";
    if (p.eta && p.done < p.total)
        text += ", " + duration(*p.eta) + " left";
    else if (p.done >= p.total)
        text += ", " + duration(p.seconds);
    return text;
}

/// Code points, which stand for as many columns.
std::size_t lettersOf(const std::string &text)
{
    return std::size_t(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

} // namespace

Reporter::Reporter(bool isJson)
    : m_isJson(isJson),
      m_isTerminal(!isJson && ::isatty(STDERR_FILENO) == 1),
      m_start(std::chrono::steady_clock::now())
{
}

Reporter::~Reporter()
{
    endBar();
}

void Reporter::silence(std::string who)
{
    m_isSilent = true;
    m_who = std::move(who);
}

void Reporter::progress(const Progress &p)
{
    if (m_isSilent)
        return;
    if (!std::cout)
        throw Error("The output could not be written.", "Its disk is full, or whoever read it is gone.");
    const auto now = std::chrono::steady_clock::now();
    const bool isNew = p.done == 0 && p.seconds == 0, isEnd = p.done >= p.total;
    if (isNew || m_phases.empty()) {
        endBar();
        const auto known = std::find_if(m_phases.begin(), m_phases.end(), [&](const Phase &phase) { return phase.name == p.phase; });
        if (known == m_phases.end())
            m_phases.push_back({p.phase, 0});
        m_current = p.phase;
        m_lastShown = m_isJson || m_isTerminal ? now - 1h : now; // a pipe hears of short phases only when they end
    }
    // A phase may come twice (two evaluations): what is added is the time since it was heard of last.
    auto &phase = *std::find_if(m_phases.begin(), m_phases.end(), [&](const Phase &known) { return known.name == m_current; });
    if (isNew)
        m_counted = 0;
    phase.seconds += p.seconds - m_counted;
    m_counted = p.seconds;

    if (m_isJson) {
        if (!isEnd && now - m_lastShown < 250ms)
            return;
        tell(p);
    } else if (m_isTerminal) {
        if (!isEnd && now - m_lastShown < 100ms)
            return;
        draw(p);
        if (isEnd)
            endBar();
    } else {
        if (!isEnd && (isNew || now - m_lastShown < (p.seconds < 10 ? 5s : 30s)))
            return;
        std::cerr << p.phase << ": " << counts(p) << std::endl;
    }
    m_lastShown = now;
}

void Reporter::draw(const Progress &p)
{
    constexpr int kWidth = 24;
    const int full = p.total > 0 ? int(double(kWidth) * double(p.done) / double(p.total)) : kWidth;
    std::string bar;
    for (int i = 0; i < kWidth; ++i)
        bar += i < full ? "█" : "░";
    std::string name = p.phase;
    name.resize(std::max<std::size_t>(name.size(), 10), ' ');
    std::cerr << "\r\033[K" << name << bar << "  " << counts(p) << std::flush;
    m_isBarDrawn = true;
}

void Reporter::endBar()
{
    if (m_isBarDrawn)
        std::cerr << std::endl;
    m_isBarDrawn = false;
}

void Reporter::event(const nlohmann::json &object)
{
    if (m_isJson && !m_isSilent)
        std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void Reporter::line(const std::string &text)
{
    if (m_isJson || m_isSilent)
        return;
    endBar();
    std::cout << printable(text, Newlines::Kept) << std::endl;
}

void Reporter::piece(const std::string &text)
{
    if (!m_isJson && !m_isSilent)
        std::cout << text << std::flush;
}

void Reporter::table(const std::vector<std::vector<std::string>> &rows, LastColumn last)
{
    std::vector<std::size_t> widths;
    for (const auto &row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths.resize(std::max(widths.size(), i + 1));
            widths[i] = std::max(widths[i], lettersOf(row[i]));
        }
    for (const auto &row : rows) {
        std::ostringstream text;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (last == LastColumn::Text && i + 1 == widths.size())
                text << "   " << row[i];
            else
                text << (i == 0 ? row[i] : "   ") << std::string(widths[i] - lettersOf(row[i]), ' ') << (i == 0 ? "" : row[i]);
        }
        line(text.str());
    }
}

void Reporter::aside(const std::string &text)
{
    if (m_isJson || m_isSilent)
        return;
    endBar();
    std::cerr << printable(text, Newlines::Kept) << std::endl;
}

void Reporter::note(const std::string &text)
{
    tell(Noted{text});
    aside("note: " + text);
}

void Reporter::error(const std::string &sentence, const std::string &hint)
{
    endBar();
    tell(JobFailed{.sentence = sentence, .hint = hint});
    std::cerr << "secateur-cli: " << m_who << printable(sentence, Newlines::Kept) << std::endl;
    if (!hint.empty())
        std::cerr << "  " << printable(hint, Newlines::Kept) << std::endl;
}

nlohmann::json Reporter::seconds() const
{
    nlohmann::json object = nlohmann::json::object();
    for (const Phase &phase : m_phases)
        object[phase.name] = phase.seconds;
    object["total"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    return object;
}

std::string decimal(double number, int decimals)
{
    std::ostringstream text;
    text << std::fixed << std::setprecision(decimals) << number;
    return text.str();
}

std::string duration(double seconds)
{
    const auto whole = std::int64_t(std::llround(seconds));
    std::ostringstream text;
    text << std::setfill('0');
    if (whole >= 3600)
        text << whole / 3600 << ':' << std::setw(2) << whole / 60 % 60 << ':' << std::setw(2) << whole % 60;
    else
        text << whole / 60 << ':' << std::setw(2) << whole % 60;
    return text.str();
}

std::string size(std::int64_t bytes)
{
    return sizeText(bytes);
}

} // namespace secateur::cli
