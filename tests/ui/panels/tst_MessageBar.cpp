// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "panels/shell/MessageBar.h"
#include "panels/shell/MessageRow.h"

#include <QCursor>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <QVBoxLayout>

using namespace secateur;
using namespace secateur::ui;

namespace {

Message message(Message::Severity severity, const QString &topic, const QString &sentence)
{
    Message m;
    m.severity = severity;
    m.topic = topic;
    m.sentence = sentence;
    return m;
}

/// Rows of a list from the top.
QList<MessageRow *> rowsOf(const MessageRows &list)
{
    QList<MessageRow *> rows;
    for (MessageRow *row : list.findChildren<MessageRow *>())
        if (!row->isHidden())
            rows << row;
    std::sort(rows.begin(), rows.end(), [](const MessageRow *a, const MessageRow *b) { return a->y() < b->y(); });
    return rows;
}

/// As in the main window: a page, below it what stays, over it what passes.
struct ShownMessages {
    MapBench bench;
    QWidget window; ///< both lists hide themselves while they are empty
    QWidget *page = new QWidget(&window);
    MessageRows *problems = new MessageRows(bench.workbench(), MessageRows::Kind::Staying, &window);
    MessageBar bar{bench.workbench(), &window};

    ShownMessages()
    {
        auto *column = new QVBoxLayout(&window);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(page, 1);
        column->addWidget(problems);
        bar.setPage(*page);
        showAndWait(window, {800, 400});
        QTest::mouseMove(&window, {400, 5}); // above the bar: what is under the mouse stays
    }

    QList<MessageRow *> rows() const { return rowsOf(bar); }
    void post(Message::Severity severity, const QString &topic, const QString &sentence)
    {
        bench.messages.post(message(severity, topic, sentence));
    }
};

} // namespace

class TestMessageBar : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void isThereOnlyWithMessages();
    void problemsHaveARoomOfTheirOwn();
    void problemsComeOneAtATime();
    void newestComesFirstAndTheRestIsCounted();
    void severityIsAWordAndHintIsShown();
    void dismissingKeepsItInTheLog();
    void actionIsDoneAndTheMessageGoes();
    void successVanishesAndAnErrorStays();
    void whatIsFocusedStays();
    void liesOverTheBottomAndMovesNothing();
    void liesOverItsPageAlone();
    void keepsClearOfMainButtons();
    void comesNowhereUnderThePointer();
    void whatIsToldInPlaceIsNotToldHere();
    void escapePutsTheNewestAway();
    void successIsNotCalledSo();
    void longSentencesUnfold();
    void longNamesAreCutInTheMiddle();
};

void TestMessageBar::isThereOnlyWithMessages()
{
    ShownMessages s;
    QVERIFY(s.bar.isHidden() && s.problems->isHidden());
    s.post(Message::Severity::Error, "open", "It is not there.");
    QVERIFY(s.bar.isHidden() && s.problems->isVisible());
    s.bench.messages.resolve("open");
    QVERIFY(s.problems->isHidden());
    s.post(Message::Severity::Success, "session", "Saved.");
    QVERIFY(s.bar.isVisible() && s.problems->isHidden());
    s.bench.messages.resolve("session");
    QVERIFY(s.bar.isHidden());
}

/// They stay until somebody has read them: the page makes room, and nothing of it is covered.
void TestMessageBar::problemsHaveARoomOfTheirOwn()
{
    ShownMessages s;
    QCOMPARE(s.page->height(), s.window.height());
    for (const auto severity : {Message::Severity::Warning, Message::Severity::Error}) {
        s.post(severity, "open", "It is not there.");
        QTRY_VERIFY(s.page->height() < s.window.height());
        QVERIFY(!s.page->geometry().intersects(s.problems->geometry()));
        QCOMPARE(s.page->height() + s.problems->height(), s.window.height());
        QVERIFY2(s.problems->height() < 60, qPrintable(QString::number(s.problems->height())));
        QVERIFY(s.bar.isHidden());
        s.bench.messages.dismiss("open");
        QTRY_COMPARE(s.page->height(), s.window.height());
    }
    s.post(Message::Severity::Warning, "open", "It is not there.");
    s.post(Message::Severity::Info, "hint", "A note."); // over the page, not over the other
    QTRY_VERIFY(s.page->height() < s.window.height());
    QTRY_VERIFY(s.page->geometry().contains(s.bar.geometry()));
}

/// Many of them would leave nothing of a small page.
void TestMessageBar::problemsComeOneAtATime()
{
    ShownMessages s;
    QSignalSpy logRequested(s.problems, &MessageRows::logRequested);
    for (const char *topic : {"a", "b", "c"})
        s.post(Message::Severity::Warning, topic, QString("About %1.").arg(topic));
    QCOMPARE(rowsOf(*s.problems).size(), 1);
    QCOMPARE(rowsOf(*s.problems).at(0)->message().topic, "c");
    QPushButton *more = button(*s.problems, "and 2 more in the log");
    QVERIFY(more);
    QTest::mouseClick(more, Qt::LeftButton);
    QCOMPARE(logRequested.size(), 1);
    for (const char *topic : {"b", "a"}) { // the next comes when it is put away
        QVERIFY(s.problems->dismissNewest());
        QCOMPARE(rowsOf(*s.problems).size(), 1);
        QCOMPARE(rowsOf(*s.problems).at(0)->message().topic, topic);
    }
    QVERIFY(!more->isVisible());
    QVERIFY(s.problems->dismissNewest());
    QVERIFY(s.problems->isHidden() && !s.problems->dismissNewest());
}

void TestMessageBar::newestComesFirstAndTheRestIsCounted()
{
    ShownMessages s;
    QSignalSpy logRequested(&s.bar, &MessageBar::logRequested);
    for (const char *topic : {"a", "b", "c", "d", "e"})
        s.post(Message::Severity::Info, topic, QString("About %1.").arg(topic));
    QTRY_COMPARE(s.rows().size(), 3);
    QTRY_COMPARE(s.rows().at(0)->message().topic, "e");
    QCOMPARE(s.rows().at(2)->message().topic, "c");
    QPushButton *more = button(s.bar, "and 2 more in the log");
    QVERIFY(more);
    QTest::mouseClick(more, Qt::LeftButton);
    QCOMPARE(logRequested.size(), 1);

    const MessageRow *kept = s.rows().at(1);
    s.bench.messages.resolve("e"); // rows that stay are the same widgets: the focus does not jump
    QTRY_COMPARE(s.rows().at(0), kept);
    QCOMPARE(s.rows().size(), 3);
}

void TestMessageBar::severityIsAWordAndHintIsShown()
{
    ShownMessages s;
    Message m = message(Message::Severity::Error, "open", "The folder tiny has no config.json.");
    m.hint = "Choose another folder.";
    s.bench.messages.post(m);
    const MessageRow *row = rowsOf(*s.problems).at(0);
    QCOMPARE(row->accessibleName(), "Error: The folder tiny has no config.json.");
    QStringList texts;
    for (const QLabel *label : row->findChildren<QLabel *>())
        texts << label->text();
    QVERIFY(texts.contains("Error: The folder tiny has no config.json."));
    QVERIFY(texts.contains("Choose another folder."));
}

void TestMessageBar::dismissingKeepsItInTheLog()
{
    ShownMessages s;
    s.post(Message::Severity::Error, "open", "It is not there.");
    s.post(Message::Severity::Success, "session", "Saved.");
    for (const MessageRows *list : {s.problems, static_cast<MessageRows *>(&s.bar)}) {
        auto *dismiss = rowsOf(*list).at(0)->findChild<QToolButton *>();
        dismiss->setFocus();
        QTest::keyClick(dismiss, Qt::Key_Space);
        QVERIFY(list->isHidden());
    }
    QCOMPARE(s.bench.messages.rowCount(), 2);
}

void TestMessageBar::actionIsDoneAndTheMessageGoes()
{
    ShownMessages s;
    int done = 0;
    Message m = message(Message::Severity::Warning, "recovery", "A session was left behind.");
    m.actionText = "Restore";
    m.action = [&] {
        ++done;
        s.bench.messages.post(message(Message::Severity::Warning, "recovery", "Its model has moved."));
    };
    s.bench.messages.post(m);
    QTest::mouseClick(button(*s.problems, "Restore"), Qt::LeftButton);
    QCOMPARE(done, 1);
    QCOMPARE(rowsOf(*s.problems).size(), 1);
    QCOMPARE(rowsOf(*s.problems).at(0)->message().sentence, "Its model has moved.");
}

void TestMessageBar::successVanishesAndAnErrorStays()
{
    ShownMessages s;
    s.bar.setPatience(std::chrono::milliseconds(20));
    s.problems->setPatience(std::chrono::milliseconds(20));
    s.post(Message::Severity::Error, "open", "It is not there.");
    s.post(Message::Severity::Success, "export", "Written and verified.");
    QCOMPARE(s.rows().size(), 1);
    QTRY_VERIFY(s.bar.isHidden());
    QCOMPARE(rowsOf(*s.problems).at(0)->message().topic, "open");
}

void TestMessageBar::whatIsFocusedStays()
{
    ShownMessages s;
    s.bar.setPatience(std::chrono::milliseconds(20));
    s.bench.messages.post(message(Message::Severity::Info, "hint", "A note."));
    auto *dismiss = s.rows().at(0)->findChild<QToolButton *>();
    dismiss->setFocus();
    QVERIFY(dismiss->hasFocus());
    s.bench.messages.post(message(Message::Severity::Info, "other", "Another note."));
    QTRY_COMPARE(s.rows().size(), 1); // the other one has had its time, and so has the first
    QCOMPARE(s.rows().at(0)->message().topic, "hint");
    dismiss->clearFocus();
    QTRY_VERIFY(s.bar.isHidden());
}

void TestMessageBar::liesOverTheBottomAndMovesNothing()
{
    ShownMessages s;
    s.post(Message::Severity::Success, "session", "Saved.");
    QTRY_VERIFY(s.bar.isVisible());
    QCOMPARE(s.page->geometry(), QRect(0, 0, 800, 400));
    QVERIFY(s.bar.geometry().bottom() > 380 && s.bar.geometry().bottom() < 400);
    QVERIFY(s.bar.height() < 100);
    s.window.resize(640, 300); // it goes along
    QTRY_VERIFY(s.bar.geometry().bottom() > 280 && s.bar.geometry().bottom() < 300);
    QVERIFY(s.window.rect().contains(s.bar.geometry()));
    QVERIFY(s.window.childAt(s.bar.geometry().center()) != s.page);
}

void TestMessageBar::liesOverItsPageAlone()
{
    ShownMessages s;
    QWidget page(&s.window), below(&s.window);
    page.setGeometry(200, 60, 600, 280);
    below.setGeometry(0, 340, 800, 60);
    page.show();
    below.show();
    s.bar.setPage(page);
    for (const char *topic : {"a", "b", "c"})
        s.post(Message::Severity::Info, topic, QString("About %1.").arg(topic));
    QTRY_VERIFY(s.bar.isVisible());
    QTRY_VERIFY(page.geometry().contains(s.bar.geometry()));
    page.setGeometry(200, 60, 600, 200); // what is below it grew
    QTRY_VERIFY(page.geometry().contains(s.bar.geometry()));
    page.setGeometry(400, 60, 400, 200);
    QTRY_VERIFY(page.geometry().contains(s.bar.geometry()));
}

void TestMessageBar::keepsClearOfMainButtons()
{
    ShownMessages s;
    s.window.resize(1600, 400);
    QPushButton export_("Export and verify", &s.window);
    export_.setProperty("primary", true);
    export_.setGeometry(1300, 350, 200, 40);
    export_.show();
    s.post(Message::Severity::Success, "session", "Saved.");
    QTRY_VERIFY(s.bar.isVisible());
    QVERIFY(!s.bar.geometry().intersects(export_.geometry()));
    int clicks = 0;
    connect(&export_, &QPushButton::clicked, this, [&clicks] { ++clicks; });
    QTest::mouseClick(s.window.childAt(1400, 370), Qt::LeftButton);
    QCOMPARE(clicks, 1);
    export_.hide();
    s.bar.place(); // another page
    QVERIFY(s.bar.geometry().right() > 1580 && s.bar.geometry().right() < 1600);
}

void TestMessageBar::comesNowhereUnderThePointer()
{
    ShownMessages s;
    s.window.resize(1600, 400);
    QCursor::setPos(s.window.mapToGlobal(QPoint(1400, 370))); // about to press what is there
    s.post(Message::Severity::Success, "session", "Saved.");
    QTRY_VERIFY(s.bar.isVisible());
    QVERIFY(!s.bar.geometry().contains(1400, 370));
    QVERIFY(s.window.rect().contains(s.bar.geometry()));
    QCursor::setPos(s.window.mapToGlobal(QPoint(800, 5)));
}

void TestMessageBar::whatIsToldInPlaceIsNotToldHere()
{
    ShownMessages s;
    bool isSeen = true;
    s.bench.messages.setPlace("export", [&] { return isSeen; });
    s.post(Message::Severity::Error, "export", "The disk is full.");
    QVERIFY(s.problems->isHidden());
    QCOMPARE(s.bench.messages.rowCount(), 1);                     // the log has all of them
    s.post(Message::Severity::Error, "open", "It is not there."); // of another topic
    QCOMPARE(rowsOf(*s.problems).at(0)->message().topic, "open");
    isSeen = false;
    s.post(Message::Severity::Error, "export", "The disk is full.");
    QCOMPARE(rowsOf(*s.problems).at(0)->message().topic, "export");
    isSeen = true;
    s.post(Message::Severity::Error, "export", "Still full."); // the older one is over
    QCOMPARE(rowsOf(*s.problems).size(), 1);
    QCOMPARE(rowsOf(*s.problems).at(0)->message().topic, "open");
    QVERIFY(!button(*s.problems, "and 1 more in the log"));
}

void TestMessageBar::escapePutsTheNewestAway()
{
    ShownMessages s;
    s.post(Message::Severity::Info, "a", "About a.");
    s.post(Message::Severity::Info, "b", "About b.");
    auto *dismiss = s.rows().at(0)->findChild<QToolButton *>();
    dismiss->setFocus();
    QTest::keyClick(dismiss, Qt::Key_Escape);
    QTRY_COMPARE(s.rows().size(), 1);
    QCOMPARE(s.rows().at(0)->message().topic, "a");
}

void TestMessageBar::successIsNotCalledSo()
{
    ShownMessages s;
    s.bench.messages.post(message(Message::Severity::Success, "save", "Saved a.png."));
    QCOMPARE(s.rows().at(0)->accessibleName(), "Saved a.png."); // not "Done: Saved"
}

void TestMessageBar::longSentencesUnfold()
{
    ShownMessages s;
    const QString sentence = "The folder x lacks tensors: " + QString("model.layers.0.mlp.up_proj.weight, ").repeated(40) + "and more.";
    s.post(Message::Severity::Error, "open", sentence);
    const QLabel *label = nullptr;
    for (const QLabel *candidate : rowsOf(*s.problems).at(0)->findChildren<QLabel *>())
        if (candidate->text().startsWith("Error: The folder"))
            label = candidate;
    QVERIFY(label);
    QVERIFY(label->text().size() < 250);
    const int before = s.problems->height();
    QTest::mouseClick(button(*s.problems, "Details"), Qt::LeftButton);
    QCOMPARE(label->text(), "Error: " + sentence);
    QTRY_VERIFY(s.problems->height() > before);
    QVERIFY(!button(*s.problems, "Details"));
}

void TestMessageBar::longNamesAreCutInTheMiddle()
{
    ShownMessages s;
    const QString name = "Qwen2.5" + QString(113, 'x') + "-theend.secateur";
    s.post(Message::Severity::Success, "session", QString("The session was saved as '%1'.").arg(name));
    const MessageRow *row = s.rows().at(0);
    QVERIFY(row->accessibleName().contains(name));
    const QLabel *said = nullptr;
    for (const QLabel *label : row->findChildren<QLabel *>())
        if (label->text().startsWith("The session was saved as 'Qwen2.5"))
            said = label;
    QVERIFY(said);
    QVERIFY2(said->text().size() < 80 && said->text().endsWith("-theend.secateur'."), qPrintable(said->text()));
    QVERIFY(said->toolTip().contains(name));
    QVERIFY2(s.bar.height() < 60, qPrintable(QString::number(s.bar.height()))); // two lines at most
}

QTEST_MAIN(TestMessageBar)
#include "tst_MessageBar.moc"
