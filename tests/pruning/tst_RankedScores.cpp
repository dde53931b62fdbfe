// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks, shares and histograms against counting by hand, and against the neurons that a plan keeps.
#include "pruning/RankedScores.h"

#include <QElapsedTimer>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

using namespace secateur;

namespace {

/// Log-normal scores with ties and zeros; the last layer is all zero, the one before has one value only.
NeuronScores randomScores(std::int64_t layers, std::int64_t neurons)
{
    std::mt19937 random(3);
    std::lognormal_distribution<float> spread(0, 2);
    NeuronScores scores;
    for (std::int64_t i = 0; i < layers; ++i) {
        scores.layers.emplace_back();
        for (std::int64_t j = 0; j < neurons; ++j)
            scores.layers.back().push_back(random() % 5 == 0 ? float(random() % 3) : spread(random));
    }
    scores.layers[std::size_t(layers) - 2].assign(std::size_t(neurons), 4.5F);
    scores.layers[std::size_t(layers) - 1].assign(std::size_t(neurons), 0.0F);
    return scores;
}

std::int64_t binOf(const RankedScores &ranked, float score)
{
    const double place = (std::log10(double(score)) - ranked.lowestLog()) / (ranked.highestLog() - ranked.lowestLog());
    return std::clamp<std::int64_t>(std::int64_t(place * RankedScores::kBins), 0, RankedScores::kBins - 1);
}

} // namespace

class tst_RankedScores : public QObject {
    Q_OBJECT

private slots:
    void layersAreSortedFromBestToWorst();
    void countsOfKeptEqualThoseOfTheNeuronsThatAPlanKeeps();
    void shareIsOneWhereAllScoresAreZero();
    void keptOutsideTheRangeIsNoneOrAll();
    void equalScoresShareABinInTheMiddle();
    void scoresOfNothingHaveARange();
    void answersForEightyLayersComeWithinAFrame();
    void otherScalesMoveScoresAndNoRank();
};

void tst_RankedScores::layersAreSortedFromBestToWorst()
{
    NeuronScores scores;
    scores.layers = {{2, 5, 0, 5}, {100, 0.001F, 1, 1}};
    const RankedScores ranked(scores);
    QCOMPARE(ranked.layerCount(), 2);
    QCOMPARE(ranked.neurons(), 4);
    const auto first = ranked.sorted(0);
    QCOMPARE(std::vector<float>(first.begin(), first.end()), (std::vector<float>{5, 5, 2, 0}));
    QCOMPARE(ranked.cut(0, 3), 2.0F);
    QCOMPARE(ranked.cut(1, 4), 0.001F);
    QCOMPARE(ranked.cut(1, 0), 0.0F);
    QCOMPARE(ranked.shareKept(0, 1), 5.0 / 12);
    QCOMPARE(ranked.shareKept(0, 3), 1.0);
    QVERIFY(std::abs(ranked.lowestLog() + 3) < 1e-6);
    QVERIFY(std::abs(ranked.highestLog() - 2) < 1e-6);
    QCOMPARE(ranked.histogram(0).zeros, 1);
    QCOMPARE(ranked.histogram(1).counts.front(), 1); // the ends of the range are inside
    QCOMPARE(ranked.histogram(1).counts.back(), 1);
}

void tst_RankedScores::countsOfKeptEqualThoseOfTheNeuronsThatAPlanKeeps()
{
    const std::int64_t neurons = 300;
    const NeuronScores scores = randomScores(6, neurons);
    const RankedScores ranked(scores);
    for (std::int64_t layer = 0; layer < ranked.layerCount(); ++layer) {
        const std::vector<float> &all = scores.layers[std::size_t(layer)];
        const double total = std::accumulate(all.begin(), all.end(), 0.0);
        for (std::int64_t kept = 0; kept <= neurons; ++kept) {
            std::vector<std::int64_t> counts(std::size_t(RankedScores::kBins));
            std::int64_t zeros = 0;
            double sum = 0;
            float smallest = kept > 0 ? 1e30F : 0;
            for (const std::int64_t neuron : scores.best(layer, kept)) {
                const float score = all[std::size_t(neuron)];
                score > 0 ? ++counts[std::size_t(binOf(ranked, score))] : ++zeros;
                smallest = std::min(smallest, score);
                sum += double(score);
            }
            for (std::int64_t bin = 0; bin < RankedScores::kBins; ++bin)
                QCOMPARE(ranked.keptInBin(layer, bin, kept), counts[std::size_t(bin)]);
            QCOMPARE(ranked.keptZeros(layer, kept), zeros);
            QCOMPARE(ranked.cut(layer, kept), smallest);
            QVERIFY(std::abs(ranked.shareKept(layer, kept) - (total > 0 ? sum / total : 1)) < 1e-9);
            if (kept == neurons) {
                QCOMPARE(ranked.histogram(layer).counts, counts);
                QCOMPARE(ranked.histogram(layer).zeros, zeros);
            }
        }
    }
}

void tst_RankedScores::shareIsOneWhereAllScoresAreZero()
{
    NeuronScores scores;
    scores.layers = {{0, 0, 0}, {1, 2, 3}};
    const RankedScores ranked(scores);
    for (const std::int64_t kept : {0, 1, 3})
        QCOMPARE(ranked.shareKept(0, kept), 1.0);
    QCOMPARE(ranked.histogram(0).zeros, 3);
    QCOMPARE(ranked.keptZeros(0, 2), 2);
    QCOMPARE(ranked.cut(0, 2), 0.0F);
}

void tst_RankedScores::keptOutsideTheRangeIsNoneOrAll()
{
    NeuronScores scores;
    scores.layers = {{3, 1, 0}};
    const RankedScores ranked(scores);
    QCOMPARE(ranked.shareKept(0, -5), 0.0);
    QCOMPARE(ranked.shareKept(0, 99), 1.0);
    QCOMPARE(ranked.cut(0, -5), 0.0F);
    QCOMPARE(ranked.cut(0, 2), 1.0F);
    QCOMPARE(ranked.keptZeros(0, 99), 1);
    QCOMPARE(ranked.keptInBin(0, RankedScores::kBins - 1, -5), 0);
    QCOMPARE(ranked.keptInBin(0, RankedScores::kBins - 1, 99), 1);
}

void tst_RankedScores::equalScoresShareABinInTheMiddle()
{
    NeuronScores scores;
    scores.layers = {{10, 10, 10}};
    const RankedScores ranked(scores);
    QVERIFY(ranked.lowestLog() < ranked.highestLog());
    QCOMPARE(ranked.histogram(0).counts[std::size_t(RankedScores::kBins / 2)], 3);
    QCOMPARE(ranked.keptInBin(0, RankedScores::kBins / 2, 2), 2);
}

void tst_RankedScores::scoresOfNothingHaveARange()
{
    NeuronScores scores;
    const RankedScores none(scores);
    QCOMPARE(none.layerCount(), 0);
    QCOMPARE(none.neurons(), 0);
    QVERIFY(none.lowestLog() < none.highestLog());
    scores.layers = {{}, {0}};
    const RankedScores empty(scores);
    QVERIFY(empty.lowestLog() < empty.highestLog());
    QCOMPARE(empty.shareKept(0, 1), 1.0);
    QCOMPARE(empty.cut(0, 1), 0.0F);
}

void tst_RankedScores::answersForEightyLayersComeWithinAFrame()
{
    const NeuronScores scores = randomScores(80, 28'672);
    QElapsedTimer clock;
    clock.start();
    const RankedScores ranked(scores);
    QCOMPARE_LT(clock.elapsed(), 3000);
    const std::int64_t moves = 200;
    double sum = 0;
    clock.restart();
    for (std::int64_t move = 0; move < moves; ++move) {
        const std::int64_t kept = move * ranked.neurons() / moves;
        for (std::int64_t layer = 0; layer < ranked.layerCount(); ++layer) {
            sum += ranked.shareKept(layer, kept) + double(ranked.keptZeros(layer, kept));
            for (std::int64_t bin = 0; bin < RankedScores::kBins; ++bin)
                sum += double(ranked.keptInBin(layer, bin, kept));
        }
    }
    const double milliseconds = double(clock.nsecsElapsed()) / 1e6 / double(moves);
    QVERIFY(sum > 0);
    QVERIFY2(milliseconds < 4, qPrintable(QString::number(milliseconds))); // far below a frame of 16 ms, on a loaded machine too
}

void tst_RankedScores::otherScalesMoveScoresAndNoRank()
{
    const NeuronScores scores = randomScores(6, 500);
    const RankedScores raw(scores);
    QVERIFY(raw.scale() == ScoreScale::Raw);
    for (const ScoreScale scale : {ScoreScale::LayerMean, ScoreScale::LayerMaximum}) {
        const RankedScores scaled = raw.in(scale);
        QVERIFY(scaled.scale() == scale);
        QCOMPARE(scaled.layerCount(), raw.layerCount());
        for (std::int64_t layer = 0; layer < raw.layerCount(); ++layer) {
            const auto before = raw.sorted(layer), after = scaled.sorted(layer);
            QCOMPARE(after.size(), before.size());
            QVERIFY(std::is_sorted(after.begin(), after.end(), std::greater<>()));
            const double sum = std::accumulate(after.begin(), after.end(), 0.0);
            if (before.front() > 0) // else all are 0, and stay so
                QVERIFY(std::abs((scale == ScoreScale::LayerMean ? sum / double(after.size()) : double(after.front())) - 1) < 1e-5);
            else
                QCOMPARE(sum, 0.0);
            std::int64_t inBins = scaled.histogram(layer).zeros;
            for (const std::int64_t kept : {0, 1, 77, 250, 500}) {
                QVERIFY(std::abs(scaled.shareKept(layer, kept) - raw.shareKept(layer, kept)) < 1e-6);
                QCOMPARE(scaled.keptZeros(layer, kept), raw.keptZeros(layer, kept));
                std::int64_t keptInAll = scaled.keptZeros(layer, kept);
                for (std::int64_t bin = 0; bin < RankedScores::kBins; ++bin)
                    keptInAll += scaled.keptInBin(layer, bin, kept);
                QCOMPARE(keptInAll, kept);
            }
            for (const std::int64_t count : scaled.histogram(layer).counts)
                inBins += count;
            QCOMPARE(inBins, 500);
        }
    }
    QCOMPARE(raw.in(ScoreScale::LayerMaximum).highestLog(), 0.0);
}

QTEST_GUILESS_MAIN(tst_RankedScores)
#include "tst_RankedScores.moc"
