// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PlanDifference.h"

#include "foundation/Error.h"

#include <QtTest>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>

using namespace secateur;

namespace {

/// Two layers: one attention differs, and neurons of both FFNs.
Surgery first()
{
    return {.modelHash = "model",
            .layers = {{.hasAttention = true, .keptNeurons = {0, 1, 2, 5}}, {.hasAttention = false, .keptNeurons = {3}}}};
}
Surgery second()
{
    return {.modelHash = "model", .layers = {{.hasAttention = true, .keptNeurons = {1, 2, 3}}, {.hasAttention = true, .keptNeurons = {}}}};
}

} // namespace

class tst_PlanDifference : public QObject {
    Q_OBJECT

private slots:
    void layersAreComparedNeuronByNeuron()
    {
        const PlanDifference difference = planDifference(first(), second());
        const LayerDifference &one = difference.layers[0], &two = difference.layers[1];
        QCOMPARE(one.firstKept, 4);
        QCOMPARE(one.secondKept, 3);
        QCOMPARE(one.sharedKept, 2); // 1 and 2
        QCOMPARE(one.apart(), 3);    // 0, 5 and 3
        QCOMPARE(*one.jaccard(), 2.0 / 5);
        QVERIFY(one.firstHasAttention && one.secondHasAttention && !one.isAlike());
        QCOMPARE(two.sharedKept, 0);
        QCOMPARE(*two.jaccard(), 0.0);
        QVERIFY(!two.firstHasAttention && two.secondHasAttention);
        QCOMPARE(difference.attentionsApart(), 1);
        QCOMPARE(difference.neuronsApart(), 4);
        QCOMPARE(*difference.jaccard(), 2.0 / 6); // of 0, 1, 2, 3, 5 of one layer and 3 of the other
    }

    void theSamePlanDiffersInNothing()
    {
        const PlanDifference difference = planDifference(first(), first());
        QVERIFY(std::ranges::all_of(difference.layers, &LayerDifference::isAlike));
        QCOMPARE(*difference.jaccard(), 1.0);
        QCOMPARE(difference.attentionsApart() + difference.neuronsApart(), 0);
    }

    void changingSidesChangesNoCount()
    {
        const PlanDifference one = planDifference(first(), second()), other = planDifference(second(), first());
        QCOMPARE(one.jaccard(), other.jaccard());
        QCOMPARE(one.neuronsApart(), other.neuronsApart());
        QCOMPARE(one.layers[1].firstHasAttention, other.layers[1].secondHasAttention);
        QCOMPARE(one.layers[0].firstKept, other.layers[0].secondKept);
    }

    void whereNothingIsKeptThereIsNoJaccard()
    {
        const Surgery none{.modelHash = "model", .layers = {{.hasAttention = false, .keptNeurons = {}}}};
        const PlanDifference difference = planDifference(none, none);
        QVERIFY(!difference.layers[0].jaccard() && !difference.jaccard());
        QVERIFY(difference.layers[0].isAlike());
    }

    /// Against the standard library's own operations on sets.
    void countsAreThoseOfSets()
    {
        std::mt19937 generator(7);
        const auto some = [&generator] {
            std::set<std::int64_t> chosen;
            const auto count = generator() % 40;
            while (chosen.size() < count)
                chosen.insert(std::int64_t(generator() % 60));
            return std::vector<std::int64_t>(chosen.begin(), chosen.end());
        };
        for (int round = 0; round < 200; ++round) {
            const std::vector<std::int64_t> a = some(), b = some();
            std::vector<std::int64_t> both, either;
            std::ranges::set_intersection(a, b, std::back_inserter(both));
            std::ranges::set_union(a, b, std::back_inserter(either));
            const LayerDifference layer =
                planDifference({.modelHash = "m", .layers = {{true, a}}}, {.modelHash = "m", .layers = {{true, b}}}).layers[0];
            QCOMPARE(layer.sharedKept, std::int64_t(both.size()));
            QCOMPARE(layer.apart(), std::int64_t(either.size() - both.size()));
        }
    }

    void theModelItselfKeepsAll()
    {
        ModelSpec dense;
        dense.layers.assign(2, LayerSpec{.attention = AttentionSpec{.heads = 1, .kvHeads = 1, .headDim = 4}, .ffn = FfnSpec{.neurons = 6}});
        dense.layers[1].ffn.reset();
        const Surgery whole = untouched(dense, "model");
        QCOMPARE(whole.specOf(dense), dense);
        QCOMPARE(whole.modelHash, std::string("model"));
        const PlanDifference difference = planDifference(whole, first());
        QCOMPARE(difference.layers[0].sharedKept, 4);
        QCOMPARE(*difference.layers[0].jaccard(), 4.0 / 6);
    }

    void otherModelsAreRefused()
    {
        Surgery other = second();
        other.modelHash = "another";
        QVERIFY_THROWS_EXCEPTION(Error, planDifference(first(), other));
        other = second();
        other.layers.pop_back();
        QVERIFY_THROWS_EXCEPTION(Error, planDifference(first(), other));
    }
};

QTEST_APPLESS_MAIN(tst_PlanDifference)
#include "tst_PlanDifference.moc"
