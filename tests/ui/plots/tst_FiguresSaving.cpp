// SPDX-License-Identifier: GPL-3.0-or-later
// All figures at once: what their files are called, and that nothing is replaced.
#include "foundation/Error.h"
#include "plots/FiguresSaving.h"
#include "plots/Plot.h"

#include <qcustomplot.h>

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QtTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

class SomePlot : public Plot {
public:
    explicit SomePlot(const QString &title) : Plot(title) { canvas().addGraph()->setData({0, 1, 2}, {1, 3, 2}); }

    PlotTable table() const override { return {{QStringLiteral("count")}, {{qint64(1)}, {qint64(2)}}}; }

protected:
    void applyStyle(const PlotStyle &style) override { canvas().graph(0)->setPen(QPen(style.accent)); }
};

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QStringList namesOf(const QStringList &files)
{
    QStringList names;
    for (const QString &file : files)
        names << QFileInfo(file).fileName();
    return names;
}

} // namespace

class tst_FiguresSaving : public QObject {
    Q_OBJECT

private slots:
    void filesAreNamedByFigureAndPlan();
    void everyFormatIsWritten();
    void nothingIsReplaced();
    void plotsWithoutDataAreLeftOut();
    void aMissingFolderIsTold();
};

void tst_FiguresSaving::filesAreNamedByFigureAndPlan()
{
    SomePlot plot(QStringLiteral("Neuron scores (log)"));
    QCOMPARE(fileNameOf(plot), QString("Neuron-scores"));
    plot.setSource({.model = QStringLiteral("m"), .plan = QStringLiteral("p"), .planHash = QStringLiteral("0123456789abcdef")});
    QCOMPARE(fileNameOf(plot), QString("Neuron-scores-01234567"));
    plot.setTitle(QStringLiteral("…"));
    QCOMPARE(fileNameOf(plot), QString("figure-01234567"));
}

void tst_FiguresSaving::everyFormatIsWritten()
{
    const QTemporaryDir folder;
    SomePlot one(QStringLiteral("One")), other(QStringLiteral("Other"));
    const QStringList files = saveFigures({.folder = folder.path(),
                                           .formats = {"png", "svg", "pdf", "csv"},
                                           .options = {.width = FigureOptions::kOneColumn},
                                           .figures = {{.page = "a", .plot = &one}, {.page = "b", .plot = &other}}});
    QCOMPARE(namesOf(files), QStringList({"One.png", "One.svg", "One.pdf", "One.csv", "Other.png", "Other.svg", "Other.pdf", "Other.csv"}));
    QVERIFY(contentOf(files[0]).startsWith("\x89PNG"));
    QVERIFY(contentOf(files[1]).contains("<svg"));
    QVERIFY(contentOf(files[2]).startsWith("%PDF"));
    QCOMPARE(contentOf(files[3]), one.csv().toUtf8());
}

void tst_FiguresSaving::nothingIsReplaced()
{
    const QTemporaryDir folder;
    QFile mine(folder.filePath("One.csv"));
    QVERIFY(mine.open(QIODevice::WriteOnly) && mine.write("mine") == 4);
    mine.close();
    SomePlot one(QStringLiteral("One")), same(QStringLiteral("One"));
    const FiguresWanted wanted{.folder = folder.path(),
                               .formats = {"svg", "csv"},
                               .options = {},
                               .figures = {{.page = "a", .plot = &one}, {.page = "b", .plot = &same}}};
    QCOMPARE(namesOf(saveFigures(wanted)), QStringList({"One-2.svg", "One-2.csv", "One-3.svg", "One-3.csv"}));
    QCOMPARE(contentOf(mine.fileName()), QByteArray("mine"));
}

void tst_FiguresSaving::plotsWithoutDataAreLeftOut()
{
    const QTemporaryDir folder;
    SomePlot empty(QStringLiteral("Empty"));
    QVERIFY(empty.hasData());
    empty.setEmptyText(QStringLiteral("Nothing was measured yet."));
    QVERIFY(!empty.hasData());
    QCOMPARE(saveFigures({.folder = folder.path(),
                          .formats = {"csv"},
                          .options = {},
                          .figures = {{.page = "a", .plot = &empty}, {.page = "b", .plot = nullptr}}}),
             QStringList());
}

void tst_FiguresSaving::aMissingFolderIsTold()
{
    SomePlot plot(QStringLiteral("One"));
    try {
        saveFigures({.folder = "/no/such/folder", .formats = {"csv"}, .options = {}, .figures = {{.page = "a", .plot = &plot}}});
        QFAIL("It says nothing.");
    } catch (const Error &problem) {
        QVERIFY(QString(problem.what()).contains("/no/such/folder"));
        QVERIFY(!problem.hint().empty());
    }
}

QTEST_MAIN(tst_FiguresSaving)
#include "tst_FiguresSaving.moc"
