// SPDX-License-Identifier: GPL-3.0-or-later
#include "TinyLlamas.h"

#include "evaluation/ThroughputMeasuring.h"
#include "foundation/Error.h"

#include <QtTest>
#include <c10/core/InferenceMode.h>

using namespace secateur;
using namespace secateur::test;

class tst_ThroughputMeasuring : public QObject {
    Q_OBJECT

private slots:
    void measuresEveryLengthAtEveryBatchSize();
    void progressCountsRepetitions();
    void refusesWhatTheContextDoesNotHold();
    void theUsualLengthIsWhatTheContextLeaves();

private:
    c10::InferenceMode m_guard;
};

void tst_ThroughputMeasuring::measuresEveryLengthAtEveryBatchSize()
{
    const Decoder decoder = loadDecoder(tinyLlama("gqa"), 40);
    JobContext context;
    const std::vector<Throughput> measured =
        measureThroughput(decoder, {.promptLengths = {4, 16}, .batchSizes = {1, 3}, .newTokens = 5, .repetitions = 4}, context);
    std::vector<std::pair<std::int64_t, std::int64_t>> cases;
    for (const Throughput &t : measured) {
        cases.emplace_back(t.promptLength, t.batchSize);
        QCOMPARE(t.newTokens, 5);
        QCOMPARE(t.repetitions, 4);
        for (const Rate &rate : {t.prefill, t.decode}) {
            QVERIFY(rate.least > 0);
            QCOMPARE_LE(rate.least, rate.median);
            QCOMPARE_LE(rate.median, rate.most);
        }
    }
    QCOMPARE(cases, (std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 1}, {4, 3}, {16, 1}, {16, 3}}));
}

void tst_ThroughputMeasuring::progressCountsRepetitions()
{
    const Decoder decoder = loadDecoder(tinyLlama("gqa"), 40);
    Progress last;
    JobContext context({}, [&](const Progress &p) { last = p; });
    measureThroughput(decoder, {.promptLengths = {4}, .batchSizes = {1}, .newTokens = 1, .repetitions = 2}, context);
    QCOMPARE(last.done, 3); // the first one warms up
    QCOMPARE(last.total, 3);
}

void tst_ThroughputMeasuring::refusesWhatTheContextDoesNotHold()
{
    const auto refused = [](const ThroughputSettings &settings) {
        try {
            checkThroughputSettings(settings, 40);
        } catch (const Error &) {
            return true;
        }
        return false;
    };
    QVERIFY(!refused({.promptLengths = {36}, .batchSizes = {1}, .newTokens = 4, .repetitions = 1}));
    QVERIFY(refused({.promptLengths = {1, 37}, .batchSizes = {1}, .newTokens = 4, .repetitions = 1}));
    QVERIFY(refused({.promptLengths = {}, .batchSizes = {1}, .newTokens = 4, .repetitions = 1}));
    QVERIFY(refused({.promptLengths = {4}, .batchSizes = {0}, .newTokens = 4, .repetitions = 1}));
    QVERIFY(refused({.promptLengths = {4}, .batchSizes = {1}, .newTokens = 0, .repetitions = 1}));
    QVERIFY(refused({.promptLengths = {512}})); // what was asked for is not made shorter
}

void tst_ThroughputMeasuring::theUsualLengthIsWhatTheContextLeaves()
{
    using Lengths = std::vector<std::int64_t>;
    QCOMPARE(settledThroughputSettings({}, 2048).promptLengths, Lengths{512});
    QCOMPARE(settledThroughputSettings({}, 575).promptLengths, Lengths{511}); // beside 64 new tokens
    QCOMPARE(settledThroughputSettings({.newTokens = 4}, 40).promptLengths, Lengths{36});
    QCOMPARE(settledThroughputSettings({.promptLengths = {7, 512}}, 40).promptLengths, (Lengths{7, 512})); // asked for
}

QTEST_APPLESS_MAIN(tst_ThroughputMeasuring)
#include "tst_ThroughputMeasuring.moc"
