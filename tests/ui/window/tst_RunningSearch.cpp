// SPDX-License-Identifier: GPL-3.0-or-later
// A search while it runs, for real: the heatmap fills as candidates are evaluated, and a change of the plan leaves the search as it is.
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "panels/search/AttentionPanel.h"
#include "plots/SearchPlots.h"
#include "theme/PlotStyle.h"

#include <QImage>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <qcustomplot.h>
#include <set>
#include <utility>

using namespace secateur;
using namespace secateur::ui;

namespace {

constexpr std::int64_t kRemovals = 8, kKept = 150, kOtherKept = 220;
constexpr std::int64_t kEvaluations = 12 + 11 + 10 + 9 + 8 + 7 + 6 + 5; ///< of the sample's 12 layers

using Cell = std::pair<std::int64_t, std::int64_t>; ///< step and layer

/// The sample, calibrated, with a search that takes some seconds.
void prepare(const WindowBench &hands)
{
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const Workbench &bench = hands.bench();
    const TextSettings text{.files = {WindowBench::sample().calibrationText().toStdString()}, .windows = 6, .length = 256, .seed = 0};
    bench.session.setDraftAndTexts(bench.session.draft(), text, text, ScoreNorm::L2);
    bench.jobs.calibrate();
    QVERIFY(hands.waitForJobs());
    bench.editor.setAttentionsToRemove(kRemovals);
    bench.editor.setNeuronsKept(kKept);
    bench.editor.setSearchWindows(6);
    QVERIFY(bench.jobs.canSearch());
    hands.window->show(MainWindow::Tab::Attention);
    hands.window->findChild<AttentionPanel *>()->setView(AttentionPanel::View::Search);
}

std::set<Cell> knownCells(const SearchRecord *record)
{
    std::set<Cell> known;
    for (std::size_t step = 0; record && step < record->steps.size(); ++step)
        for (std::size_t layer = 0; layer < record->steps[step].losses.size(); ++layer)
            if (std::isfinite(record->steps[step].losses[layer]))
                known.emplace(step, layer);
    return known;
}

/// Unknown losses are equal to each other.
void compareRecords(const SearchRecord &one, const SearchRecord &other)
{
    QCOMPARE(std::bit_cast<std::uint64_t>(one.initialLoss), std::bit_cast<std::uint64_t>(other.initialLoss));
    QCOMPARE(one.steps.size(), other.steps.size());
    QVERIFY(one.settings == other.settings);
    for (std::size_t step = 0; step < one.steps.size(); ++step) {
        QCOMPARE(one.steps[step].removed, other.steps[step].removed);
        QCOMPARE(one.steps[step].losses.size(), other.steps[step].losses.size());
        for (std::size_t layer = 0; layer < one.steps[step].losses.size(); ++layer) {
            const double a = one.steps[step].losses[layer], b = other.steps[step].losses[layer];
            QVERIFY2(a == b || (std::isnan(a) && std::isnan(b)), qPrintable(QStringLiteral("step %1, layer %2").arg(step).arg(layer)));
        }
    }
}

/// What is on the screen of the heatmap.
struct Screen {
    const QCustomPlot &canvas;
    QImage picture;
    PlotStyle style;

    explicit Screen(QCustomPlot &plot) : canvas(plot), picture(plot.grab().toImage()), style(PlotStyle::of(plot.palette())) {}

    QRect cell(const Cell &cell) const
    {
        const double x = double(cell.second), y = double(cell.first) + 1;
        return QRectF(QPointF(canvas.xAxis->coordToPixel(x - 0.5), canvas.yAxis->coordToPixel(y - 0.5)),
                      QPointF(canvas.xAxis->coordToPixel(x + 0.5), canvas.yAxis->coordToPixel(y + 0.5)))
            .toRect();
    }
    /// Beside the middle, where a sign may be drawn.
    bool isFilled(const Cell &at) const
    {
        const QRect place = cell(at);
        return picture.pixel(place.left() + place.width() / 5, place.center().y()) != style.surface.rgb();
    }
    /// The bar along the foot of a cell under way, which is within its frame.
    bool isAtWork(const Cell &at) const
    {
        const QRect place = cell(at);
        return picture.pixel(place.left() + 4, place.bottom() - 2) == style.accent.rgb();
    }
};

} // namespace

class tst_RunningSearch : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void cellsFillInTheOrderOfTheirEvaluation();
    void anotherKLeavesTheSearchAsItIs();
};

void tst_RunningSearch::cellsFillInTheOrderOfTheirEvaluation()
{
    const WindowBench hands;
    prepare(hands);
    const SessionModel &session = hands.bench().session;
    std::vector<Cell> order; // as the search tells it
    connect(&session, &SessionModel::searchChanged, this, [&] {
        const std::set<Cell> known = knownCells(session.search());
        QVERIFY(known.size() <= order.size() + 1); // one after the other
        for (const Cell &cell : known)
            if (std::find(order.begin(), order.end(), cell) == order.end())
                order.push_back(cell);
    });
    hands.bench().jobs.search();

    auto *heatmap = hands.window->findChild<SearchHeatmap *>();
    auto *canvas = heatmap->findChild<QCustomPlot *>();
    std::set<std::size_t> stages; // how full it was when somebody looked
    bool hasSeenWork = false;
    while (hands.bench().runner.current()) {
        QTest::qWait(10); // the search goes on
        if (!canvas->isVisible())
            continue;
        const Screen screen(*canvas);
        const std::vector<std::int64_t> gone = session.removalOrder(); // at least those that are hatched by now
        const auto isGone = [&](std::int64_t layer) { return std::find(gone.begin(), gone.end(), layer) != gone.end(); };
        std::size_t filled = 0;
        bool hasGap = false;
        for (const Cell &cell : order) {
            if (isGone(cell.second))
                continue;
            const bool isFilled = screen.isFilled(cell);
            QVERIFY2(!isFilled || !hasGap, qPrintable(QStringLiteral("step %1, layer %2 came too early").arg(cell.first).arg(cell.second)));
            hasGap = hasGap || !isFilled;
            filled += isFilled;
        }
        stages.insert(filled);
        const auto begun = session.search() ? std::int64_t(session.search()->steps.size()) : 0;
        for (std::int64_t step = 0; step < kRemovals; ++step)
            for (std::int64_t layer = 0; layer < session.layerCount(); ++layer) {
                if (isGone(layer))
                    continue;
                const Cell cell(step, layer);
                const bool isKnown = std::find(order.begin(), order.end(), cell) != order.end();
                QVERIFY2(isKnown || !screen.isFilled(cell),
                         qPrintable(QStringLiteral("step %1, layer %2 is not evaluated").arg(step).arg(layer)));
                const bool isAtWork = !isKnown && screen.isAtWork(cell);
                QVERIFY2(!isAtWork || step <= begun, "a later step is at work");
                hasSeenWork = hasSeenWork || isAtWork;
            }
    }
    QCOMPARE(hands.bench().runner.jobs().back().state, JobInfo::State::Done);
    QCOMPARE(std::int64_t(order.size()), kEvaluations);
    QVERIFY2(stages.size() > 10, qPrintable(QString::number(stages.size()))); // it was seen to fill
    QVERIFY(hasSeenWork);
    for (std::int64_t layer = 0; layer < session.layerCount(); ++layer)
        QTRY_VERIFY(!Screen(*canvas).isAtWork({kRemovals - 1, layer}));
}

/// A search that was begun goes on for the plan that it was started for.
void tst_RunningSearch::anotherKLeavesTheSearchAsItIs()
{
    std::optional<SearchRecord> undisturbed;
    {
        const WindowBench hands;
        prepare(hands);
        hands.bench().jobs.search();
        QVERIFY(hands.waitForJobs());
        undisturbed = *hands.bench().session.search();
    }
    QCOMPARE(undisturbed->evaluations(), kEvaluations);

    const WindowBench hands;
    prepare(hands);
    const Workbench &bench = hands.bench();
    const SessionModel &session = bench.session;
    const std::string key = searchKey(session.draft(), session.neuronsKept());
    std::int64_t changedAt = -1;
    connect(
        &session, &SessionModel::searchChanged, this,
        [&] {
            const SearchRecord *record = session.search();
            if (changedAt >= 0 || !record || record->evaluations() < 3)
                return;
            changedAt = record->evaluations();
            bench.editor.setNeuronsKept(kOtherKept);
        },
        Qt::QueuedConnection);
    bench.jobs.search();
    const int number = bench.runner.jobs().back().number;
    QTRY_VERIFY_WITH_TIMEOUT(changedAt >= 0, 60'000);
    QVERIFY2(changedAt < kEvaluations / 2, qPrintable(QString::number(changedAt)));
    QCOMPARE(session.neuronsKept(), kOtherKept);
    QVERIFY(!bench.runner.job(number)->isOver());
    QVERIFY(!session.search());
    QCOMPARE(session.searchState(), SearchState::NotBegun);
    QVERIFY(hands.waitForJobs());
    QCOMPARE(bench.runner.job(number)->state, JobInfo::State::Done);
    QVERIFY(bench.runner.job(number)->title.contains(QString::number(kKept)));

    QCOMPARE(session.neuronsKept(), kOtherKept); // and the plan is the one that was chosen meanwhile
    QVERIFY(!session.search());
    QVERIFY(session.session().searches.contains(key));
    compareRecords(session.session().searches.at(key), *undisturbed);
    bench.editor.setNeuronsKept(kKept);
    QCOMPARE(session.searchState(), SearchState::Complete);
    QCOMPARE(session.removalOrder(), undisturbed->removalOrder());
}

QTEST_MAIN(tst_RunningSearch)
#include "tst_RunningSearch.moc"
