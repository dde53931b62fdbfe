// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/MainWindow.h"

#include "jobs/JobTable.h"
#include "panels/calibrate/CalibratePanel.h"
#include "panels/calibrate/ImportancePanel.h"
#include "panels/compare/ComparePanel.h"
#include "panels/compare/CompareTable.h"
#include "panels/evaluate/EvaluatePanel.h"
#include "panels/parts/EngineBox.h"
#include "panels/plan/BalancePanel.h"
#include "panels/plan/RestoreCard.h"
#include "panels/playground/PlaygroundPanel.h"
#include "panels/prune/PruneCard.h"
#include "panels/search/AttentionPanel.h"
#include "panels/shell/MessageBar.h"
#include "panels/start/StartPanel.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Quantity.h"
#include "widgets/ScrollToFocus.h"
#include "window/Actions.h"
#include "window/AffectedTabs.h"
#include "window/DesktopNotices.h"
#include "window/Pages.h"
#include "window/Tour.h"
#include "window/TypeSize.h"
#include "window/UndoKeys.h"
#include "window/ViewState.h"

#include <QApplication>
#include <QCoreApplication>
#include <QDialog>
#include <QDockWidget>
#include <QFileInfo>
#include <QScreen>
#include <QSplitter>
#include <QStatusBar>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

EngineSettings engineSettings(EngineSettings settings)
{
    if (settings.threads == 0)
        settings.threads = JobRunner::computeThreads();
    return settings;
}

QString textsOf(const TextSettings &text)
{
    return text.files.empty() ? QString() : QString::fromStdString(text.files.front().string());
}

} // namespace

MainWindow::MainWindow(const Launch &launch, Theme &theme, SessionBus &bus)
    : m_sample{launch.sample},
      m_resources(launch.resources),
      m_theme(theme),
      m_settings(QString::fromStdString((launch.stateFolder / "settings.ini").string())),
      m_editor(m_model, m_history),
      m_runner(engineSettings(launch.engine)),
      m_jobs(m_model, m_editor, m_runner, m_messages),
      m_keeper(m_model, m_jobs, m_messages, launch.stateFolder / "sessions"),
      m_reader(m_model, m_jobs),
      m_workbench{m_model, m_selection, m_editor, m_jobs, m_runner, m_messages, m_history}
{
    m_theme.setMode(m_settings.themeMode());
    m_theme.setHighContrast(m_settings.value(QStringLiteral("highContrast")) == "true");
    m_theme.setSize({.type = typeOf(m_settings.value(QLatin1String(kTypeSetting))), .stroke = 1});
    m_actions = new Actions(m_model, m_editor, m_jobs, m_runner, m_history, this);
    build(); // in the order in which Tab goes: the steps, the page, what lies beside it, docks, the job bar
    buildTabs(launch);
    buildSides();
    buildDocks();
    buildBottom();
    buildPrune();
    m_present = new PresentMode(*this, *m_tabs, m_theme, this);
    m_tour = new Tour(*this, m_model, m_settings);
    buildMenus();
    m_palette = new CommandPalette(
        m_actions->all(), [this] { return places(); }, this);
    wire();
    followModel();
    qApp->installEventFilter(new UndoKeys(this));
    new DesktopNotices(m_model, m_runner, *this, bus);
    new ScrollToFocus(this);
    setAcceptDrops(true);
    setMinimumSize(960, 640);
    constexpr QSize kWish(1440, 900), kFrame(16, 64); // a small screen has room for the title bar and a panel, too
    resize(kWish.boundedTo(screen()->availableSize() - kFrame));
    restoreGeometry(m_settings.value(QStringLiteral("geometry")));
    m_keeper.lookForLeftovers();
}

MainWindow::~MainWindow()
{
    m_theme.disconnect(this);
    // Panels refer to the models, which are members: they go first, and hear nothing any more.
    m_runner.disconnect();
    m_model.disconnect();
    delete m_pruneDialog;
    delete m_bottom;
    delete takeCentralWidget();
    qDeleteAll(findChildren<QDockWidget *>());
}

void MainWindow::build()
{
    auto *central = new QWidget(this);
    auto *layout = new QVBoxLayout(central);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_strip = new WorkflowStrip(m_workbench, central);
    m_readOnly = new InlineNote(central);
    m_readOnly->layout()->setContentsMargins(12, 4, 12, 4);
    m_tabs = new QTabWidget(central);
    m_tabs->setDocumentMode(true);
    m_tabs->setAccessibleName(tr("Pages"));
    m_tabs->tabBar()->setAccessibleName(tr("Pages"));
    layout->addWidget(m_strip);
    layout->addWidget(m_readOnly);
    central->installEventFilter(this);
    setCentralWidget(central);
}

void MainWindow::buildTabs(const Launch &launch)
{
    for (const Page &page : pages())
        m_tabs->addTab(page.make(m_workbench, m_tabs), page.translatedTitle());
    m_start = findChild<StartPanel *>();
    m_start->setSampleFolder(m_sample.model());
    auto *calibrate = findChild<CalibratePanel *>();
    auto *importance = findChild<ImportancePanel *>();
    auto *attention = findChild<AttentionPanel *>();
    auto *evaluate = findChild<EvaluatePanel *>();
    calibrate->setSampleText(m_sample.calibrationText());
    evaluate->setSampleText(m_sample.evaluationText());
    m_jobs.setDataFolder(launch.stateFolder);
    const QString pasted = QString::fromStdString((launch.stateFolder / "texts").string());
    calibrate->setPasteFolder(pasted);
    evaluate->setPasteFolder(pasted);
    attention->setObjectName(QStringLiteral("attention"));
    attention->setProperty(kRemembered, QByteArray("view"));
    importance->setObjectName(QStringLiteral("importance"));
    importance->setProperty(kRemembered, QByteArray("scale"));
    auto *restore = findChild<RestoreCard *>();
    restore->setObjectName(QStringLiteral("restore"));
    restore->setProperty(kRemembered, QByteArray("asked"));
    auto *compare = findChild<ComparePanel *>();
    compare->table().setObjectName(QStringLiteral("plans"));
    compare->table().setProperty(kRemembered, QByteArray("hiddenColumns"));
    connect(compare, &ComparePanel::openRequested, this, &MainWindow::chooseModel);
    auto *playground = findChild<PlaygroundPanel *>();
    playground->setObjectName(QStringLiteral("playground"));
    playground->setProperty(kRemembered, QByteArray("mode"));
    connect(playground, &PlaygroundPanel::openRequested, this, &MainWindow::chooseModel);
    const auto calibration = [this] { show(Tab::Calibration); };
    connect(importance, &ImportancePanel::calibrateRequested, this, calibration);
    connect(attention, &AttentionPanel::calibrateRequested, this, calibration);
    connect(importance, &ImportancePanel::openRequested, this, &MainWindow::chooseModel);
    connect(attention, &AttentionPanel::openRequested, this, &MainWindow::chooseModel);
    connect(findChild<BalancePanel *>(), &BalancePanel::openRequested, this, &MainWindow::chooseModel);
    connect(m_start, &StartPanel::nextRequested, this, calibration);
    const auto showTexts = [this, calibrate, evaluate] {
        calibrate->setRecentTexts(m_settings.recentTexts());
        evaluate->setRecentTexts(m_settings.recentTexts());
    };
    connect(&m_settings, &Settings::recentTextsChanged, this, showTexts);
    showTexts();
}

void MainWindow::wire()
{
    connect(m_actions->openModel, &QAction::triggered, this, &MainWindow::chooseModel);
    connect(m_actions->openGguf, &QAction::triggered, this, &MainWindow::chooseGguf);
    connect(m_actions->openSession, &QAction::triggered, this, &MainWindow::chooseSession);
    connect(m_actions->openFile, &QAction::triggered, this, &MainWindow::chooseFile);
    connect(m_actions->openSample, &QAction::triggered, this, &MainWindow::openSample);
    connect(m_actions->saveSession, &QAction::triggered, this, &MainWindow::save);
    connect(m_actions->saveSessionAs, &QAction::triggered, this, &MainWindow::saveAs);
    connect(m_actions->saveReport, &QAction::triggered, this, &MainWindow::chooseReport);
    connect(m_actions->saveFigures, &QAction::triggered, this, &MainWindow::chooseFigures);
    connect(m_actions->quit, &QAction::triggered, this, &QWidget::close);
    connect(m_actions->goToPlayground, &QAction::triggered, this, [this] { show(Tab::Playground); });
    connect(m_actions->goToCompare, &QAction::triggered, this, [this] { show(Tab::Compare); });
    connect(m_actions->goToExport, &QAction::triggered, this, [this] { show(Tab::Export); });
    connect(m_actions->prune, &QAction::triggered, this, &MainWindow::showPrune);
    connect(m_start, &StartPanel::pruneRequested, this, &MainWindow::showPrune);
    connect(m_pruneCard, &PruneCard::lookCloserRequested, this, [this] {
        m_pruneDialog->hide();
        activateWindow();
        show(Tab::Balance);
    });
    for (EngineBox *box : findChildren<EngineBox *>()) { // one choice for "Prune…" and the export
        box->setChosen(m_settings.engine());
        connect(box, &EngineBox::chosen, &m_settings, &Settings::setEngine);
        connect(&m_settings, &Settings::engineChanged, box, &EngineBox::setChosen);
    }
    connect(m_actions->palette, &QAction::triggered, m_palette, &CommandPalette::open);
    connect(m_actions->search, &QAction::triggered, this, [this] { show(Tab::Attention); });
    connect(m_actions->measureImpact, &QAction::triggered, this, [this] { show(Tab::Attention); });

    connect(m_actions, &Actions::planStepped, this, &MainWindow::showAffected);
    connect(m_actions, &Actions::calibrationTextStepped, this, [this] { show(Tab::Calibration); });
    connect(m_actions, &Actions::evaluationTextStepped, this, [this] { show(Tab::Evaluation); });
    connect(&m_editor, &PlanEditor::refused, this, &MainWindow::refuse);
    connect(&m_editor, &PlanEditor::dragEnded, this, [this] {
        for (QWidget *widget : {static_cast<QWidget *>(m_splitter), centralWidget()})
            QCoreApplication::postEvent(widget, new QEvent(QEvent::LayoutRequest));
    });
    connect(m_strip, &WorkflowStrip::stepClicked, this, [this](WorkflowStrip::Step step) {
        for (const Page &page : pages())
            if (page.step == step && page.isFirst)
                show(page.tab);
    });
    connect(m_tabs, &QTabWidget::currentChanged, this, &MainWindow::followTab);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobChanged, &JobRunner::jobFinished})
        connect(&m_runner, signal, this, &MainWindow::followName);
    wireStart();
    wireSession();
}

void MainWindow::wireStart()
{
    connect(m_start, &StartPanel::modelRequested, this, [this](const QString &path, bool isSample) {
        if (isSample)
            openSample();
        else
            open(path);
    });
    connect(m_start, &StartPanel::sessionRequested, this, &MainWindow::openSession);
    connect(m_start, &StartPanel::restoreRequested, this, [this](const QString &folder) { m_keeper.restore(folder.toStdString()); });
    connect(m_start, &StartPanel::discardRequested, this, [this](const QString &folder) { m_keeper.discard(folder.toStdString()); });
    connect(&m_settings, &Settings::recentChanged, m_start, [this] { m_start->setRecent(m_settings.recent()); });
    m_start->setRecent(m_settings.recent());
    connect(m_start, &StartPanel::recentCleared, &m_settings, &Settings::clearRecent);
    connect(m_start, &StartPanel::tourRequested, m_tour, &Tour::start);
    enableUnless(m_sample.isThere() ? QString() : tr("The bundled sample is not installed."), *m_actions->openSample, {});
}

void MainWindow::wireSession()
{
    connect(&m_model, &SessionModel::modelChanged, this, &MainWindow::followModel);
    connect(&m_model, &SessionModel::modelMoved, this, &MainWindow::followName);
    connect(&m_model, &SessionModel::calibrationsChanged, this, [this] {
        const Session &session = m_model.session();
        const bool isWanted =
            isOf(*session.calibrations.back(), session.calibrationText, session.norm, session.readTexts); // else it does not come into use
        if (isWanted && m_tabs->currentIndex() == int(Tab::Calibration))
            show(Tab::Importance); // what was just measured
    });
    connect(&m_model, &SessionModel::textsChanged, this, [this] {
        const Session &session = m_model.session();
        QStringList texts{textsOf(session.calibrationText), textsOf(session.evaluationText)};
        texts.removeAll({});
        m_settings.addRecentTexts(texts);
    });
    connect(&m_jobs, &SessionJobs::modelOpened, this,
            [this] { m_settings.addRecent(QString::fromStdString(m_model.session().model->folder.string())); });
    connect(&m_jobs, &SessionJobs::fileOpened, this, &MainWindow::followFile);
    connect(&m_jobs, &SessionJobs::modelNeeded, this, &MainWindow::askForModelOf);
    connect(&m_keeper, &SessionKeeper::loading, this, &MainWindow::keepView);
    connect(&m_keeper, &SessionKeeper::opened, this, [this] {
        if (!m_keeper.file().isEmpty())
            m_settings.addRecent(m_keeper.file());
        m_jobs.reopenModel();
        showView();
        keepView();
        if (m_keeper.isSaved()) // not where they were just restored
            offerNewer();
    });
    connect(&m_keeper, &SessionKeeper::saved, &m_settings, &Settings::addRecent);
    connect(&m_keeper, &SessionKeeper::saved, this, &MainWindow::keepView);
    connect(&m_keeper, &SessionKeeper::nameNeeded, this, &MainWindow::saveAs);
    connect(&m_keeper, &SessionKeeper::leftoversFound, this, &MainWindow::offer);
    connect(&m_keeper, &SessionKeeper::stateChanged, this, [this] {
        followName();
        setWindowModified(!m_keeper.isSaved());
    });
}

// ---- following ---------------------------------------------------------------------------------------------------------------

void MainWindow::followModel()
{
    m_history.clear();
    m_selection.setHoveredLayer(-1);
    m_selection.setSelectedLayer(m_model.hasModel() ? 0 : -1);
    m_selection.setStep(-1);
    m_selection.setComparedLayers({});
    followParts();
    followName();
    followReadOnly();
    m_messages.resolve(QStringLiteral("recovery"));
    followTab();
}

void MainWindow::followName()
{
    const JobInfo *job = m_runner.current();
    const std::optional<double> share = job ? shareDone(job->progress) : std::nullopt;
    const QString model = m_model.modelName(), session = QFileInfo(m_keeper.file()).completeBaseName();
    const QString name = m_model.readOnlyReason().isEmpty() ? model : tr("%1 (read-only)").arg(model);
    const QString title = !m_model.hasModel()                     ? tr("Secateur[*]")
                          : session.isEmpty() || session == model ? tr("%1[*] – Secateur").arg(name)
                                                                  : tr("%1[*] – %2 – Secateur", "session and model").arg(session, name);
    setWindowTitle(share ? tr("%1 – %2", "progress and title").arg(percentText(std::floor(*share * 100) / 100, 0), title) : title);
}

/// Said as long as such a session is open, and again by whatever would change it.
void MainWindow::followReadOnly()
{
    const QString reason = m_model.readOnlyReason();
    if (reason.isEmpty())
        m_readOnly->clear();
    else
        m_readOnly->say(InlineNote::Kind::Warning, reason);
}

void MainWindow::refuse(const QString &reason)
{
    const std::vector<Message> shown = m_messages.current(); // a drag is refused many times
    if (std::none_of(shown.begin(), shown.end(), [&](const Message &message) { return message.sentence == reason; }))
        m_messages.post({.severity = Message::Severity::Warning,
                         .sentence = reason,
                         .hint = {},
                         .topic = QStringLiteral("session"), // as when it is to be saved
                         .actionText = {},
                         .action = {},
                         .time = {}});
}

void MainWindow::followTab()
{
    m_strip->setCurrent(pages()[std::size_t(m_tabs->currentIndex())].step);
    m_toasts->place(); // another page has its buttons elsewhere
}

/// What was undone or redone is to be seen.
void MainWindow::showAffected(const PlanDraft &before)
{
    const std::vector<Tab> tabs = affectedTabs(before, m_model.draft());
    if (!tabs.empty() && std::find(tabs.begin(), tabs.end(), Tab(m_tabs->currentIndex())) == tabs.end())
        show(tabs.front());
}

void MainWindow::show(Tab tab)
{
    m_tabs->setCurrentIndex(int(tab));
}

/// Numbers change their widths while K is dragged. Laying out the whole window for each of them would take half of a frame, and none of them
/// needs more room than it has: that waits for the end of the drag.
bool MainWindow::eventFilter(QObject *watched, QEvent *event)
{
    if ((watched == m_splitter || watched == centralWidget()) && event->type() == QEvent::LayoutRequest && m_editor.isDragging())
        return true;
    return QMainWindow::eventFilter(watched, event);
}

} // namespace secateur::ui
