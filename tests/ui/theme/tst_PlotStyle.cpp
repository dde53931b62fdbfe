// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/PlotStyle.h"
#include "theme/Theme.h"

#include <QImage>
#include <QPainter>
#include <QRegularExpression>
#include <QTest>

using namespace secateur::ui;

class TestPlotStyle : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }

    void followsThePalette()
    {
        QVERIFY(!PlotStyle::of(Theme::palette(false)).isDark);
        QVERIFY(PlotStyle::of(Theme::palette(true)).isDark);
        QCOMPARE(PlotStyle::of(Theme::palette(true)).surface, Theme::palette(true).color(QPalette::Base));
    }

    void contrastIsThatOfWcag()
    {
        QCOMPARE(PlotStyle::contrast(Qt::white, Qt::black), 21.0);
        QCOMPARE(PlotStyle::contrast(Qt::black, Qt::white), 21.0);
        QCOMPARE(PlotStyle::contrast(Qt::white, Qt::white), 1.0);
        QVERIFY(std::abs(PlotStyle::contrast(Qt::white, QColor(0x767676)) - 4.54) < 0.01); // the well-known limit
    }

    void readableKeepsWhatIsReadable()
    {
        for (const bool isHighContrast : {false, true})
            for (const bool isDark : {false, true}) {
                const PlotStyle style = PlotStyle::of(isDark, isHighContrast);
                QCOMPARE(style.readable(style.text), style.text);
            }
    }

    void aDisabledWidgetKeepsTheLook()
    {
        for (const bool isHighContrast : {false, true}) {
            QPalette palette = Theme::palette(true, isHighContrast);
            palette.setCurrentColorGroup(QPalette::Disabled);
            QCOMPARE(PlotStyle::of(palette).isHighContrast, isHighContrast);
        }
    }

    void magnitudesGrowLighterAndAreClamped()
    {
        QCOMPARE(PlotStyle::magnitude(0), QColor(0x440154));
        QCOMPARE(PlotStyle::magnitude(1), QColor(0xfde725));
        QCOMPARE(PlotStyle::magnitude(-3), PlotStyle::magnitude(0));
        QCOMPARE(PlotStyle::magnitude(7), PlotStyle::magnitude(1));
        for (int i = 0; i < 100; ++i)
            QVERIFY(PlotStyle::contrast(PlotStyle::magnitude((i + 1) / 100.0), Qt::black) >=
                    PlotStyle::contrast(PlotStyle::magnitude(i / 100.0), Qt::black));
    }

    void changesAreBlueBelowAndRedAboveZero()
    {
        for (const bool isDark : {false, true}) {
            const PlotStyle style = PlotStyle::of(Theme::palette(isDark));
            QVERIFY(style.change(-1).blue() > style.change(-1).red());
            QVERIFY(style.change(1).red() > style.change(1).blue());
            QCOMPARE(style.change(-9), style.change(-1));
            QCOMPARE(style.change(9), style.change(1));
            QVERIFY(PlotStyle::contrast(style.change(0), style.surface) < 1.5); // nothing changes: hardly to be seen
        }
    }

    void fontsDeriveFromTheBase()
    {
        QFont large;
        large.setPointSizeF(20);
        const PlotStyle style = PlotStyle::of(Theme::palette(false)).withFont(large);
        QCOMPARE(style.titleFont.pointSizeF(), 20.0);
        QCOMPARE(style.font.pointSizeF(), 18.0);
        QFont inPixels;
        inPixels.setPixelSize(30);
        QCOMPARE(style.withFont(inPixels).font.pixelSize(), 27);
    }

    void hatchingLeavesGaps()
    {
        const PlotStyle style = PlotStyle::of(Theme::palette(false));
        QImage image(32, 32, QImage::Format_RGB32);
        image.fill(style.surface);
        QPainter painter(&image);
        painter.fillRect(image.rect(), style.hatch());
        painter.end();
        int drawn = 0;
        for (int y = 0; y < 32; ++y)
            for (int x = 0; x < 32; ++x)
                drawn += image.pixelColor(x, y) == style.hatching ? 1 : 0;
        QVERIFY(drawn > 64 && drawn < 512);
    }
};

QTEST_MAIN(TestPlotStyle)
#include "tst_PlotStyle.moc"
