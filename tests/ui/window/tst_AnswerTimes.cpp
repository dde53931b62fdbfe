// SPDX-License-Identifier: GPL-3.0-or-later
// Answer times of the whole window: over a large model every move of a drag, of the pointer and of a replay takes less than a frame; in a long
// session every change of the tab, undo and sort takes less than a tenth of a second.
#include "LargeSession.h"
#include "WindowBench.h"

#include "panels/search/AttentionPanel.h"
#include "panels/search/TransportBar.h"
#include "plots/ScorePlots.h"
#include "plots/SearchPlots.h"
#include "widgets/BalanceSlider.h"
#include "widgets/RecordTable.h"

#include <QElapsedTimer>
#include <QHeaderView>
#include <QImage>
#include <QMetaEnum>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <limits>
#include <map>
#include <qcustomplot.h>
#include <vector>

using namespace secateur;
using namespace secateur::ui;

namespace {

constexpr int kMoves = 200;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Milliseconds that this thread has computed so far: what a wait for a busy machine does not add to.
double computed()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) * 1e3 + double(time.tv_nsec) / 1e6;
}

/// Lets everything be drawn that an event asked for.
void draw()
{
    QApplication::processEvents();
    QApplication::processEvents(); // what was put off to the next turn of the event loop
}

/// A window with a session, at rest.
struct LargeBench : WindowBench {
    explicit LargeBench(const Session &session)
    {
        bench().session.restore(session, {std::make_shared<const RankedScores>(*session.calibrations.front())});
    }

    void show(MainWindow::Tab tab) const
    {
        window->show(tab);
        QTRY_VERIFY_WITH_TIMEOUT(!bench().session.planHash().isEmpty(), 30'000); // it is made in the background, the last of a start
        settle();
    }
    template <class PlotType>
    QCustomPlot *canvasOf() const
    {
        auto *canvas = window->findChild<PlotType *>()->template findChild<QCustomPlot *>();
        return canvas && canvas->isVisible() ? canvas : nullptr;
    }
};

/// Does 200 moves, up to three times, and compares the best time that 95 % of them and that all of them take with a frame and with two. The best, because
/// whatever else the machine does empties the caches and slows this thread as well.
void measureMoves(const char *what, const std::function<void(int)> &move)
{
    constexpr double kFrame = 16, kTwoFrames = 33;
    double most = kInfinity, worst = kInfinity;
    for (int round = 1; round <= 3 && (most >= kFrame || worst >= kTwoFrames); ++round) {
        std::vector<double> times, waits;
        for (int i = 0; i < kMoves; ++i) {
            QElapsedTimer clock;
            clock.start();
            const double before = computed();
            move(i);
            draw();
            times.push_back(computed() - before);
            waits.push_back(double(clock.nsecsElapsed()) / 1e6);
        }
        std::sort(times.begin(), times.end());
        std::sort(waits.begin(), waits.end());
        qInfo("%d moves of %s: computing, median %.1f ms, 95th percentile %.1f ms, worst %.1f ms; by the clock, 95th percentile %.1f ms, "
              "worst %.1f ms",
              kMoves, what, times[kMoves / 2], times[kMoves * 95 / 100], times.back(), waits[kMoves * 95 / 100], waits.back());
        most = std::min(most, times[kMoves * 95 / 100]);
        worst = std::min(worst, times.back());
    }
    QVERIFY2(most < kFrame, qPrintable(QStringLiteral("95 % of the moves take up to %1 ms").arg(most)));
    QVERIFY2(worst < kTwoFrames, qPrintable(QStringLiteral("the worst move takes %1 ms").arg(worst)));
}

/// Back and forth between 0 and `last`, by one a move.
int toAndFro(int move, int last)
{
    return last - std::abs(move % (2 * last) - last);
}

} // namespace

class tst_AnswerTimes : public QObject {
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
        m_times.clear();
    }

    void draggingKStaysWithinAFrame();
    void draggingNStaysWithinAFrame();
    void hoveringOverScoresStaysWithinAFrame();
    void hoveringOverASearchStaysWithinAFrame();
    void replayStaysWithinAFrame();
    void tabsChangeInATenthOfASecond();
    void undoTakesLessThanATenthOfASecond();
    void sortingTakesLessThanATenthOfASecond();
    void themeChangesInAQuarterOfASecond();

private:
    void measure(const QString &what, const std::function<void()> &act);
    void compare() const;

    std::map<QString, double> m_times; ///< ms, the best of those measured
};

void tst_AnswerTimes::draggingKStaysWithinAFrame()
{
    const LargeBench hands(largeSession());
    const Workbench &bench = hands.bench();
    hands.show(MainWindow::Tab::Importance);
    QCustomPlot *canvas = hands.canvasOf<SortedScores>();
    QVERIFY(canvas);
    const auto at = [&](double kept) {
        return QPoint(int(std::lround(canvas->xAxis->coordToPixel(kept))), canvas->axisRect()->center().y());
    };
    QTest::mousePress(canvas, Qt::LeftButton, {}, at(double(bench.session.neuronsKept())));
    int changes = 0;
    measureMoves("K over 80 x 28,672 scores", [&](int move) {
        const qint64 before = bench.session.neuronsKept();
        QTest::mouseMove(canvas, at(14336 + 8000 * std::sin(move / 15.0)));
        changes += bench.session.neuronsKept() != before;
    });
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, at(14336));
    QVERIFY2(changes > 150, "it did not follow");
    QCOMPARE(bench.history.count(), 1);
}

void tst_AnswerTimes::draggingNStaysWithinAFrame()
{
    const LargeBench hands(largeSession());
    const Workbench &bench = hands.bench();
    hands.show(MainWindow::Tab::Balance);
    auto *slider = hands.window->findChild<BalanceSlider *>();
    QVERIFY(slider && slider->isVisible());
    QCOMPARE(slider->minimum(), 0);
    QCOMPARE(slider->maximum(), kLayers);
    constexpr double kSide = 16; // from the edge to the end of the track
    const QImage picture = slider->grab().toImage();
    const QRgb accent = PlotStyle::of(slider->palette()).accent.rgb();
    int y = 0; // of the track, which is filled up to the handle
    while (y < picture.height() && picture.pixel(slider->width() / 2, y) != accent)
        ++y;
    QVERIFY(y < picture.height());
    const auto at = [&](int n) { return QPoint(int(std::lround(kSide + (slider->width() - 2 * kSide) * n / kLayers)), y + 2); };
    QTest::mousePress(slider, Qt::LeftButton, {}, at(kLayers));
    int changes = 0;
    measureMoves("N over 80 layers", [&](int move) {
        const qint64 before = bench.session.attentionsToRemove();
        QTest::mouseMove(slider, at(toAndFro(move, kLayers)));
        changes += bench.session.attentionsToRemove() != before;
    });
    QTest::mouseRelease(slider, Qt::LeftButton, {}, at(40));
    QVERIFY2(changes > 150, "it did not follow");
    QCOMPARE(bench.history.count(), 1);
}

void tst_AnswerTimes::hoveringOverScoresStaysWithinAFrame()
{
    const LargeBench hands(largeSession());
    hands.show(MainWindow::Tab::Importance);
    QCustomPlot *canvas = hands.canvasOf<ScoreHeatmap>();
    QVERIFY(canvas);
    int changes = 0;
    measureMoves("the pointer over 80 x 28,672 scores", [&](int move) {
        const qint64 before = hands.bench().selection.hoveredLayer();
        QTest::mouseMove(canvas, {int(canvas->xAxis->coordToPixel(100.0 * move)),
                                  int(std::lround(canvas->yAxis->coordToPixel(toAndFro(move, kLayers - 1))))});
        changes += hands.bench().selection.hoveredLayer() != before;
    });
    QVERIFY2(changes > 150, "it did not follow");
}

void tst_AnswerTimes::hoveringOverASearchStaysWithinAFrame()
{
    const LargeBench hands(largeSession());
    QCOMPARE(hands.bench().session.searchState(), SearchState::Complete);
    hands.show(MainWindow::Tab::Attention);
    QCustomPlot *canvas = hands.canvasOf<SearchHeatmap>();
    QVERIFY(canvas);
    QRect seen; // its lower part lies below the page, which scrolls
    QTRY_VERIFY(!(seen = canvas->visibleRegion().boundingRect().intersected(canvas->axisRect()->rect())).isEmpty());
    int changes = 0;
    measureMoves("the pointer over 80 steps x 80 layers", [&](int move) {
        const qint64 before = hands.bench().selection.hoveredLayer();
        QTest::mouseMove(canvas, {int(std::lround(canvas->xAxis->coordToPixel(toAndFro(move, kLayers - 1)))),
                                  seen.top() + toAndFro(5 * move, seen.height() - 1)});
        changes += hands.bench().selection.hoveredLayer() != before;
    });
    QVERIFY2(changes > 150, "it did not follow");
}

void tst_AnswerTimes::replayStaysWithinAFrame()
{
    const LargeBench hands(largeSession());
    hands.show(MainWindow::Tab::Attention);
    QVERIFY(hands.canvasOf<SearchHeatmap>());
    auto *forward = hands.named<QAbstractButton>(QStringLiteral("Step forward"));
    QVERIFY(forward);
    int changes = 0;
    measureMoves("the replay of 80 steps", [&](int) {
        const qint64 before = hands.bench().selection.step();
        if (before == kLayers - 1 || before < 0) // at the end, as at the start
            QTest::mouseClick(hands.named<QAbstractButton>(QStringLiteral("First step")), Qt::LeftButton);
        else
            QTest::mouseClick(forward, Qt::LeftButton);
        changes += hands.bench().selection.step() != before;
    });
    QVERIFY2(changes > 150, "it did not follow");
}

// ---- a session of 1,000 evaluations ------------------------------------------------------------------------------------------------

/// Keeps the best time of what is done under one name.
void tst_AnswerTimes::measure(const QString &what, const std::function<void()> &act)
{
    draw();
    const double before = computed();
    act();
    draw();
    const double time = computed() - before;
    const auto [best, isNew] = m_times.try_emplace(what, time);
    best->second = std::min(best->second, time);
}

/// Each is less than a tenth of a second.
void tst_AnswerTimes::compare() const
{
    QStringList slow, all;
    for (const auto &[what, time] : m_times) {
        all << QStringLiteral("%1 %2 ms").arg(what).arg(time, 0, 'f', 1);
        if (time >= 100)
            slow << all.last();
    }
    qInfo("with 1,000 evaluations: %s", qPrintable(all.join(QStringLiteral(", "))));
    QVERIFY2(slow.isEmpty(), qPrintable(slow.join(QStringLiteral(", "))));
}

namespace {

constexpr int kEvaluations = 1000, kRounds = 3;

Session longSession()
{
    Session session = largeSession();
    session.evaluationText.files = {"text.txt"};
    session.measurements = evaluationsOf(session, kEvaluations);
    return session;
}

QString nameOf(MainWindow::Tab tab)
{
    return QString::fromLatin1(QMetaEnum::fromType<MainWindow::Tab>().valueToKey(int(tab)));
}

} // namespace

void tst_AnswerTimes::tabsChangeInATenthOfASecond()
{
    const LargeBench hands(longSession());
    QTabBar *bar = hands.window->findChild<QTabWidget *>()->tabBar();
    for (int round = 0; round < kRounds; ++round)
        for (int tab = 0; tab < bar->count(); ++tab) {
            measure(nameOf(MainWindow::Tab(tab)), [&] { QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(tab).center()); });
            QCOMPARE(bar->currentIndex(), tab);
        }
    QCOMPARE(m_times.size(), std::size_t(bar->count()));
    compare();
}

void tst_AnswerTimes::undoTakesLessThanATenthOfASecond()
{
    const LargeBench hands(longSession());
    const Workbench &bench = hands.bench();
    const std::pair<const char *, std::function<void()>> edits[] = {
        {"K", [&] { bench.editor.setNeuronsKept(12'345); }},
        {"N", [&] { bench.editor.setAttentionsToRemove(17); }},
        {"sparsity", [&] { bench.editor.setSparsity(0.45); }},
        {"protection", [&] { bench.editor.toggleProtected(7); }},
    };
    for (int round = 0; round < kRounds; ++round)
        for (int tab = 0; tab < hands.window->findChild<QTabWidget *>()->count(); ++tab)
            for (const auto &[name, edit] : edits) {
                hands.window->show(MainWindow::Tab(tab));
                const PlanDraft before = bench.session.draft();
                edit();
                QVERIFY(!(bench.session.draft() == before));
                measure(QStringLiteral("%1 on %2").arg(QLatin1String(name), nameOf(MainWindow::Tab(tab))),
                        [&] { QTest::keyClick(hands.window.get(), Qt::Key_Z, Qt::ControlModifier); });
                QVERIFY(bench.session.draft() == before);
            }
    compare();
}

void tst_AnswerTimes::sortingTakesLessThanATenthOfASecond()
{
    const LargeBench hands(longSession());
    hands.show(MainWindow::Tab::Evaluation);
    auto *table = hands.named<RecordTable>(QStringLiteral("Evaluations of this session"));
    QVERIFY(table);
    QCOMPARE(table->model()->rowCount(), kEvaluations);
    QHeaderView *header = table->horizontalHeader();
    for (int round = 0; round < 2 * kRounds; ++round) // up and down
        for (int column = 0; column < header->count(); ++column) {
            if (header->isSectionHidden(column))
                continue;
            table->scrollTo(table->model()->index(0, column));
            const QPoint at(header->sectionViewportPosition(column) + header->sectionSize(column) / 2, header->height() / 2);
            QVERIFY2(header->viewport()->rect().contains(at), qPrintable(QStringLiteral("column %1 is not in view").arg(column)));
            measure(table->model()->headerData(column, Qt::Horizontal).toString() +
                        (round % 2 == 0 ? QStringLiteral(" up") : QStringLiteral(" down")),
                    [&] { QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, at); });
            QCOMPARE(header->sortIndicatorSection(), column);
        }
    compare();
}

/// Qt has each of some thousand widgets look up its style.
void tst_AnswerTimes::themeChangesInAQuarterOfASecond()
{
    LargeBench hands(largeSession());
    hands.show(MainWindow::Tab::Importance);
    double least = kInfinity;
    for (int round = 0; round < kRounds; ++round)
        for (const Theme::Mode mode : {Theme::Mode::Dark, Theme::Mode::Light}) {
            draw();
            const double before = computed();
            hands.theme.setMode(mode);
            draw();
            least = std::min(least, computed() - before);
        }
    qInfo("another theme takes %.0f ms", least);
    QVERIFY2(least < 250, qPrintable(QString::number(least)));
}

QTEST_MAIN(tst_AnswerTimes)
#include "tst_AnswerTimes.moc"
