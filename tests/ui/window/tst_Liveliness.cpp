// SPDX-License-Identifier: GPL-3.0-or-later
// Answer times: the event loop while jobs run, dragging K over a large model, cancelling.
#include "WindowBench.h"

#include "model/Families.h"
#include "plots/ScorePlots.h"

#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QThread>
#include <QTimer>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <qcustomplot.h>
#include <vector>

using namespace secateur;
using namespace secateur::ui;

namespace {

constexpr int kLong = 1800000; ///< ms, for a larger model by hand

/// A timer that beats every 10 ms and remembers how late it was.
class Heartbeat : public QObject {
public:
    Heartbeat()
    {
        m_timer.setTimerType(Qt::PreciseTimer);
        connect(&m_timer, &QTimer::timeout, this, [this] { m_gaps.push_back(double(m_clock.nsecsElapsed()) / 1e6), m_clock.restart(); });
        m_clock.start();
        m_timer.start(10);
    }

    /// Milliseconds between two beats, sorted.
    std::vector<double> gaps() const
    {
        std::vector<double> sorted = m_gaps;
        std::sort(sorted.begin(), sorted.end());
        return sorted;
    }

private:
    QTimer m_timer;
    QElapsedTimer m_clock;
    std::vector<double> m_gaps;
};

/// Milliseconds that this thread has computed so far: what a wait for a busy machine does not add to.
double computed()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) * 1e3 + double(time.tv_nsec) / 1e6;
}

/// How long this machine makes any process wait now, in ms: the worst gap of a thread that only sleeps for 10 ms.
double worstPauseOfTheMachine()
{
    double worst = 0;
    for (int i = 0; i < 100; ++i) {
        QElapsedTimer clock;
        clock.start();
        QThread::msleep(10);
        worst = std::max(worst, double(clock.nsecsElapsed()) / 1e6 - 10);
    }
    return worst;
}

/// 80 layers x 28,672 neurons, the shape of a 70B model, without weights.
ModelSummary largeModel()
{
    ModelSummary summary;
    summary.folder = "large";
    summary.config = nlohmann::json{
        {"model_type", "llama"},     {"hidden_size", 8192},      {"intermediate_size", 28672}, {"num_hidden_layers", 80},
        {"num_attention_heads", 64}, {"num_key_value_heads", 8}, {"vocab_size", 128256},       {"max_position_embeddings", 8192},
        {"rms_norm_eps", 1e-5},      {"rope_theta", 500000.0},   {"hidden_act", "silu"},       {"tie_word_embeddings", false},
        {"torch_dtype", "bfloat16"}};
    summary.storedDtype = DType::BFloat16;
    summary.spec = specFromConfig(summary.config, "the test");
    return summary;
}

std::shared_ptr<const NeuronScores> largeScores()
{
    auto scores = std::make_shared<NeuronScores>();
    QRandomGenerator random(1);
    for (int l = 0; l < 80; ++l) {
        std::vector<float> &layer = scores->layers.emplace_back(28672);
        for (float &score : layer)
            score = float(std::exp(2 * (random.generateDouble() + random.generateDouble() + random.generateDouble() - 1.5) + l / 40.0));
    }
    return scores;
}

} // namespace

class tst_Liveliness : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
#ifdef __SANITIZE_ADDRESS__
        QSKIP("Answer times under the sanitizers say nothing.");
#endif
    }
    void init()
    {
        failOnOwnWarnings();
    }

    void eventLoopNeverStallsWhileJobsRun();
    void cancelIsAcknowledgedAtOnce();
    void draggingKOverALargeModelStaysWithinAFrame();

private:
    void measureHeartbeat(double &slip) const;
};

void tst_Liveliness::eventLoopNeverStallsWhileJobsRun()
{
    // The better of two rounds: on a machine that others use too, what it makes everybody wait is not ours.
    double best = std::numeric_limits<double>::infinity();
    for (int round = 1; round <= 2 && best > 50; ++round) {
        double slip = best;
        measureHeartbeat(slip);
        if (QTest::currentTestFailed())
            return;
        best = std::min(best, slip);
    }
    QVERIFY2(best <= 50, "the interface stood still while a job ran");
}

/// `slip`: by how many ms the worst beat was late while every kind of job ran, less what the machine makes any process wait.
void tst_Liveliness::measureHeartbeat(double &slip) const
{
    const WindowBench hands;
    const Workbench &bench = hands.bench();
    // The same with another model: SECATEUR_TEST_MODEL names its folder (by hand; the sample's texts are used).
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const TextSettings sampleCalibration = bench.session.session().calibrationText,
                       sampleEvaluation = bench.session.session().evaluationText;
    if (const QString other = qEnvironmentVariable("SECATEUR_TEST_MODEL"); !other.isEmpty()) {
        hands.window->open(other);
        QVERIFY(hands.waitForJobs());
        bench.session.setTexts(sampleCalibration, sampleEvaluation, ScoreNorm::L2);
    }
    TextSettings calibration = bench.session.session().calibrationText, evaluation = bench.session.session().evaluationText;
    calibration.windows = 8;
    evaluation.windows = 8;
    bench.session.setTexts(calibration, evaluation, ScoreNorm::L2);
    hands.window->show(MainWindow::Tab::Attention); // what changes most while a search runs
    QTest::qWait(500);

    const double noise = worstPauseOfTheMachine();
    const Heartbeat heart;
    bench.jobs.calibrate();
    QVERIFY(hands.waitForJobs(kLong));
    bench.jobs.measureImpact();
    QVERIFY(hands.waitForJobs(kLong));
    bench.jobs.evaluate(); // searches first
    QVERIFY(hands.waitForJobs(kLong));
    bench.jobs.exportPlan({.format = "hf-dropin",
                           .output = (hands.state.path() + QStringLiteral("/pruned")).toStdString(),
                           .isOverwriteAllowed = false,
                           .dtype = {},
                           .command = {}});
    QVERIFY(hands.waitForJobs());
    QCOMPARE(bench.session.session().exports.size(), 1U);

    const std::vector<double> gaps = heart.gaps();
    QVERIFY(gaps.size() > 50);
    const double worst = gaps.back(), p99 = gaps[gaps.size() * 99 / 100];
    qInfo("heartbeat of 10 ms over %zu beats: 99th percentile %.1f ms, worst %.1f ms (the machine's own worst pause %.1f ms)", gaps.size(),
          p99, worst, noise);
    slip = worst - 10 - noise;
}

void tst_Liveliness::cancelIsAcknowledgedAtOnce()
{
    const WindowBench hands;
    const Workbench &bench = hands.bench();
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    bench.jobs.calibrate(); // 32 windows: seconds
    QTRY_VERIFY(bench.runner.current() && bench.runner.current()->progress.done > 0);
    QElapsedTimer clock;
    clock.start();
    QTest::keyClick(hands.window.get(), Qt::Key_Period, Qt::ControlModifier);
    QCOMPARE(bench.runner.current()->state, JobInfo::State::Cancelling);
    QVERIFY(clock.elapsed() < 100);
    QVERIFY(hands.waitForJobs(5000));
    QCOMPARE(bench.runner.jobs().back().state, JobInfo::State::Cancelled);
}

void tst_Liveliness::draggingKOverALargeModelStaysWithinAFrame()
{
    const WindowBench hands;
    const Workbench &bench = hands.bench();
    Session session;
    session.model = largeModel();
    session.calibrations = {largeScores()};
    session.draft.calibration = 0;
    bench.session.restore(session, {std::make_shared<const RankedScores>(*session.calibrations.front())});
    hands.window->show(MainWindow::Tab::Importance);
    QTest::qWait(1000);

    auto *canvas = hands.window->findChild<SortedScores *>()->findChild<QCustomPlot *>();
    QVERIFY(canvas->isVisible());
    const auto at = [&](double kept) {
        return QPoint(int(std::lround(canvas->xAxis->coordToPixel(kept))), canvas->axisRect()->center().y());
    };
    // The best of three drags: what else the machine does empties the caches and slows this thread as well.
    double best = std::numeric_limits<double>::infinity();
    for (int drag = 1; drag <= 3 && best >= 16; ++drag) {
        std::vector<double> times, waits;
        QTest::mousePress(canvas, Qt::LeftButton, {}, at(double(bench.session.neuronsKept())));
        qint64 last = bench.session.neuronsKept();
        int changes = 0;
        for (int move = 0; move < 200; ++move) {
            const double kept = 14336 + 8000 * std::sin(move / 15.0);
            QElapsedTimer clock;
            clock.start();
            const double before = computed();
            QTest::mouseMove(canvas, at(kept));
            QApplication::processEvents(); // every view has been drawn when this returns
            QApplication::processEvents();
            times.push_back(computed() - before);
            waits.push_back(double(clock.nsecsElapsed()) / 1e6);
            changes += bench.session.neuronsKept() != last;
            last = bench.session.neuronsKept();
        }
        QTest::mouseRelease(canvas, Qt::LeftButton, {}, at(14336));
        QVERIFY(changes > 150);             // it did follow
        QCOMPARE(bench.history.count(), 1); // the next drags end where they began, which leaves no step
        std::sort(times.begin(), times.end());
        std::sort(waits.begin(), waits.end());
        qInfo(
            "200 moves of K over 80 x 28,672 scores: computing, median %.1f ms, 95th percentile %.1f ms, worst %.1f ms; by the clock, 95th "
            "percentile %.1f ms",
            times[100], times[190], times.back(), waits[190]);
        best = std::min(best, times[190]);
    }
    QVERIFY2(best < 16, "a move of K takes longer than a frame");
}

QTEST_MAIN(tst_Liveliness)
#include "tst_Liveliness.moc"
