// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/Icons.h"
#include "theme/Theme.h"

#include <QApplication>
#include <QDir>
#include <QImage>
#include <QPainter>
#include <QRegularExpression>
#include <QTest>

using namespace secateur::ui;

namespace {

/// The strongest colour of an icon: that of its most opaque pixel.
QColor inkOf(const QImage &image)
{
    QColor ink(0, 0, 0, 0);
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            if (image.pixelColor(x, y).alpha() > ink.alpha())
                ink = image.pixelColor(x, y);
    return ink;
}

} // namespace

class TestIcons : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }

    void everyIconDraws()
    {
        (void)icon(QStringLiteral("open")); // registers the resources
        const QStringList files = QDir(QStringLiteral(":/icons")).entryList();
        QVERIFY(files.size() > 30);
        for (const QString &file : files) {
            const QPixmap pixmap = icon(file.chopped(4)).pixmap(QSize(16, 16), 1.0);
            QCOMPARE(pixmap.size(), QSize(16, 16));
            QVERIFY2(inkOf(pixmap.toImage()).alpha() > 128, qPrintable(file));
        }
    }

    void colourIsThePalettesOfTheMoment()
    {
        const QIcon save = icon(QStringLiteral("save")); // one icon through both themes
        for (const bool isDark : {false, true, false}) {
            QApplication::setPalette(Theme::palette(isDark));
            const QColor ink = inkOf(save.pixmap(QSize(64, 64), 1.0).toImage());
            QCOMPARE(ink.rgb(), Theme::palette(isDark).color(QPalette::WindowText).rgb());
            QCOMPARE(inkOf(save.pixmap(QSize(64, 64), 1.0, QIcon::Selected).toImage()).rgb(), ink.rgb());
            const QColor muted = inkOf(save.pixmap(QSize(64, 64), 1.0, QIcon::Disabled).toImage());
            QCOMPARE(muted.rgb(), Theme::palette(isDark).color(QPalette::Disabled, QPalette::WindowText).rgb());
        }
    }

    void isSharpAtEveryScale()
    {
        const QPixmap twice = icon(QStringLiteral("table")).pixmap(QSize(16, 16), 2.0);
        QCOMPARE(twice.size(), QSize(32, 32));
        QCOMPARE(twice.devicePixelRatio(), 2.0);
        QImage image(32, 32, QImage::Format_ARGB32_Premultiplied);
        image.setDevicePixelRatio(2);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        icon(QStringLiteral("table")).paint(&painter, QRect(0, 0, 16, 16));
        painter.end();
        QCOMPARE(image.convertToFormat(QImage::Format_ARGB32), twice.toImage().convertToFormat(QImage::Format_ARGB32));
    }
};

QTEST_MAIN(TestIcons)
#include "tst_Icons.moc"
