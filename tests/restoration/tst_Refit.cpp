// SPDX-License-Identifier: GPL-3.0-or-later
// Refitted down products: against least squares of the activations in numpy, and what must hold of them.
#include "ClosedForm.h"

#include "foundation/Error.h"
#include "restoration/Refit.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <QtTest>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

using namespace secateur;
using namespace secateur::test;

namespace {

std::vector<std::int64_t> firstOf(std::int64_t count)
{
    std::vector<std::int64_t> numbers(std::size_t(count), 0);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

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

} // namespace

class tst_Refit : public QObject {
    Q_OBJECT

private slots:
    void weightsAndErrorsAreThoseOfTheReference();
    void gramsInFloat32GiveTheSameBits();
    void allNeuronsKeepTheirWeights();
    void theFitIsNeverWorseThanPlain();
    void theErrorFallsWithTheWidth();
    void theSurvivorOfTwoDuplicatesGetsTheSum();
    void theRidgeSystemIsSolved();
    void neuronsThatNeverFireGetZeros();
    void theRidgeIsRaisedWhereTheMatrixIsSingular();
    void theSameInputsGiveTheSameBits();
    void whatCannotBeSolvedIsRefused();
    void wrongArgumentsAreRefused();
};

void tst_Refit::weightsAndErrorsAreThoseOfTheReference()
{
    const nlohmann::json document = closedForm();
    QVERIFY(document.at("refits").size() >= 10);
    for (const nlohmann::json &expected : document.at("refits")) {
        const auto name = expected.at("problem").get<std::string>();
        const Problem problem(document, name);
        const RefittedDown found = refitDown(problem.gram, problem.down, expected.at("kept").get<std::vector<std::int64_t>>(),
                                             expected.at("ridge").get<double>(), name);
        QCOMPARE(found.weight.scalar_type(), at::kDouble);
        QVERIFY2(differenceOf(found.weight, matrixOf(expected.at("weight"))) < 1e-8, name.c_str());
        const auto isNear = [&](double value, const char *field) {
            const auto wanted = expected.at(field).get<double>();
            return std::abs(value - wanted) <= 1e-8 * std::abs(wanted) + 1e-14;
        };
        QCOMPARE(found.told.raised, expected.at("raised").get<std::int64_t>());
        QVERIFY2(isNear(found.told.ridge, "usedRidge"), name.c_str());
        QVERIFY2(isNear(found.told.growth, "growth"), name.c_str());
        QVERIFY2(isNear(found.told.errorBefore, "errorBefore"), name.c_str());
        QVERIFY2(isNear(found.told.errorAfter, "errorAfter"), name.c_str());
    }
}

/// The numbers of the problem have few enough bits for fp32, so that only a solution in fp32 could differ.
void tst_Refit::gramsInFloat32GiveTheSameBits()
{
    const Problem problem(closedForm(), "full");
    QVERIFY(problem.gram.to(at::kFloat).to(at::kDouble).equal(problem.gram));
    const RefittedDown wide = refitDown(problem.gram, problem.down, {0, 3, 8, 9, 17}, 1e-3, "layer 3");
    const RefittedDown narrow = refitDown(problem.gram.to(at::kFloat), problem.down.to(at::kFloat), {0, 3, 8, 9, 17}, 1e-3, "layer 3");
    QVERIFY(narrow.weight.equal(wide.weight));
    QVERIFY(narrow.told == wide.told);
}

void tst_Refit::allNeuronsKeepTheirWeights()
{
    for (const char *name : {"full", "deficient", "dead", "duplicates"}) {
        const Problem problem(closedForm(), name);
        for (const double ridge : {0.0, 1e-3, 1.0}) {
            const RefittedDown found = refitDown(problem.gram, problem.down, firstOf(problem.gram.size(0)), ridge, "layer 3");
            QVERIFY(found.weight.equal(problem.down));
            QVERIFY(found.told == RestoredLayer{.ridge = ridge});
        }
    }
}

void tst_Refit::theFitIsNeverWorseThanPlain()
{
    for (std::int64_t seed = 0; seed < 20; ++seed) {
        const Problem problem(seed, seed % 2 ? 12 : 60, 24, 5);
        for (const std::int64_t kept : {1, 8, 16, 23}) {
            for (const double ridge : {1e-8, 1e-3, 10.0}) {
                const RefittedDown found = refitDown(problem.gram, problem.down, firstOf(kept), ridge, "layer 3");
                QVERIFY(found.told.errorAfter <= found.told.errorBefore);
                const at::Tensor dense = problem.activations.mm(problem.down.mT());
                const auto share = [&](const at::Tensor &weight) {
                    return ((problem.activations.narrow(1, 0, kept).mm(weight.mT()) - dense).square().sum() / dense.square().sum())
                        .item<double>();
                };
                QVERIFY(std::abs(found.told.errorBefore - share(problem.down.narrow(1, 0, kept))) < 1e-12);
                QVERIFY(std::abs(found.told.errorAfter - share(found.weight)) < 1e-12);
            }
        }
    }
}

void tst_Refit::theErrorFallsWithTheWidth()
{
    const Problem problem(1, 80, 32, 6);
    double last = 1;
    for (std::int64_t kept = 1; kept < 32; ++kept) {
        const double error = refitDown(problem.gram, problem.down, firstOf(kept), 1e-10, "layer 3").told.errorAfter;
        QVERIFY(error <= last + 1e-12);
        last = error;
    }
    QVERIFY(last < 0.1);
}

void tst_Refit::theSurvivorOfTwoDuplicatesGetsTheSum()
{
    const Problem problem(closedForm(), "duplicates"); // neurons 2 and 7
    std::vector<std::int64_t> kept = firstOf(problem.gram.size(0));
    kept.erase(kept.begin() + 7);
    const RefittedDown found = refitDown(problem.gram, problem.down, kept, 1e-10, "layer 3");
    at::Tensor summed = problem.down.clone();
    summed.select(1, 2).add_(problem.down.select(1, 7));
    QVERIFY(differenceOf(found.weight, at::cat({summed.narrow(1, 0, 7), summed.narrow(1, 8, summed.size(1) - 8)}, 1)) < 1e-6);
    QVERIFY(found.told.errorAfter < 1e-12);
}

void tst_Refit::theRidgeSystemIsSolved()
{
    const Problem problem(3, 90, 30, 4);
    const at::Tensor right = problem.gram.mm(problem.down.mT());
    for (const double ridge : {0.0, 1e-3, 0.1}) {
        const RidgeSolution found = solveRidge(problem.gram, right, ridge, "layer 3");
        QCOMPARE(found.ridge, ridge);
        QCOMPARE(found.raised, std::int64_t(0));
        const double r = ridge * problem.gram.diagonal().mean().item<double>();
        // Least squares of the activations and sqrt(r) 1 below them.
        const at::Tensor system = at::cat({problem.activations, std::sqrt(r) * at::eye(30, problem.gram.options())});
        const at::Tensor target = at::cat({problem.activations.mm(problem.down.mT()), at::zeros({30, 4}, problem.gram.options())});
        const at::Tensor expected = std::get<0>(at::linalg_lstsq(system.cpu(), target.cpu(), std::nullopt, "gelsd"));
        QVERIFY(differenceOf(found.x.cpu(), expected) < 1e-8);
    }
}

void tst_Refit::neuronsThatNeverFireGetZeros()
{
    const Problem problem(closedForm(), "dead"); // neurons 3 and 11
    const RidgeSolution found = solveRidge(problem.gram, at::ones({16, 2}, problem.gram.options()), 0, "layer 3");
    QCOMPARE(found.raised, std::int64_t(0));
    for (std::int64_t neuron = 0; neuron < 16; ++neuron)
        QCOMPARE(found.x[neuron].abs().max().item<double>() == 0, neuron == 3 || neuron == 11);
    QVERIFY(refitDown(problem.gram, problem.down, {0, 3, 5}, 1e-3, "layer 3").weight.select(1, 1).abs().max().item<double>() == 0);
}

void tst_Refit::theRidgeIsRaisedWhereTheMatrixIsSingular()
{
    const at::Tensor gram = at::ones({2, 2}, at::TensorOptions(at::kDouble).device(testDevice()));
    const RidgeSolution found = solveRidge(gram, at::full({2, 1}, 2.0, gram.options()), 0, "layer 3");
    QVERIFY(found.raised >= 1);
    QVERIFY(found.ridge > 0 && found.ridge < 1e-9);
    QVERIFY(std::abs(found.x.sum().item<double>() - 2) < 1e-6);
    // Eigenvalues 3 and -1: nothing below a ridge of 1 helps.
    const at::Tensor indefinite = gram * 2 - at::eye(2, gram.options());
    const RidgeSolution raised = solveRidge(indefinite, at::ones({2, 1}, gram.options()), 0.02, "layer 3");
    QCOMPARE(raised.raised, std::int64_t(2));
    QVERIFY(std::abs(raised.ridge - 2) < 1e-12);
    QVERIFY((raised.x - 1 / 5.0).abs().max().item<double>() < 1e-12); // (3 + 2) x = 1
}

void tst_Refit::theSameInputsGiveTheSameBits()
{
    const Problem problem(5, 300, 120, 40);
    const RefittedDown one = refitDown(problem.gram, problem.down, firstOf(70), 1e-3, "layer 3");
    const RefittedDown other = refitDown(problem.gram.clone(), problem.down.clone(), firstOf(70), 1e-3, "layer 3");
    QVERIFY(one.weight.equal(other.weight));
    QVERIFY(one.told == other.told);
}

void tst_Refit::whatCannotBeSolvedIsRefused()
{
    const Problem problem(7, 40, 10, 3);
    const auto failureWith = [&](const std::function<void(Problem &)> &change) {
        Problem changed = problem;
        changed.gram = changed.gram.clone();
        changed.down = changed.down.clone();
        change(changed);
        return failureOf([&] { refitDown(changed.gram, changed.down, {0, 2, 5}, 1e-3, "layer 3"); });
    };
    QVERIFY(failureWith([](Problem &) {}).empty());
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        QVERIFY(tells(failureWith([&](Problem &p) { p.gram[2][5] = bad; }), "not finite")); // among the kept
        QVERIFY(tells(failureWith([&](Problem &p) { p.gram[7][8] = bad; }), "not finite")); // among the others
        QVERIFY(tells(failureWith([&](Problem &p) { p.down[1][4] = bad; }), "not finite"));
    }
    QVERIFY(tells(failureWith([](Problem &p) { p.gram.zero_(); }), "zero everywhere"));
    QVERIFY(tells(failureWith([](Problem &p) { p.gram[2][5] += 1; }), "not symmetric"));
    QVERIFY(tells(failureWith([](Problem &p) { p.gram.neg_(); }), "cannot be solved"));
    at::Tensor right = at::ones({10, 1}, problem.gram.options());
    right[4] = std::numeric_limits<double>::quiet_NaN();
    QVERIFY(tells(failureOf([&] { solveRidge(problem.gram, right, 1e-3, "layer 3"); }), "not finite"));
}

void tst_Refit::wrongArgumentsAreRefused()
{
    const Problem problem(7, 40, 10, 3);
    for (const std::vector<std::int64_t> &kept : std::vector<std::vector<std::int64_t>>{{}, {2, 1}, {2, 2}, {-1, 2}, {2, 10}})
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, refitDown(problem.gram, problem.down, kept, 1e-3, "layer 3"));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, refitDown(problem.gram, problem.down.mT(), {1}, 1e-3, "layer 3"));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, refitDown(problem.gram, problem.down, {1}, -1e-3, "layer 3"));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, solveRidge(problem.gram, problem.down, 1e-3, "layer 3"));
}

QTEST_GUILESS_MAIN(tst_Refit)
#include "tst_Refit.moc"
