// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/export/ExportOutput.h"

#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QLocale>
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
OutputProblem problemOfExisting(const QFileInfo &output, Replacing replacing, const QString &model)
{
    if (!output.isDir())
        return {tr("'%1' is a file.").arg(output.fileName()), tr("Choose another folder.")};
    if (isWithin(model, output.filePath()))
        return {tr("That folder holds the model itself."), tr("Choose another folder.")};
    const QDir folder(output.filePath());
    const bool isExport = folder.exists(QStringLiteral("pruning_manifest.json"));
    if (!isExport && !folder.isEmpty())
        return {tr("The folder '%1' was not exported by this program, so it is not replaced.").arg(output.fileName()),
                tr("Choose another folder, or remove it yourself.")};
    if (replacing == Replacing::Allowed)
        return {};
    return {isExport ? tr("The folder '%1' already contains a model.").arg(output.fileName())
                     : tr("The folder '%1' already exists.").arg(output.fileName()),
            replacing == Replacing::Offered ? tr("Choose another folder, or tick “Replace an existing export”.")
                                            : tr("Choose another folder.")};
}

} // namespace

OutputProblem outputProblem(const QString &folder, Replacing replacing, const QString &model, qint64 bytes)
{
    if (folder.isEmpty())
        return {tr("Choose a folder."), {}};
    const QFileInfo output(folder), parent(output.absolutePath());
    if (!parent.isDir())
        return {tr("The folder '%1' does not exist.").arg(parent.filePath()), tr("Create it first, or choose another folder.")};
    if (!parent.isWritable())
        return {tr("You cannot write to the folder '%1'.").arg(parent.filePath()), tr("Choose another folder.")};
    if (output.exists())
        if (const OutputProblem problem = problemOfExisting(output, replacing, model); !problem.sentence.isEmpty())
            return problem;
    if (const qint64 free = freeBytesFor(folder); free >= 0 && free < bytes)
        return {tr("There is not enough space: the export needs %1, and %2 is free.").arg(bytesText(bytes), bytesText(free)),
                tr("Free some space, or choose a folder on another disk.")};
    return {};
}

QString exportName(const QString &model, const BalanceSettings &asked, const std::optional<SparsityBalance> &reached, const QString &method)
{
    const double sparsity = asked.neuronsKept && reached ? reached->sparsityLayers() : asked.sparsity;
    return QStringLiteral("%1-%2-%3").arg(model, method, QLocale::c().toString(100 * sparsity, 'g', 3));
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
