// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves the main window for people to read: the report, and all figures.
#include "window/MainWindow.h"

#include "foundation/Failures.h"
#include "panels/parts/InBackground.h"
#include "panels/parts/OpenFolder.h"
#include "panels/search/AttentionPanel.h"
#include "plots/Plot.h"
#include "report/Report.h"
#include "window/FiguresDialog.h"

#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFutureWatcher>
#include <QLocale>
#include <QSignalBlocker>
#include <QTabWidget>
#include <QUrl>

#include <algorithm>
#include <exception>
#include <utility>

namespace secateur::ui {
namespace {

/// Where people save: beside the session, else in their own folder.
QString usualFolder(const SessionKeeper &keeper)
{
    return keeper.file().isEmpty() ? QDir::homePath() : QFileInfo(keeper.file()).absolutePath();
}

Message failed(const std::exception &thrown, const QString &topic)
{
    const Error problem = asError(thrown);
    Message message;
    message.severity = Message::Severity::Error;
    message.sentence = QString::fromStdString(problem.what());
    message.hint = QString::fromStdString(problem.plainHint());
    message.topic = topic;
    return message;
}

} // namespace

// ---- the report -----------------------------------------------------------------------------------------------------------------

void MainWindow::chooseReport()
{
    const QString name = tr("%1-report.html", "name of a model").arg(m_model.modelName());
    auto *dialog = new QFileDialog(this, tr("Save the report"), QDir(usualFolder(m_keeper)).filePath(name), tr("Reports (*.html)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("html"));
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::saveReport);
    dialog->open();
}

/// Of the session as it is now: what changes while it is written is not in it.
void MainWindow::saveReport(const QString &file)
{
    auto *writing = new QFutureWatcher<bool>(this);
    connect(writing, &QFutureWatcher<bool>::finished, this, [this, writing, file] {
        const QString topic = QStringLiteral("report");
        writing->deleteLater();
        try {
            writing->result(); // throws what writing threw
        } catch (const std::exception &thrown) {
            return m_messages.post(failed(thrown, topic));
        }
        Message message;
        message.severity = Message::Severity::Success;
        message.sentence = tr("Saved %1.").arg(QDir::toNativeSeparators(file));
        message.topic = topic;
        message.actionText = tr("Open");
        message.action = [this, file] {
            if (!QDesktopServices::openUrl(QUrl::fromLocalFile(file)))
                openFolder(QFileInfo(file).absolutePath(), m_messages);
        };
        m_messages.post(message);
    });
    writing->setFuture(inBackground([session = m_model.session(), path = std::filesystem::path(file.toStdString())] {
        writeReport(session, path);
        return true;
    }));
}

// ---- all figures ----------------------------------------------------------------------------------------------------------------

/// In the order of the pages.
std::vector<FigureOfPage> MainWindow::figures() const
{
    std::vector<FigureOfPage> all;
    for (int i = 0; i < m_tabs->count(); ++i)
        for (const Plot *plot : m_tabs->widget(i)->findChildren<Plot *>())
            all.push_back({.page = m_tabs->tabText(i), .plot = plot});
    return all;
}

/// A page that is not looked at brings its figures up to date when it is shown: each is, for a moment that nobody sees.
void MainWindow::bringFiguresUpToDate()
{
    QWidget *focus = focusWidget();
    const int shown = m_tabs->currentIndex();
    m_tabs->setUpdatesEnabled(false);
    {
        const QSignalBlocker blocker(m_tabs); // nobody went anywhere
        for (int i = 0; i < m_tabs->count(); ++i) {
            m_tabs->setCurrentIndex(i);
            if (auto *attention = qobject_cast<AttentionPanel *>(m_tabs->widget(i))) { // has two pages of its own
                const AttentionPanel::View view = attention->view();
                attention->setView(view == AttentionPanel::View::Search ? AttentionPanel::View::Impact : AttentionPanel::View::Search);
                attention->setView(view);
            }
        }
        m_tabs->setCurrentIndex(shown);
    }
    m_tabs->setUpdatesEnabled(true);
    if (focus)
        focus->setFocus(Qt::OtherFocusReason);
}

void MainWindow::chooseFigures()
{
    bringFiguresUpToDate();
    auto *dialog = new FiguresDialog(figures(), usualFolder(m_keeper), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { saveFigures(dialog->wanted()); });
    dialog->open();
}

void MainWindow::saveFigures(const FiguresWanted &wanted)
{
    const QString topic = QStringLiteral("save figures");
    FigureOptions::remember(wanted.options);
    QStringList files;
    try {
        files = ui::saveFigures(wanted);
    } catch (const std::exception &thrown) {
        return m_messages.post(failed(thrown, topic));
    }
    Message message;
    message.severity = Message::Severity::Success;
    const QString folder = QDir::toNativeSeparators(wanted.folder);
    message.sentence = files.size() == 1 ? tr("1 file saved in %1.").arg(folder)
                                         : tr("%1 files saved in %2.").arg(QLocale().toString(files.size()), folder);
    message.topic = topic;
    message.actionText = tr("Open folder");
    message.action = [this, folder] { openFolder(folder, m_messages); };
    m_messages.post(message);
}

} // namespace secateur::ui
