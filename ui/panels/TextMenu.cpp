// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/TextMenu.h"

#include "models/TextNames.h"
#include "panels/TextFiles.h"

#include <QFileInfo>

#include <filesystem>
#include <vector>

namespace secateur::ui {

TextMenu::TextMenu(QWidget *parent) : QMenu(parent)
{
    setToolTipsVisible(true);
    connect(this, &QMenu::aboutToShow, this, &TextMenu::fill);
}

void TextMenu::fill()
{
    clear();
    std::vector<std::filesystem::path> earlier;
    for (const QString &file : m_recent)
        earlier.emplace_back(file.toStdString());
    if (!m_sample.isEmpty()) {
        QAction *action = addText(tr("Bundled text"), QFileInfo(m_sample).fileName());
        action->setToolTip(m_sample);
        connect(action, &QAction::triggered, this, [this] { emit chosen(m_sample); });
    }
    for (const KnownText &text : knownTexts(m_use, earlier))
        addDataSet(text);
    if (!m_recent.isEmpty())
        addSeparator();
    for (const QString &file : m_recent) {
        QAction *action = addText(textFileName(file), folderText(QFileInfo(file).path()));
        action->setToolTip(file);
        connect(action, &QAction::triggered, this, [this, file] { emit chosen(file); });
    }
}

void TextMenu::addDataSet(const KnownText &text)
{
    const QString title = QString::fromStdString(text.title), problem = QString::fromStdString(text.problem);
    if (!problem.isEmpty()) {
        QAction *action = addText(tr("%1: how to get it").arg(title), tr("not on this computer"));
        action->setToolTip(problem);
        connect(action, &QAction::triggered, this,
                [this, problem, command = QString::fromStdString(text.command)] { emit missing(problem, command); });
        return;
    }
    const QString file = QString::fromStdString(text.file.string());
    QAction *action = addText(tr("%1, %2 part").arg(title, QString::fromStdString(text.part)), folderText(QFileInfo(file).path()));
    action->setToolTip(file);
    connect(action, &QAction::triggered, this, [this, file] { emit chosen(file); });
}

QAction *TextMenu::addText(const QString &name, const QString &where)
{
    constexpr int kMost = 48; // characters of a place
    const QString place = where.size() > kMost ? where.left(kMost / 2) + QStringLiteral("…") + where.right(kMost / 2) : where;
    QString text = name;
    text.replace(QLatin1Char('&'), QLatin1String("&&")); // no mnemonic
    return addAction(text + QLatin1Char('\t') + place);  // where other menus have their shortcuts
}

} // namespace secateur::ui
