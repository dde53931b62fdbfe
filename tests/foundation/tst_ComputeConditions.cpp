// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/ComputeConditions.h"

#include <QtTest>

using namespace secateur;

namespace {

ComputeConditions onCpu()
{
    return {.device = "cpu",
            .gpu = {},
            .dtype = "float32",
            .threads = 2,
            .instructions = "AVX2",
            .products = "oneDNN",
            .torchVersion = "2.11.0",
            .programVersion = "0.1.0",
            .host = "one"};
}

ComputeConditions onGpu(const std::string &device, const std::string &name)
{
    ComputeConditions conditions = onCpu();
    conditions.device = device;
    conditions.gpu = name;
    return conditions;
}

/// "in float32 | in bfloat16": the two sides.
QString differences(const ComputeConditions &one, const ComputeConditions &other)
{
    const ConditionDifference found = differenceOf(one, other);
    return found.isNone() ? QString() : QString::fromStdString(found.one + " | " + found.other);
}

} // namespace

class tst_ComputeConditions : public QObject {
    Q_OBJECT

private slots:
    void whatDecidesBitsIsNamed_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("words");
        QTest::newRow("type") << "dtype"
                              << "bfloat16"
                              << "in float32 | in bfloat16";
        QTest::newRow("device") << "device"
                                << "cuda:1"
                                << "on the CPU | on cuda:1";
        QTest::newRow("instructions") << "instructions"
                                      << "AVX512 and AMX"
                                      << "with AVX2 instructions | with AVX512 and AMX instructions";
        QTest::newRow("none") << "instructions"
                              << "DEFAULT"
                              << "with AVX2 instructions | with the default instructions";
        QTest::newRow("products") << "products"
                                  << "LibTorch"
                                  << "with oneDNN for matrix products | with LibTorch for matrix products";
        QTest::newRow("LibTorch") << "torch"
                                  << "2.12.0"
                                  << "with LibTorch 2.11.0 | with LibTorch 2.12.0";
        QTest::newRow("program") << "secateur"
                                 << "0.2.0"
                                 << ""; // told, and decides nothing
        QTest::newRow("host") << "host"
                              << "another"
                              << "";
        QTest::newRow("unknown instructions") << "instructions"
                                              << ""
                                              << "";
        QTest::newRow("unknown products") << "products"
                                          << ""
                                          << "";
    }

    void whatDecidesBitsIsNamed()
    {
        QFETCH(QString, field);
        QFETCH(QString, value);
        QFETCH(QString, words);
        nlohmann::json other = toJson(onCpu());
        other[field.toStdString()] = value.toStdString();
        QCOMPARE(differences(onCpu(), conditionsFromJson(other)), words);
    }

    void severalAreNamedTogether()
    {
        ComputeConditions other = onCpu();
        other.dtype = "bfloat16";
        other.threads = 1;
        QCOMPARE(differences(onCpu(), other), QString("in float32, with 2 threads | in bfloat16, with 1 thread"));
    }

    /// Ranks have one each.
    void gpusOfOneNameAreAlike()
    {
        const ComputeConditions first = onGpu("cuda:0", "NVIDIA H200");
        ComputeConditions second = onGpu("cuda:1", "NVIDIA H200");
        second.threads = 7; // the CPU computes nothing there
        second.products = "LibTorch";
        QCOMPARE(differences(first, second), QString());
        QCOMPARE(differences(first, onGpu("cuda:0", "NVIDIA H100")), QString("on cuda:0 (NVIDIA H200) | on cuda:0 (NVIDIA H100)"));
        QCOMPARE(differences(first, onGpu("cuda:0", "")), QString()); // of before: the number tells
        QCOMPARE(differences(first, onGpu("cuda:1", "")), QString("on cuda:0 (NVIDIA H200) | on cuda:1"));
    }

    void nothingKnownDiffersFromSomething()
    {
        QCOMPARE(differences({}, {}), QString());
        QCOMPARE(differences({}, onCpu()), QString("in a way that was not recorded | in float32 on the CPU"));
    }

    void whatIsUnknownIsToldAndStaysUnknown()
    {
        QCOMPARE(unknownOf(onCpu()), std::string());
        ComputeConditions before = onCpu();
        before.instructions.clear();
        before.products.clear();
        QCOMPARE(unknownOf(before), std::string("with which instructions, with which matrix library (BLAS)"));
        QCOMPARE(unknownOf(onGpu("cuda:0", "")), std::string("on which GPU"));
        QCOMPARE(unknownOf({}), std::string("in which way"));
        ComputeConditions now = onCpu();
        now.host = "two";
        const ComputeConditions both = continued(before, now);
        QCOMPARE(unknownOf(both), unknownOf(before));
        QCOMPARE(both.host, std::string("two"));
        QVERIFY(continued(onCpu(), now) == now);
    }

    void filesOfBeforeAreRead()
    {
        QVERIFY(conditionsFromJson(toJson(onGpu("cuda:0", "NVIDIA H200"))) == onGpu("cuda:0", "NVIDIA H200"));
        nlohmann::json before = toJson(onCpu());
        for (const char *later : {"gpu", "instructions", "products", "host"})
            before.erase(later);
        const ComputeConditions read = conditionsFromJson(before);
        QVERIFY(read.instructions.empty() && read.host.empty());
        QCOMPARE(read.threads, 2);
        before.erase("dtype");
        QVERIFY_THROWS_EXCEPTION(nlohmann::json::exception, conditionsFromJson(before));
    }
};

QTEST_GUILESS_MAIN(tst_ComputeConditions)
#include "tst_ComputeConditions.moc"
