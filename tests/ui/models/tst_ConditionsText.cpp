// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/ComputeConditions.h"
#include "models/ConditionsText.h"

#include <QtTest>

using namespace secateur;
using namespace secateur::ui;

class TestConditionsText : public QObject {
    Q_OBJECT

private slots:
    void deviceTypeAndThreadsAreTold()
    {
        ComputeConditions conditions;
        QCOMPARE(conditionsText(conditions), QStringLiteral("not recorded"));
        QVERIFY(conditionsDetails(conditions).contains(QStringLiteral("older version")));
        conditions.device = "cpu";
        conditions.dtype = "float32";
        conditions.threads = 1;
        QCOMPARE(conditionsText(conditions), QStringLiteral("cpu, float32, 1 thread"));
        conditions.threads = 7;
        QCOMPARE(conditionsText(conditions), QStringLiteral("cpu, float32, 7 threads"));
        conditions.device = "cuda:0";
        QCOMPARE(conditionsText(conditions), QStringLiteral("cuda:0, float32"));
        conditions.gpu = "NVIDIA H200";
        QCOMPARE(conditionsText(conditions), QStringLiteral("NVIDIA H200, float32"));
    }

    void differencesAreNamedForBoth()
    {
        ComputeConditions original, plan;
        QCOMPARE(conditionsDifference(original, plan), QString());
        original.device = plan.device = "cpu";
        original.dtype = "float32";
        plan.dtype = "bfloat16";
        QCOMPARE(conditionsDifference(original, plan),
                 QStringLiteral("Computed differently: the original in float32, the plan in bfloat16."));
    }

    void detailsSayWhatIsKnownAndWhatIsNot()
    {
        const ComputeConditions conditions{.device = "cpu",
                                           .gpu = {},
                                           .dtype = "float32",
                                           .threads = 2,
                                           .instructions = "AVX2",
                                           .products = {},
                                           .torchVersion = "2.11.0",
                                           .programVersion = "0.1.0",
                                           .host = "node7"};
        QCOMPARE(conditionsDetails(conditions),
                 QStringLiteral("Device: cpu\nType: float32\nThreads: 2\nInstructions: AVX2\nMatrix library (BLAS): not recorded\n"
                                "LibTorch: 2.11.0\nSecateur: 0.1.0\nHost: node7"));
    }
};

QTEST_GUILESS_MAIN(TestConditionsText)
#include "tst_ConditionsText.moc"
