// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/texts/TextMenu.h"

#include "foundation/Failures.h"
#include "models/TextNames.h"
#include "panels/parts/InBackground.h"
#include "panels/texts/TextFiles.h"

#include <QFileInfo>

#include <filesystem>
#include <utility>

namespace secateur::ui {

TextMenu::TextMenu(QWidget *parent) : QMenu(parent)
{
    setToolTipsVisible(true);
    connect(this, &QMenu::aboutToShow, this, &TextMenu::fill);
    connect(&m_findings, &QFutureWatcher<std::vector<KnownText>>::finished, this, &TextMenu::takeFindings);
}

void TextMenu::setUse(TextUse use)
{
    if (use == m_use)
        return;
    m_use = use;
    m_known.reset();
    m_problem.clear();
}

void TextMenu::fill()
{
    clear();
    m_dataSets.clear();
    m_behind = nullptr;
    if (!m_recent.isEmpty())
        m_behind = addSeparator();
    for (const QString &file : m_recent) {
        QAction *action = textAction(textFileName(file), folderText(QFileInfo(file).path()));
        action->setToolTip(file);
        connect(action, &QAction::triggered, this, [this, file] { emit chosen(file); });
        addAction(action);
    }
    showDataSets();
    look();
}

void TextMenu::look()
{
    if (m_lookedFor)
        return;
    m_lookedFor = m_use;
    std::vector<std::filesystem::path> earlier;
    for (const QString &file : m_recent)
        earlier.emplace_back(file.toStdString());
    m_findings.setFuture(
        inBackground([use = m_use, earlier = std::move(earlier), cache = hubCacheFolder()] { return knownTexts(use, earlier, cache); }));
}

void TextMenu::takeFindings()
{
    const bool isWanted = std::exchange(m_lookedFor, {}) == m_use;
    if (!isWanted) {
        look();
        return;
    }
    const auto before = std::exchange(m_known, std::vector<KnownText>());
    const QString problemBefore = std::exchange(m_problem, {});
    try {
        m_known = m_findings.result();
    } catch (const std::exception &thrown) {
        m_problem = QString::fromStdString(asError(thrown).what());
    }
    if (m_known != before || m_problem != problemBefore)
        showDataSets();
}

void TextMenu::showDataSets()
{
    qDeleteAll(std::exchange(m_dataSets, {}));
    if (!m_known || !m_problem.isEmpty()) {
        QAction *action = new QAction(m_known ? tr("Data sets could not be looked for") : tr("Looking for data sets…"), this);
        action->setToolTip(m_problem);
        action->setEnabled(false);
        m_dataSets << action;
    } else {
        for (const KnownText &text : *m_known)
            m_dataSets << dataSetAction(text);
    }
    insertActions(m_behind, m_dataSets);
}

QAction *TextMenu::dataSetAction(const KnownText &text)
{
    const QString title = QString::fromStdString(text.title), problem = QString::fromStdString(text.problem);
    if (!problem.isEmpty()) {
        QAction *action = textAction(tr("%1: how to get it").arg(title), tr("not on this computer"));
        action->setToolTip(problem);
        connect(action, &QAction::triggered, this,
                [this, problem, command = QString::fromStdString(text.command)] { emit missing(problem, command); });
        return action;
    }
    const QString file = QString::fromStdString(text.file.string());
    QAction *action = textAction(tr("%1, %2 part").arg(title, QString::fromStdString(text.part)), folderText(QFileInfo(file).path()));
    action->setToolTip(file);
    connect(action, &QAction::triggered, this, [this, file, documents = text.documents.value_or(0)] { emit knownChosen(file, documents); });
    return action;
}

QAction *TextMenu::textAction(const QString &name, const QString &where)
{
    constexpr int kMost = 48; // characters of a place
    const QString place = where.size() > kMost ? where.left(kMost / 2) + QStringLiteral("…") + where.right(kMost / 2) : where;
    QString text = name;
    text.replace(QLatin1Char('&'), QLatin1String("&&"));        // no mnemonic
    return new QAction(text + QLatin1Char('\t') + place, this); // where other menus have their shortcuts
}

} // namespace secateur::ui
