// SPDX-License-Identifier: GPL-3.0-or-later
// What lies around the tabs of the main window: docks, the dialog of "Prune…", and where all of it is from one start to the next.
#include "panels/HistoryPanel.h"
#include "panels/JobsPanel.h"
#include "panels/LogPanel.h"
#include "panels/PlansPanel.h"
#include "panels/PruneCard.h"
#include "window/MainWindow.h"

#include <QCloseEvent>
#include <QDialog>
#include <QDockWidget>
#include <QPushButton>
#include <QScreen>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

#include <utility>

namespace secateur::ui {
namespace {

constexpr int kWideEnough = 1200; ///< pixels from which there is room for the inspector

} // namespace

void MainWindow::buildDocks()
{
    const auto dock = [this](const QString &title, const char *name, QWidget *content) {
        auto *made = new QDockWidget(title, this);
        made->setObjectName(QLatin1String(name)); // saveState() needs it
        made->setWidget(content);
        return made;
    };
    m_jobsDock = dock(tr("Jobs"), "jobs", new JobsPanel(m_workbench, this));
    m_logDock = dock(tr("Log"), "log", new LogPanel(m_workbench, this));
    m_historyDock = dock(tr("History"), "history", new HistoryPanel(m_workbench, this));
    m_plansDock = dock(tr("Plans"), "plans", new PlansPanel(m_workbench, this));
    placeDocks();
}

/// Where they are until somebody moves them: hidden, behind each other at the bottom.
void MainWindow::placeDocks()
{
    constexpr int kHeight = 190;
    const QList<QDockWidget *> docks = {m_jobsDock, m_logDock, m_historyDock, m_plansDock};
    for (QDockWidget *dock : docks) {
        dock->setFloating(false);
        addDockWidget(Qt::BottomDockWidgetArea, dock);
        dock->hide();
    }
    for (qsizetype i = 1; i < docks.size(); ++i)
        tabifyDockWidget(docks[i - 1], docks[i]);
    resizeDocks(docks, QList<int>(docks.size(), kHeight), Qt::Vertical);
}

void MainWindow::resetLayout()
{
    placeDocks();
    m_showMap->setChecked(true);
    m_showInspector->setChecked(width() >= kWideEnough);
    m_splitter->setSizes({m_map->sizeHint().width(), width(), m_inspector->sizeHint().width()});
}

void MainWindow::buildPrune()
{
    m_pruneDialog = new QDialog(this); // over the tabs, which stay usable
    m_pruneDialog->setWindowTitle(tr("Prune"));
    m_pruneCard = new PruneCard(m_workbench, m_pruneDialog);
    m_pruneCard->setSampleTexts(m_sample.calibrationText(), m_sample.evaluationText());
    auto *layout = new QVBoxLayout(m_pruneDialog);
    layout->addWidget(m_pruneCard);
    for (QPushButton *button : m_pruneDialog->findChildren<QPushButton *>())
        button->setAutoDefault(false); // Return in a field is no click
    const QFontMetrics metrics = m_pruneDialog->fontMetrics();
    const QSize usual(metrics.averageCharWidth() * 96, metrics.height() * 22);
    m_pruneDialog->resize(usual.expandedTo(m_pruneDialog->sizeHint()).boundedTo(m_pruneDialog->screen()->availableSize()));
}

/// The card stays as it is while a job runs that was started there, and when it has ended.
void MainWindow::showPrune()
{
    m_pruneDialog->show();
    m_pruneDialog->raise();
    m_pruneDialog->activateWindow();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    m_settings.setValue(QStringLiteral("geometry"), saveGeometry());
    m_settings.setValue(QStringLiteral("splitter"), m_splitter->saveState());
    m_settings.setValue(QStringLiteral("docks"), saveState());
    m_runner.cancelAll();
    event->accept();
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    const bool wasWide = event->oldSize().width() >= kWideEnough, isWide = width() >= kWideEnough;
    if (wasWide != isWide || !event->oldSize().isValid()) // people may open it in a narrow window all the same
        m_showInspector->setChecked(isWide);
}

void MainWindow::showEvent(QShowEvent *event)
{
    QMainWindow::showEvent(event);
    if (!std::exchange(m_isFirstShow, false))
        return;
    m_splitter->restoreState(m_settings.value(QStringLiteral("splitter")));
    restoreState(m_settings.value(QStringLiteral("docks")));
    m_tabs->setFocus();
}

} // namespace secateur::ui
