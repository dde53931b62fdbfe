// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "commands/PlanEditor.h"
#include "jobs/JobRunner.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionKeeper.h"
#include "jobs/TextReader.h"
#include "models/MessageLog.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/parts/Workbench.h"
#include "panels/shell/WorkflowStrip.h"
#include "plots/FiguresSaving.h"
#include "theme/Theme.h"
#include "window/CommandPalette.h"
#include "window/Launch.h"
#include "window/PresentMode.h"
#include "window/Settings.h"

#include <QMainWindow>
#include <QUndoStack>
#include <vector>

class QDialog;
class QSplitter;
class QTabWidget;

namespace secateur::ui {

class Actions;
class GuideWindow;
class InlineNote;
class MessageBar;
class MessageRows;
class PruneCard;
class SessionBus;
class StartPanel;
class Tour;

/// The window: builds the models and the panels, lays them out and wires them. It decides nothing by itself.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// The bus is that of the desktop, which is told of long jobs. It and the theme outlive the window.
    MainWindow(const Launch &launch, Theme &theme, SessionBus &bus);
    ~MainWindow() override;

    /// A model folder, a file in it, a session, a plan, a manifest or scores; what people drop, choose or name on the command line.
    void open(const QString &path);
    void openSample();

    enum class Tab { Model, Calibration, Importance, Attention, Balance, Evaluation, Playground, Compare, Export };
    Q_ENUM(Tab)
    void show(Tab tab);
    using QMainWindow::show;

    const Workbench &workbench() const { return m_workbench; }
    SessionKeeper &keeper() { return m_keeper; }
    Actions &actionsOfWindow() { return *m_actions; }
    PresentMode &presentMode() { return *m_present; }
    Tour &tour() { return *m_tour; }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void closeEvent(QCloseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool focusNextPrevChild(bool isNext) override;
    void resizeEvent(QResizeEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    void build();
    void buildTabs(const Launch &launch);
    void buildSides();
    void buildDocks();
    void buildBottom();
    void buildPrune();
    void placeDocks();
    void fitExplain();
    void resetLayout();
    void buildMenus();
    void buildViewMenu();
    void buildSizes(class QMenu &view);
    void buildHelp();
    void buildRecordings(class QMenu &help);
    void setType(double type);
    void followType();
    void followParts();
    void showGuide();
    void showLessons();
    void openRecording(const std::filesystem::path &file);
    void offerTour();
    void wire();
    void wireStart();
    void wireSession();
    void followModel();
    void followName();
    void followReadOnly();
    void refuse(const QString &reason);
    void followTab();
    void chooseModel();
    void chooseGguf();
    void chooseSession();
    void openSession(const QString &path);
    void chooseFile();
    void followFile(const QString &file, secateur::Openable kind);
    void askForModelOf(const QString &file);
    void save();
    void saveAs();
    void chooseReport();
    void saveReport(const QString &file);
    void chooseFigures();
    void saveFigures(const FiguresWanted &wanted);
    std::vector<FigureOfPage> figures() const;
    void bringFiguresUpToDate();
    void keepView() { noteView({}); }
    /// `stoppedJob`: the title of the job that closing the window stops.
    void noteView(const QString &stoppedJob);
    void showView();
    void showAffected(const PlanDraft &before);
    std::vector<CommandPalette::Place> places() const;
    void showPrune();
    void offer(const std::vector<RecoverableSession> &sessions);
    void offerNewer();
    void showAbout();

    Sample m_sample;
    std::filesystem::path m_resources; ///< as of Launch
    Theme &m_theme;
    Settings m_settings;
    QUndoStack m_history;
    SessionModel m_model;
    SelectionModel m_selection;
    MessageLog m_messages;
    PlanEditor m_editor;
    JobRunner m_runner;
    SessionJobs m_jobs;
    SessionKeeper m_keeper;
    TextReader m_reader;
    Workbench m_workbench;

    Actions *m_actions = nullptr;
    CommandPalette *m_palette = nullptr;
    StartPanel *m_start = nullptr;
    WorkflowStrip *m_strip = nullptr;
    InlineNote *m_readOnly = nullptr;
    MessageRows *m_problems = nullptr;
    MessageBar *m_toasts = nullptr;
    class QStatusBar *m_bottom = nullptr;
    QDialog *m_pruneDialog = nullptr;
    PruneCard *m_pruneCard = nullptr;
    QTabWidget *m_tabs = nullptr;
    QSplitter *m_splitter = nullptr;
    QWidget *m_map = nullptr, *m_inspector = nullptr, *m_budget = nullptr;
    QAction *m_showMap = nullptr, *m_showInspector = nullptr;
    QDockWidget *m_jobsDock = nullptr, *m_logDock = nullptr, *m_historyDock = nullptr, *m_plansDock = nullptr, *m_explainDock = nullptr;
    class QMenu *m_recentMenu = nullptr;
    std::vector<RecoverableSession> m_unsaved; ///< as far as was looked, newest first
    PresentMode *m_present = nullptr;
    Tour *m_tour = nullptr;
    GuideWindow *m_guide = nullptr; ///< made when it is first wanted
    bool m_isFirstShow = true;
};

} // namespace secateur::ui
