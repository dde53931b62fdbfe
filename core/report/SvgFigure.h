// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: figures of lines and letters, inline in the page.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace secateur::html {

/// A scale from values to places on the page. With `isLog`, values are above 0.
struct Axis {
    double low = 0, high = 1; ///< values; low < high
    double from = 0, to = 1;  ///< their places, in units of the figure
    bool isLog = false;

    /// Of values from the least to the most, with a little room around them where both are the same.
    static Axis around(double least, double most, double from, double to, bool isLog = false);
    double at(double value) const;
    /// Round values within the axis, about so many; of a logarithmic one 1, 2 and 5 times powers of ten where there are few decades.
    std::vector<double> ticks(int about) const;
};
/// As short as it tells ticks apart: "0.5", "20", "3,000", "1e+06".
std::string tickText(double value);

/// A shape of a point: what tells series apart beside their colours.
enum class Mark { Circle, Square, Diamond, Triangle, Cross, Ring };

/// A figure of so many units, drawn piece by piece. Looks are classes of the style sheet, so that it follows light and dark. Texts are escaped here.
class SvgFigure {
public:
    /// `id`: unique in the page. `title` and `description` are its text alternatives; the caption stands below it.
    SvgFigure(std::string id, const std::string &title, const std::string &description, double width, double height);

    /// `tip`: what pointing at it tells; empty: nothing.
    void rect(double x, double y, double width, double height, const char *look, const std::string &tip = {});
    void line(double x1, double y1, double x2, double y2, const char *look);
    void polyline(const std::vector<std::pair<double, double>> &points, const char *look);
    void polygon(const std::vector<std::pair<double, double>> &points, const char *look, const std::string &tip = {});
    void mark(Mark shape, double x, double y, double radius, const char *look, const std::string &tip = {});
    /// `anchor`: "start", "middle", "end".
    void text(double x, double y, const std::string &content, const char *anchor = "start", const char *look = "label");
    /// Hatched, for what is not there any more. Its pattern is the figure's own.
    void hatch(double x, double y, double width, double height, const std::string &tip = {});

    /// Below a plot whose lower edge is at `y`: its line, ticks and the title.
    void axisX(const Axis &axis, double y, const std::string &title, int ticks = 6);
    /// Beside a plot whose left edge is at `x`, with lines across it up to `right`.
    void axisY(const Axis &axis, double x, double right, const std::string &title, int ticks = 5);

    /// `caption`: HTML.
    std::string html(const std::string &caption) const;

private:
    std::string m_id, m_body, m_title, m_description;
    double m_width, m_height;
    bool m_hasHatch = false;
};

} // namespace secateur::html
