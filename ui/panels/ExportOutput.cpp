// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/ExportOutput.h"

#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QStorageInfo>

namespace secateur::ui {
namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("ExportOutput", text);
}

/// Whether `path` is the folder or lies in it.
bool isWithin(const QString &path, const QString &folder)
{
    const QString inner = QFileInfo(path).canonicalFilePath(), outer = QFileInfo(folder).canonicalFilePath();
    return !outer.isEmpty() && (inner == outer || inner.startsWith(outer + QLatin1Char('/')));
}

/// What is in the way: something that exists and may not be replaced.
OutputProblem problemOfExisting(const QFileInfo &output, bool isOverwriteAllowed, const QString &model)
{
    if (!output.isDir())
        return {tr("'%1' is a file.").arg(output.fileName()), tr("Choose another name.")};
    if (isWithin(model, output.filePath()))
        return {tr("The folder '%1' is the model that is read, or holds it.").arg(output.fileName()), tr("Choose another name.")};
    const QDir folder(output.filePath());
    if (!folder.exists(QStringLiteral("pruning_manifest.json")) && !folder.isEmpty())
        return {tr("The folder '%1' is not an export of this program, so it is not replaced.").arg(output.fileName()),
                tr("Choose another name, or remove it yourself.")};
    if (!isOverwriteAllowed)
        return {tr("The folder '%1' exists.").arg(output.fileName()), tr("Choose another name, or tick “Replace an existing export”.")};
    return {};
}

} // namespace

OutputProblem outputProblem(const QString &folder, bool isOverwriteAllowed, const QString &model, qint64 bytes)
{
    if (folder.isEmpty())
        return {tr("The export has no folder yet."), tr("Give a name.")};
    const QFileInfo output(folder), parent(output.absolutePath());
    if (!parent.isDir())
        return {tr("The folder '%1' does not exist.").arg(parent.filePath()), tr("Make it first, or choose another place.")};
    if (!parent.isWritable())
        return {tr("The folder '%1' cannot be written to.").arg(parent.filePath()), tr("Choose another place.")};
    if (output.exists())
        if (const OutputProblem problem = problemOfExisting(output, isOverwriteAllowed, model); !problem.sentence.isEmpty())
            return problem;
    if (const qint64 free = freeBytesFor(folder); free >= 0 && free < bytes)
        return {tr("There is too little space: %1 are needed, %2 are free.").arg(bytesText(bytes), bytesText(free)),
                tr("Make room, or choose another disk.")};
    return {};
}

QString outputPath(const QString &typed)
{
    const QString path = typed.trimmed();
    if (path.isEmpty())
        return {};
    const bool isOfHome = path == QLatin1String("~") || path.startsWith(QLatin1String("~/"));
    return QDir::cleanPath(QDir::home().absoluteFilePath(isOfHome ? QDir::homePath() + path.mid(1) : path));
}

QString freeName(const QString &path)
{
    QString name = path;
    for (int number = 2; QFileInfo::exists(name); ++number)
        name = QStringLiteral("%1-%2").arg(path).arg(number);
    return name;
}

qint64 freeBytesFor(const QString &folder)
{
    const QStorageInfo storage(QFileInfo(folder).absolutePath());
    return storage.isValid() ? storage.bytesAvailable() : -1;
}

} // namespace secateur::ui
