// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ComputeType.h"

#include "engine/ProductRate.h"
#include "foundation/Error.h"

#include <QtTest>
#include <c10/core/InferenceMode.h>

using namespace secateur;

namespace {

ModelSpec wideModel()
{
    ModelSpec spec;
    spec.hiddenSize = 512;
    spec.layers.push_back({.attention = {}, .ffn = {.neurons = 1024}});
    return spec;
}

} // namespace

class tst_ComputeType : public QObject {
    Q_OBJECT

    c10::InferenceMode m_guard;

private slots:
    void namedTypesAreThemselves()
    {
        for (const char *name : {"float32", "bfloat16", "float16"})
            QCOMPARE(computeType(name, c10::kCPU, DType::Float16, wideModel()), std::string(name));
        QVERIFY_THROWS_EXCEPTION(Error, computeType("float8", c10::kCPU, DType::Float16, wideModel()));
    }

    void automaticIsExactOnTheCpuAndAsStoredOnAGpu()
    {
        QCOMPARE(computeType("auto", c10::kCPU, DType::BFloat16, wideModel()), std::string("float32"));
        for (const char *name : {"auto", "fastest"})
            QCOMPARE(computeType(name, c10::Device(c10::kCUDA, 0), DType::BFloat16, wideModel()), std::string("bfloat16"));
    }

    void fastestIsWhatMultipliesFaster()
    {
        const auto rate = [](c10::ScalarType type) { return productRate(1024, 512, 1024, c10::kCPU, type, 0.3); };
        const double gain = rate(c10::kBFloat16) / rate(c10::kFloat);
        const std::string type = computeType("fastest", c10::kCPU, DType::Float32, wideModel());
        if (gain > 1.5)
            QCOMPARE(type, std::string("bfloat16"));
        else if (gain < 0.75)
            QCOMPARE(type, std::string("float32"));
        else
            QSKIP("neither is clearly faster on this machine");
    }
};

QTEST_GUILESS_MAIN(tst_ComputeType)
#include "tst_ComputeType.moc"
