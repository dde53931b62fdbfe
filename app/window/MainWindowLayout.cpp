// SPDX-License-Identifier: GPL-3.0-or-later
// What lies around the tabs of the main window: map, inspector, budget, messages, docks, the job bar, the dialog of "Prune…", and where all of it is
// from one start to the next.
#include "panels/explain/ExplainPanel.h"
#include "panels/layers/InspectorPanel.h"
#include "panels/layers/MapPanel.h"
#include "panels/plan/PlansPanel.h"
#include "panels/prune/PruneCard.h"
#include "panels/shell/BudgetBar.h"
#include "panels/shell/HistoryPanel.h"
#include "panels/shell/JobBar.h"
#include "panels/shell/JobsPanel.h"
#include "panels/shell/LogPanel.h"
#include "panels/shell/MessageBar.h"
#include "plots/Figure.h"
#include "session/SessionStore.h"
#include "window/Actions.h"
#include "window/MainWindow.h"
#include "window/StatusLine.h"
#include "window/ViewState.h"

#include <QAbstractButton>
#include <QCloseEvent>
#include <QDialog>
#include <QDockWidget>
#include <QKeyEvent>
#include <QMetaEnum>
#include <QPushButton>
#include <QScreen>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kWideEnough = 1200;   ///< pixels from which there is room for the inspector
constexpr int kWideForCards = 1400; ///< and for cards beside it

/// Its work is the comparison: several plans were measured, as the command `compare` does.
bool isOfSeveralPlans(const Session &session)
{
    std::set<std::string> measured;
    for (const Measurement &measurement : session.measurements)
        if (!measurement.planHash.empty() && measurement.what != Measured::Pruning)
            measured.insert(measurement.planHash);
    return measured.size() > 1;
}

} // namespace

void MainWindow::buildSides()
{
    QWidget *central = centralWidget();
    m_map = new MapPanel(m_workbench, central);
    m_inspector = new InspectorPanel(m_workbench, central);
    m_splitter = new QSplitter(Qt::Horizontal, central);
    m_splitter->addWidget(m_map);
    m_splitter->addWidget(m_tabs);
    m_splitter->addWidget(m_inspector);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setCollapsible(1, false);
    m_splitter->installEventFilter(this);
    m_problems = new MessageRows(m_workbench, MessageRows::Kind::Staying, central); // stays, so it lies over nothing
    m_budget = new BudgetBar(m_workbench, central);
    auto *layout = qobject_cast<QVBoxLayout *>(central->layout());
    layout->addWidget(m_splitter, 1);
    layout->addWidget(m_problems);
    layout->addWidget(m_budget);
    m_toasts = new MessageBar(m_workbench, central); // over the page, and neither over its tab nor over the budget
    m_toasts->setPage(*m_tabs->findChild<QStackedWidget *>(QString(), Qt::FindDirectChildrenOnly));
    for (const MessageRows *rows : {m_problems, static_cast<MessageRows *>(m_toasts)})
        connect(rows, &MessageRows::logRequested, this, [this] {
            m_logDock->show();
            m_logDock->raise();
        });
}

void MainWindow::buildBottom()
{
    auto *bottom = new QWidget; // below the docks, too
    auto *lines = new QVBoxLayout(bottom);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(new JobBar(m_workbench, bottom));
    lines->addWidget(new StatusLine(m_model, m_jobs, m_runner, m_keeper, bottom));
    m_bottom = new QStatusBar(this);
    m_bottom->setSizeGripEnabled(false);
    m_bottom->setContentsMargins(0, 0, 0, 0);
    m_bottom->addPermanentWidget(bottom, 1);
    setStatusBar(m_bottom);
}

void MainWindow::buildDocks()
{
    const auto dock = [this](const QString &title, const char *name, QWidget *content) {
        auto *made = new QDockWidget(title, this);
        made->setObjectName(QLatin1String(name)); // saveState() needs it
        made->setWidget(content);
        connect(made, &QDockWidget::visibilityChanged, made, [made](bool isVisible) {
            if (!isVisible || !made->isFloating())
                return;
            const auto reach = [made] { // at a start it is there before the window that it belongs to, and the screens may be others
                if (made->isFloating() && made->isVisible()) {
                    bringOnScreen(*made);
                    made->raise();
                }
            };
            QMetaObject::invokeMethod(made, reach, Qt::QueuedConnection);
        });
        if (auto *undock =
                made->findChild<QAbstractButton *>(QStringLiteral("qt_dockwidget_floatbutton"))) // else it would lie where it was
            connect(undock, &QAbstractButton::clicked, made, [made] {
                if (made->isFloating())
                    stepAside(*made);
            });
        return made;
    };
    m_jobsDock = dock(tr("Jobs"), "jobs", new JobsPanel(m_workbench, this));
    m_logDock = dock(tr("Log"), "log", new LogPanel(m_workbench, this));
    m_historyDock = dock(tr("History"), "history", new HistoryPanel(m_workbench, this));
    m_plansDock = dock(tr("Plans"), "plans", new PlansPanel(m_workbench, this));
    m_explainDock = dock(tr("Explain"), "explain", new ExplainPanel(m_workbench, this));
    placeDocks();
}

/// Where they are until somebody moves them: hidden, behind each other at the bottom; cards beside the page, where there is room.
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
    m_explainDock->setFloating(false);
    addDockWidget(Qt::RightDockWidgetArea, m_explainDock);
    resizeDocks({m_explainDock}, {m_explainDock->widget()->sizeHint().width()}, Qt::Horizontal);
    m_explainDock->hide();
    fitExplain();
}

/// A narrow window has no room for cards beside the page: they go below it, with the other docks, and come back.
void MainWindow::fitExplain()
{
    if (m_explainDock->isFloating())
        return;
    const bool isShown = !m_explainDock->isHidden(), isWide = width() >= kWideForCards;
    const Qt::DockWidgetArea area = dockWidgetArea(m_explainDock);
    if (!isWide && area == Qt::RightDockWidgetArea) {
        addDockWidget(Qt::BottomDockWidgetArea, m_explainDock);
        tabifyDockWidget(m_plansDock, m_explainDock);
        m_explainDock->setProperty("cameFromTheSide", true);
    } else if (isWide && m_explainDock->property("cameFromTheSide").toBool()) {
        addDockWidget(Qt::RightDockWidgetArea, m_explainDock);
        m_explainDock->setProperty("cameFromTheSide", false);
    } else {
        return;
    }
    m_explainDock->setVisible(isShown);
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
    m_pruneDialog->resize(m_pruneDialog->size().boundedTo(size())); // large letters ask for more
    m_pruneDialog->show();
    m_pruneDialog->raise();
    m_pruneDialog->activateWindow();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    m_present->leave(); // what is kept is the layout that people have given it
    m_settings.setValue(QStringLiteral("geometry"), saveGeometry());
    m_settings.setValue(QStringLiteral("splitters"), splittersOf(*this));
    m_settings.setValue(QStringLiteral("docks"), saveState());
    const JobInfo *running = m_runner.current();
    noteView(running ? running->title : QString());
    m_settings.setValue(QStringLiteral("figures"), FigureOptions::last().toBytes());
    m_runner.cancelAll();
    event->accept();
}

/// Esc takes back what was clicked, on every page. First it is for whoever has the focus and something to end: a drag, a number that is typed,
/// a card, a message, a job in the job bar. Then it ends a
/// presentation, which finds again what was clicked. Where nothing was clicked, it puts a message away.
void MainWindow::keyPressEvent(QKeyEvent *event)
{
    const QKeySequence keys(event->keyCombination());
    for (const QAction *action : m_actions->all()) // the keys of what is not possible say why; those of the others do not come here
        if (!action->isEnabled() && !action->toolTip().isEmpty() && action->shortcuts().contains(keys))
            return m_messages.post({.severity = Message::Severity::Info,
                                    .sentence = action->toolTip(),
                                    .hint = {},
                                    .topic = QStringLiteral("keys"),
                                    .actionText = {},
                                    .action = {},
                                    .time = {}});
    if (event->key() == Qt::Key_Escape && m_present->isOn())
        return m_present->leave();
    if (event->key() != Qt::Key_Escape || (!m_selection.clear() && !m_toasts->dismissNewest() && !m_problems->dismissNewest()))
        QMainWindow::keyPressEvent(event);
}

/// Qt keeps docks that lie behind others, and the tab bar of docks that are hidden, outside the window: Tab passes them by.
bool MainWindow::focusNextPrevChild(bool isNext)
{
    const auto isOutside = [this](const QWidget *stop) {
        while (stop && stop->parentWidget() != this)
            stop = stop->parentWidget();
        return stop && !stop->isWindow() && !rect().intersects(stop->geometry());
    };
    bool isMoved = QMainWindow::focusNextPrevChild(isNext);
    const QWidget *first = focusWidget();
    while (isMoved && isOutside(focusWidget()))
        isMoved = QMainWindow::focusNextPrevChild(isNext) && focusWidget() != first; // else all of them are outside
    return isMoved;
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    if (m_present->keepsLayout())
        return;
    const bool wasWide = event->oldSize().width() >= kWideEnough, isWide = width() >= kWideEnough;
    if (wasWide != isWide || !event->oldSize().isValid()) // people may open it in a narrow window all the same
        m_showInspector->setChecked(isWide);
    fitExplain();
}

void MainWindow::showEvent(QShowEvent *event)
{
    QMainWindow::showEvent(event);
    if (!std::exchange(m_isFirstShow, false))
        return;
    const QByteArray splitters = m_settings.value(QStringLiteral("splitters")), docks = m_settings.value(QStringLiteral("docks"));
    const bool isUnderstood = (splitters.isEmpty() || applySplitters(*this, splitters)) && (docks.isEmpty() || restoreState(docks));
    if (!isUnderstood) {
        resetLayout();
        m_messages.note(tr("The layout of the window could not be read, so this is the default one."));
    }
    fitExplain(); // it may have been closed in a wider window
    FigureOptions::remember(FigureOptions::fromBytes(m_settings.value(QStringLiteral("figures"))));
    m_tabs->setFocus();
    offerTour();
}

// ---- how a session is shown, which is saved with it --------------------------------------------------------------------------

void MainWindow::noteView(const QString &stoppedJob)
{
    std::map<std::string, std::string> view = viewOf(*this);
    view["tab"] = QMetaEnum::fromType<Tab>().valueToKey(m_tabs->currentIndex());
    view["layer"] = std::to_string(m_selection.selectedLayer());
    view["step"] = std::to_string(m_selection.step());
    QStringList compared;
    for (const std::int64_t layer : m_selection.comparedLayers())
        compared << QString::number(layer);
    view["compared"] = compared.join(u',').toStdString();
    if (!m_keeper.file().isEmpty())
        view[kFileOfView] = m_keeper.file().toStdString(); // whose changes these are, should they be left unsaved
    if (!stoppedJob.isEmpty())
        view[kStoppedOfView] = stoppedJob.toStdString();
    m_model.setView(std::move(view));
    m_keeper.keepView();
}

/// As it was when it was saved; one that was saved without is shown where its work is.
void MainWindow::showView()
{
    const std::map<std::string, std::string> view = m_model.session().view;
    const auto wordAt = [&](const char *name) {
        const auto found = view.find(name);
        return QByteArray::fromStdString(found == view.end() ? std::string() : found->second);
    };
    const auto indexAt = [&](const char *name) {
        bool isNumber = false;
        const qint64 index = wordAt(name).toLongLong(&isNumber);
        return isNumber ? index : -1;
    };
    applyView(*this, view);
    bool isKnown = false;
    const int tab = QMetaEnum::fromType<Tab>().keyToValue(wordAt("tab").constData(), &isKnown);
    const Tab usual = isOfSeveralPlans(m_model.session()) ? Tab::Compare
                      : m_model.shelfPlan()               ? Tab::Balance
                      : m_model.hasScores()               ? Tab::Importance
                                                          : Tab::Model;
    show(isKnown ? Tab(tab) : usual);
    if (const qint64 layer = indexAt("layer"); layer >= 0 && layer < m_model.layerCount())
        m_selection.setSelectedLayer(layer);
    std::vector<std::int64_t> compared;
    for (const QByteArray &word : wordAt("compared").split(',')) {
        bool isNumber = false;
        const qint64 layer = word.toLongLong(&isNumber);
        if (isNumber && m_model.hasScores() && layer >= 0 && layer < m_model.layerCount() &&
            compared.size() < SelectionModel::kMostCompared && std::find(compared.begin(), compared.end(), layer) == compared.end())
            compared.push_back(layer);
    }
    m_selection.setComparedLayers(compared);
    const SearchRecord *search = m_model.search();
    if (const qint64 step = indexAt("step"); step >= 0 && search && step < qint64(search->steps.size()))
        m_selection.setStep(step);
}

} // namespace secateur::ui
