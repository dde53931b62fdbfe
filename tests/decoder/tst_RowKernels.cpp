// SPDX-License-Identifier: GPL-3.0-or-later
// What is done once for each element, against the library in fp64.
#include "decoder/RowKernels.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
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

/// How far a number of a type is at most from what is rounded to it, relative.
double rounding(at::ScalarType type)
{
    return type == at::kFloat ? 0x1p-24 : type == at::kHalf ? 0x1p-11 : 0x1p-8;
}

/// Largest error, in roundings of the largest element of its row.
double roundings(const at::Tensor &ours, const at::Tensor &exact)
{
    const at::Tensor greatest = exact.abs().amax(-1, true).clamp_min(1e-30);
    return ((ours.to(at::kDouble) - exact).abs() / greatest).max().item<double>() / rounding(ours.scalar_type());
}

/// Roundings that an error may be: 16-bit results are rounded once, after sums in fp32.
double allowed(at::ScalarType type, double inFloat)
{
    return type == at::kFloat ? inFloat : 1.001;
}

const at::ScalarType kTypes[] = {at::kFloat, at::kBFloat16, at::kHalf};

void addTypes()
{
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes)
        QTest::addRow("%s", at::toString(type)) << type;
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
    void swigluEqualsTheLibrary_data();
    void swigluEqualsTheLibrary();
    void squaresEqualTheLibrary();
    void logSumExpEqualsTheLibrary_data();
    void logSumExpEqualsTheLibrary();
    void rotationEqualsItsDefinition_data();
    void rotationEqualsItsDefinition();
    void nothingDependsOnThreads_data() { addTypes(); }
    void nothingDependsOnThreads();
    void whatIsNotFiniteStaysSo_data() { addTypes(); }
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
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes)
        for (const int width : {16, 48, 64, 80, 576, 4096})
            for (const double size : {1e-6, 1.0, 1e4})
                if (type != at::kHalf || size == 1)
                    QTest::addRow("%s, width %d, around %g", at::toString(type), width, size)
                        << (width > 1000 ? 3 : 300) << width << size << type;
}

void tst_RowKernels::normEqualsItsDefinition()
{
    QFETCH(int, rows);
    QFETCH(int, width);
    QFETCH(double, size);
    QFETCH(at::ScalarType, type);
    const at::Tensor x = (at::randn({2, rows, width}) * size).to(type), weight = at::randn({width}).to(type);
    for (const double more : {0.0, 1.0}) {
        const at::Tensor wide = x.to(at::kDouble);
        const at::Tensor exact = wide / (wide.square().mean(-1, true) + 1e-5).sqrt() * (weight.to(at::kDouble) + more);
        const at::Tensor ours = normedRows(x, weight, 1e-5, more);
        QCOMPARE(ours.sizes(), x.sizes());
        QCOMPARE(ours.scalar_type(), type);
        QCOMPARE_LE(roundings(ours, exact), allowed(type, 6.0));
    }
}

void tst_RowKernels::swigluEqualsTheLibrary_data()
{
    QTest::addColumn<double>("size");
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes)
        for (const double size : {1e-3, 1.0, 30.0, 1e4})
            if (type != at::kHalf || size < 1e3)
                QTest::addRow("%s, around %g", at::toString(type), size) << size << type;
}

void tst_RowKernels::swigluEqualsTheLibrary()
{
    QFETCH(double, size);
    QFETCH(at::ScalarType, type);
    for (const std::int64_t width : {1, 16, 648, 653, 656, 16400}) {
        at::Tensor gate = (at::randn({1, 70, width}) * size).to(type);
        const at::Tensor up = at::randn({1, 70, width}).to(type);
        const at::Tensor exact = at::silu(gate.to(at::kDouble)) * up.to(at::kDouble);
        swiglu(gate, up);
        const double end = type == at::kHalf ? 0x1p-24 : 1e-33; // relative, but where the exponential or the type ends
        const at::Tensor most = exact.abs() * (allowed(type, 6) * rounding(type)) + end * up.abs().to(at::kDouble).clamp_min(1);
        QVERIFY(((gate.to(at::kDouble) - exact).abs() <= most).all().item<bool>());
    }
}

void tst_RowKernels::squaresEqualTheLibrary()
{
    for (const at::ScalarType type : kTypes)
        for (const std::int64_t rows : {1, 31, 32, 33, 2048})
            for (const std::int64_t columns : {16, 48, 656}) {
                const at::Tensor x = at::randn({rows, columns}).to(type), exact = x.to(at::kDouble).square().sum(0),
                                 ours = columnSquares(x);
                QCOMPARE(ours.sizes(), exact.sizes());
                QCOMPARE(ours.scalar_type(), at::kFloat);
                QVERIFY(((ours.to(at::kDouble) - exact).abs() <= exact * (16 * 0x1p-24)).all().item<bool>());
            }
}

void tst_RowKernels::logSumExpEqualsTheLibrary_data()
{
    QTest::addColumn<double>("size");
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes)
        for (const double size : {1e-3, 1.0, 30.0, 1e4})
            if (type != at::kHalf || size < 1e3)
                QTest::addRow("%s, around %g", at::toString(type), size) << size << type;
}

void tst_RowKernels::logSumExpEqualsTheLibrary()
{
    QFETCH(double, size);
    QFETCH(at::ScalarType, type);
    for (const std::int64_t columns : {16, 48, 80, 2048, 2064})
        for (const double middle : {-1000.0, 0.0, 1000.0}) {
            const at::Tensor x = (at::randn({70, columns}) * size + middle).to(type), exact = at::logsumexp(x.to(at::kDouble), {1});
            const at::Tensor ours = logSumExpRows(x);
            QCOMPARE(ours.sizes(), exact.sizes());
            const at::Tensor most = exact.abs().clamp_min(1) * (4 * 0x1p-24);
            QVERIFY(((ours.to(at::kDouble) - exact).abs() <= most).all().item<bool>());
        }
}

void tst_RowKernels::rotationEqualsItsDefinition_data()
{
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("headDim");
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes) {
        for (const int headDim : {32, 64, 96, 128, 256})
            for (const int tokens : {1, 7, 300})
                QTest::addRow("%s, width %d, %d tokens", at::toString(type), headDim, tokens) << 9 << tokens << headDim << type;
        QTest::addRow("%s, one head", at::toString(type)) << 1 << 33 << 64 << type;
    }
}

void tst_RowKernels::rotationEqualsItsDefinition()
{
    QFETCH(int, heads);
    QFETCH(int, tokens);
    QFETCH(int, headDim);
    QFETCH(at::ScalarType, type);
    const at::Tensor cos = at::rand({tokens, headDim}).to(type), sin = at::rand({tokens, headDim}).to(type); // of each half its own
    const at::Tensor asProduct = at::randn({2, tokens, heads, headDim}).to(type).transpose(1, 2),
                     byHead = at::randn({2, heads, tokens, headDim}).to(type);
    for (const at::Tensor &x : {asProduct, byHead}) {
        const at::Tensor wide = x.to(at::kDouble);
        const std::int64_t half = headDim / 2;
        const at::Tensor turned = at::cat({wide.narrow(-1, half, half).neg(), wide.narrow(-1, 0, half)}, -1);
        const at::Tensor exact = wide * cos.to(at::kDouble) + turned * sin.to(at::kDouble);
        const at::Tensor ours = rotatedRows(x, cos, sin);
        QCOMPARE(ours.sizes(), x.sizes());
        QCOMPARE_LE(roundings(ours, exact), allowed(type, 2.0));
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
    QFETCH(at::ScalarType, type);
    const auto random = [&](at::IntArrayRef sizes) { return at::randn(sizes).to(type); };
    const at::Tensor x = random({2, 300, 576}), weight = random({576}), up = random({2, 300, 576});
    const at::Tensor heads = x.view({2, 300, 9, 64}).transpose(1, 2), cos = random({300, 64}), sin = random({300, 64});
    const auto all = [&] {
        at::Tensor gate = x.clone();
        swiglu(gate, up);
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
    QFETCH(at::ScalarType, type);
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
        at::Tensor x = at::randn({3, 64}).to(type);
        x.select(0, 1).select(0, 20).fill_(bad);
        const at::Tensor ones = at::full({64}, 1.0F, type);
        QVERIFY(!normedRows(x, ones, 1e-5, 0).select(0, 1).isfinite().all().item<bool>());
        QVERIFY(normedRows(x, ones, 1e-5, 0).select(0, 0).isfinite().all().item<bool>());
        at::Tensor gate = x.clone(), up = at::full({3, 64}, 2.0F, type);
        swiglu(gate, up);
        QVERIFY(!gate.select(0, 1).isfinite().all().item<bool>());
        QVERIFY(!logSumExpRows(x).select(0, 1).isfinite().item<bool>());
        QVERIFY(logSumExpRows(x).select(0, 0).isfinite().item<bool>());
        const at::Tensor head = x.view({1, 1, 3, 64}), flat = at::full({3, 64}, 1.0F, type);
        QVERIFY(!rotatedRows(head, flat, flat).select(2, 1).isfinite().all().item<bool>());
    }
}

void tst_RowKernels::knowsWhatItCannotDo()
{
    QVERIFY(!canTakeRows(at::randn({2, 40})));
    QVERIFY(!canTakeRows(at::randn({2, 64}).to(at::kDouble)));
    QVERIFY(!canTakeRows(at::empty({2, 64}, at::TensorOptions(at::kMeta))));
    QVERIFY(!canTakeRows(at::randn({64, 2}).t()));
    QVERIFY(canRotateRows(at::randn({1, 2, 3, 64}), 64));
    QVERIFY(canRotateRows(at::randn({1, 2, 3, 48}), 32));  // the rest is copied
    QVERIFY(!canRotateRows(at::randn({1, 2, 3, 48}), 48)); // halves of 24
    QVERIFY(!canRotateRows(at::randn({1, 2, 64, 64}).transpose(2, 3), 64));
}

QTEST_GUILESS_MAIN(tst_RowKernels)
#include "tst_RowKernels.moc"
