// SPDX-License-Identifier: GPL-3.0-or-later
// The order in which neurons go: against an elimination in numpy that inverts afresh for each block, and what must hold of it. Then the whole chain: orders,
// widths, refits.
#include "ClosedForm.h"

#include "foundation/Error.h"
#include "restoration/Elimination.h"
#include "restoration/Refit.h"
#include "restoration/WidthAllocation.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

using namespace secateur;
using namespace secateur::test;

namespace {

/// What an Error says and advises; empty where none came.
std::string failureOf(const std::function<void()> &call)
{
    try {
        call();
    } catch (const Error &error) {
        return std::string(error.what()) + " " + error.hint();
    }
    return {};
}

bool tells(const std::string &failure, const char *words)
{
    return failure.find(words) != std::string::npos && failure.find("layer 3") != std::string::npos;
}

LossPath lossesOf(const EliminationPath &path)
{
    LossPath losses;
    for (const EliminationPath::Cut &cut : path.cuts)
        losses.emplace_back(cut.remaining, cut.error);
    return losses;
}

/// The least of |A_S X - A W^T|^2 + r |X|^2 over X, r a share of the mean diagonal of all of G, less |A W^T|^2.
double objective(const Problem &problem, const std::vector<std::int64_t> &kept, double ridge)
{
    const at::Tensor index = at::tensor(kept).to(problem.gram.device());
    const at::Tensor own = problem.gram.index_select(0, index).index_select(1, index);
    const at::Tensor right = problem.gram.index_select(0, index).mm(problem.down.mT());
    const at::Tensor share = ridge * problem.gram.diagonal().mean() / own.diagonal().mean();
    return -(right * solveRidge(own, right, share.item<double>(), "layer 3").x).sum().item<double>();
}

} // namespace

class tst_Elimination : public QObject {
    Q_OBJECT

private slots:
    void ordersAndErrorsAreThoseOfTheReference();
    void errorsSumToWhatTheObjectiveLoses();
    void deadNeuronsGoFirstThenOneOfTwoDuplicates();
    void equalNeuronsGoByIndex();
    void blocksGoDownToATwentyFourth();
    void setsAreNested();
    void float32FollowsFloat64();
    void theRidgeIsRaisedWhereTheMatrixIsIndefinite();
    void theRidgeIsRaisedWhereRoundingAsksForIt();
    void theChainIsThatOfTheReference();
    void whatCannotBeEliminatedIsRefused();
};

void tst_Elimination::ordersAndErrorsAreThoseOfTheReference()
{
    const nlohmann::json document = closedForm();
    QVERIFY(document.at("eliminations").size() >= 8);
    for (const nlohmann::json &expected : document.at("eliminations")) {
        const auto name = expected.at("problem").get<std::string>();
        const Problem problem(document, name);
        const at::Tensor before = problem.gram.clone();
        const EliminationPath path =
            eliminate(problem.gram, problem.down, expected.at("ridge").get<double>(), expected.at("block").get<std::int64_t>(), name);
        QVERIFY2(path.order == expected.at("order").get<std::vector<std::int64_t>>(), name.c_str());
        QCOMPARE(path.ridge, expected.at("ridge").get<double>());
        QCOMPARE(path.cuts.size(), expected.at("cuts").size());
        for (std::size_t i = 0; i < path.cuts.size(); ++i) {
            const nlohmann::json &cut = expected.at("cuts").at(i);
            QCOMPARE(path.cuts[i].remaining, cut.at(0).get<std::int64_t>());
            QVERIFY2(std::abs(path.cuts[i].error - cut.at(1).get<double>()) <= 1e-8 * cut.at(1).get<double>(), name.c_str());
        }
        QVERIFY(problem.gram.equal(before));
    }
}

void tst_Elimination::errorsSumToWhatTheObjectiveLoses()
{
    for (const std::int64_t tokens : {15, 100}) {
        const Problem problem(tokens, tokens, 40, 5);
        const EliminationPath path = eliminate(problem.gram, problem.down, 1e-3, 3, "layer 3");
        const double start = objective(problem, path.best(40), path.ridge);
        double sum = 0;
        for (const EliminationPath::Cut &cut : path.cuts) {
            QVERIFY(cut.error >= 0);
            sum += cut.error;
            const double lost = objective(problem, path.best(cut.remaining), path.ridge) - start;
            QVERIFY(std::abs(sum - lost) <= 1e-6 * lost);
        }
    }
}

void tst_Elimination::deadNeuronsGoFirstThenOneOfTwoDuplicates()
{
    Problem problem(4, 60, 20, 4);
    problem.activations.select(1, 13).zero_();
    problem.activations.select(1, 9).copy_(problem.activations.select(1, 4));
    problem.gram = problem.activations.mT().mm(problem.activations);
    const EliminationPath path = eliminate(problem.gram, problem.down, 1e-8, 1, "layer 3");
    QCOMPARE(path.order.at(0), std::int64_t(13));
    QCOMPARE(path.cuts.at(0).error, 0.0);
    QVERIFY(path.order.at(1) == 4 || path.order.at(1) == 9);
    QVERIFY(path.cuts.at(1).error < 1e-6 * path.cuts.at(2).error);
    // What is left behind the two gives the dense output.
    QVERIFY(refitDown(problem.gram, problem.down, path.best(18), 1e-8, "layer 3").told.errorAfter < 1e-12);
}

void tst_Elimination::equalNeuronsGoByIndex()
{
    const at::Tensor gram = at::eye(12, at::TensorOptions(at::kDouble).device(testDevice()));
    const at::Tensor down = at::ones({2, 12}, gram.options());
    for (const std::int64_t block : {1, 5})
        QVERIFY(eliminate(gram, down, 1e-3, block, "layer 3").order == (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

void tst_Elimination::blocksGoDownToATwentyFourth()
{
    QCOMPARE(eliminationBlock(8), std::int64_t(16));
    QCOMPARE(eliminationBlock(1023), std::int64_t(16));
    QCOMPARE(eliminationBlock(1024), std::int64_t(21));
    QCOMPARE(eliminationBlock(11008), std::int64_t(229));
    const auto remainingOf = [](std::int64_t neurons, std::int64_t block) {
        const Problem problem(6, 120, neurons, 3);
        std::vector<std::int64_t> remaining;
        for (const EliminationPath::Cut &cut : eliminate(problem.gram, problem.down, 1e-3, block, "layer 3").cuts)
            remaining.push_back(cut.remaining);
        return remaining;
    };
    QVERIFY(remainingOf(50, 16) == (std::vector<std::int64_t>{34, 18, 2}));
    QVERIFY(remainingOf(50, 30) == (std::vector<std::int64_t>{20, 2}));
    QVERIFY(remainingOf(5, 16) == (std::vector<std::int64_t>{1}));
    QVERIFY(remainingOf(1, 16).empty());
}

void tst_Elimination::setsAreNested()
{
    const Problem problem(8, 100, 48, 4);
    const EliminationPath path = eliminate(problem.gram, problem.down, 1e-3, 7, "layer 3");
    QCOMPARE(path.neurons(), std::int64_t(48));
    for (std::int64_t kept = 0; kept <= 48; ++kept) {
        const std::vector<std::int64_t> set = path.best(kept);
        QCOMPARE(std::int64_t(set.size()), kept);
        QVERIFY(std::adjacent_find(set.begin(), set.end(), std::greater_equal<>()) == set.end());
        if (kept < 48) {
            const std::vector<std::int64_t> wider = path.best(kept + 1);
            QVERIFY(std::includes(wider.begin(), wider.end(), set.begin(), set.end()));
        }
    }
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, path.best(49));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, path.best(-1));
}

/// Its errors are those of fp64 to the rounding of an inverse.
void tst_Elimination::float32FollowsFloat64()
{
    const Problem problem(9, 400, 64, 6);
    const EliminationPath exact = eliminate(problem.gram, problem.down, 1e-3, 8, "layer 3");
    const EliminationPath rounded = eliminate(problem.gram.to(at::kFloat), problem.down.to(at::kFloat), 1e-3, 8, "layer 3");
    QCOMPARE(rounded.ridge, exact.ridge);
    QCOMPARE(rounded.cuts.size(), exact.cuts.size());
    for (std::size_t i = 0; i < exact.cuts.size(); ++i)
        QVERIFY(std::abs(rounded.cuts[i].error - exact.cuts[i].error) < 1e-3 * exact.cuts[i].error);
}

void tst_Elimination::theRidgeIsRaisedWhereTheMatrixIsIndefinite()
{
    const Problem problem(closedForm(), "indefinite");
    const EliminationPath path = eliminate(problem.gram, problem.down, 1e-4, 2, "layer 3");
    QVERIFY(std::abs(path.ridge - 0.1) < 1e-12);
    QCOMPARE(path.cuts.back().remaining, std::int64_t(1));
}

/// In fp32 a ridge of 1e-9 is nothing beside a matrix that has half the rank.
void tst_Elimination::theRidgeIsRaisedWhereRoundingAsksForIt()
{
    for (std::int64_t seed = 0; seed < 10; ++seed) {
        const Problem problem(seed, 20, 40, 4);
        const EliminationPath path = eliminate(problem.gram.to(at::kFloat), problem.down.to(at::kFloat), 1e-9, 3, "layer 3");
        QVERIFY(path.ridge > 1e-9 && path.ridge < 1e-2);
        const std::vector<std::int64_t> all = path.best(40);
        QCOMPARE(all.front(), std::int64_t(0));
        QCOMPARE(all.back(), std::int64_t(39));
        QVERIFY(std::adjacent_find(all.begin(), all.end()) == all.end());
        QVERIFY(
            std::all_of(path.cuts.begin(), path.cuts.end(), [](const auto &cut) { return cut.error >= 0 && std::isfinite(cut.error); }));
    }
}

void tst_Elimination::theChainIsThatOfTheReference()
{
    const nlohmann::json document = closedForm();
    QVERIFY(!document.at("chains").empty());
    for (const nlohmann::json &chain : document.at("chains")) {
        std::vector<Problem> layers;
        std::vector<EliminationPath> paths;
        std::vector<LossPath> losses;
        std::vector<std::int64_t> neurons;
        for (const nlohmann::json &name : chain.at("problems")) {
            layers.emplace_back(document, name.get<std::string>());
            paths.push_back(
                eliminate(layers.back().gram, layers.back().down, chain.at("ridge"), chain.at("block"), name.get<std::string>()));
            losses.push_back(lossesOf(paths.back()));
            neurons.push_back(paths.back().neurons());
        }
        const std::vector<std::int64_t> widths = allocateWidths(neurons, losses, chain.at("perLayer"), chain.at("share"));
        QVERIFY(widths == chain.at("widths").get<std::vector<std::int64_t>>());
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::vector<std::int64_t> kept = paths[l].best(widths[l]);
            QVERIFY(kept == chain.at("kept").at(l).get<std::vector<std::int64_t>>());
            const RefittedDown refitted = refitDown(layers[l].gram, layers[l].down, kept, chain.at("ridge"), "layer " + std::to_string(l));
            QVERIFY(differenceOf(refitted.weight, matrixOf(chain.at("weights").at(l))) < 1e-8);
        }
    }
}

void tst_Elimination::whatCannotBeEliminatedIsRefused()
{
    const Problem problem(7, 40, 10, 3);
    const auto failureWith = [&](const std::function<void(Problem &)> &change) {
        Problem changed = problem;
        changed.gram = changed.gram.clone();
        changed.down = changed.down.clone();
        change(changed);
        return failureOf([&] { eliminate(changed.gram, changed.down, 1e-3, 2, "layer 3"); });
    };
    QVERIFY(failureWith([](Problem &) {}).empty());
    QVERIFY(tells(failureWith([](Problem &p) { p.gram[2][5] = std::numeric_limits<double>::quiet_NaN(); }), "not finite"));
    QVERIFY(tells(failureWith([](Problem &p) { p.down[1][4] = std::numeric_limits<double>::infinity(); }), "not finite"));
    QVERIFY(tells(failureWith([](Problem &p) { p.gram.zero_(); }), "zero everywhere"));
    QVERIFY(tells(failureWith([](Problem &p) { p.gram[2][5] += 1; }), "not symmetric"));
    QVERIFY(tells(failureWith([](Problem &p) { p.gram.neg_(); }), "cannot be solved"));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, eliminate(problem.gram, problem.down, 1e-3, 0, "layer 3"));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, eliminate(problem.gram, problem.down.mT(), 1e-3, 1, "layer 3"));
}

QTEST_GUILESS_MAIN(tst_Elimination)
#include "tst_Elimination.moc"
