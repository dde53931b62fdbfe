// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

namespace secateur::ui {

/// A short text that comes with the program.
struct BundledText {
    QString title, text;
};

/// Texts to be scored; empty where none are installed.
const std::vector<BundledText> &bundledTexts();
/// Beginnings to be written on from; at least one.
const QStringList &bundledPrompts();

} // namespace secateur::ui
