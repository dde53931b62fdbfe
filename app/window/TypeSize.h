// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace secateur::ui {

/// Sizes of type that people can choose, as multiples of the usual one.
constexpr double kSmallestType = 0.75, kLargestType = 2;

/// Key of the settings under which the one chosen is kept.
constexpr const char *kTypeSetting = "type";

/// The next step up or down; the same at the end.
double largerType(double type);
double smallerType(double type);
/// Of the settings; 1 where they say nothing that can be.
double typeOf(const QByteArray &word);

} // namespace secateur::ui
