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

struct ShownMessages {
    MapBench bench;
    QWidget window; ///< the bar hides itself while it is empty
    MessageBar bar{bench.workbench(), &window};

    ShownMessages()
    {
        showAndWait(window, {800, 400});
        QTest::mouseMove(&window, {400, 5}); // above the bar: what is under the mouse stays
    }

    /// Rows from the top.
    QList<MessageRow *> rows() const
    {
        QList<MessageRow *> rows;
        for (MessageRow *row : bar.findChildren<MessageRow *>())
            if (!row->isHidden())
                rows << row;
        std::sort(rows.begin(), rows.end(), [](const MessageRow *a, const MessageRow *b) { return a->y() < b->y(); });
        return rows;
    }
};

} // namespace

class TestMessageBar : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void isThereOnlyWithMessages();
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
};

void TestMessageBar::isThereOnlyWithMessages()
{
    ShownMessages s;
    QVERIFY(s.bar.isHidden());
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there."));
    QVERIFY(s.bar.isVisible());
    s.bench.messages.resolve("open");
    QVERIFY(s.bar.isHidden());
}

void TestMessageBar::newestComesFirstAndTheRestIsCounted()
{
    ShownMessages s;
    QSignalSpy logRequested(&s.bar, &MessageBar::logRequested);
    for (const char *topic : {"a", "b", "c", "d", "e"})
        s.bench.messages.post(message(Message::Severity::Warning, topic, QString("About %1.").arg(topic)));
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
    QCOMPARE(s.rows().at(0)->accessibleName(), "Error: The folder tiny has no config.json.");
    QStringList texts;
    for (const QLabel *label : s.rows().at(0)->findChildren<QLabel *>())
        texts << label->text();
    QVERIFY(texts.contains("Error: The folder tiny has no config.json."));
    QVERIFY(texts.contains("Choose another folder."));
}

void TestMessageBar::dismissingKeepsItInTheLog()
{
    ShownMessages s;
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there."));
    auto *dismiss = s.rows().at(0)->findChild<QToolButton *>();
    dismiss->setFocus();
    QTest::keyClick(dismiss, Qt::Key_Space);
    QVERIFY(s.bar.isHidden());
    QCOMPARE(s.bench.messages.rowCount(), 1);
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
    QTest::mouseClick(button(s.bar, "Restore"), Qt::LeftButton);
    QCOMPARE(done, 1);
    QCOMPARE(s.rows().size(), 1);
    QCOMPARE(s.rows().at(0)->message().sentence, "Its model has moved.");
}

void TestMessageBar::successVanishesAndAnErrorStays()
{
    ShownMessages s;
    s.bar.setPatience(std::chrono::milliseconds(20));
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there."));
    s.bench.messages.post(message(Message::Severity::Success, "export", "Written and verified."));
    QCOMPARE(s.rows().size(), 2);
    QTRY_COMPARE(s.rows().size(), 1);
    QCOMPARE(s.rows().at(0)->message().topic, "open");
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
    QWidget page(&s.window);
    page.setGeometry(0, 0, 800, 400);
    page.show();
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there."));
    QTRY_VERIFY(s.bar.isVisible());
    QCOMPARE(page.geometry(), QRect(0, 0, 800, 400));
    QVERIFY(s.bar.geometry().bottom() > 380 && s.bar.geometry().bottom() < 400);
    QVERIFY(s.bar.height() < 100);
    s.window.resize(640, 300); // it goes along
    QTRY_VERIFY(s.bar.geometry().bottom() > 280 && s.bar.geometry().bottom() < 300);
    QVERIFY(s.window.rect().contains(s.bar.geometry()));
    QVERIFY(s.window.childAt(s.bar.geometry().center()) != &page); // and over what was made later
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
        s.bench.messages.post(message(Message::Severity::Error, topic, QString("About %1.").arg(topic)));
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
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there."));
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
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there."));
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
    s.bench.messages.post(message(Message::Severity::Error, "export", "The disk is full."));
    QVERIFY(s.bar.isHidden());
    QCOMPARE(s.bench.messages.rowCount(), 1);                                             // the log has all of them
    s.bench.messages.post(message(Message::Severity::Error, "open", "It is not there.")); // of another topic
    QCOMPARE(s.rows().size(), 1);
    isSeen = false;
    s.bench.messages.post(message(Message::Severity::Error, "export", "The disk is full."));
    QTRY_COMPARE(s.rows().size(), 2);
    isSeen = true;
    s.bench.messages.post(message(Message::Severity::Error, "export", "Still full.")); // the older one is over
    QTRY_COMPARE(s.rows().size(), 1);
    QCOMPARE(s.rows().at(0)->message().topic, "open");
}

void TestMessageBar::escapePutsTheNewestAway()
{
    ShownMessages s;
    s.bench.messages.post(message(Message::Severity::Error, "a", "About a."));
    s.bench.messages.post(message(Message::Severity::Error, "b", "About b."));
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
    s.bench.messages.post(message(Message::Severity::Error, "open", sentence));
    const QLabel *label = nullptr;
    for (const QLabel *candidate : s.rows().at(0)->findChildren<QLabel *>())
        if (candidate->text().startsWith("Error: The folder"))
            label = candidate;
    QVERIFY(label);
    QVERIFY(label->text().size() < 250);
    const int before = s.bar.height();
    QTest::mouseClick(button(s.bar, "Details"), Qt::LeftButton);
    QCOMPARE(label->text(), "Error: " + sentence);
    QTRY_VERIFY(s.bar.height() > before);
    QVERIFY(!button(s.bar, "Details"));
}

QTEST_MAIN(TestMessageBar)
#include "tst_MessageBar.moc"
