// SPDX-License-Identifier: GPL-3.0-or-later
// One layer in all views: whatever is pointed at or clicked in one lights up in the others; tooltips give the session's numbers; Esc lets go.
#include "LinkedBench.h"

#include "panels/layers/LayerView.h"
#include "panels/search/RemovalChips.h"
#include "plots/ScorePlots.h"
#include "plots/SearchPlots.h"

#include <QComboBox>
#include <QMetaEnum>
#include <QRegularExpression>
#include <QToolTip>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <qcustomplot.h>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Tab = MainWindow::Tab;
using AttentionView = AttentionPanel::View;

/// A view that shows layers, and where.
struct View {
    const char *name;
    Tab tab;
    AttentionView attention = AttentionView::Search;
    std::function<QWidget *(const LinkedBench &)> drawn; ///< what is drawn on and hears the mouse
    bool isSource = true;                                ///< its parts are layers
    bool isOnEveryPage = false;
};

template <class Plot>
QWidget *canvasIn(const LinkedBench &hands)
{
    const auto *plot = hands.seen<Plot>();
    return plot ? plot->template findChild<QCustomPlot *>() : nullptr;
}

std::vector<View> views()
{
    return {
        {"map", Tab::Balance, AttentionView::Search, [](const LinkedBench &hands) { return hands.seen<LayerView>()->viewport(); }, true,
         true},
        {"histograms", Tab::Importance, AttentionView::Search, canvasIn<ScoreHistograms>},
        {"sorted scores", Tab::Importance, AttentionView::Search, canvasIn<SortedScores>, false},
        {"heatmap of the scores", Tab::Importance, AttentionView::Search, canvasIn<ScoreHeatmap>},
        {"bars of the search", Tab::Attention, AttentionView::Search, canvasIn<CandidateBars>},
        {"heatmap of the search", Tab::Attention, AttentionView::Search, canvasIn<SearchHeatmap>},
        {"chips", Tab::Attention, AttentionView::Search, [](const LinkedBench &hands) { return hands.seen<RemovalChips>()->viewport(); }},
        {"impact", Tab::Attention, AttentionView::Impact, canvasIn<CandidateBars>},
    };
}

/// Whether both are to be seen at the same time.
bool areTogether(const View &one, const View &other)
{
    return one.isOnEveryPage || other.isOnEveryPage || (one.tab == other.tab && one.attention == other.attention);
}

/// Places to look for a layer: down the middle and across it; in the bottom row, and away from the handle of K.
std::vector<QPoint> placesIn(const QWidget &widget)
{
    std::vector<QPoint> places;
    QRect area = widget.rect();
    if (const auto *canvas = qobject_cast<const QCustomPlot *>(&widget))
        area = canvas->axisRect()->rect();
    for (int y = area.top(); y < area.bottom(); y += 3)
        places.emplace_back(area.left() + area.width() / 12, y);
    for (int x = area.left(); x < area.right(); x += 3)
        places.emplace_back(x, area.bottom() - 8);
    for (int x = area.left(); x < area.right(); x += 3)
        places.emplace_back(x, area.center().y());
    return places;
}

/// Numbers of a text, in their order, as they are written.
QStringList numbersIn(const QString &text)
{
    static const QRegularExpression kNumber(QStringLiteral("[−+-]?\\d+(\\.\\d+)?"));
    QStringList numbers;
    for (auto found = kNumber.globalMatch(text); found.hasNext();)
        numbers << found.next().captured();
    return numbers;
}

/// Whether a number is the exact one, rounded to the digits that it is written with.
bool isRounded(QString shown, double exact)
{
    shown.replace(u'−', u'-');
    const qsizetype point = shown.indexOf(u'.');
    const double half = 0.5 * std::pow(10.0, point < 0 ? 0 : -double(shown.size() - point - 1));
    return std::abs(shown.toDouble() - exact) <= half * (1 + 1e-6);
}

void compareNumbers(const QString &text, const std::vector<double> &exact)
{
    const QStringList shown = numbersIn(text);
    QVERIFY2(shown.size() == qsizetype(exact.size()), qPrintable(text));
    for (std::size_t i = 0; i < exact.size(); ++i)
        QVERIFY2(isRounded(shown[qsizetype(i)], exact[i]),
                 qPrintable(QStringLiteral("%1 is not %2: %3").arg(shown[qsizetype(i)]).arg(exact[i]).arg(text)));
}

/// The scores of a layer from best to worst, sorted here.
std::vector<double> bestFirst(const NeuronScores &scores, qint64 layer)
{
    const std::vector<float> &values = scores.layers[std::size_t(layer)];
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    return sorted;
}

double sumOfBest(const std::vector<double> &sorted, qint64 count)
{
    return std::accumulate(sorted.begin(), sorted.begin() + count, 0.0);
}

} // namespace

class tst_LinkedViews : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void hoveringLightsUpInAllViews();
    void selectingLightsUpInAllViews();
    void tooltipsOfTheScoresAreTheSessionsNumbers();
    void tooltipsOfTheSearchAreTheSessionsNumbers();
    void escapeLetsGoOnEveryPage();

private:
    static constexpr std::array<qint64, 2> kLayers = {7, 2}; ///< both are removed, so they have chips

    /// Moves the mouse over a view until it points at that layer; where that is.
    static QPoint pointAt(const LinkedBench &hands, QWidget *widget, qint64 layer)
    {
        for (const QPoint &place : placesIn(*widget)) {
            QTest::mouseMove(widget, place);
            if (hands.bench().selection.hoveredLayer() == layer)
                return place;
        }
        return {-1, -1};
    }
};

void tst_LinkedViews::hoveringLightsUpInAllViews()
{
    const LinkedBench hands;
    SelectionModel &selection = hands.bench().selection;
    selection.setSelectedLayer(-1);
    for (const View &source : views()) {
        if (!source.isSource)
            continue;
        for (const View &target : views()) {
            if (target.name == std::string_view(source.name) || !areTogether(source, target))
                continue;
            const View &page = source.isOnEveryPage ? target : source;
            hands.go(page.tab, page.attention);
            QWidget *from = source.drawn(hands), *to = target.drawn(hands);
            QVERIFY2(from && to, source.name);
            selection.setHoveredLayer(-1);
            const QImage plain = LinkedBench::picture(to);
            std::map<qint64, QImage> lit; // what the target looks like with that layer alone
            for (const qint64 layer : kLayers) {
                selection.setHoveredLayer(layer);
                lit[layer] = LinkedBench::picture(to);
            }
            QVERIFY2(lit[kLayers[0]] != plain && lit[kLayers[1]] != plain && lit[kLayers[0]] != lit[kLayers[1]], target.name);
            selection.setHoveredLayer(-1);
            for (const qint64 layer : kLayers) {
                const QByteArray what = QByteArray(source.name) + ", layer " + QByteArray::number(layer) + ", seen in: " + target.name;
                QVERIFY2(pointAt(hands, from, layer).x() >= 0, what);
                QTRY_VERIFY2(LinkedBench::picture(to) == lit[layer], what);
                QCOMPARE(hands.inspected(), QStringLiteral("Layer %1").arg(layer));
            }
            LinkedBench::leave(from);
            QCOMPARE(selection.hoveredLayer(), -1);
            QTRY_VERIFY2(LinkedBench::picture(to) == plain, target.name);
        }
    }
}

void tst_LinkedViews::selectingLightsUpInAllViews()
{
    const LinkedBench hands;
    SelectionModel &selection = hands.bench().selection;
    const auto rest = [&] { // nothing is pointed at, no view has the focus
        selection.setHoveredLayer(-1);
        selection.setStep(-1);
        hands.window->findChild<QTabWidget *>()->tabBar()->setFocus();
    };
    const auto look = [&](const View &view) {
        hands.go(view.tab, view.attention);
        rest();
        return LinkedBench::picture(view.drawn(hands));
    };
    std::map<std::pair<std::string, qint64>, QImage> lit;
    for (const View &target : views())
        for (const qint64 layer : {qint64(-1), kLayers[0], kLayers[1]}) {
            selection.setSelectedLayer(layer);
            lit[{target.name, layer}] = look(target);
        }
    for (const View &target : views())
        QVERIFY2((lit[{target.name, kLayers[0]}] != lit[{target.name, -1}]) &&
                     (lit[{target.name, kLayers[0]}] != lit[{target.name, kLayers[1]}]),
                 target.name);

    for (const View &source : views()) {
        if (!source.isSource)
            continue;
        for (const qint64 layer : kLayers) {
            selection.setSelectedLayer(-1);
            hands.go(source.tab, source.attention);
            QWidget *from = source.drawn(hands);
            const QPoint place = pointAt(hands, from, layer);
            QVERIFY2(place.x() >= 0, source.name);
            QTest::mouseClick(from, Qt::LeftButton, {}, place);
            QVERIFY2(selection.selectedLayer() == layer, source.name);
            LinkedBench::leave(from);
            QCOMPARE(hands.inspected(), QStringLiteral("Layer %1").arg(layer));
            for (const View &target : views()) {
                const QByteArray what = QByteArray(source.name) + ", layer " + QByteArray::number(layer) + ", seen in: " + target.name;
                QTRY_VERIFY2((look(target) == lit[{target.name, layer}]), what);
            }
        }
    }
}

void tst_LinkedViews::tooltipsOfTheScoresAreTheSessionsNumbers()
{
    const LinkedBench hands;
    hands.go(Tab::Importance);
    const SessionModel &session = hands.bench().session;
    const NeuronScores &scores = *session.scores();
    const qint64 kept = session.neuronsKept(), neurons = session.neurons(), layers = session.layerCount();
    for (const qint64 layer : {qint64(0), qint64(5), layers - 1}) {
        const std::vector<double> sorted = bestFirst(scores, layer);
        const std::vector<double> ofLayer = {double(layer), double(kept), double(neurons), sorted[std::size_t(kept - 1)],
                                             100 * sumOfBest(sorted, kept) / sumOfBest(sorted, neurons)};
        QVERIFY(pointAt(hands, canvasIn<ScoreHistograms>(hands), layer).x() >= 0);
        compareNumbers(QToolTip::text(), ofLayer);
        LinkedBench::leave(canvasIn<ScoreHistograms>(hands));

        auto *heatmap = qobject_cast<QCustomPlot *>(canvasIn<ScoreHeatmap>(hands));
        const QPoint cell = pointAt(hands, heatmap, layer);
        QVERIFY(cell.x() >= 0);
        const auto rank = std::max<qint64>(1, qint64(std::ceil(heatmap->xAxis->pixelToCoord(cell.x()))));
        std::vector<double> ofCell = ofLayer;
        ofCell.insert(ofCell.end(), {double(rank), sorted[std::size_t(rank - 1)], 100 * sorted[std::size_t(rank - 1)] / sorted.front()});
        compareNumbers(QToolTip::text(), ofCell);
        LinkedBench::leave(heatmap);

        hands.bench().selection.setSelectedLayer(layer); // the curve of which is shown
        auto *curve = qobject_cast<QCustomPlot *>(canvasIn<SortedScores>(hands));
        for (const double share : {0.1, 0.4, 0.8}) {
            const QRect area = curve->axisRect()->rect();
            const QPoint place(area.left() + int(share * area.width()), area.center().y());
            QTest::mouseMove(curve, place);
            const auto best = qint64(std::ceil(curve->xAxis->pixelToCoord(place.x())));
            double low = sorted[std::size_t(best - 1)], high = low;
            for (qint64 other = 0; other < layers; ++other) {
                low = std::min(low, bestFirst(scores, other)[std::size_t(best - 1)]);
                high = std::max(high, bestFirst(scores, other)[std::size_t(best - 1)]);
            }
            compareNumbers(QToolTip::text(), {double(best), sorted[std::size_t(best - 1)], double(layer), low, high, double(best),
                                              sumOfBest(sorted, best) / sumOfBest(sorted, neurons)});
        }
    }
    LinkedBench::leave(canvasIn<SortedScores>(hands));
}

void tst_LinkedViews::tooltipsOfTheSearchAreTheSessionsNumbers()
{
    const LinkedBench hands;
    const SessionModel &session = hands.bench().session;
    const auto expected = [](const SearchRecord &record, qint64 step, qint64 layer) {
        const SearchStep *last = step > 0 ? &record.steps[std::size_t(step - 1)] : nullptr;
        const double before = last ? last->losses[std::size_t(last->removed)] : record.initialLoss;
        const double loss = record.steps[std::size_t(step)].losses[std::size_t(layer)];
        return std::vector<double>{double(layer), double(step + 1), loss - before, std::exp(loss), std::exp(before)};
    };
    hands.go(Tab::Attention);
    for (const qint64 layer : {qint64(2), qint64(5), qint64(11)}) {                     // 2 goes in the last step, the others stay
        for (const auto &canvas : {canvasIn<CandidateBars>, canvasIn<SearchHeatmap>}) { // in the last step both
            QVERIFY(pointAt(hands, canvas(hands), layer).x() >= 0);
            auto *plot = qobject_cast<QCustomPlot *>(canvas(hands));
            QTest::mouseMove(plot, QPoint(int(plot->xAxis->coordToPixel(double(layer))), plot->axisRect()->rect().bottom() - 8));
            compareNumbers(QToolTip::text(), expected(*session.search(), LinkedBench::kSteps - 1, layer));
            LinkedBench::leave(plot);
        }
        auto *heatmap = qobject_cast<QCustomPlot *>(canvasIn<SearchHeatmap>(hands));
        for (qint64 step = 0; step < LinkedBench::kSteps; ++step) {
            QTest::mouseMove(
                heatmap, QPointF(heatmap->xAxis->coordToPixel(double(layer)), heatmap->yAxis->coordToPixel(double(step + 1))).toPoint());
            compareNumbers(QToolTip::text(), expected(*session.search(), step, layer));
        }
        LinkedBench::leave(heatmap);
    }
    hands.go(Tab::Attention, AttentionView::Impact);
    QVERIFY(pointAt(hands, canvasIn<CandidateBars>(hands), 5).x() >= 0);
    compareNumbers(QToolTip::text(), expected(*session.denseImpact(), 0, 5));
    LinkedBench::leave(canvasIn<CandidateBars>(hands));
}

/// From wherever the focus can be.
void tst_LinkedViews::escapeLetsGoOnEveryPage()
{
    const LinkedBench hands;
    SelectionModel &selection = hands.bench().selection;
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i) {
        hands.go(Tab(tabs.value(i)));
        int stops = 0;
        const QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
        for (QWidget *stop : page->findChildren<QWidget *>()) {
            const bool isStop = stop->isVisible() && stop->isEnabled() && (stop->focusPolicy() & Qt::TabFocus) && !stop->focusProxy();
            if (!isStop || qobject_cast<QComboBox *>(stop)) // which takes every key for the beginning of a choice
                continue;
            stop->setFocus();
            selection.setSelectedLayer(3);
            QTest::keyClick(stop, Qt::Key_Escape);
            QVERIFY2(
                selection.selectedLayer() == -1,
                qPrintable(QStringLiteral("%1: %2 '%3'")
                               .arg(QLatin1String(tabs.key(i)), QLatin1String(stop->metaObject()->className()), stop->accessibleName())));
            ++stops;
        }
        QVERIFY2(stops > 0, tabs.key(i));
    }
    auto *map = hands.seen<LayerView>();
    QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, map->visualRect(map->model()->index(4, 0)).center());
    QCOMPARE(selection.selectedLayer(), 4);
    selection.setStep(1);
    QTest::keyClick(map, Qt::Key_Escape); // what was clicked last: the layer, then the step
    QCOMPARE(selection.selectedLayer(), -1);
    QCOMPARE(selection.step(), 1);
    QTest::keyClick(map, Qt::Key_Escape);
    QCOMPARE(selection.step(), -1);
}

QTEST_MAIN(tst_LinkedViews)
#include "tst_LinkedViews.moc"
