// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Guide.h"

#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QTextDocument>

namespace secateur::ui {
namespace {

/// The order of the contents.
const QStringList kPages{QStringLiteral("start"),     QStringLiteral("calibrate"),    QStringLiteral("plan"),
                         QStringLiteral("attention"), QStringLiteral("evaluate"),     QStringLiteral("playground"),
                         QStringLiteral("compare"),   QStringLiteral("restore"),      QStringLiteral("export"),
                         QStringLiteral("teach"),     QStringLiteral("command-line"), QStringLiteral("words")};

QString withoutMissingPictures(QString html, const QString &folder)
{
    static const QRegularExpression picture(QStringLiteral("<p class=\"picture\">\\s*<img src=\"([^\"]+)\"[^>]*>\\s*</p>"));
    qsizetype from = 0;
    for (QRegularExpressionMatch match = picture.match(html, from); match.hasMatch(); match = picture.match(html, from)) {
        from = match.capturedStart();
        if (QFileInfo::exists(folder + QLatin1Char('/') + match.captured(1)))
            from = match.capturedEnd();
        else
            html.remove(match.capturedStart(), match.capturedLength());
    }
    return html;
}

} // namespace

std::vector<GuidePage> guidePagesIn(const std::filesystem::path &folder)
{
    std::vector<GuidePage> pages;
    const QString place = QString::fromStdString(folder.string());
    for (const QString &id : kPages) {
        QFile file(place + QLatin1Char('/') + id + QStringLiteral(".html"));
        if (folder.empty() || !file.open(QIODevice::ReadOnly))
            continue;
        GuidePage page{.id = id, .title = {}, .html = withoutMissingPictures(QString::fromUtf8(file.readAll()), place), .text = {}};
        static const QRegularExpression title(QStringLiteral("<title>(.*?)</title>"));
        page.title = title.match(page.html).captured(1);
        QTextDocument document;
        document.setHtml(page.html);
        page.text = document.toPlainText();
        pages.push_back(std::move(page));
    }
    return pages;
}

int hitsIn(const GuidePage &page, const QStringList &words)
{
    int hits = 0;
    for (const QString &word : words) {
        const int found = int(page.text.count(word, Qt::CaseInsensitive));
        if (found == 0)
            return 0;
        hits += found;
    }
    return hits;
}

} // namespace secateur::ui
