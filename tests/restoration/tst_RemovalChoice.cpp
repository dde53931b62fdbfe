// SPDX-License-Identifier: GPL-3.0-or-later
// Which numbers of removals a restoration tries, and what their size is.
#include <QtTest>

#include "checkpoint/Checkpoint.h"
#include "model/Arithmetic.h"
#include "model/Families.h"
#include "restoration/RemovalChoice.h"

using namespace secateur;

namespace {

/// Of a plan of Llama-2-7B, 32 layers, what the choice asks: settings and balance.
PruningPlan planOf(const ModelSpec &spec, const BalanceSettings &settings)
{
    PruningPlan plan;
    plan.settings = settings;
    plan.balance = balance(spec, settings);
    return plan;
}

BalanceSettings removing(std::int64_t attentions, double sparsity = 0.5, std::int64_t multiple = 1)
{
    BalanceSettings settings;
    settings.sparsity = sparsity;
    settings.attentionsToRemove = attentions;
    settings.widthMultiple = multiple;
    return settings;
}

} // namespace

class tst_RemovalChoice : public QObject {
    Q_OBJECT

private slots:
    void numbersAreThatOfThePlanAHalfAQuarterAndNone()
    {
        QCOMPARE(removalCandidates(m_spec, planOf(m_spec, removing(12))), (std::vector<std::int64_t>{12, 6, 3, 0}));
        QCOMPARE(removalCandidates(m_spec, planOf(m_spec, removing(2))), (std::vector<std::int64_t>{2, 1, 0})); // each once
        QCOMPARE(removalCandidates(m_spec, planOf(m_spec, removing(1))), (std::vector<std::int64_t>{1, 0}));
        QCOMPARE(removalCandidates(m_spec, planOf(m_spec, removing(0))), std::vector<std::int64_t>{0});
    }

    void forcedOnesGoInAllOfThem()
    {
        PruningPlan plan = planOf(m_spec, removing(12));
        plan.search.settings.forcedLayers = {3, 4, 5, 6};
        QCOMPARE(removalCandidates(m_spec, plan), (std::vector<std::int64_t>{12, 6, 4}));
    }

    /// FFNs have two thirds of a layer: without attentions no more than that can go.
    void numbersThatCannotReachTheSizeAreLeftOut()
    {
        const PruningPlan plan = planOf(m_spec, removing(28, 0.75));
        for (const std::int64_t n : removalCandidates(m_spec, plan)) {
            QVERIFY(n >= boundsOf(m_spec, 0.75, 1.5).leastAttentions);
            QVERIFY(balanceAtSize(m_spec, plan, n).neuronsKept >= 1);
        }
    }

    void sizeIsThatOfThePlanOrALittleLess_data()
    {
        QTest::addColumn<qlonglong>("multiple");
        QTest::addColumn<bool>("isByHand");
        QTest::newRow("any width") << 1LL << false;
        QTest::newRow("multiples of 256") << 256LL << false;
        QTest::newRow("K by hand") << 1LL << true;
    }
    void sizeIsThatOfThePlanOrALittleLess()
    {
        QFETCH(qlonglong, multiple);
        QFETCH(bool, isByHand);
        BalanceSettings settings = removing(12, 0.5, multiple);
        if (isByHand)
            settings.neuronsKept = 5000;
        const PruningPlan plan = planOf(m_spec, settings);
        QCOMPARE(balanceAtSize(m_spec, plan, 12), plan.balance);
        std::int64_t before = plan.balance.neuronsKept;
        for (const std::int64_t n : {6, 3, 0}) {
            const SparsityBalance other = balanceAtSize(m_spec, plan, n);
            QCOMPARE(other.attentionsToRemove, n);
            QCOMPARE(other.neuronsKept % multiple, 0);
            QVERIFY(other.neuronsKept < before); // attentions that stay are paid for in neurons
            before = other.neuronsKept;
            const std::int64_t less = plan.balance.layerParameters - other.layerParameters,
                               ofNeuron = 3 * m_spec.hiddenSize * m_spec.layerCount();
            QVERIFY2(less >= 0 && less < 2 * multiple * ofNeuron, qPrintable(QString::number(less)));
        }
    }

private:
    const ModelSpec m_spec = specFromConfig(readConfig(SECATEUR_FIXTURES "/configs/llama-2-7b.json"), "llama-2-7b.json");
};

QTEST_GUILESS_MAIN(tst_RemovalChoice)
#include "tst_RemovalChoice.moc"
