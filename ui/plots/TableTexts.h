// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Plot.h"

namespace secateur::ui {

/// One value as people read it: numbers by QLocale, six significant digits; empty for an invalid QVariant and for NaN.
QString displayText(const QVariant &value);

/// Comma-separated (RFC 4180, lines end with \n) with numbers in the C locale, as short as possible without loss. The first line has the
/// names of the columns, with their units in brackets.
QString commaSeparated(const PlotTable &table);

/// Tab-separated for the clipboard: numbers by QLocale without group separators, so that a spreadsheet of the same locale reads them as
/// numbers.
QString tabSeparated(const PlotTable &table);

} // namespace secateur::ui
