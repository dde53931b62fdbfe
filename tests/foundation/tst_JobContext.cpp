// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"
#include "foundation/JobContext.h"
#include "foundation/Sha256.h"

#include <QtTest>
#include <vector>

using namespace secateur;

class tst_JobContext : public QObject {
    Q_OBJECT

private slots:
    void progressCountsUnitsAndParts();
    void stopRequestEndsTheNextStep();
    void hashIsSha256();
};

void tst_JobContext::progressCountsUnitsAndParts()
{
    std::vector<std::int64_t> done;
    JobContext context({}, [&](const Progress &p) {
        QCOMPARE(p.total, 3);
        QCOMPARE(p.unit, std::string("things"));
        done.push_back(p.done);
    });
    context.begin("work", 3, "things");
    context.step();
    for (int i = 0; i < 10; ++i)
        context.step(0.1); // ten tenths are one, whatever the rounding
    context.step();
    QCOMPARE(done.front(), 0);
    QCOMPARE(done.at(10), 1);
    QCOMPARE(done.at(11), 2);
    QCOMPARE(done.back(), 3);
}

void tst_JobContext::stopRequestEndsTheNextStep()
{
    std::stop_source stop;
    JobContext context(stop.get_token());
    context.begin("work", 3, "things");
    context.step();
    stop.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, context.step());
    QVERIFY_THROWS_EXCEPTION(Cancelled, context.begin("more", 1, "things"));
    QVERIFY(context.isStopRequested());
}

void tst_JobContext::hashIsSha256()
{
    // The examples of FIPS 180-4.
    QCOMPARE(Sha256::ofText(""), std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    QCOMPARE(Sha256::ofText("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    QCOMPARE(Sha256().add("a").add("bc").hex(), Sha256::ofText("abc"));
}

QTEST_GUILESS_MAIN(tst_JobContext)
#include "tst_JobContext.moc"
