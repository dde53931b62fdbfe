// SPDX-License-Identifier: GPL-3.0-or-later
// The balance rule against the check values of the method (the authors' code on the published shapes).
#include "checkpoint/Checkpoint.h"
#include "foundation/Error.h"
#include "model/Families.h"
#include "pruning/SparsityBalance.h"

#include <QtTest>

using namespace secateur;

namespace {

ModelSpec shapeOf(const std::string &name)
{
    const std::string file = SECATEUR_FIXTURES "/configs/" + name + ".json";
    return specFromConfig(readConfig(file), file);
}

QString complaint(const ModelSpec &spec, const BalanceSettings &settings)
{
    try {
        balance(spec, settings);
    } catch (const Error &problem) {
        return QString(problem.what()) + " " + QString::fromStdString(problem.hint());
    }
    return {};
}

BalanceSettings at(double sparsity)
{
    BalanceSettings settings;
    settings.sparsity = sparsity;
    return settings;
}

} // namespace

class tst_SparsityBalance : public QObject {
    Q_OBJECT

private slots:
    void ruleGivesThePublishedValues_data();
    void ruleGivesThePublishedValues();
    void countsAreThoseOfThePrunedShape();
    void infeasibleRemovalsNameBothBounds_data();
    void infeasibleRemovalsNameBothBounds();
    void everyFeasibleRemovalReachesTheSparsity();
    void settingsOutOfRangeAreRefused_data();
    void settingsOutOfRangeAreRefused();
    void widthMultipleRoundsToTheNearest();
    void neuronsByHandMakeEveryRemovalFeasible();
    void neuronsByHandOutOfRangeAreRefused_data();
    void neuronsByHandOutOfRangeAreRefused();
    void boundsAreKnownWhenNothingIsFeasible();
    void ruleIsKnownWhenRemovalsAreByHand();
    void modelsWithUnlikeLayersAreRefused();
};

void tst_SparsityBalance::ruleGivesThePublishedValues_data()
{
    QTest::addColumn<QString>("shape");
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<qint64>("N");
    QTest::addColumn<qint64>("K");
    struct Row {
        const char *shape;
        qint64 n[3], k[3];
    };
    for (const Row &row : {Row{"llama-2-7b", {5, 9, 13}, {7744, 6368, 4992}}, Row{"mistral-7b-v0.3", {1, 2, 5}, {10005, 7893, 5994}},
                           Row{"llama-3-8b", {1, 2, 5}, {10005, 7893, 5994}}, Row{"qwen2.5-7b", {0, 0, 1}, {13525, 10816, 8204}},
                           Row{"phi-3-medium", {1, 3, 6}, {12480, 9920, 7466}}})
        for (int i = 0; i < 3; ++i) {
            const double sparsity = std::array{0.25, 0.375, 0.5}[std::size_t(i)];
            QTest::addRow("%s %.1f %%", row.shape, 100 * sparsity) << row.shape << sparsity << row.n[i] << row.k[i];
        }
}

void tst_SparsityBalance::ruleGivesThePublishedValues()
{
    QFETCH(QString, shape);
    QFETCH(double, sparsity);
    QFETCH(qint64, N);
    QFETCH(qint64, K);
    const SparsityBalance b = balance(shapeOf(shape.toStdString()), at(sparsity));
    QCOMPARE(b.attentionsToRemove, N);
    QCOMPARE(b.neuronsKept, K);
    QVERIFY(std::abs(b.sparsityLayers() - sparsity) < 1e-3);
    QVERIFY(b.sparsityModel() < b.sparsityLayers()); // the embeddings stay
}

void tst_SparsityBalance::countsAreThoseOfThePrunedShape()
{
    const ModelSpec dense = shapeOf("llama-2-7b");
    const SparsityBalance b = balance(dense, at(0.5));
    QCOMPARE(b.denseModelParameters, 6'738'415'616); // the published number of parameters
    const std::vector<std::int64_t> removed = {3, 4, 5, 8, 9, 10, 11, 12, 13, 20, 21, 22, 31};
    const ModelSpec after = prunedSpec(dense, std::vector<std::int64_t>(32, b.neuronsKept), removed);
    QCOMPARE(b.modelParameters, modelParameters(after));
    QCOMPARE(b.layerParameters, layerParameters(after));
}

void tst_SparsityBalance::infeasibleRemovalsNameBothBounds_data()
{
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<qint64>("N");
    QTest::addColumn<QString>("why");
    QTest::newRow("too many") << 0.25 << qint64(30) << "too many";
    QTest::newRow("too few") << 0.8 << qint64(1) << "too few";
    QTest::newRow("more than there are") << 0.5 << qint64(33) << "too many";
    QTest::newRow("negative") << 0.5 << qint64(-1) << "too few";
}

void tst_SparsityBalance::infeasibleRemovalsNameBothBounds()
{
    QFETCH(double, sparsity);
    QFETCH(qint64, N);
    QFETCH(QString, why);
    BalanceSettings settings = at(sparsity);
    const ModelSpec spec = shapeOf("llama-2-7b");
    settings.attentionsToRemove = N;
    const QString text = complaint(spec, settings);
    QVERIFY2(text.contains(why), qPrintable(text));
    // The bounds by their definition: N A <= s M and N A + L F >= s M.
    const double A = 4.0 * 4096 * 4096, F = 3.0 * 4096 * 11008, M = double(layerParameters(spec));
    const auto least = qint64(std::max(0.0, std::ceil((sparsity * M - 32 * F) / A))),
               most = qint64(std::min(32.0, std::floor(sparsity * M / A)));
    QVERIFY2(text.contains(QString("Feasible: %1 to %2.").arg(least).arg(most)), qPrintable(text));
}

void tst_SparsityBalance::everyFeasibleRemovalReachesTheSparsity()
{
    for (const double sparsity : {0.05, 0.25, 0.5, 0.7, 0.9}) {
        const ModelSpec spec = shapeOf("llama-2-7b");
        BalanceSettings settings = at(sparsity);
        settings.attentionsToRemove = {};
        SparsityBalance any;
        for (std::int64_t N = 0; N <= 32; ++N) {
            settings.attentionsToRemove = N;
            const QString text = complaint(spec, settings);
            if (text.isEmpty()) {
                any = balance(spec, settings);
                QVERIFY2(std::abs(any.sparsityLayers() - sparsity) < 1e-3, qPrintable(QString("%1 %2").arg(sparsity).arg(N)));
            }
            QCOMPARE(text.isEmpty(), N >= any.leastAttentions && N <= any.mostAttentions && any.denseLayerParameters > 0);
        }
    }
}

void tst_SparsityBalance::settingsOutOfRangeAreRefused_data()
{
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<double>("alpha");
    QTest::addColumn<qint64>("multiple");
    QTest::addColumn<QString>("what");
    QTest::newRow("sparsity 0") << 0.0 << 1.5 << qint64(1) << "The sparsity 0 is out of range.";
    QTest::newRow("sparsity 1") << 1.0 << 1.5 << qint64(1) << "The sparsity 1 is out of range.";
    QTest::newRow("sparsity 37.5") << 37.5 << 1.5 << qint64(1) << "The sparsity 37.5 is out of range.";
    QTest::newRow("sparsity -0.1") << -0.1 << 1.5 << qint64(1) << "The sparsity -0.1 is out of range.";
    QTest::newRow("sparsity NaN") << qQNaN() << 1.5 << qint64(1) << "out of range.";
    QTest::newRow("sparsity beyond the norms") << 0.99999 << 1.5 << qint64(1) << "No number of removed attentions reaches";
    QTest::newRow("alpha 0") << 0.5 << 0.0 << qint64(1) << "Alpha 0 is out of range.";
    QTest::newRow("multiple 0") << 0.5 << 1.5 << qint64(0) << "The width multiple 0 is out of range.";
}

void tst_SparsityBalance::settingsOutOfRangeAreRefused()
{
    QFETCH(double, sparsity);
    QFETCH(double, alpha);
    QFETCH(qint64, multiple);
    QFETCH(QString, what);
    const QString text =
        complaint(shapeOf("llama-2-7b"), {.sparsity = sparsity, .alpha = alpha, .attentionsToRemove = {}, .widthMultiple = multiple});
    QVERIFY2(text.contains(what), qPrintable(text));
}

void tst_SparsityBalance::widthMultipleRoundsToTheNearest()
{
    BalanceSettings settings = at(0.375);
    settings.widthMultiple = 256;
    const ModelSpec spec = shapeOf("llama-3-8b");
    const SparsityBalance b = balance(spec, settings);
    QCOMPARE(b.neuronsKept, 7936);       // 7893 lies between 7680 and 7936
    QVERIFY(b.sparsityLayers() < 0.375); // what is really reached
    settings.widthMultiple = 100000;
    QCOMPARE(balance(spec, settings).neuronsKept, 14336); // never more than there are
}

void tst_SparsityBalance::neuronsByHandMakeEveryRemovalFeasible()
{
    const ModelSpec spec = shapeOf("llama-2-7b");
    BalanceSettings settings = at(0.375);
    settings.neuronsKept = 1000;
    settings.widthMultiple = 256; // not of a K by hand
    SparsityBalance b = balance(spec, settings);
    QCOMPARE(b.attentionsToRemove, 9); // still the rule's
    QCOMPARE(b.neuronsKept, 1000);
    for (const std::int64_t K : {1, 1000, 11008})
        for (std::int64_t N = 0; N <= 32; ++N) {
            settings.neuronsKept = K;
            settings.attentionsToRemove = N;
            b = balance(spec, settings);
            QCOMPARE(b.attentionsToRemove, N);
            QCOMPARE(b.neuronsKept, K);
            QCOMPARE(b.leastAttentions, 0);
            QCOMPARE(b.mostAttentions, 32);
            std::vector<std::int64_t> removed;
            for (std::int64_t i = 32 - N; i < 32; ++i)
                removed.push_back(i);
            QCOMPARE(b.modelParameters, modelParameters(prunedSpec(spec, std::vector<std::int64_t>(32, K), removed)));
        }
}

void tst_SparsityBalance::neuronsByHandOutOfRangeAreRefused_data()
{
    QTest::addColumn<qint64>("K");
    QTest::addColumn<qint64>("N");
    QTest::addColumn<QString>("what");
    QTest::newRow("none") << qint64(0) << qint64(3) << "Keeping 0 neurons in a layer is not possible: each has 11008.";
    QTest::newRow("more than there are") << qint64(11009) << qint64(3) << "Give a number from 1 to 11008.";
    QTest::newRow("too many attentions") << qint64(100) << qint64(33) << "Removing 33 attentions is not possible: the model has 32.";
    QTest::newRow("negative attentions") << qint64(100) << qint64(-1) << "Give a number from 0 to 32.";
}

void tst_SparsityBalance::neuronsByHandOutOfRangeAreRefused()
{
    QFETCH(qint64, K);
    QFETCH(qint64, N);
    QFETCH(QString, what);
    BalanceSettings settings = at(0.5);
    settings.neuronsKept = K;
    settings.attentionsToRemove = N;
    const QString text = complaint(shapeOf("llama-2-7b"), settings);
    QVERIFY2(text.contains(what), qPrintable(text));
}

void tst_SparsityBalance::boundsAreKnownWhenNothingIsFeasible()
{
    const ModelSpec spec = shapeOf("llama-2-7b");
    const BalanceBounds none = boundsOf(spec, 0.99999, 1.5);
    QVERIFY(none.leastAttentions > none.mostAttentions);
    QCOMPARE(none.mostAttentions, 32);
    QCOMPARE(none.attentionsByRule, 32);
    const BalanceBounds some = boundsOf(spec, 0.375, 1.5);
    const SparsityBalance b = balance(spec, at(0.375));
    QCOMPARE(some, (BalanceBounds{b.leastAttentions, b.mostAttentions, b.attentionsToRemove}));
    // The rule alone leaves the feasible range when alpha is extreme; its N is told all the same.
    const BalanceBounds outside = boundsOf(spec, 0.25, 100);
    QVERIFY(outside.attentionsByRule > outside.mostAttentions);
}

void tst_SparsityBalance::ruleIsKnownWhenRemovalsAreByHand()
{
    BalanceSettings settings = at(0.375);
    settings.attentionsToRemove = 4;
    QCOMPARE(balance(shapeOf("llama-2-7b"), settings).attentionsByRule, 9);
    settings.neuronsKept = 4000;
    QCOMPARE(balance(shapeOf("llama-2-7b"), settings).attentionsByRule, 9);
}

void tst_SparsityBalance::modelsWithUnlikeLayersAreRefused()
{
    ModelSpec spec = shapeOf("llama-2-7b");
    spec.layers[7].ffn->neurons = 100;
    QVERIFY(complaint(spec, at(0.5)).contains("already pruned: layer 7 has 100 neurons, layer 0 has 11008"));
    spec.layers[9].attention.reset();
    spec.layers[0].attention.reset();
    QVERIFY(complaint(spec, at(0.5)).contains("already pruned: 2 of its 32 layers have no attention"));
    spec = shapeOf("llama-2-7b");
    spec.layers[3].ffn.reset();
    QVERIFY(complaint(spec, at(0.5)).contains("already pruned: 1 of its 32 layers has no FFN"));
    spec = shapeOf("llama-2-7b");
    spec.layers[7].attention->kvHeads = 8;
    QVERIFY(complaint(spec, at(0.5)).contains("Layer 7 differs from layer 0"));
}

QTEST_GUILESS_MAIN(tst_SparsityBalance)
#include "tst_SparsityBalance.moc"
