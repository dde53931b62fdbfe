// SPDX-License-Identifier: GPL-3.0-or-later
// The menus of the main window.
#include "window/MainWindow.h"

#include "models/SelectionModel.h"
#include "plots/Plot.h"
#include "widgets/Enabling.h"
#include "window/Actions.h"

#include <QActionGroup>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QHelpEvent>
#include <QMenu>
#include <QMenuBar>
#include <QPointer>
#include <QPushButton>
#include <QTabWidget>

namespace secateur::ui {
namespace {

/// In menus only what cannot be chosen has a word to say: why. The rest says what it does by its name.
class ReasonTips : public QObject {
public:
    using QObject::QObject;

    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() != QEvent::ToolTip)
            return false;
        const QAction *action = static_cast<QMenu *>(watched)->actionAt(static_cast<QHelpEvent *>(event)->pos());
        return action && action->isEnabled();
    }
};

} // namespace

void MainWindow::buildMenus()
{
    QMenu *file = menuBar()->addMenu(tr("&File"));
    file->addActions({m_actions->openModel, m_actions->openGguf, m_actions->openSession, m_actions->openFile, m_actions->openSample});
    m_recentMenu = file->addMenu(tr("Open &recent"));
    connect(m_recentMenu, &QMenu::aboutToShow, this, [this] {
        m_recentMenu->clear();
        for (const QString &path : m_settings.recent()) {
            QAction *action = m_recentMenu->addAction(QDir::toNativeSeparators(path), this, [this, path] { open(path); });
            enableUnless(QFileInfo::exists(path) ? QString() : tr("It is not there any more: moved or deleted."), *action, {});
        }
        if (m_recentMenu->isEmpty()) {
            QAction *none = m_recentMenu->addAction(tr("Nothing opened recently"));
            enableUnless(tr("Models, sessions, plans and scores that you open are listed here."), *none, {});
        } else {
            m_recentMenu->addSeparator();
            m_recentMenu->addAction(tr("&Clear"), &m_settings, &Settings::clearRecent);
        }
    });
    file->addSeparator();
    file->addActions({m_actions->saveSession, m_actions->saveSessionAs, m_actions->savePlan});
    file->addSeparator();
    file->addActions({m_actions->saveReport, m_actions->saveFigures});
    file->addSeparator();
    file->addAction(m_actions->quit);
    connect(m_actions->savePlan, &QAction::triggered, this, [this] {
        const QString path = QFileDialog::getSaveFileName(this, tr("Save the plan"), QStringLiteral("plan.json"), tr("Plans (*.json)"));
        if (!path.isEmpty())
            m_jobs.savePlan(path.toStdString());
    });

    QMenu *edit = menuBar()->addMenu(tr("&Edit"));
    edit->addActions({m_actions->undo, m_actions->redo});
    edit->addSeparator();
    edit->addAction(m_actions->copyCommand);

    buildViewMenu();

    QMenu *plan = menuBar()->addMenu(tr("&Plan"));
    plan->addActions({m_actions->sparsity25, m_actions->sparsity37, m_actions->sparsity50});
    plan->addSeparator();
    plan->addActions({m_actions->attentionsByRule, m_actions->neuronsByRule});
    plan->addSeparator();
    plan->addAction(m_actions->pin);

    QMenu *run = menuBar()->addMenu(tr("&Run"));
    run->addAction(m_actions->prune);
    run->addSeparator();
    run->addActions({m_actions->calibrate, m_actions->measureImpact, m_actions->search, m_actions->evaluate, m_actions->evaluateDense,
                     m_actions->goToPlayground, m_actions->goToCompare, m_actions->goToExport});
    run->addSeparator();
    run->addActions({m_actions->pauseJob, m_actions->cancelJob});

    buildHelp();

    auto *tips = new ReasonTips(this);
    for (QMenu *menu : menuBar()->findChildren<QMenu *>()) {
        menu->setToolTipsVisible(true);
        menu->installEventFilter(tips);
    }
}

/// What the command palette finds beside commands.
std::vector<CommandPalette::Place> MainWindow::places() const
{
    std::vector<CommandPalette::Place> places;
    for (qint64 layer = 0; layer < m_model.layerCount(); ++layer)
        places.push_back({tr("Layer %1").arg(layer), [this, layer] { m_workbench.selection.setSelectedLayer(layer); }});
    for (int i = 0; i < m_tabs->count(); ++i) // a page that is not looked at brings its buttons up to date when it is shown
        for (const QPointer<QPushButton> button : m_tabs->widget(i)->findChildren<QPushButton *>())
            if (button->isVisibleTo(m_tabs->widget(i)) && !button->text().isEmpty() && (button->isEnabled() || i != m_tabs->currentIndex()))
                places.push_back({tr("%1: %2", "page and button").arg(m_tabs->tabText(i), QString(button->text()).remove(QLatin1Char('&'))),
                                  [this, i, button] {
                                      m_tabs->setCurrentIndex(i);
                                      if (!button)
                                          return;
                                      button->setFocus(Qt::ShortcutFocusReason);
                                      if (!button->isChecked()) // what is open stays open
                                          button->click();
                                  }});
    for (const Plot *plot : m_tabs->currentWidget()->findChildren<Plot *>())
        for (const QPointer<QAction> action : plot->menu()->actions())
            if (plot->isVisible() && action->isEnabled() && !action->text().isEmpty())
                places.push_back(
                    {tr("%1: %2", "plot and what to do with it")
                         .arg(plot->title(),
                              action->text().section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&'))), // its keys stand behind
                     [action] {
                         if (action)
                             action->trigger();
                     }});
    return places;
}

void MainWindow::buildViewMenu()
{
    QMenu *view = menuBar()->addMenu(tr("&View"));
    for (int i = 0; i < m_tabs->count(); ++i) {
        auto *action = new QAction(tr("Go to %1").arg(m_tabs->tabText(i)), this);
        action->setShortcut(QKeySequence(tr("Ctrl+%1").arg(i + 1)));
        connect(action, &QAction::triggered, this, [this, i] { m_tabs->setCurrentIndex(i); });
        m_actions->add(action);
        view->addAction(action);
    }
    view->addSeparator();
    const auto toggle = [&](const QString &text, const QString &keys) {
        auto *action = new QAction(text, this);
        action->setCheckable(true);
        action->setChecked(true);
        action->setShortcut(QKeySequence(keys));
        connect(action, &QAction::toggled, this, [this](bool) { followParts(); });
        m_actions->add(action);
        view->addAction(action);
        return action;
    };
    m_showMap = toggle(tr("Show the map"), tr("F6"));
    m_showInspector = toggle(tr("Show the inspector"), tr("F7"));
    for (QDockWidget *dock : {m_explainDock, m_jobsDock, m_logDock, m_historyDock, m_plansDock}) {
        QAction *action = dock->toggleViewAction();
        action->setText(tr("Show %1").arg(dock->windowTitle()));
        connect(action, &QAction::triggered, dock, [dock](bool isOn) {
            if (isOn)
                dock->raise();
        });
        m_actions->add(action);
        view->addAction(action);
    }
    m_explainDock->toggleViewAction()->setShortcut(QKeySequence(tr("F8")));
    m_explainDock->toggleViewAction()->setProperty(Actions::kKeywords, tr("formula, cards, help, why, concepts"));
    m_plansDock->toggleViewAction()->setProperty(Actions::kKeywords, tr("pinned plans, pins"));
    auto *reset = new QAction(tr("&Reset the layout"), this);
    connect(reset, &QAction::triggered, this, &MainWindow::resetLayout);
    m_actions->add(reset);
    view->addAction(reset);
    view->addSeparator();
    buildSizes(*view);
    view->addSeparator();
    QMenu *themes = view->addMenu(tr("&Theme"));
    auto *group = new QActionGroup(this);
    for (const auto &[text, mode] : {std::pair(tr("Follow the system"), Theme::Mode::System), std::pair(tr("Light"), Theme::Mode::Light),
                                     std::pair(tr("Dark"), Theme::Mode::Dark)}) {
        auto *action = new QAction(text, group);
        action->setProperty(Actions::kKeywords, tr("theme"));
        action->setCheckable(true);
        action->setChecked(m_theme.mode() == mode);
        connect(action, &QAction::triggered, this, [this, chosen = mode] {
            m_theme.setMode(chosen);
            m_settings.setThemeMode(chosen);
        });
        m_actions->add(action);
        themes->addAction(action);
    }
    auto *contrast = new QAction(tr("High contrast"), this);
    contrast->setProperty(Actions::kKeywords, tr("theme"));
    contrast->setCheckable(true);
    contrast->setChecked(m_theme.wantsHighContrast());
    connect(contrast, &QAction::toggled, this, [this](bool isOn) {
        m_theme.setHighContrast(isOn);
        m_settings.setValue(QStringLiteral("highContrast"), isOn ? "true" : "false");
    });
    m_actions->add(contrast);
    themes->addSeparator();
    themes->addAction(contrast);
}

} // namespace secateur::ui
