// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/SvgFigure.h"

#include "report/HtmlText.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace secateur::html {
namespace {

/// A place: to a hundredth of a unit, as short as that is.
std::string place(double value)
{
    std::array<char, 64> written{};
    const double rounded = std::round(value * 100) / 100;
    return {written.data(), std::to_chars(written.data(), written.data() + written.size(), rounded == 0 ? 0.0 : rounded).ptr};
}

std::string attribute(const char *name, double value)
{
    return std::string(" ") + name + "=\"" + place(value) + "\"";
}

std::string lookOf(const char *look)
{
    return std::string(" class=\"") + look + "\"";
}

/// The end of an element, with the tip within it.
std::string ended(const char *element, const std::string &tip)
{
    return tip.empty() ? "/>\n" : "><title>" + text(tip) + "</title></" + element + ">\n";
}

std::string pointsOf(const std::vector<std::pair<double, double>> &points)
{
    std::string listed;
    for (const auto &[x, y] : points)
        listed += (listed.empty() ? "" : " ") + place(x) + "," + place(y);
    return " points=\"" + listed + "\"";
}

/// 1, 2 or 5 times a power of ten, at least `step`.
double roundStep(double step)
{
    const double power = std::pow(10, std::floor(std::log10(step)));
    for (const double times : {1.0, 2.0, 5.0})
        if (times * power >= step * (1 - 1e-9))
            return times * power;
    return 10 * power;
}

} // namespace

Axis Axis::around(double least, double most, double from, double to, bool isLog)
{
    if (isLog) {
        const double room = std::max(std::log10(most / least) * 0.06, 0.02);
        return {.low = least * std::pow(10, -room), .high = most * std::pow(10, room), .from = from, .to = to, .isLog = true};
    }
    const double span = most - least, room = span > 0 ? 0.06 * span : std::max(std::abs(most) * 0.05, 1e-6);
    return {.low = least - room, .high = most + room, .from = from, .to = to, .isLog = false};
}

double Axis::at(double value) const
{
    const double part = isLog ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return from + (to - from) * part;
}

std::vector<double> Axis::ticks(int about) const
{
    std::vector<double> found;
    if (!(high > low) || about < 1)
        return found;
    if (!isLog || high / low < 2) {
        const double step = roundStep((high - low) / about);
        for (double tick = std::ceil(low / step - 1e-9); tick * step <= high * (1 + 1e-12); ++tick)
            found.push_back(tick * step);
        return found;
    }
    const double decades = std::log10(high / low);
    const auto every = std::max<int>(1, int(std::ceil(decades / about)));
    for (int power = int(std::floor(std::log10(low))); power <= int(std::floor(std::log10(high))); ++power)
        for (const double times : {1.0, 2.0, 5.0}) {
            const double tick = times * std::pow(10, power);
            const bool isWanted = times == 1.0 ? power % every == 0 : decades < 3;
            if (isWanted && tick >= low && tick <= high)
                found.push_back(tick);
        }
    return found;
}

std::string tickText(double value)
{
    const double size = std::abs(value);
    if (size != 0 && (size >= 1e6 || size < 1e-3)) {
        std::array<char, 64> written{};
        return {written.data(),
                std::to_chars(written.data(), written.data() + written.size(), value, std::chars_format::scientific, 0).ptr};
    }
    std::string written = fixed(value, 4);
    written.erase(written.find_last_not_of('0') + 1);
    if (written.ends_with('.'))
        written.pop_back();
    return written == "-0" ? "0" : written;
}

SvgFigure::SvgFigure(std::string id, const std::string &title, const std::string &description, double width, double height)
    : m_id(std::move(id)),
      m_title(html::text(title)),
      m_description(html::text(description)),
      m_width(width),
      m_height(height)
{
}

void SvgFigure::rect(double x, double y, double width, double height, const char *look, const std::string &tip)
{
    m_body += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", std::max(0.0, width)) +
              attribute("height", std::max(0.0, height)) + lookOf(look) + ended("rect", tip);
}

void SvgFigure::hatch(double x, double y, double width, double height, const std::string &tip)
{
    m_hasHatch = true;
    m_body += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) + attribute("height", height) + " fill=\"url(#" +
              m_id + "-hatch)\"" + ended("rect", tip);
}

void SvgFigure::line(double x1, double y1, double x2, double y2, const char *look)
{
    m_body += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) + lookOf(look) + "/>\n";
}

void SvgFigure::polyline(const std::vector<std::pair<double, double>> &points, const char *look)
{
    if (!points.empty())
        m_body += "<polyline" + pointsOf(points) + lookOf(look) + "/>\n";
}

void SvgFigure::polygon(const std::vector<std::pair<double, double>> &points, const char *look, const std::string &tip)
{
    if (!points.empty())
        m_body += "<polygon" + pointsOf(points) + lookOf(look) + ended("polygon", tip);
}

void SvgFigure::mark(Mark shape, double x, double y, double radius, const char *look, const std::string &tip)
{
    const double r = radius;
    switch (shape) {
    case Mark::Circle:
    case Mark::Ring:
        m_body += "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", r) + lookOf(look) + ended("circle", tip);
        break;
    case Mark::Square:
        rect(x - r, y - r, 2 * r, 2 * r, look, tip);
        break;
    case Mark::Diamond:
        polygon({{x, y - 1.3 * r}, {x + 1.3 * r, y}, {x, y + 1.3 * r}, {x - 1.3 * r, y}}, look, tip);
        break;
    case Mark::Triangle:
        polygon({{x, y - 1.2 * r}, {x + 1.2 * r, y + r}, {x - 1.2 * r, y + r}}, look, tip);
        break;
    case Mark::Cross: {
        const double t = 0.4 * r, o = 1.2 * r;
        polygon({{x - t, y - o},
                 {x + t, y - o},
                 {x + t, y - t},
                 {x + o, y - t},
                 {x + o, y + t},
                 {x + t, y + t},
                 {x + t, y + o},
                 {x - t, y + o},
                 {x - t, y + t},
                 {x - o, y + t},
                 {x - o, y - t},
                 {x - t, y - t}},
                look, tip);
        break;
    }
    }
}

void SvgFigure::text(double x, double y, const std::string &content, const char *anchor, const char *look)
{
    m_body += "<text" + attribute("x", x) + attribute("y", y) + " text-anchor=\"" + anchor + "\"" + lookOf(look) + ">" +
              html::text(content) + "</text>\n";
}

void SvgFigure::axisX(const Axis &axis, double y, const std::string &title, int ticks)
{
    constexpr double kTick = 4, kNumbers = 16, kTitle = 34;
    line(axis.from, y, axis.to, y, "axis");
    for (const double tick : axis.ticks(ticks)) {
        line(axis.at(tick), y, axis.at(tick), y + kTick, "axis");
        text(axis.at(tick), y + kNumbers, tickText(tick), "middle");
    }
    text((axis.from + axis.to) / 2, y + kTitle, title, "middle", "title");
}

void SvgFigure::axisY(const Axis &axis, double x, double right, const std::string &title, int ticks)
{
    constexpr double kGap = 6, kHalfLetter = 4, kTitle = 10;
    for (const double tick : axis.ticks(ticks)) {
        line(x, axis.at(tick), right, axis.at(tick), "grid");
        text(x - kGap, axis.at(tick) + kHalfLetter, tickText(tick), "end");
    }
    line(x, axis.from, x, axis.to, "axis");
    text(2, std::min(axis.from, axis.to) - kTitle, title, "start", "title");
}

std::string SvgFigure::html(const std::string &caption) const
{
    const std::string pattern =
        m_hasHatch ? "<defs><pattern id=\"" + m_id +
                         "-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                         "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"hatch\"/></pattern></defs>\n"
                   : std::string();
    return "<figure id=\"" + m_id + "\">\n<svg viewBox=\"0 0 " + place(m_width) + " " + place(m_height) + "\" width=\"" + place(m_width) +
           "\" height=\"" + place(m_height) + "\" role=\"img\" aria-labelledby=\"" + m_id + "-title " + m_id + "-desc\">\n<title id=\"" +
           m_id + "-title\">" + m_title + "</title>\n<desc id=\"" + m_id + "-desc\">" + m_description + "</desc>\n" + pattern + m_body +
           "</svg>\n<figcaption>" + caption + "</figcaption>\n</figure>\n";
}

} // namespace secateur::html
