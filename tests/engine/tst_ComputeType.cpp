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
    spec.layers.push_back({.attention = {}, .ffn = FfnSpec{.neurons = 1024}});
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

    void candidatesAreScreenedInANarrowerType()
    {
        const auto screening = [](const std::string &wanted, LossesKnown losses, DType deciding) {
            return screeningType(wanted, losses, c10::kCPU, deciding, wideModel());
        };
        QVERIFY(!screening("none", LossesKnown::Deciding, DType::Float32));
        QVERIFY(screening("bfloat16", LossesKnown::All, DType::Float32) == DType::BFloat16);
        QVERIFY(screening("float16", LossesKnown::Deciding, DType::Float32) == DType::Float16);
        QVERIFY_THROWS_EXCEPTION(Error, screening("bfloat16", LossesKnown::Deciding, DType::Float16));
        QVERIFY_THROWS_EXCEPTION(Error, screening("float32", LossesKnown::Deciding, DType::Float32));
        QVERIFY(!screening("auto", LossesKnown::All, DType::Float32)); // all losses are wanted
        QVERIFY(!screening("auto", LossesKnown::Deciding, DType::BFloat16));
        QCOMPARE(screening("auto", LossesKnown::Deciding, DType::Float32), screening("auto", LossesKnown::Deciding, DType::Float32));
    }

    void whatDoesNotFitIsNotScreened()
    {
        ModelSpec spec = wideModel();
        spec.vocabularySize = 10000;
        spec.contextLength = 1024;
        spec.layers.assign(12, {.attention = AttentionSpec{.heads = 8, .kvHeads = 8, .headDim = 64}, .ffn = FfnSpec{.neurons = 1024}});
        const JobSize search{.windows = 0, .length = 256, .searchWindows = 1, .removals = 2, .neuronsKept = 512};
        ForecastBasis basis{.residentNow = 100 << 20, .freeHost = std::int64_t(8) << 30, .freeDevice = 0, .limits = {}, .flopPerSecond = 0};
        const auto choose = [&](const std::string &wanted, JobSize &job) {
            return chooseScreening(wanted, LossesKnown::Deciding, c10::kCPU, DType::Float32, spec, job, basis);
        };
        JobSize job = search;
        QVERIFY(choose("bfloat16", job) == DType::BFloat16);
        QCOMPARE(job.screenBytes, 2);
        const std::int64_t with = forecast(spec, job, basis).hostBytes, without = forecast(spec, search, basis).hostBytes;
        QCOMPARE_GT(with, without);
        basis.limits.host = std::int64_t(double(without + (with - without) / 4) / 0.93); // room for the model, not for both
        QVERIFY(!forecast(spec, search, basis).isStreamed);
        job = search;
        QVERIFY_THROWS_EXCEPTION(Error, choose("bfloat16", job));
        QVERIFY(!choose("auto", job));
        QCOMPARE(job.screenBytes, 0);
        job.removals = 0;
        QVERIFY(!choose("bfloat16", job)); // there is nothing to screen
    }
};

QTEST_GUILESS_MAIN(tst_ComputeType)
#include "tst_ComputeType.moc"
