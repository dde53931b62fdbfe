// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/FiguresSaving.h"

#include "foundation/Error.h"
#include "plots/Plot.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(FiguresSaving)
};

/// The path that no file has in any of the formats, without its ending.
QString freePath(const QDir &folder, const QString &name, const QStringList &formats)
{
    for (int number = 1;; ++number) {
        const QString path = folder.filePath(number == 1 ? name : name + QLatin1Char('-') + QString::number(number));
        const bool isTaken = std::any_of(formats.begin(), formats.end(), [&](const QString &format) {
            const QFileInfo file(path + QLatin1Char('.') + format);
            return file.exists() || file.isSymLink(); // a link that leads nowhere has the name too
        });
        if (!isTaken)
            return path;
    }
}

} // namespace

QString fileNameOf(const Plot &plot)
{
    constexpr qsizetype kHash = 8; ///< characters
    const QString hash = plot.source().planHash.left(kHash), title = fileNameOf(plot.title());
    const QString named = title.isEmpty() ? QStringLiteral("figure") : title;
    return hash.isEmpty() ? named : named + QLatin1Char('-') + hash;
}

QStringList saveFigures(const FiguresWanted &wanted)
{
    const QDir folder(wanted.folder);
    if (wanted.folder.isEmpty() || !folder.exists())
        throw Error(Words::tr("The folder \"%1\" is not there.").arg(QDir::toNativeSeparators(wanted.folder)).toStdString(),
                    Words::tr("Choose another folder.").toStdString());
    QStringList written;
    for (const FigureOfPage &figure : wanted.figures) {
        if (!figure.plot || !figure.plot->hasData())
            continue;
        const QString path = freePath(folder, fileNameOf(*figure.plot), wanted.formats);
        for (const QString &format : wanted.formats) {
            const QString file = path + QLatin1Char('.') + format;
            try {
                figure.plot->save(file, wanted.options);
            } catch (const Error &problem) {
                throw Error(problem.what(), Words::tr("%1 files were saved before and are kept. %2")
                                                .arg(QString::number(written.size()), QString::fromStdString(problem.plainHint()))
                                                .trimmed()
                                                .toStdString());
            }
            written << file;
        }
    }
    return written;
}

} // namespace secateur::ui
