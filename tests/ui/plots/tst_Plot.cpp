// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/Plot.h"

#include "foundation/Error.h"
#include "plots/FigureDialog.h"
#include "plots/PlotTableView.h"
#include "theme/Theme.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QHeaderView>
#include <QMenu>
#include <QMimeData>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <qcustomplot.h>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Three numbers, and a fill in the accent colour.
class NumbersPlot : public Plot {
public:
    NumbersPlot() : Plot(QStringLiteral("Numbers, \"quoted\"")) { canvas().addGraph()->setData({0, 1, 2}, {1, 3, 2}); }

    using Plot::canvas;
    using Plot::redraw;

    PlotTable table() const override
    {
        ++tablesMade;
        return {{QStringLiteral("name"), QStringLiteral("count"), QStringLiteral("share, %")},
                {{QStringLiteral("plain"), qint64(1234567), 0.1},
                 {QStringLiteral("with, \"both\""), qint64(-2), QVariant()},
                 {QStringLiteral("nan"), qint64(30), std::nan("")}}};
    }

    int stylesApplied = 0;
    mutable int tablesMade = 0;

protected:
    void applyStyle(const PlotStyle &style) override
    {
        ++stylesApplied;
        canvas().graph(0)->setBrush(style.accent);
    }
};

qsizetype pixelsOf(const QImage &image, const QColor &colour)
{
    qsizetype count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            count += image.pixelColor(x, y).rgb() == colour.rgb() ? 1 : 0;
    return count;
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QTableView *tableOf(const Plot &plot)
{
    return plot.findChild<QTableView *>();
}

} // namespace

class TestPlot : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(m_folder.isValid()); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }
    void cleanup()
    {
        QLocale::setDefault(QLocale::c());
        QApplication::setPalette(Theme::palette(false));
    }

    void csvIsExactAndQuoted()
    {
        QLocale::setDefault(QLocale(QLocale::German)); // files do not follow it
        const NumbersPlot plot;
        QCOMPARE(plot.csv(), QStringLiteral("name,count,\"share, %\"\n"
                                            "plain,1234567,0.1\n"
                                            "\"with, \"\"both\"\"\",-2,\n"
                                            "nan,30,\n"));
    }

    void copiedDataIsForSpreadsheetsOfTheSameLocale()
    {
        QLocale::setDefault(QLocale(QLocale::German));
        const NumbersPlot plot;
        plot.copyData();
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("name\tcount\tshare, %\n"
                                                                   "plain\t1234567\t0,1\n"
                                                                   "with, \"both\"\t-2\t\n"
                                                                   "nan\t30\t\n"));
    }

    void savesEveryFormat()
    {
        NumbersPlot plot;
        plot.resize(500, 400);
        for (const char *format : {"png", "svg", "pdf", "csv", "PNG"})
            plot.save(m_folder.filePath(QStringLiteral("plot.%1").arg(QString::fromLatin1(format))));
        const QImage image(m_folder.filePath(QStringLiteral("plot.png")));
        QVERIFY(image.width() >= 960 && image.height() >= 640); // two pixels a point
        QVERIFY(pixelsOf(image, PlotStyle::of(plot.palette()).accent) > 1000);
        const QByteArray svg = contentOf(m_folder.filePath(QStringLiteral("plot.svg")));
        QVERIFY(QSvgRenderer(svg).isValid());
        QVERIFY(svg.contains("Numbers"));
        QVERIFY(svg.contains("#0072b2"));
        const QByteArray pdf = contentOf(m_folder.filePath(QStringLiteral("plot.pdf")));
        QVERIFY(pdf.startsWith("%PDF") && pdf.trimmed().endsWith("%%EOF"));
        QCOMPARE(contentOf(m_folder.filePath(QStringLiteral("plot.csv"))), plot.csv().toUtf8());
    }

    void refusesWhatItCannotWriteAndLeavesNothing()
    {
        const NumbersPlot plot;
        const QString missing = m_folder.filePath(QStringLiteral("missing/plot.png"));
        QVERIFY_EXCEPTION_THROWN(plot.save(missing), Error);
        QVERIFY(!QFileInfo::exists(m_folder.filePath(QStringLiteral("missing"))));
        QDir folder(m_folder.path());
        const QStringList before = folder.entryList(QDir::AllEntries | QDir::Hidden);
        QVERIFY_EXCEPTION_THROWN(plot.save(m_folder.filePath(QStringLiteral("plot.gif"))), Error);
        QVERIFY_EXCEPTION_THROWN(plot.save(m_folder.filePath(QStringLiteral("plot"))), Error);
        QCOMPARE(folder.entryList(QDir::AllEntries | QDir::Hidden), before);
    }

    void menuSavesAndTells()
    {
        NumbersPlot plot;
        plot.show();
        QSignalSpy saved(&plot, &Plot::saved), failed(&plot, &Plot::saveFailed);
        const auto saveAs = [&plot](const QString &file) {
            plot.menu()->actions().front()->trigger();
            auto *options = plot.findChild<FigureDialog *>();
            QVERIFY(options);
            options->accept();
            auto *dialog = plot.findChild<QFileDialog *>();
            QVERIFY(dialog);
            dialog->selectFile(file);
            QMetaObject::invokeMethod(dialog, "accept");
            QTRY_VERIFY(!plot.findChild<QFileDialog *>());
        };
        saveAs(m_folder.filePath(QStringLiteral("from-menu"))); // the suffix is added
        QCOMPARE(saved.count(), 1);
        QVERIFY(QFileInfo::exists(m_folder.filePath(QStringLiteral("from-menu.png"))));
        QCOMPARE(failed.count(), 0);
    }

    void copiesAnImage()
    {
        NumbersPlot plot;
        plot.copyImage();
        QVERIFY(pixelsOf(QApplication::clipboard()->image(), PlotStyle::of(plot.palette()).accent) > 1000);
    }

    void emptyTextStandsInPlaceOfThePlot()
    {
        NumbersPlot plot;
        plot.resize(500, 400);
        plot.show();
        plot.setEmptyText(QStringLiteral("Nothing yet."));
        QVERIFY(!plot.canvas().isVisible());
        QCOMPARE(pixelsOf(plot.grab().toImage(), PlotStyle::of(plot.palette()).accent), 0);
        for (const QAction *action : plot.menu()->actions())
            QVERIFY(!action->isEnabled());
        plot.setEmptyText({});
        QVERIFY(plot.canvas().isVisible());
    }

    void followsThePalette()
    {
        NumbersPlot plot;
        plot.resize(500, 400);
        plot.show();
        const PlotStyle light = PlotStyle::of(Theme::palette(false)), dark = PlotStyle::of(Theme::palette(true));
        QTRY_VERIFY(pixelsOf(plot.grab().toImage(), light.accent) > 1000);
        QApplication::setPalette(Theme::palette(true));
        QTRY_VERIFY(pixelsOf(plot.grab().toImage(), dark.accent) > 1000);
        QCOMPARE(pixelsOf(plot.grab().toImage(), light.accent), 0);
        QVERIFY(plot.grab().toImage().pixelColor(plot.rect().center().x(), plot.height() - 3) == dark.surface);
    }

    void manyRedrawsAreOne()
    {
        NumbersPlot plot;
        plot.show();
        QTest::qWait(0);
        QSignalSpy drawn(&plot.canvas(), &QCustomPlot::afterReplot);
        for (int i = 0; i < 100; ++i)
            plot.redraw();
        QTRY_COMPARE(drawn.count(), 1);
        QVERIFY(!drawn.wait(50));
    }

    void menuOpensByKeyboard()
    {
        NumbersPlot plot;
        plot.show();
        QVERIFY(QTest::qWaitForWindowActive(&plot));
        plot.canvas().setFocus(Qt::TabFocusReason);
        QTest::keyClick(&plot.canvas(), Qt::Key_F10, Qt::ShiftModifier);
        QTRY_VERIFY(plot.menu()->isVisible());
        QTest::keyClick(plot.menu(), Qt::Key_Escape);
        QTRY_VERIFY(!plot.menu()->isVisible());

        auto *button = plot.findChild<QToolButton *>();
        QCOMPARE(button->focusPolicy(), Qt::TabFocus);
        button->setFocus(Qt::TabFocusReason);
        QTimer::singleShot(0, &plot, [&plot] { // an instant popup has an event loop of its own
            QVERIFY(plot.menu()->isVisible());
            QTest::keyClick(plot.menu(), Qt::Key_Escape);
        });
        QTest::keyClick(button, Qt::Key_Space);
        QVERIFY(!plot.menu()->isVisible());
    }

    void focusByKeyboardIsSeen()
    {
        NumbersPlot plot;
        plot.resize(500, 400);
        plot.show();
        QVERIFY(QTest::qWaitForWindowActive(&plot));
        plot.canvas().setFocus(Qt::MouseFocusReason);
        const QPoint edge(plot.canvas().width() / 2, 1);
        const QColor accent = PlotStyle::of(plot.palette()).accent;
        QVERIFY(plot.canvas().grab().toImage().pixelColor(edge) != accent);
        plot.canvas().clearFocus();
        plot.canvas().setFocus(Qt::TabFocusReason);
        QCOMPARE(plot.canvas().grab().toImage().pixelColor(edge), accent);
    }

    void tableTwinHasTheNumbers()
    {
        QLocale::setDefault(QLocale(QLocale::English));
        NumbersPlot plot;
        plot.resize(500, 400);
        plot.show();
        plot.setTableShown(true);
        QVERIFY(plot.isTableShown());
        QVERIFY(!plot.canvas().isVisible());
        const QAbstractItemModel *model = tableOf(plot)->model();
        QCOMPARE(model->rowCount(), 3);
        QCOMPARE(model->index(0, 1).data().toString(), QStringLiteral("1,234,567"));
        QCOMPARE(model->index(1, 2).data().toString(), QString());
        QCOMPARE(model->headerData(1, Qt::Horizontal).toString(), QStringLiteral("count"));
        plot.setTableShown(false);
        QVERIFY(plot.canvas().isVisible());
    }

    void tableSortsByValueAndBack()
    {
        NumbersPlot plot;
        plot.setTableShown(true);
        plot.resize(500, 400);
        plot.show();
        QHeaderView *header = tableOf(plot)->horizontalHeader();
        const QAbstractItemModel *model = tableOf(plot)->model();
        const auto names = [model] {
            return model->index(0, 0).data().toString().left(3) + model->index(1, 0).data().toString().left(3) +
                   model->index(2, 0).data().toString().left(3);
        };
        const QPoint count(header->sectionViewportPosition(1) + 10, header->height() / 2);
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, count);
        QCOMPARE(names(), QStringLiteral("witnanpla")); // -2, 30, 1234567: as numbers
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, count);
        QCOMPARE(names(), QStringLiteral("plananwit"));
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, count);
        QCOMPARE(names(), QStringLiteral("plawitnan"));
    }

    void tableCopiesTheSelection()
    {
        NumbersPlot plot;
        plot.setTableShown(true);
        plot.show();
        QVERIFY(QTest::qWaitForWindowActive(&plot));
        QTableView *table = tableOf(plot);
        table->setFocus();
        table->setCurrentIndex(table->model()->index(0, 1));
        QTest::keySequence(table, QKeySequence::Copy);
        QCOMPARE(QApplication::clipboard()->text().trimmed(), QStringLiteral("1234567"));
        table->selectAll();
        QTest::keySequence(table, QKeySequence::Copy);
        plot.copyData();
        const QString all = QApplication::clipboard()->text();
        table->selectAll();
        QTest::keySequence(table, QKeySequence::Copy);
        QCOMPARE(QApplication::clipboard()->text(), all);
    }

    void tableModelKeepsTheRules()
    {
        PlotTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const NumbersPlot plot;
        model.setTable(plot.table());
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset), changed(&model, &QAbstractItemModel::dataChanged);
        PlotTable other = plot.table();
        other.rows[0][1] = qint64(7);
        model.setTable(other);
        QCOMPARE(reset.count(), 0); // selection and scroll position stay
        QCOMPARE(changed.count(), 1);
        other.rows.pop_back();
        model.setTable(other);
        QCOMPARE(reset.count(), 1);
        model.setTable({});
        QCOMPARE(model.rowCount(), 0);
    }

    void hiddenTablesCostNothing()
    {
        NumbersPlot plot;
        plot.show();
        QSignalSpy drawn(&plot.canvas(), &QCustomPlot::afterReplot);
        plot.redraw();
        QTRY_VERIFY(drawn.count() > 0);
        QCOMPARE(plot.tablesMade, 0);
    }

private:
    QTemporaryDir m_folder;
};

int main(int argc, char *argv[])
{
    QApplication application(argc, argv);
    QLocale::setDefault(QLocale::c());
    QApplication::setPalette(Theme::palette(false));
    TestPlot test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_Plot.moc"
