// SPDX-License-Identifier: GPL-3.0-or-later
// What the window calls texts, wherever it names them. Files and commands have their paths, the command line core's textName().
#pragma once

#include <QString>

namespace secateur {
struct Provenance;
struct TextSettings;
} // namespace secateur

namespace secateur::ui {

/// The name of the file, or "Pasted: first words…" of a pasted text.
QString textFileName(const QString &path);
/// The name of the one file, or "3 files"; empty when there is none.
QString textFilesName(const TextSettings &text);
QString textFilesName(const Provenance &provenance);

} // namespace secateur::ui
