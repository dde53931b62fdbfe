// SPDX-License-Identifier: GPL-3.0-or-later
// How every plot of the program leaves it: figures in all formats, numbers with units and plan, for print and as in the window.
#include "SearchBench.h"
#include "plots/FigureDialog.h"
#include "plots/PerplexityCurve.h"
#include "plots/PlotTableView.h"
#include "plots/QualityChart.h"
#include "plots/ScorePlots.h"
#include "plots/SearchPlots.h"
#include "pruning/NeuronScores.h"
#include "theme/Theme.h"

#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QFileDialog>
#include <QMenu>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTableView>
#include <QTemporaryDir>
#include <QXmlStreamReader>
#include <cmath>
#include <memory>

using namespace secateur;
using namespace secateur::ui;

namespace {

const QString kHash = QString(60, u'a') + QStringLiteral("1234");
const FigureSource kSource{.model = QStringLiteral("Tiny & <small>"),
                           .plan = QStringLiteral("37.5 %, N = 1, K = 20"),
                           .planHash = kHash,
                           .note = QStringLiteral("calibrated on c4.txt")};

std::shared_ptr<const RankedScores> someScores(int layers, int neurons)
{
    NeuronScores scores;
    for (int layer = 0; layer < layers; ++layer) {
        scores.layers.emplace_back();
        for (int i = 0; i < neurons; ++i)
            scores.layers.back().push_back(std::exp(4.0F * float(i) / float(neurons) * float(layer + 1) / float(layers)));
    }
    return std::make_shared<const RankedScores>(scores);
}

template <typename SomePlot>
std::unique_ptr<Plot> ofScores()
{
    auto plot = std::make_unique<SomePlot>();
    plot->showScores(someScores(6, 40));
    plot->setKept(20);
    return plot;
}

std::unique_ptr<Plot> made(const QString &name)
{
    if (name == u"histograms")
        return ofScores<ScoreHistograms>();
    if (name == u"sorted")
        return ofScores<SortedScores>();
    if (name == u"heatmap")
        return ofScores<ScoreHeatmap>();
    if (name == u"bars") {
        auto bars = std::make_unique<CandidateBars>();
        bars->showStep(threeSteps(), 0, 4);
        return bars;
    }
    if (name == u"search") {
        auto search = std::make_unique<SearchHeatmap>();
        search->showSearch(threeSteps(), 4, 3);
        return search;
    }
    if (name == u"quality") {
        auto chart = std::make_unique<QualityChart>();
        chart->showPoints({.x = QStringLiteral("parameters, M"), .y = QStringLiteral("perplexity")}, {{.name = QStringLiteral("2SSP")}},
                          {{.x = 75.5, .y = 40.25, .series = 0, .label = QStringLiteral("25 %"), .planHash = kHash},
                           {.x = 100, .y = 20, .label = QStringLiteral("original")}});
        return chart;
    }
    auto curve = std::make_unique<PerplexityCurve>();
    curve->showPoints(QStringLiteral("kept, %"),
                      {{.x = 75.5, .perplexity = 40.25, .label = QStringLiteral("25 %"), .planHash = kHash},
                       {.x = 100, .perplexity = 20, .label = QStringLiteral("original"), .isDense = true}},
                      {});
    return curve;
}

/// What a file of a format is made of.
struct Svg {
    QMap<QString, int> elements;
    QString texts, title, description; ///< the first of each, which is what viewers show

    explicit Svg(const QByteArray &bytes)
    {
        QXmlStreamReader reader(bytes);
        while (!reader.atEnd()) {
            if (reader.readNext() != QXmlStreamReader::StartElement)
                continue;
            const QString element = reader.name().toString();
            ++elements[element];
            if (element == u"text")
                texts += reader.readElementText(QXmlStreamReader::IncludeChildElements).trimmed() + u'\n';
            else if (element == u"title" && elements[element] == 1)
                title = reader.readElementText();
            else if (element == u"desc" && elements[element] == 1)
                description = reader.readElementText();
        }
        isWhole = !reader.hasError();
    }
    bool isWhole = false;
};

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QPalette dark()
{
    QPalette palette;
    palette.setColor(QPalette::Window, Qt::black);
    palette.setColor(QPalette::WindowText, Qt::white);
    return palette;
}

} // namespace

class TestFigures : public QObject {
    Q_OBJECT

    QString saved(const Plot &plot, const QString &name, const FigureOptions &options = {}) const
    {
        const QString file = m_folder.filePath(name);
        plot.save(file, options);
        return file;
    }

    static void everyPlot()
    {
        QTest::addColumn<QStringList>("texts"); // of the picture: titles of axes, legends
        QTest::addColumn<QString>("units");     // the first line of the CSV file begins so
        QTest::newRow("histograms") << QStringList{QStringLiteral("neuron score (mean activation norm)"), QStringLiteral("5")}
                                    << QStringLiteral("layer,score from [activation norm],score to [activation norm],neurons,kept");
        QTest::newRow("sorted") << QStringList{QStringLiteral("rank of the neuron in its layer"),
                                               QStringLiteral("neuron score (mean activation norm)"),
                                               QStringLiteral("share of score kept (dashed)")}
                                << QStringLiteral("rank,score in layer 0 [activation norm],share of score kept in layer 0 [1],");
        QTest::newRow("heatmap") << QStringList{QStringLiteral("rank of the neuron in its layer"), QStringLiteral("layer"),
                                                QStringLiteral("share of the largest")}
                                 << QStringLiteral(
                                        "layer,first rank,last rank,mean score [activation norm],share of the layer's largest [1]");
        QTest::newRow("bars") << QStringList{QStringLiteral("nats"), QStringLiteral("layer"), QStringLiteral("removed")}
                              << QStringLiteral("layer,search loss [nats],change [nats],search perplexity,state");
        QTest::newRow("search") << QStringList{QStringLiteral("step"), QStringLiteral("layer"), QStringLiteral("nats")}
                                << QStringLiteral("step,layer,search loss [nats],change [nats],search perplexity,state");
        QTest::newRow("quality") << QStringList{QStringLiteral("parameters, M"), QStringLiteral("perplexity"), QStringLiteral("2SSP"),
                                                QStringLiteral("original")}
                                 << QStringLiteral("parameters [M],perplexity,standard error,plan,method,current plan,plan hash");
        QTest::newRow("curve") << QStringList{QStringLiteral("kept, %"), QStringLiteral("perplexity"), QStringLiteral("measured")}
                               << QStringLiteral("kept [%],perplexity,plan,removal order,current plan,plan hash");
    }

private slots:
    void initTestCase() { QVERIFY(m_folder.isValid()); }
    void init() { failOnWarnings(); }
    void cleanup()
    {
        QLocale::setDefault(QLocale::c());
        FigureOptions::remember({});
    }

    void figuresOfLinesHaveNoPicturesAndAllWords_data() { everyPlot(); }
    void figuresOfLinesHaveNoPicturesAndAllWords()
    {
        QFETCH(QStringList, texts);
        const std::unique_ptr<Plot> plot = made(QString::fromLatin1(QTest::currentDataTag()));
        plot->setSource(kSource);
        const QByteArray bytes = contentOf(saved(*plot, QStringLiteral("figure.svg")));
        QVERIFY(QSvgRenderer(bytes).isValid());
        const Svg svg(bytes);
        QVERIFY(svg.isWhole);
        QCOMPARE(svg.elements.value(QStringLiteral("image")), 0);
        for (const QString &text : texts) // a title may take two lines
            QVERIFY2(QString(svg.texts).replace(u'\n', u' ').contains(text), qPrintable(text + QStringLiteral(" is not in ") + svg.texts));
        QVERIFY(svg.texts.contains(plot->title().left(12)));
        QVERIFY(svg.texts.contains(kSource.model));
        QVERIFY(svg.texts.contains(kHash.left(12)));
        QVERIFY(svg.description.contains(kHash)); // the whole of it
        QCOMPARE(svg.title, plot->title());
        QCOMPARE(svg.elements.value(QStringLiteral("title")), 1);
        QCOMPARE(svg.elements.value(QStringLiteral("desc")), 1);

        const QByteArray pdf = contentOf(saved(*plot, QStringLiteral("figure.pdf")));
        QVERIFY(pdf.startsWith("%PDF") && pdf.trimmed().endsWith("%%EOF"));
        QVERIFY(!pdf.contains("/Subtype /Image"));
    }

    void picturesNameModelAndPlan_data() { everyPlot(); }
    void picturesNameModelAndPlan()
    {
        const std::unique_ptr<Plot> plot = made(QString::fromLatin1(QTest::currentDataTag()));
        const QImage without(saved(*plot, QStringLiteral("without.png")));
        plot->setSource(kSource);
        const QImage with(saved(*plot, QStringLiteral("with.png")));
        QVERIFY(with.height() > without.height()); // the caption has lines of its own
        QCOMPARE(with.width(), without.width());
        QVERIFY(with.text(QStringLiteral("Description")).contains(kHash));
        QVERIFY(with.text(QStringLiteral("Description")).contains(kSource.model));
        plot->copyImage();
        QCOMPARE(QApplication::clipboard()->image().size(), with.size());
    }

    void numbersHaveUnitsAndThePlanInEveryRow_data() { everyPlot(); }
    void numbersHaveUnitsAndThePlanInEveryRow()
    {
        QFETCH(QString, units);
        QLocale::setDefault(QLocale(QLocale::German)); // files do not follow it
        const std::unique_ptr<Plot> plot = made(QString::fromLatin1(QTest::currentDataTag()));
        plot->setSource(kSource);
        const QString csv = QString::fromUtf8(contentOf(saved(*plot, QStringLiteral("numbers.csv"))));
        QCOMPARE(csv, plot->csv());
        const QStringList lines = csv.split(u'\n', Qt::SkipEmptyParts);
        QVERIFY2(lines.front().startsWith(units), qPrintable(lines.front()));
        QVERIFY(lines.front().endsWith(QStringLiteral("model,plan,plan hash")));
        QCOMPARE(lines.size(), qsizetype(plot->table().rows.size()) + 1);
        for (const QString &line : lines.mid(1))
            QVERIFY(line.endsWith(QStringLiteral(",Tiny & <small>,\"37.5 %, N = 1, K = 20\",") + kHash));
        QVERIFY(csv.contains(QRegularExpression(QStringLiteral(",-?\\d+\\.\\d+,")))); // a decimal point
        plot->copyData();
        const QString copied = QApplication::clipboard()->text();
        QVERIFY(copied.contains(kHash));
        QVERIFY(copied.contains(QRegularExpression(QStringLiteral("\\t-?\\d+,\\d+\\t")))); // for a spreadsheet of this locale
    }

    void namesOfFilesAreCleanWords_data() { everyPlot(); }
    void namesOfFilesAreCleanWords()
    {
        const std::unique_ptr<Plot> plot = made(QString::fromLatin1(QTest::currentDataTag()));
        const QString name = fileNameOf(plot->title());
        static const QRegularExpression clean(QStringLiteral("^\\w+(-\\w+)*$"), QRegularExpression::UseUnicodePropertiesOption);
        QVERIFY2(clean.match(name).hasMatch(), qPrintable(name));
        QVERIFY2(name.size() <= 60, qPrintable(name));
    }

    void namesOfFilesLeaveOutWhatStandsInBrackets()
    {
        QCOMPARE(fileNameOf(QStringLiteral("Sorted scores: layer 1 (line) and all layers (band)")),
                 QStringLiteral("Sorted-scores-layer-1-and-all-layers"));
        QCOMPARE(fileNameOf(QStringLiteral("Größe × 2")), QStringLiteral("Größe-2"));
        QCOMPARE(fileNameOf(QString(200, u'a')).size(), 60);
    }

    void whereRowsNameTheirPlansTheFileHasNoOther()
    {
        const std::unique_ptr<Plot> plot = made(QStringLiteral("curve"));
        plot->setSource({.model = QStringLiteral("tiny")});
        const QStringList lines = plot->csv().split(u'\n');
        QCOMPARE(lines[0], QStringLiteral("kept [%],perplexity,plan,removal order,current plan,plan hash,model"));
        QVERIFY(lines[1].endsWith(kHash + QStringLiteral(",tiny")));
        QVERIFY(lines[2].endsWith(QStringLiteral(",,,,tiny")));
    }

    void everyPlotHasATableThatMatchesItsData_data() { everyPlot(); }
    void everyPlotHasATableThatMatchesItsData()
    {
        const std::unique_ptr<Plot> plot = made(QString::fromLatin1(QTest::currentDataTag()));
        show(*plot);
        QAction *asTable = nullptr;
        for (QAction *action : plot->menu()->actions())
            if (action->text() == u"Show as table")
                asTable = action;
        QVERIFY(asTable && asTable->isEnabled());
        asTable->trigger();
        QVERIFY(plot->isTableShown());
        const QAbstractItemModel *model = plot->findChild<QTableView *>()->model();
        const PlotTable table = plot->table();
        QVERIFY(!table.rows.empty());
        QCOMPARE(model->rowCount(), int(table.rows.size()));
        QCOMPARE(model->columnCount(), int(table.headers.size()));
        for (int column = 0; column < model->columnCount(); ++column) {
            const QString unit = table.units.value(column), header = model->headerData(column, Qt::Horizontal).toString();
            const bool isSaid = !unit.isEmpty() && unit != QLatin1String("1"); // a plain number
            QCOMPARE(header, isSaid ? table.headers[column] + QStringLiteral(" (") + unit + u')' : table.headers[column]);
            for (int row = 0; row < model->rowCount(); ++row)
                QCOMPARE(model->index(row, column).data(PlotTableModel::kValueRole),
                         std::size_t(column) < table.rows[std::size_t(row)].size() ? table.rows[std::size_t(row)][std::size_t(column)]
                                                                                   : QVariant());
        }
    }

    void heatmapsAreRectangles()
    {
        ScoreHeatmap plot;
        plot.showScores(someScores(80, 2000));
        plot.setKept(900);
        const QByteArray bytes = contentOf(saved(plot, QStringLiteral("heatmap.svg")));
        const Svg svg(bytes);
        const int rectangles = svg.elements.value(QStringLiteral("rect")) + svg.elements.value(QStringLiteral("path"));
        QVERIFY2(rectangles > 80 * 20, qPrintable(QString::number(rectangles)));
        QVERIFY2(bytes.size() < 4 << 20, qPrintable(QString::number(bytes.size()))); // a file that programs open at once
        // It shows what the picture of pixels shows.
        const QImage pixels(saved(plot, QStringLiteral("heatmap.png"), {.scale = 1}));
        QImage drawn(pixels.size(), QImage::Format_RGB32);
        drawn.fill(Qt::white);
        QPainter painter(&drawn);
        QSvgRenderer(bytes).render(&painter);
        painter.end();
        qint64 different = 0;
        for (int y = 0; y < pixels.height(); ++y)
            for (int x = 0; x < pixels.width(); ++x) {
                const QColor one = pixels.pixelColor(x, y), other = drawn.pixelColor(x, y);
                different +=
                    std::abs(one.red() - other.red()) + std::abs(one.green() - other.green()) + std::abs(one.blue() - other.blue()) > 60;
            }
        QVERIFY2(different < pixels.width() * pixels.height() / 20, qPrintable(QString::number(different)));
    }

    void figuresOfTheDarkThemeAreLightUnlessAskedOtherwise_data() { everyPlot(); }
    void figuresOfTheDarkThemeAreLightUnlessAskedOtherwise()
    {
        const std::unique_ptr<Plot> plot = made(QString::fromLatin1(QTest::currentDataTag()));
        plot->setPalette(dark());
        show(*plot);
        const PlotStyle shown = PlotStyle::of(dark()), print = PlotStyle::of(Theme::palette(false));
        const QImage before = pictureOf(*plot);
        QCOMPARE(before.pixelColor(1, before.height() / 2), shown.surface);
        const QImage light(saved(*plot, QStringLiteral("light.png")));
        QCOMPARE(light.pixelColor(0, 0), print.surface);
        QCOMPARE(count(light, light.rect(), shown.surface), 0);
        QVERIFY(count(light, light.rect(), print.text) > 0);
        QCOMPARE(pictureOf(*plot), before); // the window stays as it was
        const QImage asked(saved(*plot, QStringLiteral("dark.png"), {.isAsShown = true}));
        QCOMPARE(asked.pixelColor(0, 0), shown.surface);
    }

    void widthAndScaleAreThoseAskedFor()
    {
        const std::unique_ptr<Plot> plot = made(QStringLiteral("sorted"));
        show(*plot);
        for (const int scale : {1, 4}) {
            const QImage image(saved(*plot, QStringLiteral("column.png"), {.width = FigureOptions::kOneColumn, .scale = scale}));
            QCOMPARE(image.width(), int(std::lround(85 / 25.4 * 96)) * scale);
            QVERIFY(std::abs(image.width() / double(image.dotsPerMeterX()) - 0.085) < 0.0005); // as wide on paper
        }
        const QByteArray svg = contentOf(saved(*plot, QStringLiteral("columns.svg"), {.width = FigureOptions::kTwoColumns}));
        const double millimetres = QSvgRenderer(svg).viewBoxF().width() * 25.4 / 96;
        QVERIFY2(std::abs(millimetres - 175) < 0.2, qPrintable(QString::number(millimetres)));
    }

    void dialogOffersWhatWasChosenLast()
    {
        const std::unique_ptr<Plot> plot = made(QStringLiteral("bars"));
        show(*plot);
        QSignalSpy saves(plot.get(), &Plot::saved);
        const auto box = [](const QDialog &dialog, const QString &name) {
            for (QComboBox *choice : dialog.findChildren<QComboBox *>())
                if (choice->accessibleName() == name)
                    return choice;
            return static_cast<QComboBox *>(nullptr);
        };
        plot->menu()->actions().front()->trigger();
        auto *dialog = plot->findChild<FigureDialog *>();
        QVERIFY(dialog && dialog->isVisible());
        QVERIFY(box(*dialog, QStringLiteral("Resolution"))->isEnabled());
        QTest::keyClicks(box(*dialog, QStringLiteral("Format")), QStringLiteral("SVG"));
        QVERIFY(!box(*dialog, QStringLiteral("Resolution"))->isEnabled()); // it has no pixels
        auto *millimetres = dialog->findChild<QDoubleSpinBox *>();
        millimetres->setFocus();
        millimetres->selectAll();
        QTest::keyClicks(millimetres, QStringLiteral("120"));
        QTest::keyClick(millimetres, Qt::Key_Return);
        auto *files = plot->findChild<QFileDialog *>();
        if (!files) { // Return in the field took the number alone
            dialog->accept();
            files = plot->findChild<QFileDialog *>();
        }
        QVERIFY(files);
        const QString file = m_folder.filePath(QStringLiteral("chosen"));
        files->selectFile(file);
        QMetaObject::invokeMethod(files, "accept");
        QTRY_COMPARE(saves.count(), 1);
        const QByteArray svg = contentOf(file + QStringLiteral(".svg"));
        QVERIFY(std::abs(QSvgRenderer(svg).viewBoxF().width() * 25.4 / 96 - 120) < 0.2);

        QTRY_VERIFY(!plot->findChild<FigureDialog *>());
        plot->menu()->actions().front()->trigger();
        const FigureOptions offered = plot->findChild<FigureDialog *>()->options();
        QCOMPARE(offered.format, QStringLiteral("svg"));
        QCOMPARE(offered.width, 120.0);
    }

    void optionsOutliveTheProgram()
    {
        const FigureOptions options{.format = QStringLiteral("pdf"), .width = 85, .scale = 4, .isAsShown = true};
        QVERIFY(FigureOptions::fromBytes(options.toBytes()) == options);
        QVERIFY(FigureOptions::fromBytes({}) == FigureOptions());
        QVERIFY(FigureOptions::fromBytes("{\"format\":\"exe\",\"width\":-3,\"scale\":1e9,\"asShown\":1}") ==
                (FigureOptions{.format = QStringLiteral("png"), .width = 0, .scale = 8, .isAsShown = false}));
        QVERIFY(FigureOptions::fromBytes("nonsense") == FigureOptions());
    }

private:
    QTemporaryDir m_folder;
};

QTEST_MAIN(TestFigures)
#include "tst_Figures.moc"
