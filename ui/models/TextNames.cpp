// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/TextNames.h"

#include "pruning/NeuronScores.h"
#include "text/PastedText.h"
#include "text/TokenWindows.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>

#include <filesystem>

namespace secateur::ui {
namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(TextNames)
};

template <class Files>
QString nameOf(const Files &files)
{
    if (files.empty())
        return {};
    return files.size() == 1 ? textFileName(QString::fromStdString(std::filesystem::path(files.front()).string()))
                             : Tr::tr("%1 files").arg(QLocale().toString(qulonglong(files.size())));
}

} // namespace

QString textFileName(const QString &path)
{
    const auto words = pastedWords(path.toStdString());
    return words ? Tr::tr("Pasted: %1…").arg(QString::fromStdString(*words)) : QFileInfo(path).fileName();
}

QString textFilesName(const TextSettings &text)
{
    return nameOf(text.files);
}

QString textFilesName(const Provenance &provenance)
{
    return nameOf(provenance.textFiles);
}

} // namespace secateur::ui
