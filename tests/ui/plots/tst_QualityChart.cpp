// SPDX-License-Identifier: GPL-3.0-or-later
#include "SearchBench.h"
#include "plots/QualityChart.h"

#include <QSignalSpy>
#include <QToolTip>
#include <memory>

using namespace secateur::ui;

namespace {

QualityAxes perplexities()
{
    return {.x = QStringLiteral("parameters, M"), .y = QStringLiteral("perplexity"), .isLogarithmic = true};
}

std::vector<QualitySeries> methods()
{
    return {{.name = QStringLiteral("2SSP")},
            {.name = QStringLiteral("By hand"), .isJoined = false},
            {.name = QStringLiteral("2SSP, restored")},
            {.name = QStringLiteral("ShortGPT")}};
}

QualityPoint point(double x, double y, int series, const QString &label)
{
    return {.x = x, .y = y, .series = series, .label = label};
}

/// The original, two plans of 2SSP, one of ShortGPT; not in the order of x.
std::vector<QualityPoint> points()
{
    return {point(100, 20, -1, QStringLiteral("original")), point(50, 160, 0, QStringLiteral("2SSP, 50 %")),
            point(75, 40, 0, QStringLiteral("2SSP, 25 %")), point(70, 80, 3, QStringLiteral("ShortGPT, 25 %"))};
}

} // namespace

class TestQualityChart : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_chart.reset(); }

    void csvHasThePointsInTheirOrder();
    void everySeriesHasItsColourAndMark();
    void linesJoinPointsOfOneSeries();
    void whatIsNotJoinedHasNoLine();
    void errorsAreUprightLines();
    void currentPlanIsRinged();
    void selectedPointsAreCircled();
    void clickNamesThePoint();
    void hoverTellsThePoint();
    void arrowKeysWalkByXAndSpaceChooses();
    void accuraciesHaveAnEvenAxis();
    void whatHasNoPlaceStandsInTheTableAlone();
    void withoutPointsTheReasonIsShown();
    void followsThePalette();

private:
    QColor colourAt(double x, double y) const { return QColor(pictureOf(*m_chart).pixel(place(*m_chart, x, y))); }
    QWidget *canvas() const { return &canvasOf(*m_chart); }
    PlotStyle style() const { return PlotStyle::of(m_chart->palette()); }
    /// Pixels that are not ground in a square around a place.
    int inkAt(double x, double y, QPoint aside = {}) const
    {
        const QPoint middle = place(*m_chart, x, y) + aside;
        return 25 - count(pictureOf(*m_chart), QRect(middle - QPoint(2, 2), middle + QPoint(2, 2)), style().surface);
    }

    std::unique_ptr<QualityChart> m_chart;
};

void TestQualityChart::init()
{
    failOnWarnings();
    m_chart = std::make_unique<QualityChart>();
    show(*m_chart);
    m_chart->showPoints(perplexities(), methods(), points());
    pictureOf(*m_chart);
}

void TestQualityChart::csvHasThePointsInTheirOrder()
{
    std::vector<QualityPoint> some = points();
    some[1].error = 1.5;
    some[1].isCurrent = true;
    some[1].planHash = QStringLiteral("0123abcd");
    m_chart->showPoints(perplexities(), methods(), some);
    QCOMPARE(m_chart->csv(), QString("parameters [M],perplexity,standard error,plan,method,current plan,plan hash\n"
                                     "100,20,,original,,,\n"
                                     "50,160,1.5,\"2SSP, 50 %\",2SSP,yes,0123abcd\n"
                                     "75,40,,\"2SSP, 25 %\",2SSP,,\n"
                                     "70,80,,\"ShortGPT, 25 %\",ShortGPT,,\n"));
}

void TestQualityChart::everySeriesHasItsColourAndMark()
{
    QCOMPARE(colourAt(75, 40), style().accent);
    QCOMPARE(colourAt(70, 80), style().ffn);
    QCOMPARE(colourAt(100, 20), style().surface);       // hollow
    const auto cornerInk = [this](double x, double y) { // of a square, not of a disc
        const QPoint corner = place(*m_chart, x, y) + QPoint(3, 3);
        return count(pictureOf(*m_chart), QRect(corner, QSize(1, 1)), style().ffn);
    };
    QCOMPARE(cornerInk(70, 80), 1);
    std::vector<QualityPoint> alone = points();
    alone.erase(alone.begin() + 1); // no 2SSP at 50 %
    m_chart->showPoints(perplexities(), methods(), alone);
    QCOMPARE(colourAt(70, 80), style().ffn); // by its place, whoever else is there
    alone[1].series = 2;
    m_chart->showPoints(perplexities(), methods(), alone);
    pictureOf(*m_chart);
    const QPoint middle = place(*m_chart, 75, 40); // restored: the colour of 2SSP, which it begins with, and an upright cross
    QVERIFY(count(pictureOf(*m_chart), QRect(middle - QPoint(2, 2), middle + QPoint(2, 2)), style().accent) > 0);
    QVERIFY(inkAt(75, 40, {4, 0}) > 0);
    QCOMPARE(inkAt(75, 40, {5, 5}), 0); // where a disc would be
}

void TestQualityChart::linesJoinPointsOfOneSeries()
{
    QVERIFY(inkAt(62.5, std::sqrt(160. * 40)) > 4);
    QCOMPARE(inkAt(60, std::sqrt(160. * 80), {0, 0}), 0); // between methods there is none
}

void TestQualityChart::whatIsNotJoinedHasNoLine()
{
    std::vector<QualityPoint> byHand = points();
    byHand[1].series = byHand[2].series = 1;
    m_chart->showPoints(perplexities(), methods(), byHand);
    QCOMPARE(inkAt(62.5, std::sqrt(160. * 40)), 0);
}

void TestQualityChart::errorsAreUprightLines()
{
    QCOMPARE(inkAt(70, 80, {0, -14}), 0);
    std::vector<QualityPoint> some = points();
    some[3].error = 30;
    m_chart->showPoints(perplexities(), methods(), some);
    QVERIFY(inkAt(70, 105) > 2);
    QVERIFY(inkAt(70, 55) > 2);
}

void TestQualityChart::currentPlanIsRinged()
{
    const auto ring = [this](double x, double y) {
        const QPoint left = place(*m_chart, x, y) - QPoint(9, 0);
        return count(pictureOf(*m_chart), QRect(left - QPoint(2, 1), left + QPoint(2, 1)), style().warning);
    };
    QCOMPARE(ring(70, 80), 0);
    std::vector<QualityPoint> some = points();
    some[3].isCurrent = true;
    m_chart->showPoints(perplexities(), methods(), some);
    QVERIFY(ring(70, 80) >= 2);
    QCOMPARE(ring(75, 40), 0);
}

void TestQualityChart::selectedPointsAreCircled()
{
    const auto circle = [this](double x, double y) {
        const QPoint top = place(*m_chart, x, y) - QPoint(0, 8);
        return count(pictureOf(*m_chart), QRect(top - QPoint(1, 2), top + QPoint(1, 2)), style().text);
    };
    QCOMPARE(circle(70, 80), 0);
    m_chart->setSelected({3});
    QVERIFY(circle(70, 80) >= 2);
    QCOMPARE(circle(75, 40), 0);
    m_chart->setSelected({2, 17}); // one that is not there
    QCOMPARE(circle(70, 80), 0);
    QVERIFY(circle(75, 40) >= 2);
}

void TestQualityChart::clickNamesThePoint()
{
    QSignalSpy clicked(m_chart.get(), &QualityChart::pointClicked);
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(*m_chart, 70, 80) + QPoint(4, -4));
    QTest::mouseClick(canvas(), Qt::LeftButton, Qt::ControlModifier, place(*m_chart, 75, 40));
    QTest::mouseClick(canvas(), Qt::RightButton, {}, place(*m_chart, 75, 40));
    QCOMPARE(clicked.size(), 2);
    QCOMPARE(clicked[0], (QVariantList{qint64(3), false}));
    QCOMPARE(clicked[1], (QVariantList{qint64(2), true}));
}

void TestQualityChart::hoverTellsThePoint()
{
    QTest::mouseMove(canvas(), place(*m_chart, 70, 80));
    QCOMPARE(QToolTip::text(), QString("ShortGPT, 25 %\nperplexity: 80.0\nparameters, M: 70"));
    QCOMPARE(canvas()->cursor().shape(), Qt::PointingHandCursor);
    leave(*m_chart);
    QCOMPARE(canvas()->cursor().shape(), Qt::ArrowCursor);
}

void TestQualityChart::arrowKeysWalkByXAndSpaceChooses()
{
    QSignalSpy clicked(m_chart.get(), &QualityChart::pointClicked);
    QTest::keyClick(canvas(), Qt::Key_Space); // nothing is chosen yet
    QCOMPARE(clicked.size(), 0);
    for (const qint64 expected : {1, 3, 2, 0}) { // by x
        QTest::keyClick(canvas(), Qt::Key_Right);
        QTest::keyClick(canvas(), Qt::Key_Space);
        QCOMPARE(clicked.takeFirst()[0].toLongLong(), expected);
    }
    QTest::keyClick(canvas(), Qt::Key_Left);
    QVERIFY(canvas()->accessibleDescription().startsWith("2SSP, 25 %\nperplexity: 40.0"));
}

void TestQualityChart::accuraciesHaveAnEvenAxis()
{
    std::vector<QualityPoint> some = points();
    for (QualityPoint &one : some)
        one.y = one.x / 2; // 25 to 50 %
    some[1].error = 2;
    m_chart->showPoints({.x = "parameters, M", .y = "acc of arc_easy, %", .isLogarithmic = false}, methods(), some);
    pictureOf(*m_chart);
    QCOMPARE(canvasOf(*m_chart).yAxis->scaleType(), QCPAxis::stLinear);
    QVERIFY(canvasOf(*m_chart).yAxis->range().contains(23) && canvasOf(*m_chart).yAxis->range().upper < 60);
    QCOMPARE(colourAt(75, 37.5), style().accent);
    QVERIFY(m_chart->csv().startsWith("parameters [M],acc of arc_easy [%],standard error [%],"));
    m_chart->showPoints(perplexities(), methods(), points()); // and back
    pictureOf(*m_chart);
    QCOMPARE(canvasOf(*m_chart).yAxis->scaleType(), QCPAxis::stLogarithmic);
    QCOMPARE(colourAt(75, 40), style().accent);
}

void TestQualityChart::whatHasNoPlaceStandsInTheTableAlone()
{
    std::vector<QualityPoint> some = points();
    some.push_back(point(60, kUnknown, 0, "not measured"));
    some.push_back(point(60, std::numeric_limits<double>::infinity(), 0, "overflow"));
    m_chart->showPoints(perplexities(), methods(), some);
    QCOMPARE(m_chart->table().rows.size(), std::size_t(6));
    QVERIFY(canvasOf(*m_chart).yAxis->range().upper < 1000);
}

void TestQualityChart::withoutPointsTheReasonIsShown()
{
    QCOMPARE(emptyTextOf(*m_chart), QString());
    m_chart->showPoints(perplexities(), methods(), {});
    QVERIFY(emptyTextOf(*m_chart).startsWith("Nothing measured yet."));
    m_chart->showPoints(perplexities(), methods(), points());
    QCOMPARE(emptyTextOf(*m_chart), QString());
}

void TestQualityChart::followsThePalette()
{
    QPalette dark = m_chart->palette();
    dark.setColor(QPalette::Window, Qt::black);
    dark.setColor(QPalette::WindowText, Qt::white);
    m_chart->setPalette(dark);
    QCOMPARE(colourAt(75, 40), PlotStyle::of(dark).accent);
}

QTEST_MAIN(TestQualityChart)
#include "tst_QualityChart.moc"
