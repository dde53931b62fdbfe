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

PlotStyle lightStyle()
{
    PlotStyle style;
    style.surface = QColor(0xffffff);
    style.raised = QColor(0xf6f7f8);
    style.selected = QColor(0xe8f3fa);
    style.text = QColor(0x1d2327);
    style.mutedText = QColor(0x5b6670);
    style.disabled = QColor(0x858e96);
    style.line = QColor(0xd9dde1);
    style.hatching = QColor(0x7f8a92);
    style.outline = QColor(0x7c868e);
    style.accent = QColor(0x0072b2);
    style.onAccent = QColor(0xffffff);
    style.ffn = QColor(0x009e73);
    style.warning = QColor(0xd55e00);
    style.extra = QColor(0xbf6798);
    return style;
}

PlotStyle darkStyle()
{
    PlotStyle style;
    style.surface = QColor(0x232629);
    style.raised = QColor(0x1b1e20);
    style.selected = QColor(0x263744);
    style.text = QColor(0xeceff1);
    style.mutedText = QColor(0xa3adb5);
    style.disabled = QColor(0x78828a);
    style.line = QColor(0x3a4045);
    style.hatching = QColor(0x7c868e);
    style.outline = QColor(0x8b959d);
    style.accent = QColor(0x56b4e9);
    style.onAccent = QColor(0x101315);
    style.ffn = QColor(0x009e73);
    style.warning = QColor(0xe69f00);
    style.extra = QColor(0xcc79a7);
    return style;
}

PlotStyle lightHighContrastStyle()
{
    PlotStyle style;
    style.surface = QColor(0xffffff);
    style.raised = QColor(0xf2f2f2);
    style.selected = QColor(0xcfe6f7);
    style.text = QColor(Qt::black);
    style.mutedText = QColor(0x333333);
    style.disabled = QColor(0x6a6a6a);
    style.line = QColor(0x767676);
    style.hatching = QColor(0x595959);
    style.outline = QColor(0x404040);
    style.accent = QColor(0x004f86);
    style.onAccent = QColor(0xffffff);
    style.ffn = QColor(0x005a41);
    style.warning = QColor(0x8f3300);
    style.extra = QColor(0x7a2e5c);
    return style;
}

PlotStyle darkHighContrastStyle()
{
    PlotStyle style;
    style.surface = QColor(Qt::black);
    style.raised = QColor(0x141414);
    style.selected = QColor(0x003a5c);
    style.text = QColor(0xffffff);
    style.mutedText = QColor(0xdddddd);
    style.disabled = QColor(0x9a9a9a);
    style.line = QColor(0x8a8a8a);
    style.hatching = QColor(0xa8a8a8);
    style.outline = QColor(0xc8c8c8);
    style.accent = QColor(0x7cc8ff);
    style.onAccent = QColor(Qt::black);
    style.ffn = QColor(0x3fe0ad);
    style.warning = QColor(0xffb733);
    style.extra = QColor(0xf0a6cf);
    return style;
}

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
    PlotStyle style =
        isHighContrast ? (isDark ? darkHighContrastStyle() : lightHighContrastStyle()) : (isDark ? darkStyle() : lightStyle());
    style.isDark = isDark;
    style.isHighContrast = isHighContrast;
    return style.withFont(QGuiApplication::font());
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
