// SPDX-License-Identifier: GPL-3.0-or-later
// What helps people: the size of letters, presentations, guide, tour, lessons, recordings.
#include "window/MainWindow.h"

#include "models/SelectionModel.h"
#include "panels/start/StartPanel.h"
#include "widgets/Enabling.h"
#include "window/Actions.h"
#include "window/GuideWindow.h"
#include "window/Pages.h"
#include "window/Recordings.h"
#include "window/ShortcutOverview.h"
#include "window/Tour.h"
#include "window/TypeSize.h"

#include <QApplication>
#include <QDesktopServices>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QStatusBar>
#include <QTabWidget>
#include <QUrl>
#include <QVBoxLayout>

namespace secateur::ui {

// ---- letters and presentations -----------------------------------------------------------------------------------------------

void MainWindow::buildSizes(QMenu &view)
{
    view.addActions({m_actions->present, m_actions->spotlight});
    view.addSeparator();
    view.addActions({m_actions->largerType, m_actions->smallerType, m_actions->usualType});
    connect(m_actions->largerType, &QAction::triggered, this, [this] { setType(largerType(m_theme.size().type)); });
    connect(m_actions->smallerType, &QAction::triggered, this, [this] { setType(smallerType(m_theme.size().type)); });
    connect(m_actions->usualType, &QAction::triggered, this, [this] { setType(1); });
    connect(&m_theme, &Theme::sizeChanged, this, &MainWindow::followType);
    connect(m_actions->present, &QAction::triggered, this, [this](bool isWanted) {
        if (isWanted)
            m_present->enter();
        else
            m_present->leave();
    });
    connect(m_actions->spotlight, &QAction::triggered, m_present, &PresentMode::setSpotlight);
    connect(m_present, &PresentMode::spotlightChanged, m_actions->spotlight, &QAction::setChecked);
    connect(m_present, &PresentMode::changed, this, [this](bool isOn) {
        m_actions->present->setChecked(isOn);
        enableUnless(isOn ? QString() : tr("There is a ring around the pointer only while you present (F5)."), *m_actions->spotlight, {});
        followParts();
    });
    enableUnless(tr("There is a ring around the pointer only while you present (F5)."), *m_actions->spotlight, {});
    followType();
}

/// Remembered, but for a presentation, which has letters of its own.
void MainWindow::setType(double type)
{
    if (m_present->isOn())
        return m_present->setType(type);
    m_theme.setSize({.type = type, .stroke = 1});
    m_settings.setValue(QLatin1String(kTypeSetting), QByteArray::number(type));
}

void MainWindow::followType()
{
    const double type = m_theme.size().type;
    const QString percent = tr("%1 %").arg(qRound(100 * type));
    enableUnless(type < kLargestType ? QString() : tr("Letters are at their largest: %1.").arg(percent), *m_actions->largerType, {});
    enableUnless(type > kSmallestType ? QString() : tr("Letters are at their smallest: %1.").arg(percent), *m_actions->smallerType, {});
    enableUnless(type != 1 ? QString() : tr("Letters have their usual size."), *m_actions->usualType, {});
}

/// What lies around the pages: what people want to see of it, where there is a model, and nothing in a presentation.
void MainWindow::followParts()
{
    const bool isPresenting = m_present->isOn(), hasModel = m_model.hasModel();
    m_map->setVisible(hasModel && m_showMap->isChecked() && !isPresenting);
    m_inspector->setVisible(hasModel && m_showInspector->isChecked() && !isPresenting);
    m_budget->setVisible(hasModel && !isPresenting);
    m_strip->setVisible(!isPresenting);
    m_bottom->setVisible(!isPresenting);
    menuBar()->setVisible(!isPresenting);
}

// ---- help --------------------------------------------------------------------------------------------------------------------

void MainWindow::buildHelp()
{
    QMenu *help = menuBar()->addMenu(tr("&Help"));
    help->addActions({m_actions->guide, m_actions->tour});
    buildRecordings(*help);
    help->addAction(m_actions->lessons);
    help->addSeparator();
    help->addActions({m_actions->palette, m_actions->shortcuts, m_actions->about});
    const QString notThere = tr("It is not installed.");
    enableUnless(m_resources.empty() ? notThere : QString(), *m_actions->guide, {});
    const QString lessons = QString::fromStdString((m_resources / "lessons" / "lesson.html").string());
    enableUnless(m_resources.empty() || !QFileInfo::exists(lessons) ? notThere : QString(), *m_actions->lessons, {});
    connect(m_actions->guide, &QAction::triggered, this, &MainWindow::showGuide);
    connect(m_actions->tour, &QAction::triggered, m_tour, &Tour::start);
    connect(m_actions->lessons, &QAction::triggered, this, &MainWindow::showLessons);
    connect(m_actions->shortcuts, &QAction::triggered, this, [this] { (new ShortcutOverview(m_actions->all(), this))->show(); });
    connect(m_actions->about, &QAction::triggered, this, &MainWindow::showAbout);
}

/// Sessions that come with the program. Where none do, there is no menu of them.
void MainWindow::buildRecordings(QMenu &help)
{
    const std::vector<Recording> recordings = recordingsIn(m_resources);
    if (recordings.empty())
        return;
    QMenu *menu = help.addMenu(tr("&Recordings"));
    for (const Recording &recording : recordings) {
        auto *action = new QAction(recording.name, this);
        action->setProperty(Actions::kKeywords, tr("recording, replay"));
        connect(action, &QAction::triggered, this, [this, file = recording.file] { openRecording(file); });
        m_actions->add(action);
        menu->addAction(action);
    }
}

/// A copy, which saving gives a name of its own.
void MainWindow::openRecording(const std::filesystem::path &file)
{
    m_keeper.openCopy(QString::fromStdString(file.string()), [resources = m_resources](Session &session) { place(session, resources); });
}

/// At the page of the tab that is shown.
void MainWindow::showGuide()
{
    if (!m_guide)
        m_guide = new GuideWindow(m_resources / "guide", this);
    m_guide->open(QString::fromLatin1(pages()[std::size_t(m_tabs->currentIndex())].guide));
    m_guide->show();
    m_guide->raise();
    m_guide->activateWindow();
}

/// In the browser, which prints them.
void MainWindow::showLessons()
{
    const QString file = QString::fromStdString((m_resources / "lessons" / "lesson.html").string());
    if (!QDesktopServices::openUrl(QUrl::fromLocalFile(file)))
        m_messages.post({.severity = Message::Severity::Warning,
                         .sentence = tr("No browser could be started for the lesson sheets."),
                         .hint = tr("Open %1 yourself.").arg(file),
                         .topic = QStringLiteral("lessons"),
                         .actionText = {},
                         .action = {},
                         .time = {}});
}

/// Once, to people who have opened nothing yet.
void MainWindow::offerTour()
{
    if (!m_tour->isNew() || !m_settings.recent().isEmpty() || m_model.hasModel() || !m_sample.isThere())
        return;
    m_start->offerTour();
    m_tour->noteOffer();
}

void MainWindow::showAbout()
{
    auto *dialog = new QDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("About Secateur"));
    auto *layout = new QVBoxLayout(dialog);
    auto *text = new QLabel(tr("<h2>Secateur %1</h2>"
                               "<p>Structured pruning of large language models by 2SSP: width by neuron scores, depth by an attention "
                               "search.</p>"
                               "<p>F. Sandri, E. Cunegatti, G. Iacca, <i>2SSP: A Two-Stage Framework for Structured Pruning of LLMs</i>, "
                               "2025, arXiv 2501.17771.</p>"
                               "<p>Free software under the GNU General Public License, version 3 or later. With LibTorch, Qt %2, "
                               "QCustomPlot.</p>")
                                .arg(QApplication::applicationVersion(), QLatin1String(qVersion())),
                            dialog);
    text->setWordWrap(true);
    text->setTextInteractionFlags(Qt::TextBrowserInteraction);
    layout->addWidget(text);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    layout->addWidget(buttons);
    dialog->resize(460, dialog->sizeHint().height());
    dialog->show();
}

} // namespace secateur::ui
