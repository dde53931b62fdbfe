// SPDX-License-Identifier: GPL-3.0-or-later
// The states of a session, each reached by the jobs themselves: what is possible in it, and that everything else says why; and what empty
// pages look like.
#include "LayoutFaults.h"
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "panels/parts/EmptyState.h"
#include "panels/parts/JobButton.h"
#include "panels/search/AttentionPanel.h"
#include "widgets/BalanceSlider.h"
#include "widgets/Quantity.h"
#include "window/Actions.h"
#include "window/CommandPalette.h"

#include <QAbstractSlider>
#include <QAccessible>
#include <QComboBox>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QMetaEnum>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSpinBox>

#include <functional>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Tab = MainWindow::Tab;
using AttentionView = AttentionPanel::View;

/// In which states an action is possible: 0 no model, 1 loaded, 2 calibrated, 3 planned, 4 evaluated, 5 exported.
struct ActionRow {
    QAction *Actions::*action;
    const char *states;
};

constexpr ActionRow kActions[] = {
    {&Actions::openModel, "012345"},
    {&Actions::openGguf, "012345"},
    {&Actions::openFile, "012345"},
    {&Actions::openSession, "012345"},
    {&Actions::openSample, "012345"},
    {&Actions::saveSession, "12345"},
    {&Actions::saveSessionAs, "12345"},
    {&Actions::savePlan, "2345"},
    {&Actions::saveReport, "12345"},
    {&Actions::saveFigures, "12345"},
    {&Actions::quit, "012345"},
    {&Actions::undo, "2345"},
    {&Actions::redo, ""},
    {&Actions::pin, "12345"},
    {&Actions::prune, "12345"},
    {&Actions::calibrate, "12345"},
    {&Actions::measureImpact, "12345"},
    {&Actions::search, "2"},
    {&Actions::evaluate, "2345"},
    {&Actions::evaluateDense, "12345"},
    {&Actions::goToPlayground, "12345"},
    {&Actions::goToCompare, "12345"},
    {&Actions::goToExport, "345"},
    {&Actions::pauseJob, ""},
    {&Actions::cancelJob, ""},
    {&Actions::copyCommand, "12345"},
    {&Actions::sparsity25, "12345"},
    {&Actions::sparsity37, "12345"},
    {&Actions::sparsity50, "12345"},
    {&Actions::neuronsByRule, ""},
    {&Actions::attentionsByRule, ""},
    {&Actions::present, "012345"},
    {&Actions::spotlight, ""},
    {&Actions::largerType, "012345"},
    {&Actions::smallerType, "012345"},
    {&Actions::usualType, ""},
    {&Actions::guide, "012345"},
    {&Actions::tour, "012345"},
    {&Actions::lessons, "012345"},
    {&Actions::palette, "012345"},
    {&Actions::shortcuts, "012345"},
    {&Actions::about, "012345"},
};

/// The buttons that start jobs, with the page where they are.
struct ButtonRow {
    Tab tab;
    AttentionView view;
    const char *name; ///< what they are called where they are possible
    const char *states;
};

constexpr ButtonRow kButtons[] = {
    {Tab::Calibration, AttentionView::Search, "Calibrate", "1"},
    {Tab::Calibration, AttentionView::Search, "Calibrate again", "2345"},
    {Tab::Attention, AttentionView::Search, "Search", "2"},
    {Tab::Attention, AttentionView::Impact, "Measure", "12345"},
    {Tab::Evaluation, AttentionView::Search, "Evaluate plan", "2345"},
    {Tab::Evaluation, AttentionView::Search, "Evaluate original", "12345"},
    {Tab::Playground, AttentionView::Search, "Write", "12345"},
    {Tab::Export, AttentionView::Search, "Export and verify", "345"},
};

QString nameOf(const QAction &action)
{
    return action.text().remove(QLatin1Char('&'));
}

} // namespace

class tst_States : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void everyStateHasItsActions();
    void aRunningJobCanBePausedAndCancelled();
    void emptyPagesHaveAnIconWordsAndAButtonAtOneHeight();

private:
    static void openSample(const WindowBench &hands);
    static void go(const WindowBench &hands, Tab tab, AttentionView view = AttentionView::Search);
    static void checkActions(const WindowBench &hands, char state);
    static void checkMenus(const WindowBench &hands);
    static void checkPalette(const WindowBench &hands);
    static void checkButtons(const WindowBench &hands, char state, int &estimates);
    static void checkReasons(const QWidget &place);
    static void checkEstimates(const QWidget &place, int &estimates);
    static QPushButton *checkEmptyState(const WindowBench &hands);
};

/// With texts so short that jobs take no time.
void tst_States::openSample(const WindowBench &hands)
{
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    TextSettings calibration{.files = {WindowBench::sample().calibrationText().toStdString()}, .windows = 2, .length = 64, .seed = 0};
    TextSettings evaluation = calibration;
    evaluation.files = {WindowBench::sample().evaluationText().toStdString()};
    hands.bench().session.setDraftAndTexts(hands.bench().session.draft(), calibration, evaluation, ScoreNorm::L2);
}

void tst_States::go(const WindowBench &hands, Tab tab, AttentionView view)
{
    hands.window->show(tab);
    if (tab == Tab::Attention)
        hands.window->findChild<AttentionPanel *>()->setView(view);
    settle(); // pages are filled when they are shown
}

void tst_States::everyStateHasItsActions()
{
    const WindowBench hands;
    const Workbench &bench = hands.bench();
    const std::vector<std::function<void()>> steps = {
        [] {},
        [&] { openSample(hands); },
        [&] { bench.jobs.calibrate(); },
        [&] { bench.jobs.search(); },
        [&] { bench.jobs.evaluate(); },
        [&] {
            bench.jobs.exportPlan({.format = "hf-compact",
                                   .output = hands.state.filePath(QStringLiteral("pruned")).toStdString(),
                                   .isOverwriteAllowed = false,
                                   .dtype = {},
                                   .command = {}});
        },
    };
    for (std::size_t state = 0; state < steps.size(); ++state) {
        steps[state]();
        QVERIFY(hands.waitForJobs());
        const QString problem = bench.messages.current().empty() ? QString() : bench.messages.current().back().sentence;
        QVERIFY2(state == 0 || bench.runner.jobs().back().state == JobInfo::State::Done, qPrintable(problem));
        const char sign = char('0' + char(state));
        checkActions(hands, sign);
        checkMenus(hands);
        checkPalette(hands);
        int estimates = 0;
        checkButtons(hands, sign, estimates);
        if (QTest::currentTestFailed())
            return;
        QVERIFY2(state == 0 || estimates > 0, qPrintable(QStringLiteral("no estimate in S%1").arg(state)));
    }
    QVERIFY(bench.session.planEvaluation());
    QCOMPARE(bench.session.session().exports.size(), 1U);
}

void tst_States::checkActions(const WindowBench &hands, char state)
{
    const Actions &actions = hands.window->actionsOfWindow();
    QList<QAction *> others = actions.all(); // of the view
    for (const ActionRow &row : kActions) {
        const QAction *action = actions.*row.action;
        others.removeAll(action);
        const bool isWanted = QByteArray(row.states).contains(state);
        QVERIFY2(action->isEnabled() == isWanted, qPrintable(QStringLiteral("S%1: %2").arg(QChar::fromLatin1(state)).arg(nameOf(*action))));
        if (!isWanted)
            QVERIFY2(action->statusTip() == action->toolTip() && action->toolTip().endsWith(QLatin1Char('.')),
                     qPrintable(action->toolTip()));
    }
    QVERIFY(others.size() > 10);
    for (const QAction *action : others)
        QVERIFY2(action->isEnabled(), qPrintable(nameOf(*action)));
}

void tst_States::checkMenus(const WindowBench &hands)
{
    for (QMenu *menu : hands.window->menuBar()->findChildren<QMenu *>()) {
        if (menu->title().isEmpty())
            continue;             // Qt's own, for what a narrow menu bar does not show
        emit menu->aboutToShow(); // some are filled then
        QVERIFY2(menu->toolTipsVisible(), qPrintable(menu->title()));
        for (const QAction *action : menu->actions())
            if (!action->isEnabled() && !action->isSeparator())
                QVERIFY2(action->toolTip().endsWith(QLatin1Char('.')), qPrintable(nameOf(*action)));
    }
}

/// Menus give a screen reader no more than names; the palette has the reasons, too.
void tst_States::checkPalette(const WindowBench &hands)
{
    hands.window->actionsOfWindow().palette->trigger();
    auto *palette = hands.window->findChild<CommandPalette *>();
    const auto *list = palette->findChild<QListWidget *>();
    for (const QAction *action : hands.window->actionsOfWindow().all()) {
        if (action->isEnabled())
            continue;
        bool isTold = false;
        for (int row = 0; row < list->count(); ++row) {
            const QString line = list->item(row)->data(Qt::AccessibleTextRole).toString();
            isTold = isTold || (line.startsWith(nameOf(*action)) && line.contains(action->toolTip()));
        }
        QVERIFY2(isTold, qPrintable(nameOf(*action)));
    }
    palette->close();
}

void tst_States::checkButtons(const WindowBench &hands, char state, int &estimates)
{
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i)
        for (const AttentionView view : {AttentionView::Search, AttentionView::Impact}) {
            const auto tab = Tab(tabs.value(i));
            if (view == AttentionView::Impact && tab != Tab::Attention)
                continue;
            go(hands, tab, view);
            const QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
            QStringList possible, wanted;
            for (const JobButton *job : page->findChildren<JobButton *>())
                if (job->isVisible() && job->button()->isEnabled())
                    possible << job->button()->text();
            for (const ButtonRow &row : kButtons)
                if (row.tab == tab && row.view == view && QByteArray(row.states).contains(state))
                    wanted << QLatin1String(row.name);
            possible.sort();
            wanted.sort();
            if (tab != Tab::Balance) // its own button names the plan
                QVERIFY2(possible == wanted, qPrintable(QStringLiteral("S%1, %2: %3, not %4")
                                                            .arg(QChar::fromLatin1(state))
                                                            .arg(QLatin1String(tabs.key(i)), possible.join(QLatin1String(" | ")),
                                                                 wanted.join(QLatin1String(" | ")))));
            checkReasons(*hands.window);
            checkEstimates(*hands.window, estimates);
        }
    for (QDockWidget *dock : hands.window->findChildren<QDockWidget *>()) {
        dock->show();
        dock->raise();
        settle();
        checkReasons(*dock);
        checkEstimates(*dock, estimates);
        dock->hide();
    }
}

/// What is disabled says why, to the mouse and to a screen reader; a part of a disabled whole may leave that to the whole.
void tst_States::checkReasons(const QWidget &place)
{
    for (QWidget *control : place.findChildren<QWidget *>()) {
        const auto *button = qobject_cast<const QAbstractButton *>(control);
        const bool isField = qobject_cast<const QAbstractSpinBox *>(control) || qobject_cast<const QComboBox *>(control) ||
                             qobject_cast<const QLineEdit *>(control) || qobject_cast<const QAbstractItemView *>(control) ||
                             (qobject_cast<const QAbstractSlider *>(control) && !qobject_cast<const QScrollBar *>(control)) ||
                             qobject_cast<const BalanceSlider *>(control);
        if ((!button && !isField) || qobject_cast<const QHeaderView *>(control) || !control->isVisible() || control->isEnabled() ||
            isInner(control))
            continue;
        QWidget *disabled = control;
        while (!disabled->testAttribute(Qt::WA_ForceDisabled) && disabled->parentWidget())
            disabled = disabled->parentWidget();
        QAccessibleInterface *told = QAccessible::queryAccessibleInterface(disabled);
        const QString reason = disabled->toolTip();
        QVERIFY2(!reason.isEmpty() && reason != control->accessibleName() && !(button && reason == button->text()),
                 qPrintable(placeOf(control)));
        QVERIFY2(told && told->text(QAccessible::Description) == spoken(reason), qPrintable(placeOf(control)));
    }
}

/// What is estimated has the sign, a tooltip with the formula, and words for a screen reader; nothing says "about" instead.
void tst_States::checkEstimates(const QWidget &place, int &estimates)
{
    static const QRegularExpression sign(QStringLiteral("~\\s?\\d")), word(QStringLiteral("\\babout\\s\\d"));
    const auto check = [&](const QString &text, const QString &toolTip, const QString &said, const QString &where) {
        QVERIFY2(!text.contains(word), qPrintable(where + text));
        if (!text.contains(sign))
            return;
        ++estimates;
        QVERIFY2(toolTip.contains(QStringLiteral("÷")), qPrintable(where + text)); // of a formula
        QVERIFY2(said.contains(word) && !said.contains(sign), qPrintable(where + said));
    };
    for (QWidget *widget : place.findChildren<QWidget *>()) {
        if (!widget->isVisible() || isInner(widget))
            continue;
        if (const auto *view = qobject_cast<const QAbstractItemView *>(widget); view && view->model()) {
            for (int row = 0; row < view->model()->rowCount(); ++row)
                for (int column = 0; column < view->model()->columnCount(); ++column) {
                    const QModelIndex cell = view->model()->index(row, column);
                    check(cell.data().toString(), cell.data(Qt::ToolTipRole).toString(), cell.data(Qt::AccessibleTextRole).toString(),
                          placeOf(widget));
                }
            continue;
        }
        const auto *label = qobject_cast<const QLabel *>(widget);
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        QAccessibleInterface *told = label || button ? QAccessible::queryAccessibleInterface(widget) : nullptr;
        if (!told)
            continue;
        check(label ? label->text() : button->text(), widget->toolTip(), told->text(QAccessible::Name), placeOf(widget));
        QVERIFY2(!told->text(QAccessible::Description).contains(sign), qPrintable(placeOf(widget)));
    }
}

void tst_States::aRunningJobCanBePausedAndCancelled()
{
    const WindowBench hands;
    openSample(hands);
    const Actions &actions = hands.window->actionsOfWindow();
    const int number = hands.bench().runner.start(JobKind::Impact, QStringLiteral("Impact"), {}, [](JobPort &port) {
        for (;;) {
            port.context().check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    QTRY_COMPARE(hands.bench().runner.job(number)->state, JobInfo::State::Running);
    QVERIFY(actions.pauseJob->isEnabled() && actions.cancelJob->isEnabled());
    go(hands, Tab::Attention, AttentionView::Impact);
    checkReasons(*hands.window); // "Measuring" says how far it is
    int estimates = 0;
    checkEstimates(*hands.window, estimates);
    actions.pauseJob->trigger();
    QTRY_COMPARE(hands.bench().runner.job(number)->state, JobInfo::State::Paused);
    QVERIFY(actions.pauseJob->isEnabled() && actions.cancelJob->isEnabled());
    actions.cancelJob->trigger();
    checkReasons(*hands.window);
    QTRY_COMPARE(hands.bench().runner.job(number)->state, JobInfo::State::Cancelled);
    checkActions(hands, '1');
}

/// The state that the page shows; its button, or null where the page has one above.
QPushButton *tst_States::checkEmptyState(const WindowBench &hands)
{
    const QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
    const EmptyState *shown = nullptr;
    for (const EmptyState *candidate : page->findChildren<EmptyState *>())
        shown = candidate->isVisible() ? candidate : shown;
    if (!shown) {
        QTest::qFail("no empty state", __FILE__, __LINE__);
        return nullptr;
    }
    int words = 0, icons = 0;
    for (const QLabel *label : shown->findChildren<QLabel *>())
        words += label->isVisible() && !label->text().isEmpty();
    for (QWidget *part : shown->findChildren<QWidget *>())
        if (part->size() == QSize(36, 36)) {
            const QImage picture = part->grab().toImage();
            int inked = 0;
            for (int y = 0; y < picture.height(); ++y)
                for (int x = 0; x < picture.width(); ++x)
                    inked += picture.pixel(x, y) != picture.pixel(0, 0);
            icons += inked > 30;
        }
    auto *button = shown->findChild<QPushButton *>();
    bool hasWay = button->isVisible();
    for (const JobButton *job : page->findChildren<JobButton *>())
        hasWay = hasWay || (job->isVisible() && job->button()->isEnabled());
    if (words != 2 || icons != 1 || !hasWay)
        QTest::qFail(qPrintable(QStringLiteral("%1 words, %2 icons, way: %3").arg(words).arg(icons).arg(hasWay)), __FILE__, __LINE__);
    return button->isVisible() ? button : nullptr;
}

void tst_States::emptyPagesHaveAnIconWordsAndAButtonAtOneHeight()
{
    const WindowBench hands;
    const Workbench &bench = hands.bench();
    const auto heightOf = [&](const QPushButton *button) { return button ? button->mapTo(hands.window.get(), QPoint()).y() : -1; };
    QList<int> heights;
    for (const Tab tab : {Tab::Importance, Tab::Attention, Tab::Balance}) {
        go(hands, tab);
        heights << heightOf(checkEmptyState(hands));
    }
    QVERIFY(heights.first() > 0);
    for (const int height : heights)
        QCOMPARE(height, heights.first());
    openSample(hands);
    go(hands, Tab::Importance);
    QPushButton *calibrate = checkEmptyState(hands);
    QVERIFY(calibrate);
    QCOMPARE(calibrate->text(), QStringLiteral("Calibrate…"));
    go(hands, Tab::Attention, AttentionView::Search);
    checkEmptyState(hands);
    go(hands, Tab::Attention, AttentionView::Impact);
    checkEmptyState(hands);

    bench.jobs.calibrate();
    QVERIFY(hands.waitForJobs());
    go(hands, Tab::Attention);
    QVERIFY(!checkEmptyState(hands)); // "Search" is above, with what it costs
    bench.editor.setAttentionsToRemove(0);
    go(hands, Tab::Attention);
    const QPushButton *one = checkEmptyState(hands);
    QVERIFY(one);
    QCOMPARE(one->text(), QStringLiteral("Set N = 1"));
}

QTEST_MAIN(tst_States)
#include "tst_States.moc"
