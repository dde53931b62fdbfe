// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"

#include "foundation/Failures.h"

#include <QtTest>

#include <new>

using namespace secateur;

class tst_Error : public QObject {
    Q_OBJECT

private slots:
    void plainHintHasNoOptions_data();
    void plainHintHasNoOptions();
    void machineFailuresAreToldApart();
};

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
}

QTEST_APPLESS_MAIN(tst_Error)
#include "tst_Error.moc"
