// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to windows that do not fit into the memory together.
#include "decoder/WindowGroups.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <QtTest>
#include <functional>
#include <vector>

using namespace secateur;

namespace {

/// A device on which `most` windows fit.
struct SmallDevice {
    std::int64_t most;
    std::vector<std::int64_t> tried = {};

    at::Tensor operator()(const at::Tensor &x)
    {
        tried.push_back(x.size(0));
        TORCH_CHECK_WITH(OutOfMemoryError, x.size(0) <= most, "no memory for ", x.size(0), " windows");
        return x * 2;
    }
};

} // namespace

class tst_WindowGroups : public QObject {
    Q_OBJECT

    const at::Tensor m_windows = at::arange(15, at::kFloat).view({5, 3});

private slots:
    void allGoTogetherWhileTheyFit()
    {
        SmallDevice device{.most = 5};
        WindowGroups groups;
        QVERIFY(at::equal(groups.of(m_windows, std::ref(device)), m_windows * 2));
        QCOMPARE(device.tried, std::vector<std::int64_t>({5}));
    }

    void groupsAreHalvedUntilTheyFit()
    {
        SmallDevice device{.most = 1};
        WindowGroups groups;
        QVERIFY(at::equal(groups.of(m_windows, std::ref(device)), m_windows * 2));
        QCOMPARE(device.tried, std::vector<std::int64_t>({5, 2, 1, 1, 1, 1, 1}));
        device.tried.clear();
        groups.of(m_windows, std::ref(device)); // what did not fit is not tried again
        QCOMPARE(device.tried, std::vector<std::int64_t>({1, 1, 1, 1, 1}));
    }

    void lastGroupMayBeSmaller()
    {
        SmallDevice device{.most = 2};
        WindowGroups groups;
        QVERIFY(at::equal(groups.of(m_windows, std::ref(device)), m_windows * 2));
        QCOMPARE(device.tried, std::vector<std::int64_t>({5, 2, 2, 1}));
    }

    void oneWindowThatDoesNotFitIsAnError()
    {
        SmallDevice device{.most = 0};
        WindowGroups groups;
        QVERIFY_THROWS_EXCEPTION(c10::OutOfMemoryError, groups.of(m_windows, std::ref(device)));
        QCOMPARE(device.tried, std::vector<std::int64_t>({5, 2, 1}));
    }
};

QTEST_GUILESS_MAIN(tst_WindowGroups)
#include "tst_WindowGroups.moc"
