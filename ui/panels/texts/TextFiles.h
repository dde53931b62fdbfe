// SPDX-License-Identifier: GPL-3.0-or-later
// What can be told of text files: without reading them through whether they may be texts and why they cannot be read, afterwards what they are.
#pragma once

#include <QString>
#include <QStringList>

class QMimeData;

namespace secateur {
struct TextReport;
}

namespace secateur::ui {

/// Whether a file's name says that it is a text and nothing else of the program's (.json may be many things).
bool isNamedAsText(const QString &path);
/// For dialogs that choose texts.
QString textFileFilter();
/// Local files of a drop or of the clipboard that may be texts. A model's own files and sessions are left to whoever is behind.
QStringList textsIn(const QMimeData &data);
/// Whether a file may have columns to choose from, by its name or its beginning.
bool mayHaveColumns(const QString &path);

/// Why a file cannot be read.
struct TextFileProblem {
    QString brief;    ///< beside its name: "not found"; empty when nothing is known against it
    QString sentence; ///< "a.txt was not found."
    QString remedy;
};
TextFileProblem problemOfTextFile(const QString &path);

/// What a text is that was read: first lines, kind and encoding, documents, and the windows that it gave.
QString textReportText(const TextReport &report);

/// A folder as people write it: the home folder is "~".
QString folderText(const QString &folder);

} // namespace secateur::ui
