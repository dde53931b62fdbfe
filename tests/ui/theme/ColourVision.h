// SPDX-License-Identifier: GPL-3.0-or-later
// How colours look to people who see them otherwise, and to a printer without colours.
#pragma once

#include <QColor>
#include <QImage>

#include <algorithm>
#include <array>
#include <cmath>

namespace secateur::ui {

enum class Vision { Usual, Protanopia, Deuteranopia, Tritanopia, Greyscale };

using Linear = std::array<double, 3>; ///< red, green, blue in linear light, 0 to 1

inline double toLinear(double value)
{
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

inline double fromLinear(double value)
{
    return value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
}

/// G. M. Machado, M. M. Oliveira, L. A. F. Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009, severity
/// 1.0; grey is the luminance of WCAG.
inline Linear seen(const Linear &light, Vision vision)
{
    static constexpr std::array<std::array<Linear, 3>, 5> kMatrices = {
        {{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
         {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
         {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
         {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
         {{{0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}}}}};
    Linear result{};
    for (std::size_t row = 0; row < 3; ++row) {
        const Linear &weights = kMatrices[std::size_t(vision)][row];
        result[row] = std::clamp(weights[0] * light[0] + weights[1] * light[1] + weights[2] * light[2], 0.0, 1.0);
    }
    return result;
}

inline QColor seen(const QColor &colour, Vision vision)
{
    const Linear light = seen(Linear{toLinear(colour.redF()), toLinear(colour.greenF()), toLinear(colour.blueF())}, vision);
    const auto channel = [](double value) { return std::clamp(int(std::lround(255 * fromLinear(value))), 0, 255); };
    return {channel(light[0]), channel(light[1]), channel(light[2])};
}

inline QImage seen(QImage image, Vision vision)
{
    image = image.convertToFormat(QImage::Format_RGB32);
    QRgb last = 0, lastSeen = seen(QColor(last), vision).rgb(); // pictures of windows have long runs of one colour
    for (int y = 0; y < image.height(); ++y) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            if (line[x] != last) {
                last = line[x];
                lastSeen = seen(QColor(last), vision).rgb();
            }
            line[x] = lastSeen;
        }
    }
    return image;
}

/// Distance of two colours in CIE 1976 L*a*b* (D65); 2.3 can just be told apart.
inline double distance(const QColor &one, const QColor &other)
{
    const auto lab = [](const QColor &colour) {
        const double r = toLinear(colour.redF()), g = toLinear(colour.greenF()), b = toLinear(colour.blueF());
        const auto f = [](double t) { return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116; };
        const double x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
        const double y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
        const double z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
        return std::array<double, 3>{116 * y - 16, 500 * (x - y), 200 * (y - z)};
    };
    const auto a = lab(one), b = lab(other);
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

} // namespace secateur::ui
