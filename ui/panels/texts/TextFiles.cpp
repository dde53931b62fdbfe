// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/texts/TextFiles.h"

#include "models/TextNames.h"
#include "text/TextReport.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QMimeData>
#include <QUrl>

#include <algorithm>
#include <initializer_list>

namespace secateur::ui {
namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(TextFiles)
};

bool hasSuffix(const QString &path, std::initializer_list<QLatin1String> suffixes)
{
    const QString suffix = QFileInfo(path).suffix();
    return std::ranges::any_of(suffixes, [&](QLatin1String one) { return suffix.compare(one, Qt::CaseInsensitive) == 0; });
}

QString documentsText(qint64 count)
{
    return count == 0   ? Tr::tr("1 document, read in part")
           : count == 1 ? Tr::tr("1 document")
                        : Tr::tr("%1 documents").arg(exactText(count));
}

} // namespace

bool isNamedAsText(const QString &path)
{
    return hasSuffix(path, {QLatin1String("txt"), QLatin1String("text"), QLatin1String("md"), QLatin1String("jsonl"),
                            QLatin1String("ndjson"), QLatin1String("jsonlines"), QLatin1String("gz"), QLatin1String("zst"),
                            QLatin1String("xz"), QLatin1String("bz2"), QLatin1String("parquet")});
}

QString textFileFilter()
{
    return Tr::tr("Texts (*.txt *.md *.jsonl *.ndjson *.json *.gz *.zst *.xz *.bz2 *.parquet);;All files (*)");
}

QStringList textsIn(const QMimeData &data)
{
    QStringList files;
    for (const QUrl &url : data.urls()) {
        const QFileInfo file(url.toLocalFile());
        const bool isMaybeJsonLines =
            hasSuffix(file.fileName(), {QLatin1String("json")}) && file.fileName() != QLatin1String("config.json");
        if (url.isLocalFile() && !file.isDir() && (isMaybeJsonLines || isNamedAsText(file.fileName())))
            files << file.absoluteFilePath();
    }
    return files;
}

bool mayHaveColumns(const QString &path)
{
    constexpr qint64 kBeginning = 512;
    if (hasSuffix(path, {QLatin1String("parquet"), QLatin1String("jsonl"), QLatin1String("json"), QLatin1String("ndjson"),
                         QLatin1String("jsonlines"), QLatin1String("gz"), QLatin1String("zst"), QLatin1String("xz"), QLatin1String("bz2")}))
        return true;
    QFile file(path);
    if (!QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly))
        return false;
    const QByteArray beginning = file.read(kBeginning).trimmed();
    return beginning.startsWith('{') || beginning.startsWith('[') || beginning.startsWith("PAR1");
}

TextFileProblem problemOfTextFile(const QString &path)
{
    const QFileInfo file(path);
    const QString name = textFileName(path), another = Tr::tr("Remove it or choose another file.");
    if (!file.exists())
        return {Tr::tr("not found"), Tr::tr("%1 was not found.").arg(name), Tr::tr("Remove it, or choose it again where it is now.")};
    if (file.isDir())
        return {Tr::tr("a folder"), Tr::tr("%1 is a folder, not a text.").arg(name), another};
    if (!file.isReadable())
        return {Tr::tr("no permission"), Tr::tr("You have no permission to read %1.").arg(name), another};
    if (file.size() == 0)
        return {Tr::tr("empty"), Tr::tr("%1 is empty.").arg(name), another};
    return {};
}

QString folderText(const QString &folder)
{
    const QString home = QDir::homePath(), path = QDir::toNativeSeparators(folder);
    return path == home || path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path;
}

QString textReportText(const TextReport &report)
{
    constexpr std::size_t kMostFiles = 6;
    QStringList lines;
    for (const TextFileReport &file : report.files) {
        if (std::size_t(lines.size()) == kMostFiles && report.files.size() > 1) {
            lines << Tr::tr("and %1 more files").arg(exactText(qint64(report.files.size() - kMostFiles)));
            break;
        }
        QStringList first;
        for (const std::string &line : file.firstLines)
            first << Tr::tr("“%1”", "a line of a text").arg(QString::fromStdString(line));
        QString what = Tr::tr("%1, %2", "kind of file and documents").arg(QString::fromStdString(file.kind), documentsText(file.documents));
        if (file.nulls > 0)
            what =
                Tr::tr("%1; %2 without text (null) left out", "kind of file and documents; documents").arg(what, documentsText(file.nulls));
        if (report.files.size() == 1)
            lines << first << what;
        else
            lines << Tr::tr("%1: %2 %3", "name, kind and first line")
                         .arg(textFileName(QString::fromStdString(file.file.string())), what, first.value(0));
    }
    const QString windows = report.windows == 1
                                ? Tr::tr("One window of %1 tokens fits").arg(exactText(report.length))
                                : Tr::tr("%1 windows of %2 tokens fit").arg(exactText(report.windows), exactText(report.length));
    lines << Tr::tr("%1; %2 tokens were read.", "windows and tokens").arg(windows, exactText(report.tokens));
    return lines.join(QLatin1Char('\n'));
}

} // namespace secateur::ui
