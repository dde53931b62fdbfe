// SPDX-License-Identifier: GPL-3.0-or-later
// Where the window tells what people should know, and where it does not.
#include "WindowBench.h"

#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "panels/shell/BudgetBar.h"
#include "panels/shell/JobBar.h"
#include "panels/shell/MessageBar.h"
#include "panels/start/StartPanel.h"
#include "theme/ChoiceBox.h"
#include "window/Actions.h"

#include <QComboBox>
#include <QMetaEnum>
#include <QTabBar>

using namespace secateur;
using namespace secateur::ui;

namespace {

Message error(const QString &topic)
{
    Message message;
    message.severity = Message::Severity::Error;
    message.sentence =
        QStringLiteral("The folder '/home/jane/models/%1' holds no model that can be opened: config.json is missing.").arg(topic);
    message.hint = QStringLiteral("Choose the folder that holds config.json and the .safetensors files.");
    message.topic = topic;
    return message;
}

/// Of a widget in its window.
QRect placeIn(const QWidget &window, const QWidget &widget)
{
    return {widget.mapTo(&window, QPoint()), widget.size()};
}

} // namespace

class tst_WindowMessages : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void errorsCoverNothing_data();
    void errorsCoverNothing();
    void escapePutsAMessageAway();
    void withoutTheSampleTheStartPageOffersNone();
    void everyListOfChoicesShowsWholeRows();
};

void tst_WindowMessages::errorsCoverNothing_data()
{
    QTest::addColumn<QSize>("size");
    QTest::newRow("wide") << QSize(1440, 900);
    QTest::newRow("small") << QSize(1024, 700);
}

/// They stay until somebody has read them, on whatever page that is.
void tst_WindowMessages::errorsCoverNothing()
{
    QFETCH(QSize, size);
    WindowBench hands(size);
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    for (const char *topic : {"one", "two", "three"})
        hands.bench().messages.post(error(QString::fromLatin1(topic)));
    const QMetaEnum tabs = QMetaEnum::fromType<MainWindow::Tab>();
    const QWidget &window = *hands.window;
    const auto *problems = hands.named<MessageRows>(QStringLiteral("Problems"));
    QVERIFY(problems);
    for (int i = 0; i < tabs.keyCount(); ++i) {
        hands.window->show(MainWindow::Tab(tabs.value(i)));
        settle();
        QVERIFY(problems->isVisible());
        const QRect place = placeIn(window, *problems);
        QVERIFY2(window.rect().contains(place), tabs.key(i));
        const auto *pages = window.findChild<QTabWidget *>();
        for (const QWidget *bar : std::initializer_list<const QWidget *>{pages->currentWidget(), pages->tabBar(),
                                                                         window.findChild<BudgetBar *>(), window.findChild<JobBar *>()}) {
            QVERIFY(bar->isVisible());
            QVERIFY2(!place.intersects(placeIn(window, *bar)), tabs.key(i));
        }
    }
    QCOMPARE(window.size(), size);
    QCOMPARE(hands.bench().messages.current().size(), 3U);
}

void tst_WindowMessages::escapePutsAMessageAway()
{
    WindowBench hands;
    hands.bench().messages.post(error(QStringLiteral("one")));
    hands.bench().messages.post(error(QStringLiteral("two")));
    QTest::keyClick(hands.window.get(), Qt::Key_Escape);
    QCOMPARE(hands.bench().messages.current().size(), 1U);
    QCOMPARE(hands.bench().messages.current().front().topic, QStringLiteral("one")); // the newest went
    QTest::keyClick(hands.window.get(), Qt::Key_Escape);
    QVERIFY(hands.bench().messages.current().empty());
}

/// Such as a program that was copied out of its folder.
void tst_WindowMessages::withoutTheSampleTheStartPageOffersNone()
{
    QTemporaryDir state;
    SessionBus nowhere{QString()};
    Theme theme(nowhere);
    Launch launch = usualLaunch();
    launch.stateFolder = state.path().toStdString();
    launch.sample.clear();
    MainWindow window(launch, theme, nowhere);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    const auto *start = window.findChild<StartPanel *>();
    const QAbstractButton *open = nullptr;
    for (const QAbstractButton *button : start->findChildren<QAbstractButton *>()) {
        QVERIFY(!button->isVisible() || button->text() != QLatin1String("Try the bundled sample"));
        if (button->text().startsWith(QLatin1String("Open model folder")))
            open = button;
    }
    QVERIFY(open && open->isVisible() && open->property("primary").toBool()); // which is suggested instead
    const QAction &action = *window.actionsOfWindow().openSample;
    QVERIFY(!action.isEnabled());
    QCOMPARE(action.toolTip(), QStringLiteral("The bundled sample is not installed."));
    window.openSample(); // from the command line
    const std::vector<Message> told = window.workbench().messages.current();
    QCOMPARE(told.size(), 1U);
    QCOMPARE(told.front().sentence, QStringLiteral("The bundled sample is not installed."));
    QVERIFY(told.front().hint.contains(QStringLiteral("install the program again")));
    QVERIFY(!window.workbench().session.hasModel());
}

void tst_WindowMessages::everyListOfChoicesShowsWholeRows()
{
    const WindowBench hands;
    const QList<QComboBox *> boxes = hands.window->findChildren<QComboBox *>();
    QVERIFY(boxes.size() > 4);
    for (const QComboBox *box : boxes)
        QVERIFY2(qobject_cast<const ChoiceBox *>(box), qPrintable(box->accessibleName())); // which sees to it
}

QTEST_MAIN(tst_WindowMessages)
#include "tst_WindowMessages.moc"
