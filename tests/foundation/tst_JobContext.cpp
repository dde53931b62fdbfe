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
    void wholeJobIsSeenThroughItsPhases();
    void phasesOfUnknownLengthSayNothingOfTheWhole();
    void phaseSecondsAreThoseOfItsSteps();
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

void tst_JobContext::wholeJobIsSeenThroughItsPhases()
{
    Progress last;
    JobContext context({}, [&](const Progress &p) { last = p; });
    context.begin("load", 1, "tensors");
    context.step();
    QVERIFY(!last.whole); // nothing is expected yet
    context.expect({{"calibrate", 30}, {"search", 60}, {"evaluate", 5}, {"evaluate", 5}});
    context.begin("calibrate", 2, "windows");
    QCOMPARE(last.part, 1);
    QCOMPARE(last.parts, 4);
    QCOMPARE(*last.whole, 0.0);
    QCOMPARE(*last.wholeEta, 100.0);
    context.step();
    QCOMPARE(*last.whole, 0.15);
    QCOMPARE(*last.wholeEta, 85.0);
    context.begin("measure", 10, "products"); // beside them
    context.step(5);
    QCOMPARE(*last.whole, 0.15);
    context.begin("evaluate", 4, "windows"); // the search is not needed
    QCOMPARE(last.part, 3);
    QCOMPARE(*last.whole, 0.9);
    context.step(4);
    context.begin("evaluate", 4, "windows");
    QCOMPARE(last.part, 4);
    context.step(4);
    QCOMPARE(*last.whole, 1.0);
    QCOMPARE(*last.wholeEta, 0.0);
}

void tst_JobContext::phasesOfUnknownLengthSayNothingOfTheWhole()
{
    Progress last;
    JobContext context({}, [&](const Progress &p) { last = p; });
    context.expect({{"calibrate", 0}, {"search", 0}});
    context.begin("calibrate", 0, "windows");
    QVERIFY(!last.whole && !last.wholeEta);
    context.begin("search", 2, "evaluations");
    QCOMPARE(last.part, 2);
    context.atStep(0, 1);
    context.atLayer(5);
    context.step();
    QCOMPARE(last.layer, 5);
    QVERIFY(!last.whole);
    context.begin("search", 2, "evaluations"); // once more than was told
    QCOMPARE(last.part, 2);
    QCOMPARE(last.step, -1);
    context.expect({{"export", 1}});
    context.begin("load", 1, "tensors");
    QCOMPARE(*last.whole, 0.0); // nothing of it is done
    context.begin("export", 1, "tensors");
    context.step();
    QCOMPARE(*last.whole, 1.0);
}

void tst_JobContext::phaseSecondsAreThoseOfItsSteps()
{
    JobContext context;
    context.begin("search", 1, "things");
    QTest::qSleep(20);
    context.step();
    QVERIFY(context.phaseSeconds() >= 0.02);
    context.begin("search", 0, "things"); // nothing to do takes nothing
    QCOMPARE(context.phaseSeconds(), 0.0);
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
