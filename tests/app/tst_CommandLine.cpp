// SPDX-License-Identifier: GPL-3.0-or-later
// secateur-cli as a user and a script meet it: what it prints, what it leaves, what it ends with.
#include "SampleSession.h"
#include "pruning/PlanFile.h"
#include "session/SessionStore.h"
#include "session/Shelf.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>

namespace {

const QString kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const QString kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";
const QString kHeldOut = SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt";

struct Outcome {
    int exitCode = -1;
    QByteArray output, errors;
    QList<QJsonObject> events; ///< lines of the output that are JSON

    QJsonObject result() const { return events.isEmpty() || events.last().value("event") != "result" ? QJsonObject() : events.last(); }
};

Outcome finished(QProcess &process)
{
    process.waitForFinished(300'000);
    Outcome outcome{process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                    process.readAllStandardOutput(),
                    process.readAllStandardError(),
                    {}};
    for (const QByteArray &line : outcome.output.split('\n'))
        if (const QJsonDocument document = QJsonDocument::fromJson(line); document.isObject())
            outcome.events << document.object();
    return outcome;
}

Outcome run(const QStringList &arguments)
{
    QProcess process;
    process.start(SECATEUR_CLI, arguments);
    return finished(process);
}

/// With LibTorch's kernels for other instructions: "default", "avx2".
Outcome runWith(const QString &instructions, const QStringList &arguments)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("ATEN_CPU_CAPABILITY", instructions);
    process.setProcessEnvironment(environment);
    process.start(SECATEUR_CLI, arguments);
    return finished(process);
}

QJsonObject jsonOf(const QString &file)
{
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(opened.readAll()).object() : QJsonObject();
}

/// Where the search of a plan file comes from, and how it was computed.
QJsonObject searchProvenance(const QString &file)
{
    return jsonOf(file).value("search").toObject().value("provenance").toObject();
}

/// A plan file as a version wrote it that did not note the instructions.
bool forgetInstructions(const QString &file)
{
    QJsonObject plan = jsonOf(file), search = plan.value("search").toObject(), provenance = search.value("provenance").toObject();
    for (const char *name : {"gpu", "instructions", "products", "host"})
        provenance.remove(name);
    search.insert("provenance", provenance);
    plan.insert("search", search);
    QFile opened(file);
    return opened.open(QIODevice::WriteOnly) && opened.write(QJsonDocument(plan).toJson()) > 0;
}

QStringList entries(const QTemporaryDir &folder)
{
    return QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

/// The beginning of a text file as two documents of JSON lines, without packing.
bool writeJsonLines(const QString &text, const QString &file)
{
    QFile from(text), to(file);
    if (!from.open(QIODevice::ReadOnly) || !to.open(QIODevice::WriteOnly))
        return false;
    for (int i = 0; i < 2; ++i)
        to.write(QJsonDocument(QJsonObject{{"text", QString::fromUtf8(from.read(10'000))}}).toJson(QJsonDocument::Compact) + "\n");
    return true;
}

/// Options that make a run of the sample short.
const QStringList kShort = {"--text", kText, "--windows", "4", "--length", "128"};

} // namespace

class tst_CommandLine : public QObject {
    Q_OBJECT

private slots:
    void everyCommandHasHelpWithAnExample_data();
    void everyCommandHasHelpWithAnExample();
    void wrongUsageEndsWithTwo_data();
    void wrongUsageEndsWithTwo();
    void failuresEndWithOneAndNameObjectAndRemedy_data();
    void failuresEndWithOneAndNameObjectAndRemedy();
    void outputsAreProtected();
    void mistakesAreFoundBeforeTheWork();
    void textsAreToldOfBeforeTheJob();
    void blankTextsAreRefused();
    void namesAreShownAsTheyAre();
    void oneThingIsSingular();
    void olderCommandLinesAreTaken();
    void protectedLayersCanBeLetGo();
    void forcedLayersCanBeLetGoFromTheStart();
    void textsAreFoundBesideThePlan();
    void inspectCountsTheModel();
    void planOfAConfigNeedsNoModel();
    void infeasibleRemovalsNameBothBounds();
    void neuronsAreKeptByHand();
    void impactMeasuresEveryAttention();
    void modelsListTheCache();
    void textsAreFoundByTheirNames();
    void allWindowsAreTaken();
    void pruneDoesAllOfIt();
    void whatStaysBehindIsSaid();
    void stagesGiveThePlanOfPrune();
    void plansByHandAreTaken();
    void manifestRepeatsTheRun();
    void searchIsExtendedAndEqualsALongOne();
    void sessionsAreTakenAsPlans();
    void screeningIsRecordedAndDecidesNothing();
    void aSearchOfOtherInstructionsIsNotResumed();
    void aSearchOfUnknownInstructionsIsResumedAndStaysUnknown();
    void howItWasComputedStandsInEveryResult();
    void progressIsPlainLinesInAPipe();
    void jsonIsOneObjectALine();
    void interruptStopsWithinASecond_data();
    void interruptStopsWithinASecond();
    void signalsAtTheStartAreHeard_data();
    void signalsAtTheStartAreHeard();
    void interruptedSearchGoesOnToTheSamePlan();
    void generateWritesTextAndIds();
    void generateSetsPlansBesideEachOther();
    void scoreTellsWherePlansAreWorse();
    void benchComparesTwoSettings();
};

void tst_CommandLine::everyCommandHasHelpWithAnExample_data()
{
    QTest::addColumn<QString>("command");
    for (const char *command : {"inspect", "calibrate", "plan", "search", "prune", "evaluate", "generate", "score", "export", "impact",
                                "models", "texts", "report"})
        QTest::newRow(command) << command;
}

void tst_CommandLine::everyCommandHasHelpWithAnExample()
{
    QFETCH(QString, command);
    const Outcome help = run({command, "--help"});
    QCOMPARE(help.exitCode, 0);
    QVERIFY(help.output.contains("Example:\n  secateur-cli " + command.toUtf8()));
    QVERIFY(run({"--help"}).output.contains(command.toUtf8()));
}

void tst_CommandLine::wrongUsageEndsWithTwo_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("what");
    QTest::newRow("no command") << QStringList() << QByteArray("Subcommands:");
    QTest::newRow("unknown command") << QStringList{"shrink"} << QByteArray("There is no command 'shrink'.");
    QTest::newRow("unknown option") << QStringList{"inspect", kModel, "--colour"} << QByteArray("--colour");
    QTest::newRow("no model") << QStringList{"calibrate", "--text", kText, "--output", "x"} << QByteArray("model is required");
    QTest::newRow("no text") << QStringList{"prune", kModel, "--sparsity", "0.5"} << QByteArray("--text or --scores is needed");
    QTest::newRow("no sparsity") << QStringList{"plan", kModel} << QByteArray("--sparsity is needed");
    QTest::newRow("neurons alone") << QStringList{"plan", kModel, "--keep", "100"} << QByteArray("--sparsity is needed");
    QTest::newRow("neurons of a plan") << QStringList{"search", kModel, "--plan", "x", "--keep", "100"}
                                       << QByteArray("a plan keeps its width");
    QTest::newRow("not a number") << QStringList{"plan", kModel, "--sparsity", "half"} << QByteArray("half");
    QTest::newRow("neither scores nor plan") << QStringList{"search", kModel, "--sparsity", "0.5"}
                                             << QByteArray("--text or --scores (a new search) or --plan");
    QTest::newRow("windows in words") << QStringList{"evaluate", kModel, "--text", kText, "--windows", "some"} << QByteArray("nor \"all\"");
    QTest::newRow("all windows of no text") << QStringList{"prune", kModel, "--scores", "x", "--windows", "all", "--sparsity", "0.5"}
                                            << QByteArray("which --scores replaces");
    for (const char *number : {"9999999999999999999999", "-1", "0", "1.5", "0x10", "9000000000000000"})
        QTest::addRow("windows %s", number) << QStringList{"calibrate", kModel, "--text", kText, "--output", "x", "--windows", number}
                                            << QByteArray("not a whole number from 1 to 1,000,000,000");
    QTest::newRow("seed too large") << QStringList{"generate", kModel, "--prompt", "a", "--seed", "18446744073709551616"}
                                    << QByteArray("'18446744073709551616' is not a whole number from 0 to 18,446,744,073,709,551,615");
    QTest::newRow("sparsity that is not a number")
        << QStringList{"plan", kModel, "--sparsity", "nan"} << QByteArray("'nan' is not a number");
    const QStringList search{"search", kModel, "--scores", "x", "--sparsity", "0.5"};
    QTest::newRow("all losses of a screen") << search + QStringList{"--all-losses", "--screen", "bfloat16"}
                                            << QByteArray("exclude each other");
    QTest::newRow("a screen of the reference") << search + QStringList{"--loss-dtype", "reference", "--screen", "bfloat16"}
                                               << QByteArray("exclude each other");
    QTest::newRow("a screen that is no narrower")
        << search + QStringList{"--dtype", "bfloat16", "--screen", "float16"} << QByteArray("exclude each other");
    QTest::newRow("forced and protected") << search + QStringList{"--force", "3", "--protect", "2,3"}
                                          << QByteArray("layer 3 is in --force and in --protect");
    QTest::newRow("protected twice") << search + QStringList{"--protect", "1", "1"} << QByteArray("layer 1 is named twice in --protect");
    QTest::newRow("forced twice") << search + QStringList{"--force", "2,1,2"} << QByteArray("layer 2 is named twice in --force");
    QTest::newRow("none and a layer") << search + QStringList{"--protect", "none,1"} << QByteArray("none stands alone");
    QTest::newRow("forced: none and a layer") << search + QStringList{"--force", "1,none"} << QByteArray("--force: none stands alone");
    QTest::newRow("a restart of nothing") << search + QStringList{"--restart"} << QByteArray("--restart has no effect here");
    QTest::newRow("protected in words") << search + QStringList{"--protect", "all"} << QByteArray("nor \"none\"");
    QTest::newRow("more forced than removed") << search + QStringList{"--force", "1,2", "--remove", "1"}
                                              << QByteArray("--force names 2 layers, and --remove removes 1");
    QTest::newRow("sparsity") << QStringList{"plan", kModel, "--sparsity", "1.5"} << QByteArray("1.5 is out of range; give a share");
    QTest::newRow("no sparsity at all") << QStringList{"plan", kModel, "--sparsity", "0"} << QByteArray("0 is out of range; give a share");
    QTest::newRow("alpha") << search + QStringList{"--alpha", "-1"} << QByteArray("-1 is out of range; give a number above 0");
    QTest::newRow("temperature") << QStringList{"generate", kModel, "--prompt", "a", "--temperature", "-0.1"}
                                 << QByteArray("-0.1 is out of range; give 0 or more");
    QTest::newRow("top-p") << QStringList{"generate", kModel, "--prompt", "a", "--temperature", "1", "--top-p", "1.1"}
                           << QByteArray("1.1 is out of range; give a probability");
    QTest::newRow("device") << QStringList{"evaluate", kModel, "--text", kText, "--device", "tpu"}
                            << QByteArray("there is no device 'tpu'");
    // What would decide nothing is not passed over.
    const QStringList prune{"prune", kModel, "--text", kText, "--sparsity", "0.5"}, generate{"generate", kModel, "--prompt", "a"};
    for (const QStringList &option : {QStringList{"--sparsity", "0.5"}, {"--alpha", "1.5"}, {"--width-multiple", "1"}, {"--remove", "2"}})
        QTest::addRow("%s of a plan", qPrintable(option.first()))
            << QStringList{"plan", kModel, "--plan", "x"} + option << QByteArray("--plan has its own neurons and removals");
    QTest::newRow("idle format") << prune + QStringList{"--format", "hf-dropin"}
                                 << QByteArray("--format has no effect here: without --output");
    QTest::newRow("idle type") << prune + QStringList{"--export-dtype", "float16"} << QByteArray("--export-dtype has no effect here");
    QTest::newRow("nothing to replace") << prune + QStringList{"--overwrite"} << QByteArray("--overwrite has no effect here");
    QTest::newRow("idle seed") << generate + QStringList{"--seed", "5"} << QByteArray("--seed has no effect here: without --temperature");
    QTest::newRow("idle top-k") << generate + QStringList{"--top-k", "5"} << QByteArray("--top-k has no effect here");
    QTest::newRow("idle top-p") << generate + QStringList{"--top-p", "0.5"} << QByteArray("--top-p has no effect here");
    QTest::newRow("idle column") << QStringList{"bench",    "--config", kModel + "/config.json", "--random", "--sparsity", "0.5",
                                                "--column", "text"}
                                 << QByteArray("--column has no effect here: --random");
    QTest::newRow("idle device memory") << search + QStringList{"--device", "cpu", "--device-memory", "24GiB"}
                                        << QByteArray("--device-memory has no effect here: --device cpu uses no GPU");
    QTest::newRow("memory") << search + QStringList{"--host-memory", "much"} << QByteArray("'much' is not an amount of memory");
    QTest::newRow("format") << QStringList{"export", kModel, "--plan", "x", "--output", "x", "--format", "onnx"}
                            << QByteArray("there is no export format 'onnx'");
    QTest::newRow("bad norm") << QStringList{"calibrate", kModel, "--text", kText, "--output", "x", "--norm", "l3"} << QByteArray("l3");
}

void tst_CommandLine::wrongUsageEndsWithTwo()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, what);
    const Outcome outcome = run(arguments);
    QCOMPARE(outcome.exitCode, 2);
    QVERIFY2(outcome.errors.contains(what), outcome.errors.constData());
    if (arguments.isEmpty())
        return;
    const Outcome json = run(arguments + QStringList("--json"));
    QCOMPARE(json.exitCode, 2);
    QCOMPARE(json.events.size(), 1);
    QCOMPARE(json.events.first().value("event").toString(), QString("error"));
    QVERIFY2(json.events.first().value("message").toString().toUtf8().contains(what), json.output.constData());
    QVERIFY(!json.events.first().value("hint").toString().isEmpty());
}

void tst_CommandLine::failuresEndWithOneAndNameObjectAndRemedy_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("object");
    QTest::newRow("no folder") << QStringList{"inspect", "/no/such/model"} << QByteArray("/no/such/model");
    QTest::newRow("no config") << QStringList{"inspect", SECATEUR_SOURCE_DIR "/resources/sample/text"} << QByteArray("config.json");
    QTest::newRow("no text file") << QStringList{"evaluate", kModel, "--text", "/no/such/text.txt"} << QByteArray("/no/such/text.txt");
    QTest::newRow("short text") << QStringList{"calibrate", kModel,      "--text", SECATEUR_SOURCE_DIR "/resources/sample/README.md",
                                               "--output",  "/tmp/never"}
                                << QByteArray("16,384");
    QTest::newRow("more windows than memory could hold")
        << QStringList{"calibrate", kModel, "--text", kText, "--windows", "1000000000", "--output", "/tmp/never"}
        << QByteArray("gives 159,931 tokens; 1,000,000,000 windows of 512 need");
    QTest::newRow("scores of nothing") << QStringList{"plan", kModel, "--sparsity", "0.5", "--scores", kText} << QByteArray("grimm.txt");
    QTest::newRow("no plan") << QStringList{"export", kModel, "--plan", "/no/plan.json", "--output", "/tmp/never"}
                             << QByteArray("/no/plan.json");
    QTest::newRow("windows longer than the context") << QStringList{"evaluate", kModel, "--text", kText, "--length", "513"}
                                                     << QByteArray("longer than the model's context of 512"); // which the model decides
}

void tst_CommandLine::failuresEndWithOneAndNameObjectAndRemedy()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, object);
    const Outcome outcome = run(arguments << "--json");
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.errors.contains(object), outcome.errors.constData());
    QVERIFY(!outcome.errors.contains("Unexpected"));
    QCOMPARE(outcome.events.last().value("event").toString(), QString("error"));
    QVERIFY(!outcome.events.last().value("hint").toString().isEmpty());
    QVERIFY(!QFile::exists("/tmp/never"));
}

void tst_CommandLine::outputsAreProtected()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json");
    QDir(folder.path()).mkdir("precious");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    const QStringList planned{"plan", kModel, "--scores", scores, "--sparsity", "0.375", "--save-plan"};
    QVERIFY(run(planned + QStringList{folder.filePath("precious")}).errors.contains("is a folder; a file is to be written"));
    QVERIFY(QDir(folder.filePath("precious")).exists());
    QCOMPARE(run(planned + QStringList{plan}).exitCode, 0);
    QVERIFY(run(planned + QStringList{plan}).errors.contains("plan.json' already exists."));
    QCOMPARE(run(planned + QStringList{plan, "--overwrite"}).exitCode, 0);
    QVERIFY(run(planned + QStringList{"/no/such/folder/plan.json"}).errors.contains("'/no/such/folder' does not exist."));
    QCOMPARE(run(planned + QStringList{""}).exitCode, 2);
    QCOMPARE(run({"export", kModel, "--plan", "", "--output", folder.filePath("out")}).exitCode, 2);
    const auto keptIn = [&](const QString &file) {
        return run(QStringList{"calibrate", kModel, "--output", folder.filePath("again"), "--save-grams", file} + kShort);
    };
    QVERIFY(keptIn(folder.filePath("again")).errors.contains("Two outputs are the same place"));
    QVERIFY(keptIn(scores).errors.contains("scores.safetensors' already exists."));
    // What is read is never written over, and what lies in the output folder is not lost with it.
    QVERIFY(run(planned + QStringList{scores, "--overwrite"}).errors.contains("is also an input"));
    QVERIFY(run(planned + QStringList{kModel + "/config.json", "--overwrite"}).errors.contains("is inside the model folder"));
    const QString out = folder.filePath("out");
    QVERIFY(run(QStringList{"prune", kModel, "--sparsity", "0.375", "--output", out, "--save-plan", out} + kShort)
                .errors.contains("--save-plan and --output are the same place"));
    QVERIFY(run({"export", kModel, "--plan", plan, "--output", plan}).errors.contains("plan.json' is also an input"));
    QCOMPARE(run({"search", kModel, "--scores", scores, "--sparsity", "0.375", "--save-plan", plan, "--overwrite"}).exitCode, 0);
    QVERIFY(
        run({"search", kModel, "--plan", plan, "--remove", "1", "--save-plan", plan}).errors.contains("holds 3 removals and would keep 1"));
    QCOMPARE(run({"search", kModel, "--plan", plan, "--remove", "1", "--save-plan", folder.filePath("shorter.json")}).exitCode, 0);
    // The same search goes on in place; another one, or a plan that is only read, does not replace its file.
    const QJsonArray removed =
        run({"search", kModel, "--plan", plan, "--save-plan", plan, "--json"}).result().value("removalOrder").toArray();
    QCOMPARE(removed.size(), 3);
    const QString second = QString::number(removed.at(1).toInt());
    QVERIFY(run({"search", kModel, "--plan", plan, "--protect", second, "--save-plan", plan})
                .errors.contains("holds 3 removals and would keep 1"));
    QVERIFY(run({"plan", kModel, "--plan", plan, "--save-plan", plan}).errors.contains("plan.json' already exists."));
    QCOMPARE(run({"plan", kModel, "--plan", plan, "--json"}).result().value("removalOrder").toArray(), removed);
    QCOMPARE(run({"export", kModel, "--plan", plan, "--output", out}).exitCode, 0);
    QVERIFY(run({"export", kModel, "--plan", out + "/pruning_manifest.json", "--output", out, "--overwrite"})
                .errors.contains("is inside the output folder"));
    const QString manifest = out + "/pruning_manifest.json";
    QVERIFY(QFile::exists(manifest));
    QVERIFY(run({"search", kModel, "--plan", manifest, "--save-plan", manifest}).errors.contains("already exists"));
    QCOMPARE(run({"export", kModel, "--plan", plan, "--output", folder.filePath(QString(300, 'x'))}).exitCode, 1);
}

void tst_CommandLine::mistakesAreFoundBeforeTheWork()
{
    const QStringList usual = QStringList{"prune", kModel, "--sparsity", "0.5", "--json"} + kShort;
    for (const QStringList &mistake :
         {QStringList{"--evaluate", "/no/such/text.txt"}, QStringList{"--protect", "99"},
          QStringList{"--save-plan", "/no/such/folder/plan.json"}, QStringList{"--output", "/no/such/folder/out"},
          QStringList{"--remove", "13"}, QStringList{"--search-windows", "100000"}}) {
        const Outcome outcome = run(usual + mistake);
        QCOMPARE(outcome.exitCode, 1);
        for (const QJsonObject &event : outcome.events)
            QVERIFY2(event.value("phase") != "calibrate", qPrintable(mistake.join(' ')));
    }
}

void tst_CommandLine::textsAreToldOfBeforeTheJob()
{
    const QStringList arguments = QStringList{"evaluate", kModel} + kShort;
    const Outcome plain = run(arguments);
    QCOMPARE(plain.exitCode, 0);
    QVERIFY2(plain.errors.startsWith("text: grimm.txt (plain text, UTF-8): \""), plain.errors);
    QVERIFY2(plain.errors.left(plain.errors.indexOf('\n')).contains("4 windows of 128 tokens (157,786 tokens read)"), plain.errors);

    const Outcome json = run(arguments + QStringList{"--json"});
    const auto told = std::find_if(json.events.begin(), json.events.end(), [](const QJsonObject &e) { return e["event"] == "textRead"; });
    QVERIFY(told != json.events.end());
    const QJsonObject file = (*told)["files"].toArray().at(0).toObject();
    QCOMPARE(file["kind"].toString(), QString("plain text, UTF-8"));
    QVERIFY(!file["firstLine"].toString().isEmpty());
    QCOMPARE((*told)["windows"].toInt(), 4);
    for (auto event = json.events.begin(); event != told; ++event)
        QVERIFY((*event)["phase"] != "evaluate");

    int texts = 0; // a prune reads its text again and again, and tells of it once
    for (const QJsonObject &event :
         run(QStringList{"prune", kModel, "--sparsity", "0.25", "--evaluate", kHeldOut, "--json"} + kShort).events)
        texts += event["event"] == "textRead" ? 1 : 0;
    QCOMPARE(texts, 2);
}

void tst_CommandLine::blankTextsAreRefused()
{
    QTemporaryDir folder;
    QFile blank(folder.filePath("blank.txt"));
    QVERIFY(blank.open(QIODevice::WriteOnly));
    blank.write(QByteArray(" \n\t\r\n").repeated(1000));
    blank.close();
    const Outcome outcome = run({"evaluate", kModel, "--text", blank.fileName(), "--length", "16"});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.errors.contains("blank.txt' holds no text."), outcome.errors.constData());

    const Outcome column = run(QStringList{"evaluate", kModel, "--column", "content"} + kShort); // a text decides whether it has columns
    QCOMPARE(column.exitCode, 0);
    QVERIFY2(column.errors.contains("note: --column has no effect on 'grimm.txt'"), column.errors.constData());
}

void tst_CommandLine::namesAreShownAsTheyAre()
{
    QTemporaryDir folder;
    const QString name = QString::fromUtf8("a\n\x1b[31mb\xe2\x81\xa6\xe2\x80\xae"
                                           "c");
    const QByteArray shown = "a\\n\\x1b[31mb\\xe2\\x81\\xa6\\xe2\\x80\\xaec";
    const auto isClean = [](const QByteArray &text) { return !text.contains('\x1b') && !text.contains("\xe2\x81\xa6"); };
    const QString scores = folder.filePath(name);
    const Outcome missing = run({"inspect", "/no/such/" + name}), argument = run({"inspect", kModel, name}),
                  made = run(QStringList{"calibrate", kModel, "--output", scores} + kShort),
                  again = run(QStringList{"calibrate", kModel, "--output", scores} + kShort),
                  planned = run({"plan", kModel, "--scores", scores, "--sparsity", "0.3", "--save-plan", scores, "--overwrite"});
    QCOMPARE(made.exitCode, 0);
    QVERIFY(QFile::exists(scores));
    QVERIFY2(made.output.contains('/' + shown + '\n'), made.output.constData());
    for (const Outcome &failed : {missing, again, planned}) {
        QCOMPARE(failed.exitCode, 1);
        QVERIFY2(failed.errors.contains('/' + shown + '\''), failed.errors.constData());
    }
    QCOMPARE(argument.exitCode, 2);
    for (const Outcome &outcome : {missing, argument, made, again, planned})
        QVERIFY2(isClean(outcome.errors) && isClean(outcome.output), (outcome.errors + outcome.output).constData());
}

void tst_CommandLine::oneThingIsSingular()
{
    const Outcome outcome = run({"evaluate", kModel, "--text", kText, "--windows", "1", "--length", "2"});
    QVERIFY2(outcome.output.contains("1 token in 1 window of 2)"), outcome.output.constData());
    QVERIFY2(outcome.errors.contains("1 window of 2 tokens"), outcome.errors.constData());
    const QByteArray planned = run({"plan", kModel, "--keep", "1", "--remove", "1"}).output;
    QVERIFY2(planned.contains("N = 1 attention to remove") && planned.contains("K = 1 neuron kept"), planned.constData());
}

void tst_CommandLine::olderCommandLinesAreTaken()
{
    const QStringList byHand{"plan", kModel, "--keep", "100", "--remove", "2"};
    const QByteArray plan = run(byHand).output;
    const std::pair<QStringList, QByteArray> idle[] = {
        {{"--sparsity", "0.5"}, "note: --sparsity has no effect here: --keep and --remove give"},
        {{"--alpha", "2"}, "note: --alpha has no effect here: --remove gives"},
        {{"--width-multiple", "8"}, "note: --width-multiple has no effect here: --keep gives"}};
    QStringList all = byHand;
    for (const auto &[option, note] : idle) {
        const Outcome outcome = run(byHand + option);
        QCOMPARE(outcome.exitCode, 0);
        QVERIFY2(outcome.errors.contains(note), outcome.errors.constData());
        QCOMPARE(outcome.output, plan);
        all += option;
    }
    const Outcome outcome = run(all + QStringList{"--json"});
    int notes = 0;
    for (const QJsonObject &event : outcome.events)
        notes += event["event"] == "note" ? 1 : 0;
    QCOMPARE(notes, 3);
}

void tst_CommandLine::protectedLayersCanBeLetGo()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    const QStringList search{"search", kModel, "--scores", scores, "--sparsity", "0.375", "--remove", "2", "--json"};
    const QJsonArray free = run(search).result()["removalOrder"].toArray();
    QCOMPARE(free.size(), 2);
    const QString first = QString::number(free.first().toInt());
    const QJsonArray others = run(search + QStringList{"--protect", first, "--save-plan", plan}).result()["removalOrder"].toArray();
    QVERIFY(others.size() == 2 && !others.contains(free.first()));
    const QStringList resume{"search", kModel, "--plan", plan, "--json"};
    QCOMPARE(run(resume).result()["removalOrder"].toArray(), others); // as the plan has it
    QCOMPARE(run(resume + QStringList{"--protect", "none"}).result()["removalOrder"].toArray(), free);
}

void tst_CommandLine::forcedLayersCanBeLetGoFromTheStart()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    const QStringList search{"search", kModel, "--scores", scores, "--sparsity", "0.375", "--remove", "1", "--json"};
    const QJsonArray free = run(search).result()["removalOrder"].toArray();
    QCOMPARE(free.size(), 1);
    const QString another = free.first().toInt() == 0 ? "1" : "0";
    run(search + QStringList{"--force", another, "--save-plan", plan});
    const QStringList resume{"search", kModel, "--plan", plan, "--json", "--force", "none"};
    QVERIFY(run(resume).errors.contains("cannot be resumed"));
    QCOMPARE(run(resume + QStringList{"--restart"}).result()["removalOrder"].toArray(), free);
    QVERIFY(run(resume + QStringList{"--restart", "--save-plan", plan}).errors.contains("would keep 0")); // not without --overwrite
}

void tst_CommandLine::textsAreFoundBesideThePlan()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), name = folder.filePath("plan.json");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    QCOMPARE(run({"search", kModel, "--scores", scores, "--sparsity", "0.375", "--remove", "1", "--save-plan", name}).exitCode, 0);
    QFile plan(name);
    QVERIFY(plan.open(QIODevice::ReadOnly));
    const QByteArray moved = plan.readAll().replace(kText.toUtf8(), "moved.txt");
    plan.close();
    QVERIFY(plan.open(QIODevice::WriteOnly) && plan.write(moved) == moved.size());
    plan.close();
    const QStringList resume{"search", kModel, "--plan", name, "--remove", "2", "--json"};
    QVERIFY(run(resume).errors.contains("moved.txt"));
    QVERIFY(QFile::copy(kText, folder.filePath("moved.txt")));
    QCOMPARE(run(resume).result()["removalOrder"].toArray().size(), 2);
}

void tst_CommandLine::inspectCountsTheModel()
{
    const QJsonObject result = run({"inspect", kModel, "--json"}).result();
    QCOMPARE(result.value("parameters").toInteger(), 2'636'928);
    QCOMPARE(result.value("layers").toInt(), 12);
    QCOMPARE(result.value("tokenizer").toInt(), 2048);
    QVERIFY(run({"inspect", kModel}).output.contains("2,636,928"));
}

void tst_CommandLine::planOfAConfigNeedsNoModel()
{
    const QJsonObject result =
        run({"plan", "--config", SECATEUR_FIXTURES "/configs/llama-2-7b.json", "--sparsity", "0.375", "--json"}).result();
    QCOMPARE(result.value("N").toInt(), 9);
    QCOMPARE(result.value("K").toInt(), 6368);
    QVERIFY(result.value("sparsityLayers").toDouble() > result.value("sparsityModel").toDouble());
    QVERIFY(result.contains("planHash") && result.value("planHash").isNull()); // no neurons were chosen
}

void tst_CommandLine::infeasibleRemovalsNameBothBounds()
{
    const Outcome outcome = run({"plan", "--config", SECATEUR_FIXTURES "/configs/llama-2-7b.json", "--sparsity", "0.25", "--remove", "30"});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.errors.contains("Feasible: 0 to 24."), outcome.errors.constData());
}

void tst_CommandLine::neuronsAreKeptByHand()
{
    const Outcome outcome = run({"plan", kModel, "--keep", "100", "--sparsity", "0.375"});
    QVERIFY2(outcome.output.contains("K = 100 neurons"), outcome.output.constData());
    QVERIFY2(outcome.output.contains("N = 3 attentions"), outcome.output.constData()); // the rule's
    QVERIFY2(!outcome.output.contains("instead of"), outcome.output.constData());      // that K misses the sparsity was wanted
    const QJsonObject both = run({"plan", kModel, "--keep", "100", "--remove", "12", "--json"}).result();
    QCOMPARE(both.value("K").toInt(), 100);
    QCOMPARE(both.value("N").toInt(), 12);
    QCOMPARE(both.value("leastN").toInt(), 0);
    QCOMPARE(both.value("mostN").toInt(), 12);
    QVERIFY(run({"plan", kModel, "--keep", "400", "--remove", "1"}).errors.contains("Keeping 400 neurons in a layer is not possible"));

    QTemporaryDir folder;
    const QJsonObject pruned =
        run(QStringList{"prune", kModel, "--keep", "150", "--remove", "1", "--output", folder.filePath("out"), "--json"} + kShort).result();
    QCOMPARE(pruned.value("K").toInt(), 150);
    QFile manifest(folder.filePath("out/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const QJsonObject written = QJsonDocument::fromJson(manifest.readAll()).object();
    QVERIFY(written.value("command").toArray().contains("--keep"));
    const QJsonObject settings = written.value("plan").toObject().value("settings").toObject();
    QCOMPARE(settings.value("keep").toInt(), 150);
    QCOMPARE(settings.value("sparsity").toDouble(), pruned.value("sparsityLayers").toDouble()); // nobody asked for another
}

void tst_CommandLine::impactMeasuresEveryAttention()
{
    const QStringList command{"impact", kModel, "--text", kText, "--length", "128", "--search-windows", "2"};
    const Outcome outcome = run(command + QStringList{"--json"});
    QCOMPARE(outcome.exitCode, 0);
    const QJsonObject result = outcome.result();
    const QJsonArray losses = result.value("losses").toArray();
    QCOMPARE(losses.size(), 12);
    QCOMPARE(result.value("windows").toInt(), 2);
    double heard = 0;
    int candidates = 0, initials = 0;
    for (const QJsonObject &event : outcome.events)
        if (event.value("event") == "initial") {
            heard = event.value("loss").toDouble();
            ++initials;
        } else if (event.value("event") == "candidate") {
            QCOMPARE(event.value("loss").toDouble(), losses.at(event.value("layer").toInt()).toDouble());
            ++candidates;
        }
    QCOMPARE(initials, 1);
    QCOMPARE(candidates, 12);
    QCOMPARE(heard, result.value("initialLoss").toDouble());
    for (const auto &loss : losses)
        QVERIFY(loss.toDouble() >= losses.at(result.value("leastLayer").toInt()).toDouble());
    const Outcome text = run(command);
    QVERIFY2(text.output.startsWith("layer   change of loss   perplexity\nnone "), text.output.constData());
    QVERIFY(text.output.contains("The attention of layer " + QByteArray::number(result.value("leastLayer").toInt()) + " matters least"));
}

void tst_CommandLine::modelsListTheCache()
{
    QTemporaryDir cache;
    const QString snapshot = cache.filePath("models--Owner--Small/snapshots/abc");
    QVERIFY(QDir().mkpath(snapshot));
    for (const char *name : {"config.json", "model.safetensors", "tokenizer.json"})
        QVERIFY(QFile::link(kModel + "/" + name, snapshot + "/" + name));
    QVERIFY(QDir().mkpath(cache.filePath("models--Owner--Broken/snapshots/abc")));
    qputenv("HF_HUB_CACHE", cache.path().toUtf8());
    const Outcome text = run({"models"}), json = run({"models", "--json"});
    qputenv("HF_HUB_CACHE", "/no/such/cache");
    const Outcome none = run({"models"});
    qunsetenv("HF_HUB_CACHE");
    QVERIFY2(text.output.contains("Owner/Small ") && text.output.contains(" MB ") && text.output.contains(snapshot.toUtf8()),
             text.output.constData());
    QVERIFY2(text.output.contains("Owner/Broken cannot be opened: it has no config.json"), text.output.constData());
    const QJsonArray models = json.result().value("models").toArray();
    QCOMPARE(models.size(), 2);
    QCOMPARE(models.at(1).toObject().value("name").toString(), QString("Owner/Small"));
    QCOMPARE(models.at(1).toObject().value("bytes").toInteger(), QFileInfo(kModel + "/model.safetensors").size());
    QCOMPARE(run({"inspect", models.at(1).toObject().value("folder").toString()}).exitCode, 0); // opens as it is named
    QCOMPARE(none.exitCode, 0);
    QVERIFY(none.output.contains("There are no models in the Hugging Face cache '/no/such/cache'."));
}

void tst_CommandLine::textsAreFoundByTheirNames()
{
    QTemporaryDir cache;
    const QString folder = cache.filePath("datasets--allenai--c4/snapshots/abc/en");
    const QString train = folder + "/c4-train.00000-of-01024.json.gz", validation = folder + "/c4-validation.00000-of-00008.json.gz";
    QVERIFY(QDir().mkpath(folder));
    QVERIFY(writeJsonLines(kText, train));
    QVERIFY(writeJsonLines(kHeldOut, validation));
    qputenv("HF_HUB_CACHE", cache.path().toUtf8());
    const QStringList cut = {"--length", "128", "--windows", "2", "--json"};
    const Outcome list = run({"texts"}), json = run({"texts", "--json"});
    const Outcome calibrated =
        run(QStringList{"calibrate", kModel, "--text", "c4", "--output", cache.filePath("scores.safetensors")} + cut);
    const Outcome evaluated = run(QStringList{"evaluate", kModel, "--text", "C4"} + cut);
    const Outcome pruned = run(
        QStringList{"prune", kModel, "--text", "c4", "--evaluate", "c4", "--sparsity", "0.25", "--output", cache.filePath("out")} + cut);
    const Outcome missing = run(QStringList{"evaluate", kModel, "--text", "wikitext-2"} + cut);
    qunsetenv("HF_HUB_CACHE");

    const auto textsOf = [](const Outcome &outcome) {
        QStringList files;
        for (const QJsonObject &event : outcome.events)
            if (event["event"] == "textRead")
                files << event["files"].toArray().at(0).toObject()["file"].toString();
        return files;
    };
    QVERIFY2(list.output.contains(train.toUtf8()) && list.output.contains(validation.toUtf8()), list.output.constData());
    QVERIFY2(list.output.contains("WikiText-2 is not in the Hugging Face cache"), list.output.constData());
    QCOMPARE(list.output.count("hf download HuggingFaceFW/fineweb-edu"), 1); // for both uses
    QCOMPARE(json.result()["texts"].toArray().size(), 6);
    QCOMPARE(textsOf(calibrated), QStringList{train});
    QCOMPARE(textsOf(evaluated), QStringList{validation});
    QCOMPARE(textsOf(pruned), QStringList({train, validation}));
    QFile manifest(cache.filePath("out/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const QJsonArray command = QJsonDocument::fromJson(manifest.readAll()).object()["command"].toArray();
    QVERIFY(command.contains(train) && command.contains(validation) && !command.contains(QString("c4"))); // which files, to repeat it
    QCOMPARE(missing.exitCode, 1);
    QVERIFY2((missing.errors + missing.output).contains("Fetch it with: hf download Salesforce/wikitext"), missing.errors.constData());
}

void tst_CommandLine::allWindowsAreTaken()
{
    QTemporaryDir folder;
    QFile text(folder.filePath("short.txt")), source(kText);
    QVERIFY(source.open(QIODevice::ReadOnly) && text.open(QIODevice::WriteOnly));
    text.write(source.read(4000));
    text.close();
    const QStringList usual = {"--text", text.fileName(), "--length", "64", "--windows", "all", "--json"};
    const Outcome calibrated = run(QStringList{"calibrate", kModel, "--output", folder.filePath("scores.safetensors")} + usual);
    const Outcome evaluated = run(QStringList{"evaluate", kModel} + usual);
    const Outcome pruned = run(QStringList{"prune", kModel, "--sparsity", "0.25", "--output", folder.filePath("out")} + usual);
    const Outcome tooMany = run(QStringList{"prune", kModel, "--sparsity", "0.25", "--search-windows", "1000"} + usual);
    const auto windows = evaluated.result()["windows"].toInt();
    QVERIFY(windows > 4);
    const auto read = [](const Outcome &outcome) {
        for (const QJsonObject &event : outcome.events)
            if (event["event"] == "textRead")
                return event["windows"].toInt();
        return 0;
    };
    QCOMPARE(calibrated.exitCode, 0);
    QCOMPARE(read(calibrated), windows);
    QCOMPARE(read(pruned), windows);
    QCOMPARE(calibrated.result()["tokenHash"], evaluated.result()["tokenHash"]);
    QFile manifest(folder.filePath("out/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const QJsonArray command = QJsonDocument::fromJson(manifest.readAll()).object()["command"].toArray();
    QVERIFY(command.contains(QString("all")));
    QCOMPARE(tooMany.exitCode, 1);
    QVERIFY2((tooMany.errors + tooMany.output).contains("1,000 windows of 64 need 64,000"), tooMany.errors.constData());
}

void tst_CommandLine::whatStaysBehindIsSaid()
{
    QTemporaryDir folder;
    const QString model = folder.filePath("model");
    QVERIFY(QDir().mkpath(model));
    for (const char *name : {"config.json", "model.safetensors", "tokenizer.json"})
        QVERIFY(QFile::copy(kModel + "/" + name, model + "/" + name));
    QVERIFY(QFile::link("/etc/passwd", model + "/NOTICE"));
    const QString sentence = "'NOTICE' was left out: it is a link that leads out of the model's folder.";
    const QStringList prune = QStringList{"prune", model, "--sparsity", "0.3", "--remove", "0"} + kShort;
    const Outcome json = run(prune + QStringList{"--output", folder.filePath("a"), "--json"});
    const Outcome text = run(prune + QStringList{"--output", folder.filePath("b")});
    QCOMPARE(json.exitCode, 0);
    QCOMPARE(json.result().value("notes").toArray(), QJsonArray{sentence});
    QVERIFY2(text.output.contains(sentence.toUtf8()), text.output.constData());
    QVERIFY(!QFile::exists(folder.filePath("a/NOTICE")) && !QFile::exists(folder.filePath("b/NOTICE")));
}

void tst_CommandLine::pruneDoesAllOfIt()
{
    QTemporaryDir folder;
    const Outcome outcome = run(QStringList{"prune", kModel, "--sparsity", "0.375", "--evaluate", kHeldOut, "--output",
                                            folder.filePath("out"), "--save-plan", folder.filePath("plan.json"), "--json"} +
                                kShort);
    QCOMPARE(outcome.exitCode, 0);
    const QJsonObject result = outcome.result();
    QCOMPARE(result.value("N").toInt(), 3);
    QCOMPARE(result.value("K").toInt(), 193);
    QCOMPARE(result.value("removalOrder").toArray().size(), 3);
    QCOMPARE(result.value("planHash").toString().size(), 64);
    QVERIFY(result.value("verified").toBool());
    for (const char *phase : {"load", "calibrate", "search", "evaluate", "export", "verify", "total"})
        QVERIFY2(result.value("seconds").toObject().contains(phase), phase);
    QVERIFY(result.value("peakMemoryBytes").toInteger() > 10'000'000);
    const QJsonObject evaluation = result.value("evaluations").toArray().at(0).toObject();
    QVERIFY(evaluation.value("prunedPerplexity").toDouble() > evaluation.value("densePerplexity").toDouble());
    QCOMPARE(entries(folder), (QStringList{"out", "plan.json"}));
    QFile plan(folder.filePath("plan.json"));
    QVERIFY(plan.open(QIODevice::ReadOnly));
    const QJsonObject stored = QJsonDocument::fromJson(plan.readAll()).object();
    QCOMPARE(stored.value("keptNeurons").toArray().size(), 12);
    QCOMPARE(stored.value("search").toObject().value("steps").toArray().at(1).toObject().value("losses").toArray().size(), 12);
    QCOMPARE(stored.value("planHash"), result.value("planHash"));
    // What was written says the same as the plan in memory.
    const QJsonObject written = run({"evaluate", folder.filePath("out"), "--text", kHeldOut, "--length", "128", "--json"}).result();
    QVERIFY(std::abs(written.value("perplexity").toDouble() - evaluation.value("prunedPerplexity").toDouble()) < 1e-3);
}

void tst_CommandLine::plansByHandAreTaken()
{
    QTemporaryDir folder;
    const QString hand = folder.filePath("hand.json"), whole = folder.filePath("whole.json");
    QJsonArray kept(QJsonArray::fromStringList(QStringList(12, "all")));
    kept[3] = QJsonArray(); // no FFN
    kept[5] = QJsonArray(); // nothing
    kept[7] = QJsonArray{1, 5, 40, 200};
    QFile file(hand);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QJsonDocument(QJsonObject{{"kind", "secateur-plan"},
                                         {"format", 2},
                                         {"method", "manual"},
                                         {"removedAttentions", QJsonArray{9, 5}},
                                         {"keptNeurons", kept}})
                   .toJson());
    file.close();
    const Outcome told = run({"plan", kModel, "--plan", hand});
    QCOMPARE(told.exitCode, 0);
    QVERIFY2(told.output.contains("FFNs removed: 3, 5") && told.output.contains("attentions removed: 9, 5"), told.output.constData());
    const QJsonObject result = run({"plan", kModel, "--plan", hand, "--save-plan", whole, "--json"}).result();
    QCOMPARE(result.value("method").toString(), QString("manual"));
    QCOMPARE(result.value("removedFfns").toArray(), (QJsonArray{3, 5}));
    QCOMPARE(result.value("widths").toArray().at(7).toInt(), 4);
    QVERIFY(result.value("K").isNull() && result.value("ruleN").isNull());

    const QJsonObject pruned = run({"evaluate", kModel, "--plan", hand, "--text", kHeldOut, "--windows", "2", "--json"}).result();
    QCOMPARE(pruned.value("planHash"), result.value("planHash"));
    QVERIFY(run({"generate", kModel, "--plan", whole, "--prompt", "Once", "--tokens", "3"}).exitCode == 0);
    for (const char *format : {"hf-compact", "gguf-deci"}) {
        const QString out = folder.filePath(format);
        const QJsonObject exported = run({"export", kModel, "--plan", whole, "--format", format, "--output", out, "--json"}).result();
        QVERIFY(exported.value("verified").toBool());
        const QJsonObject again = run({"evaluate", out, "--text", kHeldOut, "--windows", "2", "--json"}).result();
        QVERIFY(std::abs(again.value("loss").toDouble() - pruned.value("loss").toDouble()) < 1e-3); // 16-bit weights
        const Outcome opened = run({"inspect", out});
        QVERIFY2(opened.output.contains("FFNs removed: 3, 5"), opened.output.constData());
        QVERIFY2(opened.output.contains("without FFN: 3"), opened.output.constData());
    }
    QVERIFY(run({"export", kModel, "--plan", whole, "--format", "hf-dropin", "--output", folder.filePath("no")})
                .errors.contains("needs the same width in every layer; this plan's widths go from 4 to"));
    QVERIFY(run({"search", kModel, "--plan", whole, "--save-plan", folder.filePath("no.json")}).errors.contains("was written by hand"));
    QVERIFY(run({"plan", kModel, "--plan", whole, "--sparsity", "0.5"}).errors.contains("--plan has its own neurons"));
}

void tst_CommandLine::stagesGiveThePlanOfPrune()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json");
    QCOMPARE(run(QStringList{"calibrate", kModel, "--output", scores} + kShort).exitCode, 0);
    QCOMPARE(run({"search", kModel, "--scores", scores, "--sparsity", "0.5", "--save-plan", plan}).exitCode, 0);
    QCOMPARE(run({"export", kModel, "--plan", plan, "--output", folder.filePath("a")}).exitCode, 0);
    const QJsonObject pruned =
        run(QStringList{"prune", kModel, "--sparsity", "0.5", "--output", folder.filePath("b"), "--json"} + kShort).result();
    const auto bytes = [&](const char *name) {
        QFile file(folder.filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    QVERIFY(!bytes("a/model.safetensors").isEmpty());
    QCOMPARE(bytes("a/model.safetensors"), bytes("b/model.safetensors"));
    QVERIFY(bytes("plan.json").contains(pruned.value("planHash").toString().toUtf8()));
    const QJsonObject planned = run({"plan", kModel, "--scores", scores, "--sparsity", "0.5", "--json"}).result();
    QCOMPARE(planned.value("K"), pruned.value("K"));
    QCOMPARE(planned.value("removalOrder").toArray().size(), 0);
    // The manifest of an export is a plan as well.
    QCOMPARE(run({"evaluate", kModel, "--plan", folder.filePath("a/pruning_manifest.json"), "--text", kHeldOut, "--windows", "2", "--json"})
                 .result()
                 .value("planHash"),
             pruned.value("planHash"));
}

void tst_CommandLine::manifestRepeatsTheRun()
{
    QTemporaryDir folder;
    QCOMPARE(run(QStringList{"prune", kModel, "--sparsity", "0.25", "--protect", "2,3", "--seed", "5", "--output", folder.filePath("a")} +
                 kShort)
                 .exitCode,
             0);
    QFile manifest(folder.filePath("a/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    QStringList command;
    for (const auto &word : QJsonDocument::fromJson(manifest.readAll()).object().value("command").toArray())
        command << word.toString();
    QCOMPARE(command.takeFirst(), QString("secateur-cli"));
    QCOMPARE(run(command + QStringList{"--output", folder.filePath("b")}).exitCode, 0);
    for (const QString &name : QDir(folder.filePath("a")).entryList(QDir::Files)) {
        QFile a(folder.filePath("a/" + name)), b(folder.filePath("b/" + name));
        QVERIFY(a.open(QIODevice::ReadOnly) && b.open(QIODevice::ReadOnly));
        QVERIFY2(a.readAll() == b.readAll(), qPrintable(name));
    }
}

void tst_CommandLine::searchIsExtendedAndEqualsALongOne()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json"),
                  longer = folder.filePath("longer.json");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    run({"search", kModel, "--scores", scores, "--sparsity", "0.375", "--save-plan", plan});
    const Outcome extended = run({"search", kModel, "--plan", plan, "--remove", "5", "--save-plan", longer, "--json"});
    QCOMPARE(extended.exitCode, 0);
    QCOMPARE(extended.result().value("removalOrder").toArray().size(), 5);
    QSet<std::pair<int, int>> heard;
    for (const QJsonObject &event : extended.events)
        if (event.value("event") == "candidate" || event.value("event") == "screened") {
            QVERIFY(event.value("step").toInt() >= 3); // three removals were known
            heard.insert({event.value("step").toInt(), event.value("layer").toInt()});
        }
    QCOMPARE(heard.size(), 9 + 8);
    const QJsonObject shorter = run({"search", kModel, "--plan", longer, "--remove", "3", "--json"}).result();
    QCOMPARE(shorter.value("removalOrder").toArray().size(), 3);
}

void tst_CommandLine::sessionsAreTakenAsPlans()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json"), file = folder.filePath("s.secateur"),
                  fromPlan = folder.filePath("from-plan.json"), fromSession = folder.filePath("from-session.json");
    QCOMPARE(run(QStringList{"calibrate", kModel, "--output", scores} + kShort).exitCode, 0);
    QCOMPARE(run({"search", kModel, "--scores", scores, "--sparsity", "0.375", "--save-plan", plan}).exitCode, 0);
    secateur::Session session;
    session.model = secateur::sampleSummary();
    session.draft = secateur::shelve(session, secateur::shelfEntry(secateur::loadPlan(plan.toStdString()), plan.toStdString()));
    secateur::PlanDraft shorter = session.draft;
    shorter.balance.attentionsToRemove = 1;
    session.pinned = {{.name = "short", .draft = shorter}};
    secateur::saveSession(session, file.toStdString());

    const auto hash = [](const Outcome &outcome) { return outcome.result().value("planHash").toString(); };
    const QStringList text{"--text", kHeldOut, "--windows", "1", "--json"};
    QVERIFY(!hash(run({"plan", kModel, "--plan", file, "--json"})).isEmpty());
    QCOMPARE(hash(run({"plan", kModel, "--plan", file, "--json"})), hash(run({"plan", kModel, "--plan", plan, "--json"})));
    QCOMPARE(hash(run(QStringList{"evaluate", kModel, "--plan", file} + text)),
             hash(run(QStringList{"evaluate", kModel, "--plan", plan} + text)));
    QCOMPARE(run({"plan", kModel, "--plan", file + ":short", "--json"}).result().value("removalOrder").toArray().size(), 1);
    QCOMPARE(run({"search", kModel, "--plan", plan, "--remove", "5", "--save-plan", fromPlan}).exitCode, 0);
    QCOMPARE(run({"search", kModel, "--plan", file, "--remove", "5", "--save-plan", fromSession}).exitCode, 0);
    QFile one(fromPlan), other(fromSession);
    QVERIFY(one.open(QIODevice::ReadOnly) && other.open(QIODevice::ReadOnly));
    QCOMPARE(one.readAll(), other.readAll());

    const Outcome unknown = run({"plan", kModel, "--plan", file + ":long"});
    QCOMPARE(unknown.exitCode, 1);
    QVERIFY2(unknown.errors.contains("has no pinned plan 'long'") && unknown.errors.contains("'short'"), unknown.errors.constData());
    for (const QString &name : {file, file + ":short"}) // a session is never written over
        QVERIFY(run({"search", kModel, "--plan", name, "--save-plan", file, "--overwrite"}).errors.contains("are those of sessions"));

    const QString refused = folder.filePath("other.secateur"), renamed = folder.filePath("renamed.json");
    QVERIFY(run({"plan", kModel, "--plan", plan, "--save-plan", refused}).errors.contains("are those of sessions"));
    QVERIFY(!QFile::exists(refused));
    QVERIFY(QFile::copy(file, renamed));
    QVERIFY(run({"plan", kModel, "--plan", renamed}).errors.contains("renamed.json' is a session, not a plan"));

    QVERIFY(run({"plan", kModel, "--scores", file, "--sparsity", "0.375"}).errors.contains("has no scores"));
    session.calibrations.push_back(std::make_shared<secateur::NeuronScores>(secateur::loadScores(scores.toStdString())));
    secateur::saveSession(session, file.toStdString());
    const QStringList planned{"--sparsity", "0.375", "--json"};
    QCOMPARE(hash(run(QStringList{"plan", kModel, "--scores", file} + planned)),
             hash(run(QStringList{"plan", kModel, "--scores", scores} + planned)));
}

void tst_CommandLine::screeningIsRecordedAndDecidesNothing()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    const auto search = [&](const QString &plan, const QStringList &more) {
        return run(
            QStringList{"search", kModel, "--scores", scores, "--sparsity", "0.375", "--save-plan", folder.filePath(plan), "--json"} +
            more);
    };
    const auto recordOf = [&](const QString &plan) {
        QFile file(folder.filePath(plan));
        return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object().value("search").toObject() : QJsonObject();
    };
    const Outcome plain = search("plain.json", {"--screen", "none"});
    QVERIFY(!recordOf("plain.json").contains("screenedIn"));
    for (const QString type : {"bfloat16", "float16"}) {
        const Outcome screened = search(type, {"--screen", type});
        QCOMPARE(screened.exitCode, 0);
        QCOMPARE(screened.result().value("removalOrder"), plain.result().value("removalOrder"));
        QCOMPARE(recordOf(type).value("screenedIn").toString(), type);
        for (const QJsonValue &step : recordOf(type).value("steps").toArray())
            QCOMPARE(step.toObject().value("screened").toArray().size(), 12);
    }
    const auto longer = [&](const QString &screen) {
        return run({"search", kModel, "--plan", folder.filePath("bfloat16"), "--remove", "4", "--screen", screen, "--json"});
    };
    QCOMPARE(longer("none").exitCode, 0);
    QCOMPARE(longer("bfloat16").result().value("removalOrder"), longer("none").result().value("removalOrder"));
    const Outcome other = longer("float16");
    QCOMPARE(other.exitCode, 1);
    QVERIFY(other.events.last().value("message").toString().contains("screened in bfloat16"));
    QCOMPARE(search("never.json", {"--screen", "bfloat16", "--dtype", "float16"}).exitCode, 2);
    QVERIFY(!QFile::exists(folder.filePath("never.json")));
}

void tst_CommandLine::aSearchOfOtherInstructionsIsNotResumed()
{
    const QStringList alike = {"--threads", "1", "--device", "cpu"};
    const QString own =
        runWith("avx2", QStringList{"inspect", kModel, "--json"}).result().value("computed").toObject().value("instructions").toString();
    if (own != "AVX2")
        QSKIP("This processor has no AVX2, so there are no other instructions to choose.");
    QTemporaryDir folder;
    const QString plan = folder.filePath("plan.json");
    const QStringList search = QStringList{"search", kModel, "--plan", plan, "--remove", "2", "--save-plan", plan} + alike;
    QCOMPARE(
        runWith("default", QStringList{"prune", kModel, "--remove", "1", "--keep", "300", "--save-plan", plan} + kShort + alike).exitCode,
        0);
    QCOMPARE(searchProvenance(plan).value("instructions").toString(), QString("DEFAULT"));
    const Outcome other = runWith("avx2", search);
    QCOMPARE(other.exitCode, 1);
    QVERIFY2(other.errors.contains(
                 "cannot be resumed: it was computed with the default instructions, and this process computes with AVX2 instructions."),
             other.errors);
    QCOMPARE(jsonOf(plan).value("removedAttentions").toArray().size(), 1); // left as it was
    QCOMPARE(runWith("default", search).exitCode, 0);
    QCOMPARE(jsonOf(plan).value("removedAttentions").toArray().size(), 2);
}

void tst_CommandLine::aSearchOfUnknownInstructionsIsResumedAndStaysUnknown()
{
    QTemporaryDir folder;
    const QString plan = folder.filePath("plan.json");
    const QStringList alike = {"--threads", "1", "--device", "cpu"};
    QCOMPARE(run(QStringList{"prune", kModel, "--remove", "1", "--keep", "300", "--save-plan", plan} + kShort + alike).exitCode, 0);
    QVERIFY(forgetInstructions(plan));
    const Outcome resumed = run(QStringList{"search", kModel, "--plan", plan, "--remove", "2", "--save-plan", plan} + alike);
    QVERIFY2(resumed.exitCode == 0, resumed.errors);
    QVERIFY2(resumed.errors.contains("does not say with which instructions, with which matrix library (BLAS) its search was computed"),
             resumed.errors);
    QCOMPARE(jsonOf(plan).value("removedAttentions").toArray().size(), 2);
    QCOMPARE(searchProvenance(plan).value("instructions").toString(), QString());
    QVERIFY(!searchProvenance(plan).value("host").toString().isEmpty());
}

void tst_CommandLine::howItWasComputedStandsInEveryResult()
{
    const QJsonObject result = run({"evaluate", kModel, "--text", kHeldOut, "--windows", "1", "--device", "cpu", "--threads", "1",
                                    "--dtype", "bfloat16", "--json"})
                                   .result();
    const QJsonObject computed = result.value("computed").toObject();
    QCOMPARE(computed.value("device").toString(), QString("cpu"));
    QCOMPARE(computed.value("dtype").toString(), QString("bfloat16"));
    QCOMPARE(computed.value("threads").toInt(), 1);
    QCOMPARE(computed.value("torch"), result.value("torch"));
    QCOMPARE(computed.value("gpu").toString(), QString());
    for (const char *name : {"instructions", "products", "secateur", "host"})
        QVERIFY2(!computed.value(name).toString().isEmpty(), name);
}

void tst_CommandLine::progressIsPlainLinesInAPipe()
{
    const Outcome outcome = run({"evaluate", kModel, "--text", kHeldOut, "--windows", "3"});
    QVERIFY2(outcome.errors.contains("evaluate: 3 of 3 windows"), outcome.errors.constData());
    QVERIFY(!outcome.errors.contains('\r') && !outcome.errors.contains('\x1b'));
    QVERIFY(outcome.output.startsWith("perplexity "));
    QCOMPARE(outcome.output.count('\n'), 1); // results alone on standard output
}

void tst_CommandLine::jsonIsOneObjectALine()
{
    const Outcome outcome = run({"evaluate", kModel, "--text", kHeldOut, "--windows", "3", "--json"});
    QCOMPARE(outcome.events.size(), outcome.output.trimmed().count('\n') + 1);
    QVERIFY(outcome.errors.isEmpty());
    const QJsonObject measured = outcome.events.at(outcome.events.size() - 2), progress = outcome.events.at(outcome.events.size() - 3);
    QCOMPARE(measured.value("event").toString(), QString("evaluation"));
    QCOMPARE(measured["record"].toObject()["result"].toObject()["perplexity"], outcome.result().value("perplexity"));
    QCOMPARE(progress.value("event").toString(), QString("progress"));
    QCOMPARE(progress.value("done").toInt(), 3);
    QCOMPARE(progress.value("total").toInt(), 3);
    QCOMPARE(progress.value("unit").toString(), QString("windows"));
    QCOMPARE(outcome.result().value("tokens").toInt(), 3 * 511);
    QVERIFY(std::abs(std::exp(outcome.result().value("loss").toDouble()) - outcome.result().value("perplexity").toDouble()) < 1e-6);
}

void tst_CommandLine::interruptStopsWithinASecond_data()
{
    QTest::addColumn<QString>("phase");
    for (const char *phase : {"calibrate", "search", "evaluate", "export"})
        QTest::newRow(phase) << phase;
}

void tst_CommandLine::interruptStopsWithinASecond()
{
    QFETCH(QString, phase);
    QTemporaryDir folder;
    QProcess process;
    process.start(SECATEUR_CLI,
                  QStringList{"prune", kModel, "--sparsity", "0.5", "--evaluate", kHeldOut, "--output", folder.filePath("out"), "--json"} +
                      kShort);
    const QByteArray wanted = "\"phase\":\"" + phase.toUtf8() + "\"";
    QByteArray seen;
    while (!seen.contains(wanted) && process.waitForReadyRead(60'000))
        seen += process.readAllStandardOutput();
    QVERIFY(seen.contains(wanted));
    QElapsedTimer clock;
    clock.start();
    ::kill(pid_t(process.processId()), SIGINT);
    const Outcome outcome = finished(process);
    if (outcome.exitCode == 0)
        QSKIP("The run was over before the signal came.");
    QCOMPARE(outcome.exitCode, 130);
    QCOMPARE_LT(clock.elapsed(), 1500); // a second, and what a loaded machine takes to end a process
    QVERIFY2(entries(folder).isEmpty(), qPrintable(entries(folder).join(' ')));
}

void tst_CommandLine::signalsAtTheStartAreHeard_data()
{
    QTest::addColumn<int>("signal");
    QTest::newRow("SIGINT") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGHUP") << SIGHUP;
}

void tst_CommandLine::signalsAtTheStartAreHeard()
{
    QFETCH(int, signal);
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("LD_PRELOAD", SECATEUR_EARLY_SIGNAL);
    environment.insert("SECATEUR_EARLY_SIGNAL", QString::number(signal));
    environment.insert("ASAN_OPTIONS", "verify_asan_link_order=0");
    process.setProcessEnvironment(environment);
    process.start(SECATEUR_CLI, {"evaluate", kModel, "--text", kText, "--json"});
    const Outcome outcome = finished(process);
    QCOMPARE(outcome.exitCode, 130); // -1 = the signal ended it
    QCOMPARE(outcome.events.last().value("event").toString(), QString("cancelled"));
}

void tst_CommandLine::interruptedSearchGoesOnToTheSamePlan()
{
    QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), whole = folder.filePath("whole.json"),
                  plan = folder.filePath("plan.json");
    run(QStringList{"calibrate", kModel, "--output", scores} + kShort);
    const QJsonObject expected =
        run({"search", kModel, "--scores", scores, "--sparsity", "0.5", "--screen", "none", "--save-plan", whole, "--json"}).result();
    QProcess process;
    process.start(SECATEUR_CLI,
                  {"search", kModel, "--scores", scores, "--sparsity", "0.5", "--screen", "none", "--save-plan", plan, "--json"});
    QByteArray seen;
    while (!seen.contains("\"step\":1") && process.waitForReadyRead(60'000)) // in the second step
        seen += process.readAllStandardOutput();
    ::kill(pid_t(process.processId()), SIGINT);
    const Outcome outcome = finished(process);
    if (outcome.exitCode == 0)
        QSKIP("The run was over before the signal came.");
    QCOMPARE(outcome.exitCode, 130);
    QVERIFY2(outcome.output.contains("\"event\":\"saved\""), outcome.output.constData()); // with the command that goes on
    const Outcome rest = run({"search", kModel, "--plan", plan, "--screen", "none", "--save-plan", plan, "--json"});
    QCOMPARE(rest.exitCode, 0);
    QCOMPARE(rest.result().value("planHash"), expected.value("planHash"));
    for (const QJsonObject &event : rest.events)
        QVERIFY(event.value("event") != "candidate" || event.value("step").toInt() >= 1);
    QFile a(whole), b(plan);
    QVERIFY(a.open(QIODevice::ReadOnly) && b.open(QIODevice::ReadOnly));
    QCOMPARE(a.readAll(), b.readAll()); // every loss, too
}

void tst_CommandLine::generateWritesTextAndIds()
{
    const Outcome text = run({"generate", kModel, "--prompt", "Once upon a time", "--tokens", "12"});
    QVERIFY(text.output.startsWith("Once upon a time"));
    const QJsonObject result = run({"generate", kModel, "--prompt", "Once upon a time", "--tokens", "12", "--json"}).result();
    QCOMPARE(result.value("ids").toArray().size(), 12);
    QCOMPARE("Once upon a time" + result.value("text").toString().toUtf8() + "\n", text.output);
    QVERIFY(!text.errors.contains("note:"));
    const Outcome full = run({"generate", kModel, "--prompt", "Once upon a time", "--tokens", "600"});
    const qsizetype room = 512 - result.value("promptIds").toArray().size();
    QVERIFY2(full.errors.contains("note: At most " + QByteArray::number(room) + " tokens can follow: the model's context of 512"),
             full.errors);
    QVERIFY(full.output.startsWith(text.output.chopped(1)));
}

void tst_CommandLine::generateSetsPlansBesideEachOther()
{
    QTemporaryDir folder;
    const QString small = folder.filePath("small.json"), half = folder.filePath("half.json");
    QCOMPARE(run(QStringList{"prune", kModel, "--sparsity", "0.25", "--save-plan", small} + kShort).exitCode, 0);
    QCOMPARE(run(QStringList{"prune", kModel, "--sparsity", "0.5", "--save-plan", half} + kShort).exitCode, 0);
    const QStringList prompt = {"--prompt", "Once upon a time", "--tokens", "20", "--dtype", "float32"};
    const QStringList all = QStringList{"generate", kModel, "--plan", small, "--plan", half, "--original"} + prompt;
    const Outcome text = run(all), json = run(all + QStringList{"--json"});
    QCOMPARE(text.exitCode, 0);
    QVERIFY2(text.output.contains("--- original, ") && text.output.contains("half.json, ") && text.output.contains(" from token "),
             text.output);
    const QJsonArray models = json.result().value("models").toArray();
    QCOMPARE(models.size(), 3);
    QStringList names;
    for (qsizetype i = 0; i < 3; ++i) {
        const QJsonObject model = models[i].toObject();
        names << model.value("name").toString();
        const QStringList plan = i == 0 ? QStringList() : QStringList{"--plan", names.last()};
        const QJsonObject alone = run(QStringList{"generate", kModel, "--json"} + plan + prompt).result();
        QCOMPARE(model.value("ids"), alone.value("ids")); // as the model that is cut writes it
        QCOMPARE(model.value("text"), alone.value("text"));
        QVERIFY(text.output.contains(model.value("text").toString().toUtf8()));
        QCOMPARE(model.value("firstDifference").isNull(), model.value("ids") == models[0].toObject().value("ids"));
    }
    QCOMPARE(names, (QStringList{"original", small, half}));
    QCOMPARE(json.output.count("\"event\":\"token\""), 60);

    const Outcome chat = run({"generate", kModel, "--chat", "--prompt", "Hello"});
    QCOMPARE(chat.exitCode, 1);
    QVERIFY2(chat.errors.contains("has no chat template") && chat.errors.contains("without --chat"), chat.errors);
}

void tst_CommandLine::scoreTellsWherePlansAreWorse()
{
    QTemporaryDir folder;
    const QString half = folder.filePath("half.json");
    QCOMPARE(run(QStringList{"prune", kModel, "--sparsity", "0.5", "--save-plan", half} + kShort).exitCode, 0);
    const QString story = SECATEUR_SOURCE_DIR "/resources/texts/prose.txt";
    const QStringList score = {"score", kModel, "--text-file", story, "--plan", half, "--dtype", "float32"};
    const Outcome text = run(score + QStringList{"--worst", "3"}), json = run(score + QStringList{"--json"});
    QCOMPARE(text.exitCode, 0);
    QVERIFY2(text.output.contains("perplexity") && text.output.contains("loss of original"), text.output);
    const QJsonArray models = json.result().value("models").toArray();
    QCOMPARE(models.size(), 2);
    const QJsonObject dense = models[0].toObject(), pruned = models[1].toObject();
    QVERIFY(pruned.value("perplexity").toDouble() > dense.value("perplexity").toDouble());
    QJsonObject scored;
    for (const QByteArray &line : json.output.split('\n'))
        if (const QJsonObject event = QJsonDocument::fromJson(line).object(); event.value("event") == "scoredText")
            scored = event;
    const auto lossOf = [&](int model, qsizetype token) {
        return scored.value("models").toArray()[model].toArray()[token].toObject().value("loss").toDouble();
    };
    const qsizetype count = scored.value("ids").toArray().size();
    QString joined;
    double difference = 0;
    for (qsizetype t = 0; t < count; ++t) {
        joined += scored.value("pieces").toArray()[t].toString();
        difference += t == 0 ? 0 : lossOf(1, t) - lossOf(0, t);
    }
    QFile file(story);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(joined.toUtf8(), file.readAll());
    QVERIFY(std::abs(difference - (pruned.value("totalLoss").toDouble() - dense.value("totalLoss").toDouble())) < 1e-4);
    const QJsonArray worst = json.result().value("worst").toArray();
    QCOMPARE(worst.size(), 20);
    for (qsizetype i = 1; i < worst.size(); ++i)
        QVERIFY(lossOf(1, worst[i].toInt()) - lossOf(0, worst[i].toInt()) <=
                lossOf(1, worst[i - 1].toInt()) - lossOf(0, worst[i - 1].toInt()));

    const Outcome nothing = run({"score", kModel});
    QCOMPARE(nothing.exitCode, 2);
    QVERIFY2(nothing.errors.contains("either --prompt or --text-file is needed"), nothing.errors);
}

void tst_CommandLine::benchComparesTwoSettings()
{
    const QStringList command = {"bench",    kModel, "--text",     kText,  "--windows",    "1",
                                 "--length", "64",   "--sparsity", "0.25", "--skip-export"};
    const Outcome outcome = run(command + QStringList{"--versus", "dtype=bfloat16", "--rounds", "2", "--json"});
    QCOMPARE(outcome.exitCode, 0);
    const QJsonObject result = outcome.result(), other = result["versus"].toObject();
    QCOMPARE(result["dtype"].toString(), QString("float32"));
    QCOMPARE(other["dtype"].toString(), QString("bfloat16"));
    QCOMPARE(other["setting"].toString(), QString("dtype=bfloat16"));
    QVERIFY(other["ratio"].toDouble() > 0);
    QCOMPARE(other["phases"].toArray().size(), result["phases"].toArray().size());
    QSet<QString> heard; // in both rounds, of both
    for (const QJsonObject &event : outcome.events)
        if (event["event"] == "phase" && event["name"] == "stage 1")
            heard << QString::number(event["round"].toInt()) + event["setting"].toString();
    QCOMPARE(heard, (QSet<QString>{"1", "1dtype=bfloat16", "2", "2dtype=bfloat16"}));

    const Outcome unknown = run(command + QStringList{"--versus", "colour=red"});
    QCOMPARE(unknown.exitCode, 2);
    QVERIFY2(unknown.errors.contains("dtype=bfloat16"), unknown.errors.constData());
}

QTEST_GUILESS_MAIN(tst_CommandLine)
#include "tst_CommandLine.moc"
