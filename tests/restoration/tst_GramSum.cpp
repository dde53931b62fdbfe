// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/GramSum.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <QtTest>

using namespace secateur;

namespace {

/// x^T x, of [rows, n].
void add(const at::Tensor &sum, const at::Tensor &x)
{
    const at::Tensor columns = x.t().contiguous();
    addToGram(sum, columns, columns);
}

} // namespace

class tst_GramSum : public QObject {
    Q_OBJECT

private slots:
    void windowsAddUpToTheWholeProduct_data()
    {
        QTest::addColumn<int>("columns");
        for (const int columns : {1, 7, 127, 128, 129, 600, 4200}) // one block, several, the last one narrow
            QTest::addRow("%d", columns) << columns;
    }

    void windowsAddUpToTheWholeProduct()
    {
        QFETCH(int, columns);
        const at::Tensor x = at::randn({30, columns}, at::kDouble), sum = at::zeros({columns, columns}, at::kDouble);
        for (const auto &[first, rows] : {std::pair(0, 11), std::pair(11, 1), std::pair(12, 18)})
            add(sum, x.narrow(0, first, rows));
        mirrorGram(sum);
        QCOMPARE_LE((sum - x.t().mm(x)).abs().max().item<double>(), 1e-12);
        QVERIFY(sum.equal(sum.t()));
    }

    /// Products in the type of the rows, sums in their own.
    void sumsMayBeWiderThanRows()
    {
        const at::Tensor x = at::randn({30, 300}), sum = at::zeros({300, 300}, at::kDouble);
        for (int i = 0; i < 3; ++i)
            add(sum, x);
        mirrorGram(sum);
        const at::Tensor wide = x.to(at::kDouble), exact = wide.t().mm(wide) * 3;
        QCOMPARE_LE((sum - exact).abs().max().item<double>(), 1e-5 * exact.abs().max().item<double>());
    }
};

QTEST_GUILESS_MAIN(tst_GramSum)
#include "tst_GramSum.moc"
