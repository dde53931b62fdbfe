// SPDX-License-Identifier: GPL-3.0-or-later
// What a forecast says for machines that are not there, by arithmetic alone. That it is true of this one is in tests/app/tst_Memory.
#include "engine/Forecast.h"

#include "checkpoint/Checkpoint.h"
#include "foundation/Error.h"
#include "model/Arithmetic.h"
#include "model/Families.h"

#include <QtTest>
#include <algorithm>
#include <numeric>

using namespace secateur;

namespace {

constexpr std::int64_t kGiB = std::int64_t(1) << 30;

ModelSpec shapeOf(const std::string &name)
{
    const std::filesystem::path file = std::filesystem::path(SECATEUR_FIXTURES "/configs") / (name + ".json");
    return specFromConfig(readConfig(file), file.string());
}

/// The paper's calibration, and a search for N attentions.
JobSize pruningOf(const ModelSpec &spec, std::int64_t removals)
{
    return {.windows = 32, .length = 2048, .searchWindows = 1, .removals = removals, .neuronsKept = spec.mostNeurons() / 2};
}

ForecastBasis gpu(std::int64_t deviceBytes, std::int64_t hostBytes)
{
    return {.isGpu = true,
            .elementBytes = 2,
            .storedElementBytes = 2,
            .residentNow = kGiB,
            .freeHost = hostBytes,
            .freeDevice = deviceBytes,
            .limits = {},
            .flopPerSecond = 4e14};
}

std::int64_t sumOf(const std::vector<MemoryPart> &parts)
{
    return std::accumulate(parts.begin(), parts.end(), std::int64_t(0),
                           [](std::int64_t sum, const MemoryPart &p) { return sum + p.bytes; });
}

} // namespace

class tst_Forecast : public QObject {
    Q_OBJECT

private slots:
    void modelsThatFitStayResident()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        const Forecast told = forecast(spec, pruningOf(spec, 10), gpu(78 * kGiB, 100 * kGiB));
        QVERIFY(!told.isStreamed && !told.areStatesOnHost);
        QCOMPARE(told.deviceBytes, sumOf(told.parts));
        QVERIFY(told.deviceBytes > 2 * modelParameters(spec) && told.deviceBytes < 78 * kGiB);
        QVERIFY(told.hostBytes < 4 * kGiB); // what is read goes through, and does not stay
        QCOMPARE(told.bytesRead, 2 * modelParameters(spec));
        QVERIFY(told.seconds > 1 && told.seconds < 60);
    }

    /// What the program promises for cards of 24 GiB.
    void seventyBillionParametersFitIntoTwentyFourGibibytes()
    {
        const ModelSpec spec = shapeOf("llama-3-70b");
        ForecastBasis basis = gpu(78 * kGiB, 100 * kGiB);
        basis.limits.device = 24 * kGiB;
        const Forecast told = forecast(spec, pruningOf(spec, 16), basis);
        QVERIFY(told.isStreamed);
        QVERIFY(told.deviceBytes <= 24 * kGiB);
        QVERIFY(told.restartBytes > 0);
        QVERIFY(told.bytesRead > 10 * 2 * layerParameters(spec)); // once a pass
    }

    /// Llama-2-7B's have 0.48 GB each; over 65,536 tokens the symmetric half of one takes 0.25 PFLOP.
    void gramMatricesAreCounted()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        JobSize size{.windows = 32, .length = 2048};
        const ForecastBasis basis = gpu(78 * kGiB, 100 * kGiB);
        const Forecast plain = forecast(spec, size, basis);
        const auto partOf = [](const Forecast &told) {
            const auto found = std::ranges::find(told.parts, "Gram matrices", &MemoryPart::name);
            return found == told.parts.end() ? -1 : found->bytes;
        };
        QCOMPARE(partOf(plain), -1);
        for (const std::int64_t matrices : {1, 2}) {
            size.gramsPerLayer = matrices;
            const Forecast told = forecast(spec, size, basis);
            const std::int64_t one = 11'008LL * 11'008 * 4;
            QVERIFY(partOf(told) > matrices * one && partOf(told) < 2 * matrices * one);
            QCOMPARE(told.deviceBytes, plain.deviceBytes + partOf(told));
            QCOMPARE(told.hostBytes, plain.hostBytes + one); // through which it is written
            const double share = (told.seconds - plain.seconds) * basis.flopPerSecond / (double(matrices) * 0.254e15);
            QVERIFY2(share > 1 && share < 1.1, qPrintable(QString::number(share)));
        }
    }

    void restartStatesGoWhereTheRoomIs()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        const Forecast told = forecast(spec, pruningOf(spec, 10), gpu(20 * kGiB, 100 * kGiB));
        QVERIFY(told.areStatesOnHost && told.restartBytes > 2 * kGiB);
        QVERIFY(told.hostBytes > told.restartBytes);
        QCOMPARE(told.deviceBytes, sumOf(told.parts));
        QVERIFY(told.deviceBytes < 20 * kGiB);
        const Forecast roomy = forecast(spec, pruningOf(spec, 10), gpu(78 * kGiB, 4 * kGiB));
        QVERIFY(!roomy.areStatesOnHost && roomy.restartBytes > 2 * kGiB);
    }

    void limitsThatCannotBeKeptNameTheLeastThatCan()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        ForecastBasis basis = gpu(78 * kGiB, 100 * kGiB);
        basis.limits.device = kGiB;
        try {
            forecast(spec, pruningOf(spec, 10), basis);
            QFAIL("nothing was thrown");
        } catch (const Error &problem) {
            QVERIFY2(QString(problem.what()).contains("of the device's memory even with streamed layers"), problem.what());
            QVERIFY(QString::fromStdString(problem.hint()).contains("--device-memory"));
        }
        basis.limits = {.device = 0, .host = kGiB};
        QVERIFY_THROWS_EXCEPTION(Error, forecast(spec, pruningOf(spec, 10), basis)); // the process alone has that
    }

    /// Of a long text the ids stay, 12 bytes each, whatever else is computed with them.
    void theIdsOfTheTextCount()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        const auto idsIn = [](const Forecast &told) {
            const auto ids = std::ranges::find(told.parts, "token ids", &MemoryPart::name);
            return ids == told.parts.end() ? 0 : ids->bytes;
        };
        JobSize job = pruningOf(spec, 0);
        job.searchWindows = 0;
        const Forecast few = forecast(spec, job, gpu(78 * kGiB, 100 * kGiB));
        QCOMPARE(idsIn(few), 12 * job.windows * job.length);
        job.textTokens = 1'000'000'000; // of an evaluation, which computes window by window
        const Forecast all = forecast(spec, job, gpu(78 * kGiB, 100 * kGiB));
        QCOMPARE(idsIn(all), 12 * job.textTokens);
        QCOMPARE(all.deviceBytes - few.deviceBytes, 12 * (job.textTokens - job.windows * job.length));
        QVERIFY(all.hostBytes > few.hostBytes);
    }

    /// The same model, so no narrow one stands beside it; candidates as blockEvaluations counts them: 392, 784 and 1552.
    void searchesOfBlocksTakeWhatTheirCandidatesTake()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        JobSize job{.windows = 0, .length = 2048, .searchWindows = 1, .removals = 16, .neuronsKept = spec.mostNeurons()};
        const auto told = [&](Searched searched) {
            job.searched = searched;
            return forecast(spec, job, gpu(78 * kGiB, 100 * kGiB));
        };
        const Forecast attentions = told(Searched::Attentions), inTurn = told(Searched::InTurn), pool = told(Searched::Pool);
        const auto branches = [](const Forecast &one) { return std::ranges::find(one.parts, "search branches", &MemoryPart::name)->bytes; };
        const std::int64_t state = job.length * spec.hiddenSize * 2;
        QCOMPARE(branches(attentions), 34 * state);
        QCOMPARE(branches(inTurn), 35 * state);
        QCOMPARE(branches(pool), 67 * state);
        QCOMPARE(attentions.parts.front().bytes - inTurn.parts.front().bytes, 32 * 3 * spec.hiddenSize * spec.mostNeurons() * 2); // weights
        QVERIFY(inTurn.seconds > 1.95 * attentions.seconds && inTurn.seconds < 2.3 * attentions.seconds);
        QVERIFY(pool.seconds > 3.8 * attentions.seconds && pool.seconds < 4.1 * attentions.seconds);
    }

    void changedWeightsStandBesideTheOthers()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        const ForecastBasis basis = gpu(78 * kGiB, 100 * kGiB);
        JobSize job{.windows = 0, .length = 2048, .searchWindows = 1, .removals = 0, .neuronsKept = 5000};
        const Forecast without = forecast(spec, job, basis);
        QVERIFY(!without.isStreamed);
        job.changedElements = 1'000'000;
        QCOMPARE(forecast(spec, job, basis).deviceBytes - without.deviceBytes, 1'000'000 * basis.elementBytes);
    }

    void onTheCpuBothLimitsCount()
    {
        const ModelSpec spec = shapeOf("llama-2-7b");
        ForecastBasis basis = gpu(0, 100 * kGiB);
        basis.isGpu = false;
        basis.elementBytes = 4;
        const Forecast free = forecast(spec, pruningOf(spec, 10), basis);
        QVERIFY(!free.isStreamed);
        QCOMPARE(free.deviceBytes, std::int64_t(0));
        QCOMPARE(free.memoryBytes(), free.hostBytes);
        for (const MemoryLimits limits : {MemoryLimits{.device = 16 * kGiB, .host = 0}, MemoryLimits{.device = 0, .host = 16 * kGiB}}) {
            basis.limits = limits;
            const Forecast told = forecast(spec, pruningOf(spec, 10), basis);
            QVERIFY(told.isStreamed && told.hostBytes <= 16 * kGiB);
        }
    }

    void amountsOfMemoryAreRead_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<qint64>("bytes");
        for (const auto &[text, bytes] :
             {std::pair("24GiB", 24 * kGiB), std::pair("500MB", std::int64_t(500'000'000)),
              std::pair("1.5 GB", std::int64_t(1'500'000'000)), std::pair("4096", std::int64_t(4096)),
              std::pair("2 KiB", std::int64_t(2048)), std::pair("", std::int64_t(-1)), std::pair("-1GB", std::int64_t(-1)),
              std::pair("24 gigabytes", std::int64_t(-1)), std::pair("nan", std::int64_t(-1)), std::pair("0", std::int64_t(-1)),
              std::pair("1e300GB", std::int64_t(-1))})
            QTest::addRow("'%s'", text) << text << qint64(bytes);
    }

    void amountsOfMemoryAreRead()
    {
        QFETCH(QString, text);
        QFETCH(qint64, bytes);
        if (bytes < 0)
            QVERIFY_THROWS_EXCEPTION(Error, bytesFromText(text.toStdString()));
        else
            QCOMPARE(qint64(bytesFromText(text.toStdString())), bytes);
    }
};

QTEST_GUILESS_MAIN(tst_Forecast)
#include "tst_Forecast.moc"
