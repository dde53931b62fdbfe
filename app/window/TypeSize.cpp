// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/TypeSize.h"

#include <algorithm>
#include <array>

namespace secateur::ui {
namespace {

constexpr std::array kSteps = {kSmallestType, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, kLargestType};
constexpr double kNear = 0.01; ///< of a step

} // namespace

double largerType(double type)
{
    const auto *next = std::find_if(kSteps.begin(), kSteps.end(), [type](double step) { return step > type + kNear; });
    return next == kSteps.end() ? std::max(type, kLargestType) : *next;
}

double smallerType(double type)
{
    const auto next = std::find_if(kSteps.rbegin(), kSteps.rend(), [type](double step) { return step < type - kNear; });
    return next == kSteps.rend() ? std::min(type, kSmallestType) : *next;
}

double typeOf(const QByteArray &word)
{
    bool isNumber = false;
    const double type = word.toDouble(&isNumber);
    return isNumber && type >= kSmallestType && type <= kLargestType ? type : 1;
}

} // namespace secateur::ui
