// SPDX-License-Identifier: GPL-3.0-or-later
// What is done once for each element, against the library in fp64.
#include "model/RowKernels.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>
#include <QtTest>
#include <c10/core/InferenceMode.h>
#include <limits>

using namespace secateur;

namespace {

/// Largest error, in units of the fp32 rounding of the largest element of its row.
double roundings(const at::Tensor &ours, const at::Tensor &exact)
{
    const at::Tensor greatest = exact.abs().amax(-1, true).clamp_min(1e-30);
    return ((ours.to(at::kDouble) - exact).abs() / greatest).max().item<double>() * 0x1p24;
}

} // namespace

class tst_RowKernels : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        at::manual_seed(3);
        if (!canTakeRows(at::randn({2, 64})))
            QSKIP("this processor has neither AVX-512 nor AVX2: the library does the work");
    }
    void normEqualsItsDefinition_data();
    void normEqualsItsDefinition();
    void gateEqualsTheLibrary_data();
    void gateEqualsTheLibrary();
    void squaresEqualTheLibrary();
    void logSumExpEqualsTheLibrary_data();
    void logSumExpEqualsTheLibrary();
    void rotationEqualsItsDefinition_data();
    void rotationEqualsItsDefinition();
    void nothingDependsOnThreads();
    void whatIsNotFiniteStaysSo();
    void knowsWhatItCannotDo();

private:
    c10::InferenceMode m_guard;
};

void tst_RowKernels::normEqualsItsDefinition_data()
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("width");
    QTest::addColumn<double>("size");
    for (const int width : {16, 48, 64, 80, 576, 4096})
        for (const double size : {1e-6, 1.0, 1e4})
            QTest::addRow("width %d, around %g", width, size) << (width > 1000 ? 3 : 300) << width << size;
}

void tst_RowKernels::normEqualsItsDefinition()
{
    QFETCH(int, rows);
    QFETCH(int, width);
    QFETCH(double, size);
    const at::Tensor x = at::randn({2, rows, width}) * size, weight = at::randn({width});
    for (const double more : {0.0, 1.0}) {
        const at::Tensor wide = x.to(at::kDouble);
        const at::Tensor exact = wide / (wide.square().mean(-1, true) + 1e-5).sqrt() * (weight.to(at::kDouble) + more);
        const at::Tensor ours = normedRows(x, weight, 1e-5, more);
        QCOMPARE(ours.sizes(), x.sizes());
        QCOMPARE_LE(roundings(ours, exact), 6.0);
    }
}

void tst_RowKernels::gateEqualsTheLibrary_data()
{
    QTest::addColumn<double>("size");
    for (const double size : {1e-3, 1.0, 30.0, 1e4})
        QTest::addRow("around %g", size) << size;
}

void tst_RowKernels::gateEqualsTheLibrary()
{
    QFETCH(double, size);
    for (const std::int64_t width : {16, 656, 16400}) {
        at::Tensor gate = at::randn({1, 70, width}) * size;
        const at::Tensor up = at::randn({1, 70, width});
        const at::Tensor exact = at::silu(gate.to(at::kDouble)) * up.to(at::kDouble);
        gateRows(gate, up);
        const at::Tensor allowed =
            exact.abs() * (6 * 0x1p-24) + 1e-33 * up.abs().to(at::kDouble); // relative, but where the exponential ends
        QVERIFY(((gate.to(at::kDouble) - exact).abs() <= allowed).all().item<bool>());
    }
}

void tst_RowKernels::squaresEqualTheLibrary()
{
    for (const std::int64_t rows : {1, 31, 32, 33, 2048})
        for (const std::int64_t columns : {16, 48, 656}) {
            const at::Tensor x = at::randn({rows, columns}), exact = x.to(at::kDouble).square().sum(0), ours = columnSquares(x);
            QCOMPARE(ours.sizes(), exact.sizes());
            QVERIFY(((ours.to(at::kDouble) - exact).abs() <= exact * (16 * 0x1p-24)).all().item<bool>());
        }
}

void tst_RowKernels::logSumExpEqualsTheLibrary_data()
{
    QTest::addColumn<double>("size");
    for (const double size : {1e-3, 1.0, 30.0, 1e4})
        QTest::addRow("around %g", size) << size;
}

void tst_RowKernels::logSumExpEqualsTheLibrary()
{
    QFETCH(double, size);
    for (const std::int64_t columns : {16, 48, 80, 2048, 2064})
        for (const double middle : {-1000.0, 0.0, 1000.0}) {
            const at::Tensor x = at::randn({70, columns}) * size + middle, exact = at::logsumexp(x.to(at::kDouble), {1});
            const at::Tensor ours = logSumExpRows(x);
            QCOMPARE(ours.sizes(), exact.sizes());
            const at::Tensor allowed = exact.abs().clamp_min(1) * (4 * 0x1p-24);
            QVERIFY(((ours.to(at::kDouble) - exact).abs() <= allowed).all().item<bool>());
        }
}

void tst_RowKernels::rotationEqualsItsDefinition_data()
{
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("headDim");
    for (const int headDim : {32, 64, 96, 128, 256})
        for (const int tokens : {1, 7, 300})
            QTest::addRow("width %d, %d tokens", headDim, tokens) << 9 << tokens << headDim;
    QTest::addRow("one head") << 1 << 33 << 64;
}

void tst_RowKernels::rotationEqualsItsDefinition()
{
    QFETCH(int, heads);
    QFETCH(int, tokens);
    QFETCH(int, headDim);
    const at::Tensor cos = at::rand({tokens, headDim}), sin = at::rand({tokens, headDim}); // of each half its own
    const at::Tensor asProduct = at::randn({2, tokens, heads, headDim}).transpose(1, 2), byHead = at::randn({2, heads, tokens, headDim});
    for (const at::Tensor &x : {asProduct, byHead}) {
        const at::Tensor wide = x.to(at::kDouble);
        const std::int64_t half = headDim / 2;
        const at::Tensor turned = at::cat({wide.narrow(-1, half, half).neg(), wide.narrow(-1, 0, half)}, -1);
        const at::Tensor exact = wide * cos.to(at::kDouble) + turned * sin.to(at::kDouble);
        const at::Tensor ours = rotatedRows(x, cos, sin);
        QCOMPARE(ours.sizes(), x.sizes());
        QCOMPARE_LE(roundings(ours, exact), 2.0);
        QVERIFY(ours.transpose(1, 2).is_contiguous());
        if (headDim == 32)
            continue;
        const std::int64_t part = headDim - 32; // of each head only so much
        const at::Tensor partly = rotatedRows(x, cos.narrow(1, 0, part).contiguous(), sin.narrow(1, 0, part).contiguous());
        const at::Tensor first = x.narrow(-1, 0, part).contiguous();
        QVERIFY(
            partly.narrow(-1, 0, part).equal(rotatedRows(first, cos.narrow(1, 0, part).contiguous(), sin.narrow(1, 0, part).contiguous())));
        QVERIFY(partly.narrow(-1, part, 32).equal(x.narrow(-1, part, 32)));
    }
}

void tst_RowKernels::nothingDependsOnThreads()
{
    const at::Tensor x = at::randn({2, 300, 576}), weight = at::randn({576}), up = at::randn({2, 300, 576});
    const at::Tensor heads = x.view({2, 300, 9, 64}).transpose(1, 2), cos = at::rand({300, 64}), sin = at::rand({300, 64});
    const auto all = [&] {
        at::Tensor gate = x.clone();
        gateRows(gate, up);
        return std::vector<at::Tensor>{normedRows(x, weight, 1e-5, 0), gate, columnSquares(x[0]), logSumExpRows(x[0]),
                                       rotatedRows(heads, cos, sin)};
    };
    const std::vector<at::Tensor> several = all();
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const std::vector<at::Tensor> one = all();
    at::set_num_threads(threads);
    for (std::size_t i = 0; i < one.size(); ++i)
        QVERIFY(at::equal(one[i], several[i]));
}

void tst_RowKernels::whatIsNotFiniteStaysSo()
{
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
        at::Tensor x = at::randn({3, 64});
        x.select(0, 1).select(0, 20).fill_(bad);
        const at::Tensor ones = at::full({64}, 1.0F);
        QVERIFY(!normedRows(x, ones, 1e-5, 0).select(0, 1).isfinite().all().item<bool>());
        QVERIFY(normedRows(x, ones, 1e-5, 0).select(0, 0).isfinite().all().item<bool>());
        at::Tensor gate = x.clone(), up = at::full({3, 64}, 2.0F);
        gateRows(gate, up);
        QVERIFY(!gate.select(0, 1).isfinite().all().item<bool>());
        QVERIFY(!logSumExpRows(x).select(0, 1).isfinite().item<bool>());
        QVERIFY(logSumExpRows(x).select(0, 0).isfinite().item<bool>());
        const at::Tensor head = x.view({1, 1, 3, 64}), flat = at::full({3, 64}, 1.0F);
        QVERIFY(!rotatedRows(head, flat, flat).select(2, 1).isfinite().all().item<bool>());
    }
}

void tst_RowKernels::knowsWhatItCannotDo()
{
    QVERIFY(!canTakeRows(at::randn({2, 40})));
    QVERIFY(!canTakeRows(at::randn({2, 64}).to(at::kBFloat16)));
    QVERIFY(!canTakeRows(at::randn({64, 2}).t()));
    QVERIFY(canRotateRows(at::randn({1, 2, 3, 64}), 64));
    QVERIFY(canRotateRows(at::randn({1, 2, 3, 48}), 32));  // the rest is copied
    QVERIFY(!canRotateRows(at::randn({1, 2, 3, 48}), 48)); // halves of 24
    QVERIFY(!canRotateRows(at::randn({1, 2, 64, 64}).transpose(2, 3), 64));
}

QTEST_GUILESS_MAIN(tst_RowKernels)
#include "tst_RowKernels.moc"
