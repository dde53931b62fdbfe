// SPDX-License-Identifier: GPL-3.0-or-later
// Products of activations with weights, against the library in fp64.
#include "decoder/Products.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <QtTest>
#include <c10/core/InferenceMode.h>
#include <cmath>

using namespace secateur;

class tst_Products : public QObject {
    Q_OBJECT

private slots:
    void equalsTheLibrary_data();
    void equalsTheLibrary();
    void takesPartsOfWeights();
    void repeatsItself();
    void leavesOtherTypesToTheLibrary();

private:
    c10::InferenceMode m_guard;
};

void tst_Products::equalsTheLibrary_data()
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("inner");
    QTest::addColumn<int>("columns");
    for (const int rows : {1, 7, 300})
        for (const int inner : {1, 64, 577, 1536})
            for (const int columns : {1, 10, 648})
                QTest::addRow("%d x %d x %d", rows, inner, columns) << rows << inner << columns;
}

void tst_Products::equalsTheLibrary()
{
    QFETCH(int, rows);
    QFETCH(int, inner);
    QFETCH(int, columns);
    at::manual_seed(7);
    const at::Tensor x = at::randn({2, rows, inner}), weight = at::randn({columns, inner}), bias = at::randn({columns});
    const at::Tensor exact = at::linear(x.to(at::kDouble), weight.to(at::kDouble));
    const double allowed = 16 * 0x1p-24 * std::sqrt(double(inner)) * std::max(1.0, std::log2(double(inner)));
    const auto error = [](const at::Tensor &a, const at::Tensor &b) { return (a.to(at::kDouble) - b).abs().max().item<double>(); };
    const at::Tensor ours = product(x, weight);
    QCOMPARE(ours.sizes(), exact.sizes());
    QVERIFY(ours.is_contiguous());
    QCOMPARE_LE(error(ours, exact), allowed);
    QCOMPARE_LE(error(product(x, weight, bias), exact + bias.to(at::kDouble)), allowed);
    QCOMPARE_LE(error(product(x[0], weight), exact[0]), allowed); // a matrix
}

void tst_Products::takesPartsOfWeights()
{
    const at::Tensor x = at::randn({1, 40, 48}), weight = at::randn({100, 64}), wide = at::randn({1, 40, 64});
    const auto isEqual = [](const at::Tensor &a, const at::Tensor &b) { return at::allclose(a, b, 1e-5, 1e-4); };
    QVERIFY(isEqual(product(x, weight.narrow(1, 0, 48)), at::linear(x, weight.narrow(1, 0, 48)))); // columns, as of a narrowed down
    QVERIFY(
        isEqual(product(wide, weight.narrow(0, 30, 20)), at::linear(wide, weight.narrow(0, 30, 20)))); // rows, as of a block of the head
    QVERIFY(isEqual(product(wide.narrow(2, 8, 48), weight.narrow(1, 8, 48)), at::linear(wide.narrow(2, 8, 48), weight.narrow(1, 8, 48))));
    QVERIFY(isEqual(product(x.narrow(1, 0, 0), weight.narrow(1, 0, 48)), at::linear(x.narrow(1, 0, 0), weight.narrow(1, 0, 48))));
}

void tst_Products::repeatsItself()
{
    const at::Tensor x = at::randn({1, 300, 576}), weight = at::randn({648, 576});
    const at::Tensor first = product(x, weight);
    for (int i = 0; i < 5; ++i)
        QVERIFY(at::equal(product(x, weight), first));
}

void tst_Products::leavesOtherTypesToTheLibrary()
{
    for (const at::ScalarType type : {at::kDouble, at::kBFloat16}) {
        const at::Tensor x = at::randn({1, 20, 64}).to(type), weight = at::randn({30, 64}).to(type);
        QVERIFY(at::equal(product(x, weight), at::linear(x, weight)));
    }
}

QTEST_GUILESS_MAIN(tst_Products)
#include "tst_Products.moc"
