// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/Figure.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QStringList>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr qsizetype kHashShown = 12; ///< characters
constexpr int kMostPixels = 8;
constexpr qsizetype kLongestName = 60; ///< characters

FigureOptions &lastOptions()
{
    static FigureOptions options;
    return options;
}

QString captionOf(const FigureSource &source, const QString &hash)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("FigureSource", text); };
    QStringList parts;
    if (!source.model.isEmpty())
        parts << tr("Model: %1").arg(source.model);
    if (!source.plan.isEmpty())
        parts << tr("plan: %1").arg(source.plan);
    if (!hash.isEmpty())
        parts << tr("plan hash: %1").arg(hash);
    if (!source.note.isEmpty())
        parts << source.note;
    return parts.join(QStringLiteral("; "));
}

} // namespace

QString FigureSource::caption() const
{
    return captionOf(*this, planHash.left(kHashShown));
}

QString FigureSource::wholeCaption() const
{
    return captionOf(*this, planHash);
}

QString fileNameOf(const QString &title)
{
    static const QRegularExpression brackets(QStringLiteral("\\([^)]*\\)")),
        gaps(QStringLiteral("[^\\w]+"), QRegularExpression::UseUnicodePropertiesOption);
    QString name;
    for (const QString &word : QString(title).remove(brackets).split(gaps, Qt::SkipEmptyParts)) {
        if (!name.isEmpty() && name.size() + 1 + word.size() > kLongestName)
            break;
        name += (name.isEmpty() ? QString() : QStringLiteral("-")) + word;
    }
    return name.left(kLongestName);
}

FigureOptions FigureOptions::last()
{
    return lastOptions();
}

void FigureOptions::remember(const FigureOptions &options)
{
    lastOptions() = options;
}

QByteArray FigureOptions::toBytes() const
{
    const QJsonObject json{{QStringLiteral("format"), format},
                           {QStringLiteral("width"), width},
                           {QStringLiteral("scale"), scale},
                           {QStringLiteral("asShown"), isAsShown}};
    return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

FigureOptions FigureOptions::fromBytes(const QByteArray &bytes)
{
    const QJsonObject json = QJsonDocument::fromJson(bytes).object();
    FigureOptions options;
    const QString format = json.value(QStringLiteral("format")).toString();
    for (const char *known : {"png", "svg", "pdf"})
        if (format == QLatin1String(known))
            options.format = format;
    const double width = json.value(QStringLiteral("width")).toDouble();
    options.width = width > 0 ? std::clamp(width, kNarrowest, kWidest) : 0;
    options.scale = std::clamp(json.value(QStringLiteral("scale")).toInt(options.scale), 1, kMostPixels);
    options.isAsShown = json.value(QStringLiteral("asShown")).toBool();
    return options;
}

} // namespace secateur::ui
