// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"

#include "foundation/Failures.h"
#include "foundation/OutputFile.h"
#include "foundation/Wording.h"
#include "foundation/WritingFailure.h"

#include <QtTest>

#include <cerrno>
#include <filesystem>
#include <new>
#include <span>

using namespace secateur;

class tst_Error : public QObject {
    Q_OBJECT

private slots:
    void namesAreShownAsTheyAre_data();
    void namesAreShownAsTheyAre();
    void oneThingIsSingular();
    void plainHintHasNoOptions_data();
    void plainHintHasNoOptions();
    void machineFailuresAreToldApart();
    void lackOfRoomIsToldApart();
};

void tst_Error::namesAreShownAsTheyAre_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("shown");
    QTest::newRow("ordinary") << QByteArray("/a b/Grüße 你好.txt") << QByteArray("'/a b/Grüße 你好.txt'");
    QTest::newRow("line break") << QByteArray("a\nb\tc") << QByteArray("'a\\nb\\tc'");
    QTest::newRow("terminal") << QByteArray("\x1b[31mred\x7f") << QByteArray("'\\x1b[31mred\\x7f'");
    QTest::newRow("control of Latin-1") << QByteArray("a\xc2\x9b"
                                                      "b")
                                        << QByteArray("'a\\xc2\\x9b"
                                                      "b'");
    QTest::newRow("override") << QByteArray("a\xe2\x80\xaetxt.exe") << QByteArray("'a\\xe2\\x80\\xaetxt.exe'");
    QTest::newRow("isolate") << QByteArray("\xe2\x81\xa6"
                                           "a")
                             << QByteArray("'\\xe2\\x81\\xa6"
                                           "a'");
    QTest::newRow("joiner of an emoji") << QByteArray("\xe2\x80\x8d") << QByteArray("'\xe2\x80\x8d'");
    QTest::newRow("no UTF-8") << QByteArray("a\xff\xe2\x80") << QByteArray("'a\xff\xe2\x80'");
    QTest::newRow("long") << QByteArray("ä").repeated(200) << "'" + QByteArray("ä").repeated(150) + "...'";
}

void tst_Error::namesAreShownAsTheyAre()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, shown);
    QCOMPARE(QByteArray::fromStdString(inQuotes(name.toStdString())), shown);
    QCOMPARE(printable(printable(name.toStdString())), printable(name.toStdString()));
    QCOMPARE(printable("a\nb\x1b", Newlines::Kept), std::string("a\nb\\x1b"));
}

void tst_Error::oneThingIsSingular()
{
    QCOMPARE(counted(1, "token"), std::string("1 token"));
    QCOMPARE(counted(0, "token"), std::string("0 tokens"));
    QCOMPARE(counted(12'345, "window"), std::string("12,345 windows"));
    QCOMPARE(counted(-3, "attention"), std::string("-3 attentions"));
}

void tst_Error::plainHintHasNoOptions_data()
{
    QTest::addColumn<QString>("hint");
    QTest::addColumn<QString>("plain");
    QTest::newRow("none") << ""
                          << "";
    QTest::newRow("no parentheses") << "Free some space."
                                    << "Free some space.";
    QTest::newRow("one") << "Use fewer windows (--windows)."
                         << "Use fewer windows.";
    QTest::newRow("in the middle") << "Use the CPU (--device cpu), or buy a GPU."
                                   << "Use the CPU, or buy a GPU.";
    QTest::newRow("two") << "Use fewer (--threads), or more memory (--host-memory)."
                         << "Use fewer, or more memory.";
    QTest::newRow("a whole command") << "Finish it first (secateur-cli search MODEL --plan PLAN)."
                                     << "Finish it first.";
    QTest::newRow("other parentheses stay") << "Raise the limits (ulimit -u), or use fewer (--threads)."
                                            << "Raise the limits (ulimit -u), or use fewer.";
    QTest::newRow("not closed") << "Use fewer (--windows"
                                << "Use fewer (--windows";
}

void tst_Error::plainHintHasNoOptions()
{
    QFETCH(QString, hint);
    const Error error("It does not work.", hint.toStdString());
    QTEST(QString::fromStdString(error.plainHint()), "plain");
    QCOMPARE(QString::fromStdString(error.hint()), hint); // the command line says all of it
}

void tst_Error::machineFailuresAreToldApart()
{
    QVERIFY(isOfMachine(MachineFailure("The memory is not enough.")));
    QVERIFY(isOfMachine(std::bad_alloc()));
    QVERIFY(!isOfMachine(Error("The text is too short.")));
    QVERIFY(!isOfMachine(std::out_of_range("index 7")));
    QCOMPARE(failedDevice(MachineFailure("The device cuda:1 failed.", "Use the CPU.", "cuda:1")), std::string("cuda:1"));
    QCOMPARE(failedDevice(MachineFailure("The memory is not enough.", "Use fewer windows.")), std::string());
    QCOMPARE(failedDevice(std::bad_alloc()), std::string());
}

void tst_Error::lackOfRoomIsToldApart()
{
    for (const int reason : {ENOSPC, EDQUOT, EFBIG})
        QVERIFY(WritingFailure("'x' cannot be written", reason).isForLackOfRoom());
    for (const int reason : {EIO, EACCES, ENOENT})
        QVERIFY(!WritingFailure("'x' cannot be written", reason).isForLackOfRoom());
    const WritingFailure full("'x' cannot be written", ENOSPC);
    QCOMPARE(full.what(), "'x' cannot be written: the disk is full.");
    QCOMPARE(full.hint(), remedyOfWriting(ENOSPC));

    if (!std::filesystem::exists("/dev/full"))
        QSKIP("there is no /dev/full");
    bool isKnown = false; // where it is thrown, too
    try {
        OutputFile file("/dev/full");
        file.append(std::as_bytes(std::span("much")));
        file.finish();
    } catch (const WritingFailure &problem) {
        isKnown = problem.isForLackOfRoom();
    }
    QVERIFY(isKnown);
}

QTEST_APPLESS_MAIN(tst_Error)
#include "tst_Error.moc"
