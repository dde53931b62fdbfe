// SPDX-License-Identifier: GPL-3.0-or-later
// The sweep against the search that evaluates every candidate alone: the same bits, whatever is restarted, cancelled or continued.
#include "RandomDecoder.h"

#include "decoder/LanguageHead.h"
#include "foundation/Error.h"
#include "pruning/AttentionSearch.h"
#include "pruning/LossBounds.h"
#include "pruning/Screening.h"

#include <ATen/ops/zeros_like.h>
#include <QtTest>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stop_token>

using namespace secateur;
using namespace secateur::test;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::vector<std::vector<std::int64_t>> allNeurons(const Decoder &decoder)
{
    std::vector<std::vector<std::int64_t>> kept;
    for (const LayerSpec &layer : decoder.spec().layers) {
        kept.emplace_back();
        for (std::int64_t j = 0; j < layer.neurons(); ++j)
            kept.back().push_back(j);
    }
    return kept;
}

double lossAlone(const Decoder &decoder, const std::vector<std::int64_t> &removed, const at::Tensor &tokens, LossType type)
{
    const Decoder variant = pruned(decoder, surgeryOf(allNeurons(decoder), removed));
    at::Tensor x = variant.embed(tokens);
    for (std::int64_t i = 0; i < kLayers; ++i)
        x = variant.layer(i, x);
    return lossSum(variant, x, tokens, type, {}).item<double>() / double(tokens.size(0) * (kTokens - 1));
}

/// The method as it is written: every candidate of every step evaluated from the first layer.
SearchRecord naiveSearch(const Decoder &decoder, const at::Tensor &tokens, std::int64_t removals, const SearchSettings &settings)
{
    const LossType type = settings.referenceLoss ? LossType::Reference : LossType::Float32;
    SearchRecord record{.settings = settings, .provenance = {}, .initialLoss = lossAlone(decoder, {}, tokens, type), .steps = {}};
    std::vector<std::int64_t> removed;
    for (std::int64_t n = 0; n < removals; ++n) {
        SearchStep step{.losses = std::vector<double>(kLayers, kUnknown)};
        step.isForced = n < std::int64_t(settings.forcedLayers.size());
        for (std::int64_t j = 0; j < kLayers; ++j) {
            const auto in = [&](const std::vector<std::int64_t> &list) { return std::count(list.begin(), list.end(), j) > 0; };
            if (in(removed) || in(settings.protectedLayers) || (step.isForced && settings.forcedLayers[std::size_t(n)] != j))
                continue;
            std::vector<std::int64_t> with = removed;
            with.push_back(j);
            step.losses[std::size_t(j)] = lossAlone(decoder, with, tokens, type);
            if (step.removed < 0 || step.losses[std::size_t(j)] < step.losses[std::size_t(step.removed)])
                step.removed = j;
        }
        removed.push_back(step.removed);
        record.steps.push_back(std::move(step));
    }
    return record;
}

/// "" when the records hold the same bits.
QString difference(const SearchRecord &a, const SearchRecord &b)
{
    if (std::memcmp(&a.initialLoss, &b.initialLoss, sizeof(double)) != 0)
        return QString("initial loss %1, %2").arg(a.initialLoss, 0, 'g', 17).arg(b.initialLoss, 0, 'g', 17);
    if (a.steps.size() != b.steps.size())
        return QString("%1 steps, %2").arg(a.steps.size()).arg(b.steps.size());
    for (std::size_t s = 0; s < a.steps.size(); ++s) {
        if (a.steps[s].removed != b.steps[s].removed || a.steps[s].isForced != b.steps[s].isForced)
            return QString("step %1 removes %2, %3").arg(s).arg(a.steps[s].removed).arg(b.steps[s].removed);
        for (std::size_t j = 0; j < a.steps[s].losses.size(); ++j) {
            const double x = a.steps[s].losses[j], y = b.steps[s].losses[j];
            if (!(std::isnan(x) && std::isnan(y)) && x != y)
                return QString("step %1, layer %2: %3, %4").arg(s).arg(j).arg(x, 0, 'g', 17).arg(y, 0, 'g', 17);
        }
    }
    return {};
}

SearchRecord emptyRecord(const SearchSettings &settings)
{
    return {.settings = settings, .provenance = {}, .initialLoss = kUnknown, .steps = {}};
}

SearchRecord sweep(const Decoder &decoder, const at::Tensor &tokens, std::int64_t removals, const SearchSettings &settings,
                   std::int64_t stateBytes, std::int64_t *passes = nullptr, LossesKnown losses = LossesKnown::All)
{
    SearchRecord record = emptyRecord(settings);
    AttentionSearch search(decoder, tokens, settings.referenceLoss ? LossType::Reference : LossType::Float32, stateBytes, {}, losses);
    JobContext context;
    search.run(record, removals, context);
    if (passes)
        *passes = search.layerPasses();
    return record;
}

/// "" when the removals are the same, the losses that `bounded` has are those of `all` to the bit, and every candidate that has none has a
/// bound between the winner's loss and its own, or `lift` above it.
QString differenceOfBounded(const SearchRecord &bounded, const SearchRecord &all, double lift = 0)
{
    if (bounded.initialLoss != all.initialLoss || bounded.removalOrder() != all.removalOrder())
        return "other removals";
    for (std::size_t s = 0; s < all.steps.size(); ++s)
        for (std::size_t j = 0; j < std::size_t(kLayers); ++j) {
            const double loss = bounded.steps[s].losses[j], bound = bounded.steps[s].bounds[j], truth = all.steps[s].losses[j];
            const double best = all.steps[s].losses[std::size_t(all.steps[s].removed)];
            const QString place = QString("step %1, layer %2: loss %3, bound %4, truth %5").arg(s).arg(j).arg(loss).arg(bound).arg(truth);
            const bool isEvaluated = !std::isnan(loss), isBounded = !std::isnan(bound);
            if (isEvaluated && isBounded)
                return place + ": both";
            if (isEvaluated != (!std::isnan(truth) && !isBounded) || (isEvaluated && loss != truth))
                return place;
            if (isBounded && !(bound > best && bound < truth + lift))
                return place + QString(": not between %1 and the truth").arg(best);
        }
    return {};
}

} // namespace

class tst_AttentionSearch : public QObject {
    Q_OBJECT

private slots:
    void init() { m_guard.emplace(); }
    void cleanup() { m_guard.reset(); }

    void sweepEqualsNaiveEvaluation_data();
    void sweepEqualsNaiveEvaluation();
    void sweepEqualsNaiveWithRemovalsInEveryPosition();
    void sweepEqualsNaiveWhereFfnsAreAbsent();
    void restartSavesLayerPasses();
    void boundsDecideAsLossesDo_data();
    void boundsDecideAsLossesDo();
    void boundedSearchGoesOnAfterACancel();
    void boundsAreNotUsedWhereTheyDoNotHold();
    void screeningDecidesAsThePlainSearch_data();
    void screeningDecidesAsThePlainSearch();
    void screeningSavesEvaluations();
    void screenedSearchGoesOnAfterACancel();
    void screenedSearchGoesOnWithoutScreening();
    void lossesThatSixteenBitsCannotHoldAreDecided();
    void attentionsThatDoNothingTeachOnce();
    void marginGrowsWithTheDifferences();
    void marginDoesNotGrowWithWhatDifferencesShare();
    void cancelledSearchGoesOnToTheSameResult();
    void longerSearchExtendsAShorterOne();
    void otherProtectedLayersAreAnsweredAsByAFreshSearch();
    void boundedSearchesAnswerOnlyWhatTheyKnow();
    void listenerHearsEveryLoss();
    void tiesGoToTheLowestLayer();
    void nonFiniteLossNamesLayerAndCandidate();

private:
    std::optional<c10::InferenceMode> m_guard;
};

void tst_AttentionSearch::sweepEqualsNaiveEvaluation_data()
{
    QTest::addColumn<bool>("isBFloat16");
    QTest::addColumn<int>("windows");
    QTest::addColumn<int>("statesKept"); // 0 none, 1 a part, 2 all
    QTest::addColumn<bool>("isReference");
    for (const bool isBFloat16 : {false, true})
        for (const int windows : {1, 3})
            for (const int states : {0, 1, 2})
                for (const bool isReference : {false, true})
                    QTest::addRow("%s, %d windows, states %d%s", isBFloat16 ? "bf16" : "fp32", windows, states,
                                  isReference ? ", reference loss" : "")
                        << isBFloat16 << windows << states << isReference;
}

void tst_AttentionSearch::sweepEqualsNaiveEvaluation()
{
    QFETCH(bool, isBFloat16);
    QFETCH(int, windows);
    QFETCH(int, statesKept);
    QFETCH(bool, isReference);
    const Decoder decoder = randomDecoder(isBFloat16 ? c10::kBFloat16 : c10::kFloat);
    const at::Tensor tokens = randomTokens(windows);
    const std::int64_t stateBytes = windows * kTokens * 32 * (isBFloat16 ? 2 : 4);
    const SearchSettings settings{.windows = windows, .referenceLoss = isReference, .forcedLayers = {}, .protectedLayers = {}};
    const std::int64_t budget = statesKept == 0 ? 0 : statesKept == 1 ? 10 * stateBytes : 1000 * stateBytes;
    QCOMPARE(difference(sweep(decoder, tokens, kLayers, settings, budget), naiveSearch(decoder, tokens, kLayers, settings)), QString());
}

void tst_AttentionSearch::sweepEqualsNaiveWithRemovalsInEveryPosition()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    for (std::int64_t first = 0; first < kLayers; ++first)
        for (std::int64_t second = 0; second < kLayers; ++second) {
            if (first == second)
                continue;
            SearchSettings settings{.windows = 1, .referenceLoss = false, .forcedLayers = {first, second}, .protectedLayers = {}};
            if (const std::int64_t third = (second + 1) % kLayers; third != first)
                settings.protectedLayers = {third};
            for (const std::int64_t budget : {std::int64_t(0), std::int64_t(1) << 20}) {
                const QString what = difference(sweep(decoder, tokens, 4, settings, budget), naiveSearch(decoder, tokens, 4, settings));
                QVERIFY2(what.isEmpty(), qPrintable(QString("forced %1, %2: %3").arg(first).arg(second).arg(what)));
            }
        }
}

/// States that are kept, and layers that hand on what they get.
void tst_AttentionSearch::sweepEqualsNaiveWhereFfnsAreAbsent()
{
    const Decoder whole = randomDecoder(c10::kFloat);
    std::vector<std::vector<std::int64_t>> kept = allNeurons(whole);
    for (const std::size_t layer : {0, 3, 6})
        kept[layer].clear();
    const Decoder decoder = pruned(whole, surgeryOf(kept, {}));
    const at::Tensor tokens = randomTokens(2);
    const SearchSettings settings{.windows = 2, .referenceLoss = false, .forcedLayers = {}, .protectedLayers = {}};
    const SearchRecord naive = naiveSearch(decoder, tokens, 5, settings);
    for (const std::int64_t bytes : {std::int64_t(0), std::int64_t(40'000), std::int64_t(1) << 40}) {
        const QString other = difference(sweep(decoder, tokens, 5, settings, bytes), naive);
        QVERIFY2(other.isEmpty(), qPrintable(other));
    }
}

void tst_AttentionSearch::restartSavesLayerPasses()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    std::int64_t without = 0, with = 0, naive = kLayers;
    for (std::int64_t n = 0; n < 4; ++n)
        naive += (kLayers - n) * kLayers;
    sweep(decoder, tokens, 4, {}, 0, &without);
    sweep(decoder, tokens, 4, {}, 1 << 20, &with);
    QCOMPARE_LT(with, without);
    QCOMPARE_LT(without, naive);
    // The first step with shared prefixes: the initial pass, fork j from layer j on (the base's states are known), no more.
    std::int64_t first = 0;
    sweep(decoder, tokens, 1, {}, 1 << 20, &first);
    QCOMPARE(first, kLayers + kLayers * (kLayers + 1) / 2);
}

void tst_AttentionSearch::boundsDecideAsLossesDo_data()
{
    QTest::addColumn<int>("windows");
    QTest::addColumn<std::int64_t>("budget");
    QTest::addColumn<std::vector<std::int64_t>>("forced");
    QTest::addColumn<c10::ScalarType>("type");
    for (const c10::ScalarType type : {c10::kFloat, c10::kBFloat16, c10::kHalf}) {
        const char *name = c10::toString(type);
        QTest::addRow("%s, one window", name) << 1 << std::int64_t(1 << 20) << std::vector<std::int64_t>() << type;
        QTest::addRow("%s, three windows", name) << 3 << std::int64_t(1 << 20) << std::vector<std::int64_t>() << type;
        QTest::addRow("%s, no states", name) << 1 << std::int64_t(0) << std::vector<std::int64_t>() << type;
        QTest::addRow("%s, after a forced step", name) << 1 << std::int64_t(1 << 20) << std::vector<std::int64_t>{5} << type;
    }
}

void tst_AttentionSearch::boundsDecideAsLossesDo()
{
    QFETCH(int, windows);
    QFETCH(std::int64_t, budget);
    QFETCH(std::vector<std::int64_t>, forced);
    QFETCH(c10::ScalarType, type);
    const Decoder decoder = randomDecoder(type, kLargeVocabulary);
    const at::Tensor tokens = randomTokens(windows, kLargeVocabulary);
    SearchSettings settings;
    settings.windows = windows;
    settings.forcedLayers = forced;
    const SearchRecord all = sweep(decoder, tokens, 3, settings, budget);
    const SearchRecord bounded = sweep(decoder, tokens, 3, settings, budget, nullptr, LossesKnown::Deciding);
    // In 16 bits rounding may lift a bound: by a third of what is allowed for it at most, or too little is allowed.
    QCOMPARE(differenceOfBounded(bounded, all, type == c10::kFloat ? 0 : LossBounds::rounding(type) / 3), QString());
    QCOMPARE(bounded.evaluations(), all.evaluations()); // a bound counts as one
    const auto losses = [](const SearchRecord &record) {
        std::int64_t count = 0;
        for (const SearchStep &step : record.steps)
            count += std::count_if(step.losses.begin(), step.losses.end(), [](double loss) { return !std::isnan(loss); });
        return count;
    };
    QCOMPARE_LT(losses(bounded), losses(all));
}

void tst_AttentionSearch::boundedSearchGoesOnAfterACancel()
{
    const Decoder decoder = randomDecoder(c10::kFloat, kLargeVocabulary);
    const at::Tensor tokens = randomTokens(1, kLargeVocabulary);
    const SearchRecord all = sweep(decoder, tokens, 2, {}, 1 << 20);
    int cancels = 0;
    for (int units = 1; units < 60; units += 4) {
        SearchRecord record = emptyRecord({});
        std::stop_source stop;
        int left = units;
        JobContext context(stop.get_token(), [&](const Progress &p) {
            if (p.seconds > 0 && --left == 0)
                stop.request_stop();
        });
        try {
            AttentionSearch(decoder, tokens, LossType::Float32, 1 << 20, {}, LossesKnown::Deciding).run(record, 2, context);
        } catch (const Cancelled &) {
            ++cancels;
        }
        JobContext free;
        AttentionSearch(decoder, tokens, LossType::Float32, 0, {}, LossesKnown::Deciding).run(record, 2, free);
        QCOMPARE(differenceOfBounded(record, all), QString());
    }
    QCOMPARE_GE(cancels, 10);
}

void tst_AttentionSearch::boundsAreNotUsedWhereTheyDoNotHold()
{
    const at::Tensor tokens = randomTokens(1, kLargeVocabulary);
    const Decoder plain = randomDecoder(c10::kFloat, kLargeVocabulary);
    ModelSpec spec = plain.spec();
    spec.logitSoftcap = 2; // capped logits are not convex
    const Decoder capped(spec, plain.weights(), kTokens);
    QCOMPARE(difference(sweep(capped, tokens, 2, {}, 0, nullptr, LossesKnown::Deciding), sweep(capped, tokens, 2, {}, 0)), QString());
}

/// "" when the removals are the same and the losses that `record` has are those of `all` to the bit.
static QString differenceOfScreened(const SearchRecord &record, const SearchRecord &all)
{
    if (record.initialLoss != all.initialLoss || record.removalOrder() != all.removalOrder())
        return "other removals";
    for (std::size_t s = 0; s < all.steps.size(); ++s)
        for (std::size_t j = 0; j < std::size_t(kLayers); ++j) {
            const double loss = record.steps[s].losses[j], truth = all.steps[s].losses[j];
            if ((!std::isnan(loss) && loss != truth) || record.steps[s].isKnown(std::int64_t(j)) != !std::isnan(truth))
                return QString("step %1, layer %2: loss %3, truth %4").arg(s).arg(j).arg(loss).arg(truth);
        }
    return {};
}

static SearchRecord screenedSearch(const Decoder &decoder, const Decoder &screen, const at::Tensor &tokens, std::int64_t removals,
                                   const SearchSettings &settings, std::int64_t budget, LossesKnown losses)
{
    SearchRecord record = emptyRecord(settings);
    JobContext context;
    AttentionSearch(decoder, tokens, LossType::Float32, budget, {}, losses, &screen).run(record, removals, context);
    return record;
}

void tst_AttentionSearch::screeningDecidesAsThePlainSearch_data()
{
    QTest::addColumn<std::uint64_t>("seed");
    QTest::addColumn<c10::ScalarType>("type");
    QTest::addColumn<bool>("isBounded");
    QTest::addColumn<int>("windows");
    for (std::uint64_t seed = 1; seed <= 16; ++seed)
        for (const c10::ScalarType type : {c10::kBFloat16, c10::kHalf})
            for (const bool isBounded : {false, true})
                QTest::addRow("seed %d, %s%s", int(seed), c10::toString(type), isBounded ? ", bounded" : "")
                    << seed << type << isBounded << (seed % 2 == 0 ? 3 : 1);
}

void tst_AttentionSearch::screeningDecidesAsThePlainSearch()
{
    QFETCH(std::uint64_t, seed);
    QFETCH(c10::ScalarType, type);
    QFETCH(bool, isBounded);
    QFETCH(int, windows);
    const std::int64_t vocabulary = isBounded ? kLargeVocabulary : kVocabulary;
    const Decoder decoder = randomDecoder(c10::kFloat, vocabulary, seed), screen = inType(decoder, type);
    QVERIFY(screen.dtype() == type);
    const at::Tensor tokens = randomTokens(windows, vocabulary);
    SearchSettings settings;
    settings.windows = windows;
    if (seed % 4 == 0)
        settings.forcedLayers = {std::int64_t(seed) % kLayers};
    if (seed % 4 == 1)
        settings.protectedLayers = {3};
    const SearchRecord all = sweep(decoder, tokens, 5, settings, 1 << 20);
    const LossesKnown losses = isBounded ? LossesKnown::Deciding : LossesKnown::All;
    for (const std::int64_t budget : {std::int64_t(0), std::int64_t(1) << 17, std::int64_t(1) << 20})
        QCOMPARE(differenceOfScreened(screenedSearch(decoder, screen, tokens, 5, settings, budget, losses), all), QString());
}

void tst_AttentionSearch::screeningSavesEvaluations()
{
    const Decoder decoder = randomDecoder(c10::kFloat), screen = inType(decoder, c10::kBFloat16);
    SearchRecord record = emptyRecord({});
    double done = 0, total = 0;
    JobContext context({}, [&](const Progress &p) {
        done = double(p.done);
        total = double(p.total);
    });
    AttentionSearch(decoder, randomTokens(3), LossType::Float32, 1 << 20, {}, LossesKnown::All, &screen).run(record, 3, context);
    QCOMPARE(total, double(1 + 7 + 6 + 5));
    QCOMPARE(done, total);
    std::int64_t decided = 0, screened = 0;
    for (const SearchStep &step : record.steps)
        for (std::size_t j = 0; j < std::size_t(kLayers); ++j) {
            decided += std::isnan(step.losses[j]) ? 0 : 1;
            screened += std::isnan(step.screened[j]) ? 0 : 1;
            QVERIFY(std::isnan(step.screened[j]) || std::isnan(step.losses[j]) || std::abs(step.screened[j] - step.losses[j]) < 0.1);
        }
    QCOMPARE(screened, std::int64_t(7 + 6 + 5));
    QCOMPARE_LT(decided, screened);
    QCOMPARE(record.evaluations(), std::int64_t(7 + 6 + 5));
}

void tst_AttentionSearch::screenedSearchGoesOnAfterACancel()
{
    const Decoder small = randomDecoder(c10::kFloat), smallScreen = inType(small, c10::kBFloat16);
    const Decoder large = randomDecoder(c10::kFloat, kLargeVocabulary), largeScreen = inType(large, c10::kBFloat16);
    const SearchRecord allOfSmall = sweep(small, randomTokens(1), 3, {}, 1 << 20);
    const SearchRecord allOfLarge = sweep(large, randomTokens(1, kLargeVocabulary), 3, {}, 1 << 20);
    int cancels = 0;
    for (int units = 1; units < 240; units += 7) {
        const bool isBounded = units % 2 == 0;
        const Decoder &decoder = isBounded ? large : small, &screen = isBounded ? largeScreen : smallScreen;
        const at::Tensor tokens = randomTokens(1, isBounded ? kLargeVocabulary : kVocabulary);
        const SearchRecord &all = isBounded ? allOfLarge : allOfSmall;
        const LossesKnown losses = isBounded ? LossesKnown::Deciding : LossesKnown::All;
        SearchRecord record = emptyRecord({});
        std::stop_source stop;
        int left = units;
        JobContext context(stop.get_token(), [&](const Progress &p) {
            if (p.seconds > 0 && --left == 0)
                stop.request_stop();
        });
        try {
            AttentionSearch(decoder, tokens, LossType::Float32, 1 << 20, {}, losses, &screen).run(record, 3, context);
        } catch (const Cancelled &) {
            ++cancels;
        }
        JobContext free;
        AttentionSearch(decoder, tokens, LossType::Float32, 0, {}, losses, &screen).run(record, 3, free);
        QCOMPARE(differenceOfScreened(record, all), QString());
    }
    QCOMPARE_GE(cancels, 10);
}

void tst_AttentionSearch::screenedSearchGoesOnWithoutScreening()
{
    const Decoder decoder = randomDecoder(c10::kFloat, kLargeVocabulary), screen = inType(decoder, c10::kBFloat16);
    const at::Tensor tokens = randomTokens(1, kLargeVocabulary);
    const SearchRecord all = sweep(decoder, tokens, 4, {}, 1 << 20);
    SearchRecord record = screenedSearch(decoder, screen, tokens, 2, {}, 1 << 20, LossesKnown::Deciding);
    record.steps.back().removed = -1; // as if it had been stopped before the last decision
    record.steps.back().losses.assign(std::size_t(kLayers), kUnknown);
    JobContext context;
    AttentionSearch(decoder, tokens, LossType::Float32, 1 << 20, {}, LossesKnown::Deciding).run(record, 4, context);
    QCOMPARE(differenceOfScreened(record, all), QString());
}

void tst_AttentionSearch::lossesThatSixteenBitsCannotHoldAreDecided()
{
    for (const std::int64_t vocabulary : {kVocabulary, kLargeVocabulary}) {
        const Decoder decoder = randomDecoder(c10::kFloat, vocabulary), halves = inType(decoder, c10::kHalf);
        Weights weights = halves.weights();
        weights.finalNorm = weights.finalNorm * 60000.0; // logits of the screen overflow
        const Decoder screen(halves.spec(), weights, kTokens);
        const at::Tensor tokens = randomTokens(1, vocabulary);
        const SearchRecord all = sweep(decoder, tokens, 2, {}, 0);
        for (const LossesKnown losses : {LossesKnown::All, LossesKnown::Deciding})
            QCOMPARE(differenceOfScreened(screenedSearch(decoder, screen, tokens, 2, {}, 0, losses), all), QString());
    }
}

/// Candidates that are the same model differ by the same: four of them say nothing of others.
void tst_AttentionSearch::attentionsThatDoNothingTeachOnce()
{
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
        const Decoder random = randomDecoder(c10::kFloat, kVocabulary, seed);
        Weights weights = random.weights();
        for (const std::size_t layer : {1U, 3U, 4U, 6U})
            weights.layers[layer].attention->output.weight = at::zeros_like(weights.layers[layer].attention->output.weight);
        const Decoder decoder(random.spec(), weights, kTokens);
        const at::Tensor tokens = randomTokens(1);
        const SearchRecord all = sweep(decoder, tokens, 4, {}, 1 << 20);
        for (const c10::ScalarType type : {c10::kBFloat16, c10::kHalf})
            QCOMPARE(differenceOfScreened(screenedSearch(decoder, inType(decoder, type), tokens, 4, {}, 1 << 20, LossesKnown::All), all),
                     QString());
    }
}

void tst_AttentionSearch::marginGrowsWithTheDifferences()
{
    SearchRecord record;
    record.steps = {{.losses = {3.0, kUnknown, 3.5, 3.0, 3.0, 3.0}, .bounds = {}, .screened = {3.01, 3.2, 3.5, 3.01, 3.01, 3.01}}};
    QVERIFY(!Screening(record).isTaught()); // by two: equal losses teach once
    QCOMPARE(Screening(record).leastLoss(3.0), -std::numeric_limits<double>::infinity());
    record.steps.push_back({.losses = {3.1, 3.2, 3.3, 3.4}, .bounds = {}, .screened = {3.1, 3.2, 3.3, 3.4}});
    const Screening screening(record);
    QVERIFY(screening.isTaught());
    const double usual = 0.01 / 6; // of six differences, from which that of 0.01 is farthest
    QVERIFY(std::abs(screening.leastLoss(3.2) - (3.2 - usual - 4 * (0.01 - usual))) < 1e-12);
    record.steps[0].losses[1] = 3.25; // screened as 3.2
    const double now = (0.01 - 0.05) / 7;
    QVERIFY(std::abs(Screening(record).leastLoss(3.2) - (3.2 - now - 4 * (0.05 + now))) < 1e-12);
    QVERIFY(Screening(record).width() > screening.width());
}

/// What all candidates' losses in 16 bits have in common decides nothing.
void tst_AttentionSearch::marginDoesNotGrowWithWhatDifferencesShare()
{
    SearchRecord record, shifted;
    record.steps = {
        {.losses = {3.0, 3.1, 3.2, 3.3, 3.5, 3.6, kUnknown}, .bounds = {}, .screened = {3.0, 3.105, 3.194, 3.3, 3.5, 3.6, 3.4}}};
    shifted.steps = record.steps;
    for (double &loss : shifted.steps[0].screened)
        loss += 0.5;
    QVERIFY(std::abs(Screening(shifted).width() - Screening(record).width()) < 1e-12);
    QVERIFY(std::abs(Screening(shifted).leastLoss(3.9) - Screening(record).leastLoss(3.4)) < 1e-12);
}

void tst_AttentionSearch::cancelledSearchGoesOnToTheSameResult()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    const SearchRecord whole = sweep(decoder, tokens, 4, {}, 1 << 20);
    bool wasCancelled = true;
    for (int units = 1; wasCancelled; units += 5) { // cancelled after so many units of work, again and again until it gets through
        SearchRecord record = emptyRecord({});
        wasCancelled = false;
        for (int attempt = 0; attempt < 1000; ++attempt) {
            std::stop_source stop;
            int left = units;
            JobContext context(stop.get_token(), [&](const Progress &p) {
                if (p.seconds > 0 && --left == 0)
                    stop.request_stop();
            });
            try {
                AttentionSearch(decoder, tokens, LossType::Float32, attempt % 2 == 0 ? 1 << 20 : 0).run(record, 4, context);
                break;
            } catch (const Cancelled &) {
                wasCancelled = true;
                left = units += 3; // a run that always stops before its first result would never end
            }
        }
        QCOMPARE(difference(record, whole), QString());
    }
}

void tst_AttentionSearch::longerSearchExtendsAShorterOne()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    SearchRecord record = sweep(decoder, tokens, 2, {}, 0);
    JobContext context;
    AttentionSearch search(decoder, tokens, LossType::Float32, 1 << 20);
    int heard = 0;
    search.run(record, 5, context, [&](const CandidateLoss &known) {
        QCOMPARE_GE(known.step, 2); // what is known is not computed again
        ++heard;
    });
    QCOMPARE(heard, 5 + 4 + 3);
    QCOMPARE(difference(record, sweep(decoder, tokens, 5, {}, 0)), QString());
}

/// Layers of a random set, ascending; none of `without`.
std::vector<std::int64_t> randomLayers(std::mt19937 &random, int most, const std::vector<std::int64_t> &without = {})
{
    std::vector<std::int64_t> layers;
    for (std::int64_t j = 0; j < kLayers; ++j)
        if (int(layers.size()) < most && random() % 3 == 0 && std::count(without.begin(), without.end(), j) == 0)
            layers.push_back(j);
    return layers;
}

void tst_AttentionSearch::otherProtectedLayersAreAnsweredAsByAFreshSearch()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    constexpr std::int64_t kRemovals = 3;
    std::mt19937 random(3);
    int whole = 0, begun = 0;
    for (int trial = 0; trial < 60; ++trial) {
        SearchSettings before;
        before.forcedLayers = randomLayers(random, int(random() % 3));
        before.protectedLayers = randomLayers(random, 2, before.forcedLayers);
        SearchSettings after = before;
        after.protectedLayers = randomLayers(random, 2, before.forcedLayers);
        const SearchRecord known = sweep(decoder, tokens, kRemovals, before, 1 << 20);
        const SearchRecord fresh = sweep(decoder, tokens, kRemovals, after, 1 << 20);
        SearchRecord record = withProtected(known, after.protectedLayers);
        QVERIFY(record.settings == after);
        const std::vector<std::int64_t> order = record.removalOrder(), wanted = fresh.removalOrder();
        QVERIFY(order.size() <= wanted.size() && std::equal(order.begin(), order.end(), wanted.begin()));

        const auto isIn = [](std::int64_t layer, const std::vector<std::int64_t> &layers) {
            return std::count(layers.begin(), layers.end(), layer) > 0;
        };
        const bool isStricter = std::all_of(before.protectedLayers.begin(), before.protectedLayers.end(),
                                            [&](std::int64_t layer) { return isIn(layer, after.protectedLayers); });
        const std::vector<std::int64_t> removed = known.removalOrder();
        const bool isNoneRemoved =
            std::none_of(removed.begin(), removed.end(), [&](std::int64_t layer) { return isIn(layer, after.protectedLayers); });
        // What was never chosen may be protected; a layer that may go again has no losses, so nothing is complete.
        QVERIFY(!(isStricter && isNoneRemoved) || std::int64_t(order.size()) == kRemovals);
        QVERIFY(isStricter || order.size() == std::min(before.forcedLayers.size(), std::size_t(kRemovals)));
        (std::int64_t(order.size()) == kRemovals ? whole : begun) += 1;

        JobContext context; // and it goes on to where the fresh one comes, to the bit
        AttentionSearch(decoder, tokens, LossType::Float32, 1 << 20).run(record, kRemovals, context);
        QCOMPARE(difference(record, fresh), QString());
    }
    QVERIFY2(whole >= 5 && begun >= 5, qPrintable(QString("%1 whole, %2 begun").arg(whole).arg(begun)));
}

/// A candidate that was out by a bound may be the best once the winner is protected.
void tst_AttentionSearch::boundedSearchesAnswerOnlyWhatTheyKnow()
{
    const Decoder decoder = randomDecoder(c10::kFloat, kLargeVocabulary);
    const at::Tensor tokens = randomTokens(1, kLargeVocabulary);
    const SearchRecord known = sweep(decoder, tokens, 3, {}, 1 << 20, nullptr, LossesKnown::Deciding);
    for (std::int64_t layer = 0; layer < kLayers; ++layer) {
        SearchSettings settings;
        settings.protectedLayers = {layer};
        SearchRecord record = withProtected(known, settings.protectedLayers);
        JobContext context;
        AttentionSearch(decoder, tokens, LossType::Float32, 1 << 20, {}, LossesKnown::Deciding).run(record, 3, context);
        QCOMPARE(record.removalOrder(), sweep(decoder, tokens, 3, settings, 1 << 20).removalOrder());
    }
}

void tst_AttentionSearch::listenerHearsEveryLoss()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    SearchRecord record = emptyRecord({});
    std::vector<std::vector<double>> heard(3, std::vector<double>(kLayers, kUnknown));
    double initial = kUnknown, done = 0, total = 0;
    JobContext context({}, [&](const Progress &p) {
        done = double(p.done);
        total = double(p.total);
    });
    const at::Tensor tokens = randomTokens(1);
    AttentionSearch(decoder, tokens, LossType::Float32, 0).run(record, 3, context, [&](const CandidateLoss &known) {
        (known.step < 0 ? initial : heard[std::size_t(known.step)][std::size_t(known.layer)]) = known.loss;
    });
    QCOMPARE(initial, record.initialLoss);
    for (std::size_t s = 0; s < 3; ++s)
        for (std::size_t j = 0; j < kLayers; ++j)
            QVERIFY(heard[s][j] == record.steps[s].losses[j] || (std::isnan(heard[s][j]) && std::isnan(record.steps[s].losses[j])));
    QCOMPARE(total, double(1 + 7 + 6 + 5)); // known before the start
    QCOMPARE(done, total);
    QCOMPARE(record.evaluations(), 7 + 6 + 5);
}

void tst_AttentionSearch::tiesGoToTheLowestLayer()
{
    const Decoder random = randomDecoder(c10::kFloat);
    Weights weights = random.weights();
    for (LayerWeights &layer : weights.layers)
        layer.attention->output.weight =
            at::zeros_like(layer.attention->output.weight); // attentions that add nothing: all candidates are equal
    const Decoder decoder(random.spec(), weights, kTokens);
    QCOMPARE(sweep(decoder, randomTokens(1), 3, {}, 0).removalOrder(), (std::vector<std::int64_t>{0, 1, 2}));
    SearchSettings settings;
    settings.protectedLayers = {0, 2};
    QCOMPARE(sweep(decoder, randomTokens(1), 3, settings, 0).removalOrder(), (std::vector<std::int64_t>{1, 3, 4}));
}

void tst_AttentionSearch::nonFiniteLossNamesLayerAndCandidate()
{
    const Decoder random = randomDecoder(c10::kFloat);
    Weights weights = random.weights();
    weights.layers[2].ffn->down.weight = weights.layers[2].ffn->down.weight * 1e38;
    const Decoder decoder(random.spec(), weights, kTokens);
    try {
        sweep(decoder, randomTokens(1), 1, {}, 0);
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QVERIFY2(QString(problem.what()).startsWith("The activations of layer 2"), problem.what());
        QCOMPARE(QString::fromStdString(problem.hint()), QString("The checkpoint is damaged: download it again."));
    }
}

QTEST_GUILESS_MAIN(tst_AttentionSearch)
#include "tst_AttentionSearch.moc"
