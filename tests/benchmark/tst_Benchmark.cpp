// SPDX-License-Identifier: GPL-3.0-or-later
#include "benchmark/Benchmark.h"
#include "checkpoint/Checkpoint.h"
#include "engine/ProcessMemory.h"
#include "foundation/Error.h"

#include <QDir>
#include <QtTest>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <vector>

using namespace secateur;

namespace {

const std::filesystem::path kSample = SECATEUR_SOURCE_DIR "/resources/sample";
const EngineSettings kEngine{.device = "cpu", .dtype = "float32", .threads = 0};

BenchSettings settings()
{
    BenchSettings settings;
    settings.windows = 2;
    settings.length = 64;
    settings.balance.sparsity = 0.375;
    return settings;
}

std::vector<std::string> namesOf(const BenchResult &result)
{
    std::vector<std::string> names;
    for (const BenchPhase &phase : result.phases)
        names.push_back(phase.name);
    return names;
}

} // namespace

class tst_Benchmark : public QObject {
    Q_OBJECT

private slots:
    void everyPhaseOfPruningIsMeasured()
    {
        const QStringList before = QDir::temp().entryList({"*secateur-bench*"}, QDir::AllEntries | QDir::Hidden);
        const TextSettings text{.files = {kSample / "text/grimm.txt"}, .windows = 2, .length = 64, .seed = 0};
        JobContext context;
        std::vector<std::string> heard;
        const BenchResult result =
            benchmarkModel(kSample / "model", text, kEngine, settings(), context, [&](const BenchPhase &p) { heard.push_back(p.name); });
        const std::vector<std::string> expected = {"tokenise",
                                                   "load",
                                                   "stage 1",
                                                   "narrow",
                                                   "stage 2, first loss",
                                                   "stage 2, removal 1",
                                                   "stage 2, removal 2",
                                                   "stage 2, removal 3",
                                                   "perplexity",
                                                   "export and check"};
        QCOMPARE(namesOf(result), expected);
        QCOMPARE(heard, expected);
        QCOMPARE(result.balance.attentionsToRemove, 3); // as of `plan` for the sample
        QCOMPARE(result.dtype, std::string("float32"));
        QVERIFY(result.peak() > 1e8);
        for (const BenchPhase &phase : result.phases) {
            QVERIFY(phase.seconds > 0 && phase.peakBytes > 0);
            if (phase.work)
                QVERIFY(phase.work->flop > 0 && phase.work->bytes > 0);
        }
        const nlohmann::json json = toJson(result);
        QCOMPARE(json.at("phases").size(), expected.size());
        // What was exported for the measurement is gone.
        QCOMPARE(QDir::temp().entryList({"*secateur-bench*"}, QDir::AllEntries | QDir::Hidden), before);
    }

    /// The first loss is one pass of all layers and one head; the sum of the phases is what their names say.
    void workIsCountedOnWhatIsComputed()
    {
        JobContext context;
        const nlohmann::json config = readConfig(kSample / "model/config.json");
        BenchSettings short_ = settings();
        short_.evaluationWindows = 1;
        const BenchResult result = benchmarkShape(config, "config.json", kEngine, short_, context, {});
        const Work first = *result.sum("stage 2, first loss").work, perplexity = *result.sum("perplexity").work;
        QVERIFY(first.flop > perplexity.flop); // which lacks the attentions removed
        QVERIFY(result.sum("stage 2, removal 1").work->flop > 3 * first.flop);
        QCOMPARE(result.sum("stage 2").work->flop, first.flop + result.sum("stage 2, removal").work->flop);
        QCOMPARE(result.phases.front().name, std::string("make random weights"));
    }

    void peaksAreOfTheirOwnPhase()
    {
        constexpr std::size_t kBytes = std::size_t(300) << 20;
        void *large = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        QVERIFY(large != MAP_FAILED);
        munmap(large, kBytes);
        const std::int64_t before = peakResidentBytes();
        resetPeakResidentBytes();
        QVERIFY2(before - peakResidentBytes() > std::int64_t(200) << 20, qPrintable(QString::number(before - peakResidentBytes())));
    }

    void windowsThatDoNotFitAreRefused()
    {
        JobContext context;
        const nlohmann::json config = readConfig(kSample / "model/config.json");
        BenchSettings tooLong = settings(), none = settings();
        tooLong.length = 1 << 20;
        none.windows = 0;
        QVERIFY_THROWS_EXCEPTION(Error, benchmarkShape(config, "config.json", kEngine, tooLong, context, {}));
        QVERIFY_THROWS_EXCEPTION(Error, benchmarkShape(config, "config.json", kEngine, none, context, {}));
    }
};

QTEST_GUILESS_MAIN(tst_Benchmark)
#include "tst_Benchmark.moc"
