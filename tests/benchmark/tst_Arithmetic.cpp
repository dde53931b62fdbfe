// SPDX-License-Identifier: GPL-3.0-or-later
// Counts by formula against counts one by one.
#include "model/Arithmetic.h"

#include <QtTest>

using namespace secateur;

class tst_Arithmetic : public QObject {
    Q_OBJECT

private slots:
    void attentionCountsThePairsThatItComputes_data()
    {
        QTest::addColumn<int>("window");
        QTest::newRow("all") << 0;
        QTest::newRow("window") << 3;
        QTest::newRow("window as long as the text") << 7;
        QTest::newRow("longer") << 100;
    }

    void attentionCountsThePairsThatItComputes()
    {
        QFETCH(int, window);
        AttentionSpec attention{.heads = 4, .kvHeads = 2, .headDim = 8};
        if (window > 0)
            attention.window = window;
        const std::int64_t d = 20, tokens = 7, queries = 32, keys = 16;
        double flop = 0;
        for (std::int64_t t = 0; t < tokens; ++t) {
            flop += 2.0 * d * (queries + keys + keys) + 2.0 * queries * d; // q, k, v; output
            for (std::int64_t other = 0; other <= t; ++other)
                if (window == 0 || other > t - window)
                    flop += 2 * 2.0 * queries; // the score, and the value weighted by it
        }
        const Work work = attentionWork(attention, d, tokens, 4);
        QCOMPARE(work.flop, flop);
        QCOMPARE(work.bytes, 4.0 * (d * (2 * queries + 2 * keys) + 2 * tokens * d));
    }

    void aTokenTakesWhatTheModelSays()
    {
        ModelSpec spec;
        spec.hiddenSize = 24;
        spec.vocabularySize = 100;
        spec.layers.push_back({.attention = AttentionSpec{.heads = 3, .kvHeads = 1, .headDim = 8}, .ffn = FfnSpec{.neurons = 50}});
        spec.layers.push_back({.attention = {}, .ffn = FfnSpec{.neurons = 31}});
        Work work = headWork(spec, 1, 2);
        for (const LayerSpec &layer : spec.layers) {
            if (layer.attention)
                work += attentionWork(*layer.attention, spec.hiddenSize, 1, 2);
            work += ffnWork(*layer.ffn, spec.hiddenSize, 1, 2);
        }
        QCOMPARE(work.flop, double(flopPerToken(spec)) + 4 * 24); // and the token's score with itself
    }

    void stageOneLeavesOutOneOfThreeProducts()
    {
        const FfnSpec ffn{.neurons = 30};
        QCOMPARE(ffnWork(ffn, 8, 5, 4, false).flop * 3, ffnWork(ffn, 8, 5, 4).flop * 2);
    }
};

QTEST_GUILESS_MAIN(tst_Arithmetic)
#include "tst_Arithmetic.moc"
