// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/PlotStyle.h"

#include <QGuiApplication>

#include <algorithm>
#include <array>
#include <cmath>

namespace secateur::ui {

namespace {

/// Viridis (van der Walt and Smith, CC0) at 0, 0.1 ... 1.
constexpr std::array<QRgb, 11> kViridis = {0xff440154, 0xff482475, 0xff414487, 0xff355f8d, 0xff2a788e, 0xff21918c,
                                           0xff22a884, 0xff44bf70, 0xff7ad151, 0xffbddf26, 0xfffde725};

double g_stroke = 1; ///< of all styles that are made from now on

QColor mixed(const QColor &from, const QColor &to, double share)
{
    const auto channel = [share](int a, int b) { return int(std::lround(a + (b - a) * share)); };
    return {channel(from.red(), to.red()), channel(from.green(), to.green()), channel(from.blue(), to.blue())};
}

/// Relative luminance of sRGB.
double luminance(const QColor &colour)
{
    const auto linear = [](double value) { return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

/// What a role looks like: light, dark, light with high contrast, dark with high contrast.
struct Role {
    QColor PlotStyle::*colour;
    std::array<QRgb, 4> looks;
};

constexpr Role kRoles[] = {
    {&PlotStyle::surface, {0xffffff, 0x232629, 0xffffff, 0x000000}},   {&PlotStyle::raised, {0xf6f7f8, 0x1b1e20, 0xf2f2f2, 0x141414}},
    {&PlotStyle::selected, {0xe8f3fa, 0x263744, 0xcfe6f7, 0x003a5c}},  {&PlotStyle::text, {0x1d2327, 0xeceff1, 0x000000, 0xffffff}},
    {&PlotStyle::mutedText, {0x5b6670, 0xa3adb5, 0x333333, 0xdddddd}}, {&PlotStyle::disabled, {0x858e96, 0x78828a, 0x6a6a6a, 0x9a9a9a}},
    {&PlotStyle::line, {0xd9dde1, 0x3a4045, 0x767676, 0x8a8a8a}},      {&PlotStyle::hatching, {0x7f8a92, 0x7c868e, 0x595959, 0xa8a8a8}},
    {&PlotStyle::outline, {0x7c868e, 0x8b959d, 0x404040, 0xc8c8c8}},   {&PlotStyle::accent, {0x0072b2, 0x56b4e9, 0x004f86, 0x7cc8ff}},
    {&PlotStyle::onAccent, {0xffffff, 0x101315, 0xffffff, 0x000000}},  {&PlotStyle::ffn, {0x009e73, 0x009e73, 0x005a41, 0x3fe0ad}},
    {&PlotStyle::warning, {0xd55e00, 0xe69f00, 0x8f3300, 0xffb733}},   {&PlotStyle::extra, {0xbf6798, 0xcc79a7, 0x7a2e5c, 0xf0a6cf}},
};

} // namespace

PlotStyle PlotStyle::of(const QPalette &palette)
{
    // Of what is possible, also in a widget that is disabled. The ground may be a raised one, as a header's is; only high contrast has words in plain
    // black or white.
    const QColor ground = palette.color(QPalette::Active, QPalette::Window), words = palette.color(QPalette::Active, QPalette::WindowText);
    const bool isPlain = words.rgb() == QColor(Qt::black).rgb() || words.rgb() == QColor(Qt::white).rgb();
    constexpr double kAtLeast = 15; ///< of any ground of that look
    return of(luminance(ground) < luminance(words), isPlain && contrast(ground, words) > kAtLeast);
}

PlotStyle PlotStyle::of(bool isDark, bool isHighContrast)
{
    PlotStyle style;
    for (const Role &role : kRoles)
        style.*role.colour = QColor(role.looks[std::size_t((isHighContrast ? 2 : 0) + (isDark ? 1 : 0))]);
    style.isDark = isDark;
    style.isHighContrast = isHighContrast;
    style.stroke = g_stroke;
    return style.withFont(QGuiApplication::font());
}

void PlotStyle::setStroke(double stroke)
{
    g_stroke = stroke;
}

PlotStyle PlotStyle::withFont(const QFont &base) const
{
    PlotStyle style = *this;
    style.titleFont = base;
    style.font = base;
    // Labels step back behind the words around the plot; a font is given in points or in pixels.
    if (base.pointSizeF() > 0)
        style.font.setPointSizeF(base.pointSizeF() * 0.9);
    else
        style.font.setPixelSize(std::max(9, int(std::lround(base.pixelSize() * 0.9))));
    return style;
}

QBrush PlotStyle::hatch() const
{
    return {hatching, Qt::BDiagPattern};
}

QColor PlotStyle::readable(const QColor &colour) const
{
    const QColor extreme = isDark ? QColor(Qt::white) : QColor(Qt::black);
    const double wanted = isHighContrast ? 7 : 4.5;
    for (double share = 0; share < 1; share += 0.02) {
        const QColor shade = mixed(colour, extreme, share);
        if (std::min({contrast(shade, surface), contrast(shade, raised), contrast(shade, selected)}) >= wanted)
            return shade;
    }
    return extreme;
}

QColor PlotStyle::magnitude(double share)
{
    const double position = std::clamp(share, 0.0, 1.0) * double(kViridis.size() - 1);
    const auto index = std::min(std::size_t(position), kViridis.size() - 2);
    return mixed(QColor(kViridis[index]), QColor(kViridis[index + 1]), position - double(index));
}

QColor PlotStyle::change(double share) const
{
    const QColor neutral = isDark ? QColor(0x33383c) : QColor(0xf5f7f8);
    const QColor below = isDark ? QColor(0x67a9cf) : QColor(0x2166ac), above = isDark ? QColor(0xef8a62) : QColor(0xb2182b);
    const double clamped = std::clamp(share, -1.0, 1.0);
    return mixed(neutral, clamped < 0 ? below : above, std::abs(clamped)); // ends of RdBu (ColorBrewer)
}

double PlotStyle::contrast(const QColor &one, const QColor &other)
{
    const auto [darker, lighter] = std::minmax({luminance(one), luminance(other)});
    return (lighter + 0.05) / (darker + 0.05);
}

} // namespace secateur::ui
