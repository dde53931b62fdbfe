// SPDX-License-Identifier: GPL-3.0-or-later
// Widths per layer: against a division in fractions (make_restoration.py), and what must hold of them.
#include <QtTest>

#include "foundation/JsonFile.h"
#include "restoration/WidthAllocation.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <stdexcept>

using namespace secateur;

namespace {

using Widths = std::vector<std::int64_t>;

std::int64_t sumOf(const Widths &widths)
{
    return std::accumulate(widths.begin(), widths.end(), std::int64_t(0));
}

/// Random paths in steps of `block` down to one step or less.
std::vector<LossPath> randomPaths(std::mt19937 &random, const Widths &neurons, std::int64_t block)
{
    std::vector<LossPath> paths;
    for (const std::int64_t count : neurons) {
        LossPath &path = paths.emplace_back();
        for (std::int64_t left = count - block; left > 0; left -= block)
            path.emplace_back(left, double(random() % 1000));
    }
    return paths;
}

} // namespace

class tst_WidthAllocation : public QObject {
    Q_OBJECT

private slots:
    void widthsAreThoseOfTheReference();
    void theSumIsExact();
    void widthsGrowWithTheBudget();
    void equalLayersStayWithinABlock();
    void aCheapCutBehindADearOneWaits();
    void multiplesHoldForAllButOne();
    void whatCannotBeSharedOutIsRefused();
};

void tst_WidthAllocation::widthsAreThoseOfTheReference()
{
    const nlohmann::json document = readJsonFile(SECATEUR_FIXTURES "/restoration/closed-form.json", 1 << 20, {});
    QVERIFY(!document.at("widths").empty());
    for (const nlohmann::json &model : document.at("widths")) {
        const auto paths = model.at("paths").get<std::vector<LossPath>>();
        QVERIFY(!model.at("cases").empty());
        for (const nlohmann::json &expected : model.at("cases")) {
            const Widths found =
                allocateWidths(model.at("neurons"), paths, expected.at("perLayer"), expected.at("share"), expected.at("multiple"));
            QVERIFY2(found == expected.at("widths").get<Widths>(), expected.dump().c_str());
        }
    }
}

void tst_WidthAllocation::theSumIsExact()
{
    std::mt19937 random(1);
    for (int trial = 0; trial < 200; ++trial) {
        Widths neurons(1 + random() % 9);
        for (std::int64_t &count : neurons)
            count = 40 + std::int64_t(random() % 60);
        const std::vector<LossPath> paths = randomPaths(random, neurons, 1 + std::int64_t(random() % 9));
        for (const std::int64_t perLayer : {10, 23, 40}) {
            for (const double share : {0.1, 0.5, 1.0}) {
                const Widths widths = allocateWidths(neurons, paths, perLayer, share);
                QCOMPARE(sumOf(widths), std::int64_t(neurons.size()) * perLayer);
                for (std::size_t l = 0; l < neurons.size(); ++l)
                    QVERIFY(widths[l] >= 1 && widths[l] <= neurons[l]);
            }
        }
    }
}

void tst_WidthAllocation::widthsGrowWithTheBudget()
{
    std::mt19937 random(2);
    const Widths neurons(7, 60);
    const std::vector<LossPath> paths = randomPaths(random, neurons, 4);
    for (const double share : {0.5, 1.0}) {
        Widths last(7, 0);
        for (std::int64_t perLayer = 5; perLayer <= 60; ++perLayer) {
            const Widths widths = allocateWidths(neurons, paths, perLayer, share);
            for (std::size_t l = 0; l < 7; ++l)
                QVERIFY(widths[l] >= last[l]);
            last = widths;
        }
        QVERIFY(last == neurons);
    }
}

void tst_WidthAllocation::equalLayersStayWithinABlock()
{
    // The marginal error stays the same for a while: at 0, and behind a dear cut.
    const LossPath path = {{56, 0}, {48, 0}, {40, 0}, {32, 90}, {24, 3}, {16, 4}, {8, 200}};
    for (std::int64_t perLayer = 8; perLayer <= 64; ++perLayer) {
        const Widths widths = allocateWidths(Widths(5, 64), std::vector<LossPath>(5, path), perLayer, 1);
        QVERIFY(*std::max_element(widths.begin(), widths.end()) - *std::min_element(widths.begin(), widths.end()) <= 8);
        QCOMPARE(sumOf(widths), 5 * perLayer);
    }
}

void tst_WidthAllocation::aCheapCutBehindADearOneWaits()
{
    const LossPath hidden = {{20, 50}, {10, 0}}, even = {{20, 40}, {10, 40}};
    QVERIFY(allocateWidths({30, 30}, {hidden, even}, 20, 1) == (Widths{30, 10}));
    QVERIFY(allocateWidths({30, 30}, {hidden, even}, 15, 1) == (Widths{20, 10}));
    QVERIFY(allocateWidths({30, 30}, {hidden, even}, 20, 0.5) == (Widths{25, 15}));
    QVERIFY(allocateWidths({30, 30}, {hidden, even}, 28, 1) == (Widths{30, 26}));    // a part of a block
    QVERIFY(allocateWidths({30, 30}, {hidden, even}, 28, 0.25) == (Widths{29, 27})); // 28.5 and 27.5: the first of equal remainders
}

void tst_WidthAllocation::multiplesHoldForAllButOne()
{
    std::mt19937 random(3);
    const Widths neurons = {768, 1024, 700, 1024, 900};
    const std::vector<LossPath> paths = randomPaths(random, neurons, 16);
    for (const std::int64_t multiple : {2, 64, 256}) {
        for (const std::int64_t perLayer : {256, 300, 512}) {
            for (const double share : {0.5, 1.0}) {
                const Widths widths = allocateWidths(neurons, paths, perLayer, share, multiple);
                QCOMPARE(sumOf(widths), 5 * perLayer);
                QVERIFY(std::count_if(widths.begin(), widths.end(), [&](std::int64_t width) { return width % multiple != 0; }) <= 1);
                for (std::size_t l = 0; l < neurons.size(); ++l)
                    QVERIFY(widths[l] >= 1 && widths[l] <= neurons[l]);
            }
        }
    }
}

void tst_WidthAllocation::whatCannotBeSharedOutIsRefused()
{
    const LossPath path = {{20, 1}, {10, 2}};
    const Widths neurons = {30, 30};
    const auto isRefused = [](const Widths &counts, const std::vector<LossPath> &paths, std::int64_t perLayer, double share,
                              std::int64_t multiple) {
        try {
            allocateWidths(counts, paths, perLayer, share, multiple);
        } catch (const std::invalid_argument &) {
            return true;
        }
        return false;
    };
    QVERIFY(!isRefused(neurons, {path, path}, 10, 1, 1));
    QVERIFY(isRefused(neurons, {path, path}, 9, 1, 1)); // below the paths
    QVERIFY(isRefused(neurons, {path, path}, 31, 1, 1));
    QVERIFY(isRefused(neurons, {path, path}, 0, 1, 1));
    QVERIFY(isRefused(neurons, {path}, 20, 1, 1));
    QVERIFY(isRefused({}, {}, 20, 1, 1));
    for (const double share : {0.0, -0.5, 1.01, std::numeric_limits<double>::quiet_NaN()})
        QVERIFY(isRefused(neurons, {path, path}, 20, share, 1));
    QVERIFY(isRefused(neurons, {path, path}, 20, 1, 0));
    QVERIFY(isRefused(neurons, {path, path}, 20, 1, 21)); // fewer than the multiple
    QVERIFY(isRefused(neurons, {path, path}, 30, 1, 16)); // 16 and 44 of 30
    QVERIFY(isRefused(neurons, {path, {{20, 1}, {20, 2}}}, 20, 1, 1));
    QVERIFY(isRefused(neurons, {path, {{40, 1}}}, 20, 1, 1));
    QVERIFY(isRefused(neurons, {path, {{20, -1.0}, {10, 1}}}, 20, 1, 1));
    QVERIFY(isRefused(neurons, {path, {{20, std::numeric_limits<double>::quiet_NaN()}}}, 20, 1, 1));
}

QTEST_GUILESS_MAIN(tst_WidthAllocation)
#include "tst_WidthAllocation.moc"
