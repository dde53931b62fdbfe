// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a report, and the scales that they are drawn by.
#include "report/SvgFigure.h"

#include <QDomDocument>
#include <QtTest>

using namespace secateur::html;

class tst_SvgFigure : public QObject {
    Q_OBJECT

private slots:
    void valuesHavePlaces();
    void ticksAreRoundAndWithin_data();
    void ticksAreRoundAndWithin();
    void ticksAreShort();
    void figuresHaveTextAlternatives();
    void textsInFiguresAreNoMarkup();
    void everyMarkIsAShapeOfItsOwn();
};

void tst_SvgFigure::valuesHavePlaces()
{
    const Axis linear{.low = 0, .high = 10, .from = 100, .to = 200, .isLog = false};
    QCOMPARE(linear.at(0), 100.0);
    QCOMPARE(linear.at(5), 150.0);
    const Axis upwards{.low = 1, .high = 100, .from = 200, .to = 0, .isLog = true};
    QCOMPARE(upwards.at(1), 200.0);
    QCOMPARE(upwards.at(10), 100.0);
    const Axis one = Axis::around(7, 7, 0, 10);
    QVERIFY(one.low < 7 && one.high > 7);
}

void tst_SvgFigure::ticksAreRoundAndWithin_data()
{
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::addColumn<bool>("isLog");
    QTest::addColumn<QList<double>>("ticks");
    QTest::newRow("linear") << 0.0 << 10.0 << false << QList<double>{0, 2, 4, 6, 8, 10};
    QTest::newRow("small") << 0.11 << 0.29 << false << QList<double>{0.15, 0.2, 0.25};
    QTest::newRow("negative") << -0.2 << 0.2 << false << QList<double>{-0.2, -0.1, 0, 0.1, 0.2};
    QTest::newRow("decades") << 0.5 << 20000.0 << true << QList<double>{1, 10, 100, 1000, 10000};
    QTest::newRow("two decades") << 4.0 << 150.0 << true << QList<double>{5, 10, 20, 50, 100};
    QTest::newRow("less than an octave") << 10.0 << 14.0 << true << QList<double>{10, 11, 12, 13, 14};
}

void tst_SvgFigure::ticksAreRoundAndWithin()
{
    QFETCH(double, low);
    QFETCH(double, high);
    QFETCH(bool, isLog);
    QFETCH(QList<double>, ticks);
    const Axis axis{.low = low, .high = high, .from = 0, .to = 1, .isLog = isLog};
    const std::vector<double> found = axis.ticks(5);
    QCOMPARE(qsizetype(found.size()), ticks.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        QVERIFY2(std::abs(found[i] - ticks[qsizetype(i)]) < 1e-9, qPrintable(QString::number(found[i])));
}

void tst_SvgFigure::ticksAreShort()
{
    QCOMPARE(tickText(0), std::string("0"));
    QCOMPARE(tickText(0.5), std::string("0.5"));
    QCOMPARE(tickText(20), std::string("20"));
    QCOMPARE(tickText(3000), std::string("3,000"));
    QCOMPARE(tickText(1e6), std::string("1e+06"));
    QCOMPARE(tickText(1e-5), std::string("1e-05"));
}

void tst_SvgFigure::figuresHaveTextAlternatives()
{
    SvgFigure figure("map", "The map", "All layers", 100, 50);
    figure.rect(1, 2, 3, 4, "ffn", "layer 0");
    figure.hatch(5, 6, 7, 8);
    const QString made = QString::fromStdString(figure.html("What it shows"));
    QDomDocument parsed;
    QVERIFY(parsed.setContent(made)); // also well-formed XML
    const QDomElement svg = parsed.documentElement().firstChildElement("svg");
    QCOMPARE(svg.attribute("role"), QString("img"));
    QCOMPARE(svg.attribute("aria-labelledby"), QString("map-title map-desc"));
    QCOMPARE(svg.firstChildElement().tagName(), QString("title"));
    QCOMPARE(svg.firstChildElement("title").text(), QString("The map"));
    QCOMPARE(svg.firstChildElement("desc").attribute("id"), QString("map-desc"));
    QCOMPARE(svg.firstChildElement("rect").firstChildElement("title").text(), QString("layer 0"));
    QVERIFY(made.contains("<figcaption>What it shows</figcaption>"));
    QVERIFY(made.contains("id=\"map-hatch\"") && made.contains("url(#map-hatch)"));
}

void tst_SvgFigure::textsInFiguresAreNoMarkup()
{
    SvgFigure figure("f", "<b>", "\"&", 10, 10);
    figure.text(0, 0, "<script>");
    figure.rect(0, 0, 1, 1, "ffn", "</title>");
    const std::string made = figure.html("");
    QVERIFY(made.find("<script>") == std::string::npos && made.find("<b>") == std::string::npos);
    QDomDocument parsed;
    QVERIFY(parsed.setContent(QString::fromStdString(made)));
}

void tst_SvgFigure::everyMarkIsAShapeOfItsOwn()
{
    QSet<QString> shapes;
    for (const Mark mark : {Mark::Circle, Mark::Square, Mark::Diamond, Mark::Triangle, Mark::Cross}) {
        SvgFigure figure("f", "t", "d", 20, 20);
        figure.mark(mark, 10, 10, 4, "s1");
        shapes << QString::fromStdString(figure.html(""));
    }
    QCOMPARE(shapes.size(), 5);
}

QTEST_GUILESS_MAIN(tst_SvgFigure)
#include "tst_SvgFigure.moc"
