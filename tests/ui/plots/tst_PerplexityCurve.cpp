// SPDX-License-Identifier: GPL-3.0-or-later
#include "SearchBench.h"
#include "plots/PerplexityCurve.h"

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolTip>
#include <memory>

using namespace secateur::ui;

namespace {

CurvePoint point(double x, double perplexity, const QString &label)
{
    return {.x = x, .perplexity = perplexity, .label = label};
}

/// Not in the order of x: two searched plans, the dense model, one with a borrowed order.
std::vector<CurvePoint> points()
{
    std::vector<CurvePoint> points{point(75, 40, "25 %"), point(100, 20, "original"), point(50, 160, "50 %"), point(65, 50, "borrowed")};
    points[1].isDense = true;
    points[3].isBorrowedOrder = true;
    return points;
}

} // namespace

class TestPerplexityCurve : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_curve.reset(); }

    void csvHasThePointsInTheirOrder();
    void measuredIsFilledAndBorrowedIsHollow();
    void linesJoinTheirOwnPointsOnly();
    void theLegendSaysWhatALineIs();
    void currentPlanIsRinged();
    void planThatIsNotMeasuredHasALineAndNoPoint();
    void axisHasPlainNumbers();
    void clickNamesThePoint();
    void hoverTellsThePoint();
    void arrowKeysWalkByXAndSpaceChooses();
    void pointsWithoutAPerplexityStandInTheTableAlone();
    void onePointIsShown();
    void withoutPointsTheReasonIsShown();
    void followsThePalette();

private:
    QColor colourAt(double x, double y) const { return QColor(pictureOf(*m_curve).pixel(place(*m_curve, x, y))); }
    QWidget *canvas() const { return &canvasOf(*m_curve); }
    PlotStyle style() const { return PlotStyle::of(m_curve->palette()); }
    /// Pixels of the warning colour: ring and dashed line have it, nothing else.
    int warnings(const QRect &rect) const { return count(pictureOf(*m_curve), rect, style().warning); }

    std::unique_ptr<PerplexityCurve> m_curve;
};

void TestPerplexityCurve::init()
{
    failOnWarnings();
    m_curve = std::make_unique<PerplexityCurve>();
    show(*m_curve);
    m_curve->showPoints("kept, %", points(), {});
    pictureOf(*m_curve);
}

void TestPerplexityCurve::csvHasThePointsInTheirOrder()
{
    std::vector<CurvePoint> some = points();
    some[2].isCurrent = true;
    some[2].planHash = "0123abcd";
    m_curve->showPoints("kept, %", some, 50);
    QCOMPARE(m_curve->csv(), QString("kept [%],perplexity,plan,removal order,current plan,plan hash\n"
                                     "75,40,25 %,searched,,\n"
                                     "100,20,original,,,\n"
                                     "50,160,50 %,searched,yes,0123abcd\n"
                                     "65,50,borrowed,borrowed,,\n"));
}

void TestPerplexityCurve::measuredIsFilledAndBorrowedIsHollow()
{
    for (const auto &[x, y] : {std::pair{75., 40.}, {100., 20.}, {50., 160.}})
        QCOMPARE(colourAt(x, y), style().accent);
    QCOMPARE(colourAt(65, 50), style().surface);
    const QPoint middle = place(*m_curve, 65, 50);
    QVERIFY(count(pictureOf(*m_curve), QRect(middle - QPoint(6, 6), middle + QPoint(6, 6)), style().accent) > 8);
}

void TestPerplexityCurve::linesJoinTheirOwnPointsOnly()
{
    // Half way between two neighbours on the screen: the line of a logarithmic axis goes through the geometric mean.
    const auto inkAt = [this](double x, double y) {
        const QPoint middle = place(*m_curve, x, y);
        const QRect around(middle - QPoint(2, 2), middle + QPoint(2, 2));
        return 25 - count(pictureOf(*m_curve), around, style().surface);
    };
    QCOMPARE(inkAt(62.5, std::sqrt(160. * 40)), 0); // measured, but of no series
    m_curve->showPoints("kept, %", points(), {}, {{.along = CurveLine::Along::Target, .points = {1, 0, 2}}});
    QVERIFY(inkAt(62.5, std::sqrt(160. * 40)) > 4);
    QVERIFY(inkAt(87.5, std::sqrt(40. * 20)) > 4);
    QCOMPARE(inkAt(57.5, std::sqrt(160. * 50)), 0); // towards the borrowed point
    m_curve->showPoints("kept, %", points(), {}, {{.along = CurveLine::Along::Target, .points = {1, 0}}});
    QCOMPARE(inkAt(62.5, std::sqrt(160. * 40)), 0);
    QVERIFY(inkAt(87.5, std::sqrt(40. * 20)) > 4);
}

void TestPerplexityCurve::theLegendSaysWhatALineIs()
{
    QTemporaryDir folder;
    const auto wordsIn = [&](std::vector<CurveLine> lines) {
        m_curve->showPoints("kept, %", points(), {}, std::move(lines));
        const QString file = folder.filePath(QStringLiteral("figure.svg"));
        m_curve->save(file);
        QFile figure(file);
        return figure.open(QIODevice::ReadOnly) ? QString::fromUtf8(figure.readAll()) : QString();
    };
    QVERIFY(wordsIn({}).contains("measured"));
    QVERIFY(!wordsIn({}).contains("line:") && !wordsIn({}).contains("dots:"));
    const QString target = wordsIn({{.along = CurveLine::Along::Target, .points = {1, 0, 2}}});
    QVERIFY(target.contains("line: other targets, N by the rule") && !target.contains("dots:"));
    QVERIFY(wordsIn({{.along = CurveLine::Along::Depth, .points = {0, 2}}}).contains("dots: other N, the same target"));
}

void TestPerplexityCurve::currentPlanIsRinged()
{
    std::vector<CurvePoint> some = points();
    some[0].isCurrent = true;
    m_curve->showPoints("kept, %", some, 75);
    const QPoint middle = place(*m_curve, 75, 40);
    QVERIFY(warnings(QRect(middle - QPoint(11, 1), middle + QPoint(-5, 1))) >= 2); // left of the point and of the dashed line
    const QPoint other = place(*m_curve, 50, 160);
    QCOMPARE(warnings(QRect(other - QPoint(11, 11), other + QPoint(11, 11))), 0);
}

void TestPerplexityCurve::planThatIsNotMeasuredHasALineAndNoPoint()
{
    const auto column = [this](double x) {
        const QCPAxisRect &axes = *canvasOf(*m_curve).axisRect();
        return QRect(place(*m_curve, x, 50).x() - 1, axes.top(), 3, axes.height());
    };
    QCOMPARE(warnings(canvas()->rect()), 0);
    m_curve->showPoints("kept, %", points(), 85);
    QVERIFY(warnings(column(85)) > 50);
    QCOMPARE(warnings(canvas()->rect()), warnings(column(85))); // no ring anywhere
    m_curve->showPoints("kept, %", points(), 130);              // beyond the points, yet to be seen
    QVERIFY(warnings(column(130)) > 50);
}

void TestPerplexityCurve::axisHasPlainNumbers()
{
    const auto labels = [this](double least, double most) {
        m_curve->showPoints("kept, %", {point(50, most, "a"), point(100, least, "b")}, {});
        pictureOf(*m_curve);
        return canvasOf(*m_curve).yAxis->tickVectorLabels();
    };
    QVERIFY(labels(20, 160).contains("50"));
    QVERIFY(labels(13, 14).contains("13") && labels(13, 14).contains("14"));
    const QStringList large = labels(10, 90'000); // the C locale does not group
    QVERIFY(large.contains("10,000") || large.contains("10000"));
    QVERIFY(labels(10, 90'000).size() <= 9);
    for (const QString &label : labels(7, 2'000'000))
        QVERIFY2(!label.contains('e'), qPrintable(label));
}

void TestPerplexityCurve::clickNamesThePoint()
{
    QSignalSpy clicked(m_curve.get(), &PerplexityCurve::pointClicked);
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(*m_curve, 65, 50) + QPoint(5, -5));
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(*m_curve, 100, 20));
    QTest::mouseClick(canvas(), Qt::RightButton, {}, place(*m_curve, 75, 40));
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(*m_curve, 60, 30)); // nothing is there
    QCOMPARE(clicked.size(), 2);
    QCOMPARE(clicked[0][0].toLongLong(), 3);
    QCOMPARE(clicked[1][0].toLongLong(), 1);
}

void TestPerplexityCurve::hoverTellsThePoint()
{
    QTest::mouseMove(canvas(), place(*m_curve, 65, 50));
    QCOMPARE(QToolTip::text(), QString("borrowed\nPerplexity 50.0\nkept, %: 65\nMeasured with the removal order of another K"));
    QCOMPARE(canvas()->cursor().shape(), Qt::PointingHandCursor);
    leave(*m_curve);
    QCOMPARE(canvas()->cursor().shape(), Qt::ArrowCursor);
}

void TestPerplexityCurve::arrowKeysWalkByXAndSpaceChooses()
{
    QSignalSpy clicked(m_curve.get(), &PerplexityCurve::pointClicked);
    QTest::keyClick(canvas(), Qt::Key_Space); // nothing is chosen yet
    QCOMPARE(clicked.size(), 0);
    for (const qint64 expected : {2, 3, 0, 1}) { // by x
        QTest::keyClick(canvas(), Qt::Key_Right);
        QTest::keyClick(canvas(), Qt::Key_Space);
        QCOMPARE(clicked.takeFirst()[0].toLongLong(), expected);
    }
    QTest::keyClick(canvas(), Qt::Key_Left);
    QVERIFY(canvas()->accessibleDescription().startsWith("25 %\nPerplexity 40.0"));
    QTest::keyClick(canvas(), Qt::Key_Return);
    QCOMPARE(clicked.takeFirst()[0].toLongLong(), 0);
}

void TestPerplexityCurve::pointsWithoutAPerplexityStandInTheTableAlone()
{
    std::vector<CurvePoint> some = points();
    some[3].perplexity = kUnknown;
    some.push_back(point(80, std::numeric_limits<double>::infinity(), "overflow"));
    m_curve->showPoints("kept, %", some, {});
    QCOMPARE(m_curve->table().rows.size(), std::size_t(5));
    QVERIFY(canvasOf(*m_curve).yAxis->range().upper < 1000);
    QSignalSpy clicked(m_curve.get(), &PerplexityCurve::pointClicked);
    QTest::keyClick(canvas(), Qt::Key_Right);
    QTest::keyClick(canvas(), Qt::Key_Right);
    QTest::keyClick(canvas(), Qt::Key_Space);
    QCOMPARE(clicked.takeFirst()[0].toLongLong(), 0); // 75, after 50
}

void TestPerplexityCurve::onePointIsShown()
{
    m_curve->showPoints("kept, %", {point(100, 20, "original")}, {});
    QCOMPARE(colourAt(100, 20), style().accent);
    const QCPAxisRect &axes = *canvasOf(*m_curve).axisRect();
    QVERIFY(axes.rect().adjusted(40, 40, -40, -40).contains(place(*m_curve, 100, 20)));
    m_curve->showPoints("kept, %", {point(0, 20, "nothing")}, {});
    QCOMPARE(colourAt(0, 20), style().accent);
}

void TestPerplexityCurve::withoutPointsTheReasonIsShown()
{
    QCOMPARE(emptyTextOf(*m_curve), QString());
    m_curve->showPoints("kept, %", {}, 62.5);
    QVERIFY(emptyTextOf(*m_curve).startsWith("Nothing measured yet."));
    m_curve->showPoints("kept, %", points(), {});
    QCOMPARE(emptyTextOf(*m_curve), QString());
}

void TestPerplexityCurve::followsThePalette()
{
    QPalette dark = m_curve->palette();
    dark.setColor(QPalette::Window, Qt::black);
    dark.setColor(QPalette::WindowText, Qt::white);
    m_curve->setPalette(dark);
    QCOMPARE(colourAt(75, 40), PlotStyle::of(dark).accent);
}

QTEST_MAIN(TestPerplexityCurve)
#include "tst_PerplexityCurve.moc"
