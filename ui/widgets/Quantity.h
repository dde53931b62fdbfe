// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as they stand on the screen: short with a unit, or exact with digits grouped; signs and separators by the locale.
#pragma once

#include <QString>

namespace secateur::ui {

/// "66.4 M": three or four digits and the SI prefix; below 1,000 the number itself. Rounded as secateur-cli rounds sizes.
QString countText(qint64 count);
/// "189.4 MB": powers of ten, as secateur-cli prints them.
QString bytesText(qint64 bytes);
/// "66,442,560".
QString exactText(qint64 count);
/// "63.7 %" of a share from 0 to 1.
QString percentText(double share, int decimals = 1);
/// "25 %", "37.5 %": a share that was asked for, as it was typed. What is reached has one decimal: percentText.
QString targetText(double share);
/// "−37.5 %", "+344 %", "±0 %": what `after` is above or below `before` (not 0).
QString changeText(double before, double after);
/// "−0.136": with its sign, always.
QString signedText(double value, int decimals);
/// "84.1"; "2,204" above 1,000.
QString perplexityText(double perplexity);
/// "~3.4 s": a number that is estimated, with its unit; stays on one line. Whatever shows it says in its tooltip how it is estimated.
QString estimated(QString number);
/// A text as a screen reader is to say it: "about 3.4 s" where it shows "~3.4 s".
QString spoken(QString text);

} // namespace secateur::ui
