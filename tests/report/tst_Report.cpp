// SPDX-License-Identifier: GPL-3.0-or-later
// The report of a session: what is in it, and that it is one harmless page.
#include "RestoredPlans.h"
#include "SessionFixtures.h"

#include "exporting/Manifest.h"
#include "report/Report.h"
#include "report/ReportSession.h"
#include "session/JobEvent.h"
#include "session/Shelf.h"

#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <fstream>

using namespace secateur;
using namespace secateur::test;

namespace {

const QString kChecker = SECATEUR_SOURCE_DIR "/tests/report/check_html.py";

/// A session with a plan that is searched, measured in every way and exported, beside one of blocks that was measured, too.
Session wholeSession()
{
    Session s = fullSession();
    s.draft = {};
    s.draft.calibration = 0;
    s.draft.balance = {.sparsity = 0.4, .attentionsToRemove = 1, .neuronsKept = 20};
    SearchRecord search;
    search.settings = s.draft.search;
    search.provenance = provenanceOf("search");
    search.initialLoss = 3;
    search.steps = {{.losses = {3.5, 3.25, 3.2501}, .removed = 1, .isForced = false}};
    s.searches[searchKey(s.draft, 20)] = search;
    const std::string hash = planOf(s, s.draft).hash();
    s.measurements = {evaluationOf("", 2), evaluationOf(hash, 2.5)};
    for (Measurement &other : otherMeasurements(hash))
        s.measurements.push_back(other);
    const ShelfEntry blocks = shelfEntry(foundPlan(s), {});
    applyEvent(s, PlanOpened{blocks});
    s.measurements.push_back(evaluationOf(foundPlan(s).hash(), 3));
    s.exports = {exportOf("/home/jane/out/pruned")};
    s.exports[0].planHash = hash;
    s.pinned = {{.name = "wide", .draft = s.draft}};
    s.tasks.paths = {"/home/jane/tasks/arc_easy"};
    return s;
}

/// One with a plan of a file in hand.
Session opened(PruningPlan plan, const std::filesystem::path &file)
{
    Session s = fullSession();
    const ShelfEntry entry = shelfEntry(std::move(plan), file);
    applyEvent(s, PlanOpened{entry});
    s.draft = entry.draft;
    return s;
}

ReportOptions options()
{
    ReportOptions fixed;
    fixed.date = std::chrono::system_clock::time_point(std::chrono::seconds(1'764'590'400));
    return fixed;
}

QString reportOf(const Session &session, const ReportOptions &how = options())
{
    return QString::fromStdString(reportHtml(session, how));
}

QStringList sectionsOf(const QString &html)
{
    QStringList ids;
    static const QRegularExpression section("<section id=\"([a-z]+)\"");
    for (auto match = section.globalMatch(html); match.hasNext();)
        ids << match.next().captured(1);
    return ids;
}

/// What is wrong with a page; empty when nothing is.
QString faultsOf(const QString &html)
{
    QTemporaryDir folder;
    QFile file(folder.filePath("report.html"));
    if (!file.open(QIODevice::WriteOnly) || file.write(html.toUtf8()) < 0)
        return "cannot be written";
    file.close();
    for (const char *python : {"python3", "/usr/bin/python3"}) { // Debian's has the package, and may not be the first one
        QProcess checker;
        checker.start(python, {kChecker, file.fileName()});
        if (checker.waitForFinished() && checker.exitCode() != 77)
            return checker.readAllStandardOutput() + checker.readAllStandardError();
    }
    return "no checker";
}

} // namespace

class tst_Report : public QObject {
    Q_OBJECT

private slots:
    void aWholeSessionHasEverySection();
    void anEmptySessionHasNone();
    void whatASessionLacksIsLeftOut();
    void pagesAreValid_data();
    void pagesAreValid();
    void equalSessionsGiveEqualBytesButForTheDate();
    void namesOfOthersAreNoMarkup();
    void nobodysFoldersAreNamed();
    void numbersAreThoseOfTheSession();
    void nearTiesAreSaid();
    void restoredPlansAreSaidToBeSo();
    void anUnfinishedSearchIsSaid();
    void commandsDoItAgain();
    void anExportIsReportedByItsManifest();
    void aManifestOfAnotherModelIsRefused();
    void reportsAreWrittenWhole();
};

void tst_Report::aWholeSessionHasEverySection()
{
    const QString html = reportOf(wholeSession());
    const QStringList sections = {"model",      "plan",    "method",     "scores",   "search", "measurements",
                                  "comparison", "exports", "conditions", "commands", "words"};
    QCOMPARE(sectionsOf(html), sections);
    for (const QString &section : sections)
        QVERIFY2(html.contains("<a href=\"#" + section + "\">"), qPrintable(section));
    for (const char *figure : {"plan-map", "score-histograms", "search-map", "impact-map", "quality-1"})
        QVERIFY2(html.contains("<figure id=\"" + QString(figure) + "\">"), figure);
}

void tst_Report::anEmptySessionHasNone()
{
    const QString html = reportOf({});
    QCOMPARE(sectionsOf(html), QStringList());
    QVERIFY(html.contains("No model is open in this session."));
}

void tst_Report::whatASessionLacksIsLeftOut()
{
    Session s;
    s.model = modelOf("tiny-llamas/mha/config.json");
    const QString html = reportOf(s);
    QCOMPARE(sectionsOf(html), QStringList({"model", "words"}));
    QVERIFY(html.contains("There is no plan in this session yet."));
    QVERIFY(!html.contains("<svg"));
}

void tst_Report::pagesAreValid_data()
{
    QTest::addColumn<QString>("html");
    QTest::newRow("empty") << reportOf({});
    QTest::newRow("whole") << reportOf(wholeSession());
    QTest::newRow("unfinished") << reportOf(fullSession());
    const Session s = fullSession();
    QTest::newRow("blocks") << reportOf(opened(foundPlan(s), {}));
    QTest::newRow("by hand") << reportOf(opened(manualPlan(s), "hand.json"));
    QTest::newRow("restored") << reportOf(opened(restoredPlan(s.model->spec, {.hasWidths = true}), "restored.safetensors"));
    Session odd = wholeSession();
    odd.model->folder = "/models/<script>alert(\"1\")</script>";
    odd.pinned[0].name = "\"><img src=x onerror=alert(1)>";
    odd.model->notes = {"</style><b>", std::string("\xFF not UTF-8", 11)};
    odd.exports[0].notes = {"<!-- -->"};
    QTest::newRow("odd names") << reportOf(odd);
}

void tst_Report::pagesAreValid()
{
    QFETCH(QString, html);
    QVERIFY(!html.contains("<script"));
    QVERIFY(!html.contains("http://") && !html.contains("https://") && !html.contains("@import"));
    static const QRegularExpression svg("<svg [^>]*role=\"img\"[^>]*>\\n<title id=\"[a-z0-9-]+\">[^<]+</title>\\n<desc id=");
    QCOMPARE(html.count("<svg"), html.count(svg));
    const QString faults = faultsOf(html);
    if (faults == "no checker")
        QSKIP("python3-html5lib is not here.");
    QCOMPARE(faults, QString());
}

void tst_Report::equalSessionsGiveEqualBytesButForTheDate()
{
    const std::string first = reportHtml(wholeSession(), options());
    QCOMPARE(reportHtml(wholeSession(), options()), first);
    ReportOptions later = options();
    later.date += std::chrono::hours(1);
    const QStringList one = QString::fromStdString(first).split('\n'), other = reportOf(wholeSession(), later).split('\n');
    QCOMPARE(one.size(), other.size());
    QStringList different;
    for (qsizetype i = 0; i < one.size(); ++i)
        if (one[i] != other[i])
            different << one[i];
    QCOMPARE(different, QStringList("<time datetime=\"2025-12-01T12:00:00Z\">2025-12-01 12:00 UTC</time>"));
}

void tst_Report::namesOfOthersAreNoMarkup()
{
    Session s = wholeSession();
    s.model->folder = "/models/<script>alert(1)</script>";
    s.pinned[0].name = "<i>" + std::string(500, 'x');
    s.measurements[0].text.files = {"/texts/نص & <b>.txt"};
    const QString html = reportOf(s);
    QVERIFY(!html.contains("<script>") && !html.contains("<i>") && !html.contains("<b>.txt"));
    QVERIFY(html.contains("&lt;i&gt;" + QString(500, 'x')));
    QVERIFY(html.contains("<bdi class=\"name\">نص &amp; &lt;b&gt;.txt</bdi>"));
}

void tst_Report::nobodysFoldersAreNamed()
{
    Session s = wholeSession();
    s.model->folder = "/home/jane/models/llama";
    s.model->tokenizerSize.reset();
    s.model->tokenizerProblem = "There is no tokenizer.json in '/home/jane/models/llama'.";
    for (Measurement &measured : s.measurements)
        if (!measured.text.files.empty())
            measured.text.files = {"/home/jane/texts/oz.txt"};
    ReportOptions how = options();
    how.commands = {{"secateur-cli", "prune", "/home/jane/models/llama", "--text", "/home/jane/texts/c4.txt"}};
    const QString html = reportOf(s, how);
    QVERIFY2(!html.contains("jane"), qPrintable(html.mid(html.indexOf("jane") - 100, 200)));
    QVERIFY(html.contains("secateur-cli prune llama --text c4.txt"));
    QVERIFY(html.contains("oz.txt"));
}

void tst_Report::numbersAreThoseOfTheSession()
{
    const Session s = wholeSession();
    const PruningPlan plan = planOf(s, s.draft);
    const QString html = reportOf(s);
    QVERIFY(html.contains(QString::fromStdString(plan.hash())));
    QVERIFY(html.contains("7.39 → 12.18")); // exp(2), exp(2.5)
    QVERIFY(html.contains("1.65 times"));
    QVERIFY(html.contains("0.6667 ± 0.1429"));        // accuracy and error of arc_easy
    QVERIFY(html.contains("333.3 (300.0 to 400.0)")); // tokens a second
    QVERIFY(html.contains(QString::number(plan.balance.neuronsKept) + " in every FFN that is left"));
    QVERIFY(html.contains("on the CPU in float32 with 2 threads, AVX2 instructions, matrix products by oneDNN, LibTorch 2.15.0"));
    QVERIFY(html.contains(">passed</strong>"));
}

void tst_Report::nearTiesAreSaid()
{
    Session s = wholeSession();
    QVERIFY(reportOf(s).contains(">near tie<")); // 3.25 and 3.2501
    s.searches[searchKey(s.draft, 20)].steps[0].losses[2] = 3.5;
    QVERIFY(!reportOf(s).contains(">near tie<"));
}

void tst_Report::restoredPlansAreSaidToBeSo()
{
    const Session s = opened(restoredPlan(fullSession().model->spec), "restored.safetensors");
    const QString html = reportOf(s);
    QVERIFY(html.contains("Restored, not plain 2SSP"));
    QVERIFY(html.contains("plain 2SSP</th>") && html.contains("r1 + r2 + r4"));
    QVERIFY(html.contains("The ridge of layer 1 was raised to 0.01."));
    QVERIFY(html.contains("33.33\u00a0%") && html.contains("12.50\u00a0%")); // errors of the fits
    QVERIFY(!reportOf(wholeSession()).contains("Restored, not plain 2SSP"));
}

void tst_Report::anUnfinishedSearchIsSaid()
{
    const QString html = reportOf(fullSession());
    QVERIFY(html.contains("Its search is not finished: 1 of 2 attentions removed."));
    QCOMPARE(html.count("Plan hash</dt>"), 1); // among the words; none of a plan that is not the one that is meant
}

void tst_Report::commandsDoItAgain()
{
    Session s = wholeSession();
    s.model->folder = "/models/llama";
    const QString html = reportOf(s);
    QVERIFY(html.contains("secateur-cli prune llama"));
    QVERIFY(html.contains("--keep 20"));
    QVERIFY(html.contains("secateur-cli evaluate llama"));
    QVERIFY(html.contains("--tasks arc_easy"));
    QVERIFY(html.contains("--threads 2"));
    QVERIFY(html.contains("--output pruned"));
}

void tst_Report::anExportIsReportedByItsManifest()
{
    const Session s = wholeSession();
    const PruningPlan plan = planOf(s, s.draft);
    ExportSettings settings;
    settings.command = {"secateur-cli", "prune", "/home/jane/llama", "--keep", "20"};
    ExportResult result;
    result.parameters = 1000;
    result.bytes = 2000;
    result.verification.isPassed = true;
    const nlohmann::json entry = {{"text", "oz.txt"},
                                  {"tokens", 1533},
                                  {"length", 512},
                                  {"tokenHash", "held-out"},
                                  {"densePerplexity", 7.5},
                                  {"prunedPerplexity", 12.25},
                                  {"computed", toJson(provenanceOf("").computed)}};
    nlohmann::json evaluations = nlohmann::json::array();
    evaluations.push_back(entry);
    const nlohmann::json manifest =
        makeManifest(plan, settings, result, {.brief = "llama", .full = "llama", .repository = {}}, evaluations, {});
    const QTemporaryDir folder;
    std::ofstream(folder.filePath(kManifestFile).toStdString()) << manifest.dump();

    const ExportedReport report = sessionOfExport(folder.path().toStdString(), *s.model, "model");
    QCOMPARE(report.session.measurements.size(), 2U);
    QCOMPARE(report.session.measurements[0].result.perplexity, 7.5);
    QCOMPARE(report.session.measurements[1].planHash, plan.hash());
    QCOMPARE(report.session.measurements[1].result.windows, 3); // of 512 tokens, the first of which is not predicted
    QCOMPARE(report.session.exports.at(0).bytes, 2000);
    QCOMPARE(planOf(report.session, report.session.draft).hash(), plan.hash());
    ReportOptions how = options();
    how.commands = {report.command};
    const QString html = reportOf(report.session, how);
    QVERIFY(html.contains("7.50 → 12.25"));
    QVERIFY(html.contains("secateur-cli prune llama --keep 20"));
    QVERIFY(!html.contains("jane"));
}

void tst_Report::aManifestOfAnotherModelIsRefused()
{
    const Session s = wholeSession();
    const QTemporaryDir folder;
    const std::string path = folder.path().toStdString();
    QVERIFY(complaint([&] { sessionOfExport(path, *s.model, "model"); }).contains("There is no pruning_manifest.json in '"));
    const nlohmann::json manifest = makeManifest(planOf(s, s.draft), {}, {}, {}, nlohmann::json::array(), {});
    std::ofstream(folder.filePath(kManifestFile).toStdString()) << manifest.dump();
    QVERIFY(complaint([&] { sessionOfExport(path, *s.model, "another"); }).contains("another model"));
    nlohmann::json damaged = manifest;
    damaged.erase("verification");
    std::ofstream(folder.filePath(kManifestFile).toStdString()) << damaged.dump();
    QVERIFY(complaint([&] { sessionOfExport(path, *s.model, "model"); }).contains("lacks something that every export has"));
}

void tst_Report::reportsAreWrittenWhole()
{
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("report.html").toStdString();
    writeReport(wholeSession(), file, options());
    QFile written(QString::fromStdString(file.string()));
    QVERIFY(written.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(written.readAll()), reportOf(wholeSession()));
    QVERIFY(complaint([&] { writeReport({}, folder.filePath("no/such/folder/r.html").toStdString()); }).contains("no/such/folder"));
}

QTEST_GUILESS_MAIN(tst_Report)
#include "tst_Report.moc"
