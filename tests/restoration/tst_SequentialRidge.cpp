// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/SequentialRidge.h"

#include <QtTest>

using namespace secateur;

class tst_SequentialRidge : public QObject {
    Q_OBJECT

private slots:
    /// By the tokens for each kept neuron, as they were tried.
    void fewTokensNeedAStrongRidgeOrNone_data()
    {
        QTest::addColumn<qlonglong>("tokens");
        QTest::addColumn<qlonglong>("kept");
        QTest::addColumn<double>("asked");
        QTest::addColumn<double>("ridge"); // 0: none
        QTest::newRow("13 on Llama-2-7B") << 65536LL << 5504LL << 0.1 << 0.0;
        QTest::newRow("just too few") << 27999LL << 1000LL << 0.1 << 0.0;
        QTest::newRow("the least tried") << 28000LL << 1000LL << 0.1 << 0.1;
        QTest::newRow("a weak ridge is made strong") << 28000LL << 1000LL << 0.001 << 0.1;
        QTest::newRow("nearly many") << 99999LL << 1000LL << 0.001 << 0.1;
        QTest::newRow("a stronger one stays") << 50000LL << 1000LL << 0.5 << 0.5;
        QTest::newRow("many") << 100000LL << 1000LL << 0.001 << 0.001;
        QTest::newRow("no FFN is left") << 10LL << 0LL << 0.01 << 0.01;
    }

    void fewTokensNeedAStrongRidgeOrNone()
    {
        QFETCH(qlonglong, tokens);
        QFETCH(qlonglong, kept);
        QFETCH(double, asked);
        QFETCH(double, ridge);
        const SequentialRidge result = sequentialRidgeFor(tokens, kept, asked);
        QCOMPARE(result.ridge.value_or(0), ridge);
        QCOMPARE(result.note.empty(), ridge == asked);
    }

    void whatIsOtherThanAskedIsSaid()
    {
        QCOMPARE(QString::fromStdString(sequentialRidgeFor(16384, 1229, 0.1).note),
                 QString("The refit layer by layer is left out: 16,384 tokens are 13.3 for each kept neuron, and below 28 it does harm on "
                         "other texts. "
                         "34,412 tokens are enough."));
        QCOMPARE(QString::fromStdString(sequentialRidgeFor(65536, 1000, 0.01).note),
                 QString("The refit layer by layer has a ridge of 0.1 instead of 0.01: 65,536 tokens are 65.5 for each kept neuron, and a "
                         "weaker one "
                         "needs 100, which are 100,000 tokens."));
    }
};

QTEST_GUILESS_MAIN(tst_SequentialRidge)
#include "tst_SequentialRidge.moc"
