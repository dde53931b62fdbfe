// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/MessageLog.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

using secateur::ui::Message;
using secateur::ui::MessageLog;

namespace {

Message message(const QString &sentence, const QString &topic, Message::Severity severity = Message::Severity::Info)
{
    Message made;
    made.severity = severity;
    made.sentence = sentence;
    made.hint = QStringLiteral("Try %1.").arg(sentence);
    made.topic = topic;
    return made;
}

QStringList sentences(const MessageLog &log)
{
    QStringList list;
    for (const Message &current : log.current())
        list << current.sentence;
    return list;
}

} // namespace

class TestMessageLog : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void everyMessageIsARow();
    void aNewerMessageOfATopicTakesThePlaceOfTheOlder();
    void whatIsResolvedStaysInTheLog();
    void aMessageKnowsWhenItCameAndWhatItsButtonDoes();
};

void TestMessageLog::everyMessageIsARow()
{
    MessageLog log;
    const QAbstractItemModelTester tester(&log, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy inserted(&log, &QAbstractItemModel::rowsInserted);
    QCOMPARE(log.rowCount(), 0);
    log.post(message(QStringLiteral("one"), QStringLiteral("open"), Message::Severity::Error));
    log.post(message(QStringLiteral("two"), QStringLiteral("search"), Message::Severity::Warning));
    log.post(message(QStringLiteral("three"), QStringLiteral("export"), Message::Severity::Success));
    QCOMPARE(log.rowCount(), 3);
    QCOMPARE(inserted.size(), 3);
    QCOMPARE(log.columnCount(), 4);
    QStringList kinds, texts, hints, headers;
    for (int row = 0; row < 3; ++row) {
        kinds << log.index(row, 1).data().toString();
        texts << log.index(row, 2).data().toString();
        hints << log.index(row, 3).data().toString();
        QVERIFY(!log.index(row, 0).data().toString().isEmpty());
    }
    for (int column = 0; column < 4; ++column)
        headers << log.headerData(column, Qt::Horizontal).toString();
    QCOMPARE(kinds, QStringList({QStringLiteral("Error"), QStringLiteral("Warning"), QStringLiteral("Done")}));
    QCOMPARE(texts, QStringList({QStringLiteral("one"), QStringLiteral("two"), QStringLiteral("three")}));
    QCOMPARE(hints.first(), QStringLiteral("Try one."));
    QVERIFY(!headers.contains(QString()));
    QVERIFY(!log.index(0, 0).parent().isValid());
    QCOMPARE(log.rowCount(log.index(0, 0)), 0);
}

void TestMessageLog::aNewerMessageOfATopicTakesThePlaceOfTheOlder()
{
    MessageLog log;
    QSignalSpy changed(&log, &MessageLog::currentChanged);
    log.post(message(QStringLiteral("first"), QStringLiteral("open")));
    log.post(message(QStringLiteral("other"), QStringLiteral("search")));
    log.post(message(QStringLiteral("second"), QStringLiteral("open")));
    QCOMPARE(sentences(log), QStringList({QStringLiteral("other"), QStringLiteral("second")}));
    QCOMPARE(changed.size(), 3);
    QCOMPARE(log.rowCount(), 3);
}

void TestMessageLog::whatIsResolvedStaysInTheLog()
{
    MessageLog log;
    log.post(message(QStringLiteral("first"), QStringLiteral("open")));
    log.post(message(QStringLiteral("other"), QStringLiteral("search")));
    QSignalSpy changed(&log, &MessageLog::currentChanged);
    log.resolve(QStringLiteral("export")); // nothing of that
    QCOMPARE(changed.size(), 0);
    log.resolve(QStringLiteral("open"));
    QCOMPARE(changed.size(), 1);
    QCOMPARE(sentences(log), QStringList{QStringLiteral("other")});
    log.dismiss(QStringLiteral("search"));
    QVERIFY(log.current().empty());
    QCOMPARE(log.rowCount(), 2);
    log.resolve(QStringLiteral("search"));
    QCOMPARE(changed.size(), 2);
}

void TestMessageLog::aMessageKnowsWhenItCameAndWhatItsButtonDoes()
{
    MessageLog log;
    int pressed = 0;
    Message made = message(QStringLiteral("left behind"), QStringLiteral("recovery"));
    made.actionText = QStringLiteral("Restore");
    made.action = [&] { ++pressed; };
    const QDateTime before = QDateTime::currentDateTime();
    log.post(made);
    const Message shown = log.current().front();
    QVERIFY(shown.time >= before && shown.time <= QDateTime::currentDateTime());
    QCOMPARE(shown.actionText, QStringLiteral("Restore"));
    shown.action();
    QCOMPARE(pressed, 1);
}

QTEST_GUILESS_MAIN(TestMessageLog)
#include "tst_MessageLog.moc"
