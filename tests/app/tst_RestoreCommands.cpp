// SPDX-License-Identifier: GPL-3.0-or-later
// `--restore` as a user and a script meet it, on the sample.
#include "engine/Engine.h"
#include "jobs/JobTypes.h"
#include "jobs/RestorationChoice.h"
#include "jobs/RestoreWork.h"
#include "pruning/PlanFile.h"
#include "session/Shelf.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>

using namespace secateur;

namespace {

const QString kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const QString kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";
const QString kHeldOut = SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt";

struct Outcome {
    int exitCode = -1;
    QByteArray output, errors;
    QList<QJsonObject> events;

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

/// A pruning of the sample with enough tokens for every step.
QStringList prune(const QString &sparsity, const QStringList &more)
{
    return QStringList{"prune",    kModel, "--text",    kText, "--windows",  "16",     "--length", "512",
                       "--device", "cpu",  "--threads", "1",   "--sparsity", sparsity, "--json"} +
           more;
}

double perplexityOf(const QString &plan)
{
    const Outcome outcome = run({"evaluate", kModel, "--plan", plan, "--text", kHeldOut, "--windows", "16", "--threads", "1", "--json"});
    return outcome.result().value("perplexity").toDouble();
}

bool isWritten(const QString &file, const QByteArray &content)
{
    QFile opened(file);
    return opened.open(QIODevice::WriteOnly) && opened.write(content) == content.size();
}

QStringList entriesOf(const QTemporaryDir &folder)
{
    return QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

} // namespace

class tst_RestoreCommands : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void restoredPlansAreBetterAndAsSmall();
    void whatAPlanHoldsIsUsed();
    void theTableShowsEveryStep();
    void plansOfFilesAreRestored();
    void plansByHandNeedAText();
    void mistakesAreUsageErrors_data();
    void mistakesAreUsageErrors();
    void whatCannotBeIsRefusedBeforeTheWork();
    void anInterruptedOneGoesOn();
    void aSearchThatIsInterruptedIsStillToBeRestored();
    void completePlansAreRestoredInAnotherType();
    void theCommandOfTheJobMakesItsPlan();
    void variantsAreRowsOfComparisons();

private:
    QString inFolder(const char *name) const { return m_folder.filePath(name); }

    QTemporaryDir m_folder;
    QJsonObject m_plain, m_restored; ///< results
};

void tst_RestoreCommands::initTestCase()
{
    const Outcome plain = run(prune("0.5", {"--save-plan", inFolder("plain.json")}));
    QVERIFY2(plain.exitCode == 0, plain.errors);
    m_plain = plain.result();
    const Outcome restored = run(prune("0.5", {"--restore", "auto", "--save-plan", inFolder("restored.safetensors"), "--output",
                                               inFolder("out"), "--evaluate", kHeldOut}));
    QVERIFY2(restored.exitCode == 0, restored.errors);
    m_restored = restored.result();
    QVERIFY(restored.output.contains("\"event\":\"restoration\""));
}

void tst_RestoreCommands::restoredPlansAreBetterAndAsSmall()
{
    QCOMPARE(m_plain.value("method").toString(), QString("2ssp"));
    QVERIFY(!m_plain.contains("restoration"));
    QCOMPARE(m_restored.value("method").toString(), QString("restored"));
    const QJsonObject record = m_restored.value("restoration").toObject();
    QCOMPARE(record.value("plainHash"), m_plain.value("planHash"));
    QVERIFY(m_restored.value("restored").toArray().contains("r1"));
    QVERIFY(!m_restored.value("restored").toArray().contains("r3")); // hf-dropin holds one width
    QVERIFY(m_restored.value("verified").toBool());
    QVERIFY(std::abs(m_restored.value("sparsityLayers").toDouble() - m_plain.value("sparsityLayers").toDouble()) < 0.005);
    // restoration.md, section 8: the refit alone leaves at most 0.78 of plain on this book
    const double plain = perplexityOf(inFolder("plain.json")), restored = perplexityOf(inFolder("restored.safetensors"));
    QVERIFY2(plain > 1 && restored > 1 && restored < 0.8 * plain, qPrintable(QString("%1 of %2").arg(restored).arg(plain)));
    const Outcome exported = run({"evaluate", inFolder("out"), "--text", kHeldOut, "--windows", "16", "--threads", "1", "--json"});
    QVERIFY(std::abs(exported.result().value("perplexity").toDouble() / restored - 1) < 1e-3); // 16-bit weights
    const QJsonObject evaluated = m_restored.value("evaluations").toArray().at(0).toObject();
    QVERIFY(evaluated.value("prunedPerplexity").toDouble() > 1);
}

void tst_RestoreCommands::whatAPlanHoldsIsUsed()
{
    const QString plan = inFolder("restored.safetensors");
    const Outcome shown = run({"plan", kModel, "--plan", plan});
    QVERIFY2(shown.output.contains("restored, not plain 2SSP: R1"), shown.output);
    for (const QStringList &command : {QStringList{"evaluate", kModel, "--text", kHeldOut, "--windows", "1"},
                                       {"export", kModel, "--output", inFolder("never")},
                                       {"search", kModel, "--save-plan", inFolder("never.json")}})
        for (const char *steps : {"auto", "r1", "off"}) {
            const Outcome refused = run(command + QStringList{"--plan", plan, "--restore", steps});
            QCOMPARE(refused.exitCode, 1);
            QVERIFY2(refused.errors.contains("is restored already") && refused.errors.contains("Leave --restore out"), refused.errors);
        }
    QVERIFY(!QFile::exists(inFolder("never")) && !QFile::exists(inFolder("never.json")));
}

void tst_RestoreCommands::theTableShowsEveryStep()
{
    QStringList arguments =
        prune("0.5", {"--restore", "r1,r3", "--width-share", "0.5", "--restore-windows", "2", "--restore-text", kHeldOut});
    arguments.removeAll("--json");
    const Outcome outcome = run(arguments);
    QVERIFY2(outcome.exitCode == 0, outcome.errors);
    for (const char *expected :
         {"restored, not plain 2SSP: R1 + R3", "ppl grimm.txt", "ppl oz.txt", "plain ", "R1 + R3 ", " to ", "before the refit"})
        QVERIFY2(outcome.output.contains(expected), outcome.output);
    QVERIFY(outcome.output.indexOf("plain ") < outcome.output.lastIndexOf("R1 + R3 "));
    QVERIFY(outcome.output.contains("2 windows of 512, 2 windows of 512 that no fit and no search has seen"));
}

void tst_RestoreCommands::plansOfFilesAreRestored()
{
    const QStringList measured = {"--text", kHeldOut, "--windows", "4", "--threads", "1", "--restore", "r1", "--json"};
    const Outcome evaluated = run(QStringList{"evaluate", kModel, "--plan", inFolder("plain.json")} + measured);
    QVERIFY2(evaluated.exitCode == 0, evaluated.errors);
    const Outcome searched = run({"search", kModel, "--plan", inFolder("plain.json"), "--restore", "r1", "--threads", "1", "--save-plan",
                                  inFolder("r1.safetensors"), "--json"});
    QVERIFY2(searched.exitCode == 0, searched.errors);
    QCOMPARE(evaluated.result().value("planHash"), searched.result().value("planHash")); // the same bits
    QCOMPARE(searched.result().value("restored").toArray(), QJsonArray{"r1"});
    const Outcome written = run({"export", kModel, "--plan", inFolder("plain.json"), "--restore", "auto", "--format", "gguf-deci",
                                 "--threads", "1", "--output", inFolder("deci"), "--json"});
    QVERIFY2(written.exitCode == 0, written.errors);
    QVERIFY(written.result().value("verified").toBool());
    const QJsonArray asked = written.result().value("restoration").toObject().value("settings").toObject().value("steps").toArray();
    QCOMPARE(asked, (QJsonArray{"r1", "r2", "r3", "r4"})); // that target holds widths
}

void tst_RestoreCommands::plansByHandNeedAText()
{
    QJsonArray kept(QJsonArray::fromStringList(QStringList(12, "all")));
    QJsonArray half;
    for (int neuron = 0; neuron < 172; ++neuron)
        half.append(neuron);
    kept[4] = half;
    const QString hand = inFolder("hand.json"), restored = inFolder("hand.safetensors");
    QVERIFY(isWritten(hand, QJsonDocument(QJsonObject{{"kind", "secateur-plan"},
                                                      {"format", 2},
                                                      {"method", "manual"},
                                                      {"removedAttentions", QJsonArray{9}},
                                                      {"keptNeurons", kept}})
                                .toJson()));
    const Outcome untold = run({"evaluate", kModel, "--plan", hand, "--text", kHeldOut, "--windows", "1", "--restore", "r1"});
    QCOMPARE(untold.exitCode, 1);
    QVERIFY2(untold.errors.contains("it names no text to restore it on"), untold.errors);
    const QStringList search = {"search", kModel, "--plan", hand, "--text", kText, "--windows", "32", "--threads", "1", "--json"};
    const Outcome chosen = run(search + QStringList{"--restore", "r1,r2"});
    QCOMPARE(chosen.exitCode, 1);
    QVERIFY2(chosen.errors.contains("was written by hand, and r2"), chosen.errors);
    const Outcome outcome = run(search + QStringList{"--restore", "r1", "--save-plan", restored});
    QVERIFY2(outcome.exitCode == 0, outcome.errors);
    const QJsonArray variants = outcome.result().value("restoration").toObject().value("variants").toArray();
    const auto loss = [&](int variant) { return variants[variant].toObject().value("losses").toArray()[0].toDouble(); };
    QCOMPARE(variants.size(), 2);
    QVERIFY(loss(1) > 0 && loss(1) < loss(0)); // on windows of the text that the fit has not seen
    QVERIFY(perplexityOf(restored) != perplexityOf(hand));
}

void tst_RestoreCommands::mistakesAreUsageErrors_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("said");
    const QStringList base = {"prune", kModel, "--text", kText, "--sparsity", "0.5"};
    QTest::newRow("unknown step") << base + QStringList{"--restore", "r1,r9"} << QByteArray("There is no restoration step 'r9'");
    QTest::newRow("no list") << base + QStringList{"--restore", "r1,"} << QByteArray("There is no restoration step ''");
    QTest::newRow("order without the refit") << base + QStringList{"--restore", "r2"} << QByteArray("r2 needs r1");
    QTest::newRow("twice") << base + QStringList{"--restore", "r1,r1"} << QByteArray("r1 is named twice");
    QTest::newRow("off with windows") << base + QStringList{"--restore", "off", "--restore-windows", "2"}
                                      << QByteArray("--restore-windows has no effect here");
    QTest::newRow("ridge of nothing") << base + QStringList{"--restore-ridge", "0.1"} << QByteArray("--restore-ridge has no effect here");
    QTest::newRow("grams of nothing") << base + QStringList{"--grams", "g.safetensors"} << QByteArray("--grams has no effect here");
    QTest::newRow("ridge") << base + QStringList{"--restore", "r1", "--restore-ridge", "0"} << QByteArray("0 is out of range");
    QTest::newRow("ridge of nothing left") << base + QStringList{"--restore", "r1,r5", "--path-ridge", "1e300"}
                                           << QByteArray("at most a million");
    QTest::newRow("share") << base + QStringList{"--restore", "r1,r3", "--width-share", "1.5"} << QByteArray("1.5 is out of range");
    QTest::newRow("windows of no r4") << base + QStringList{"--restore", "r1", "--sequential-windows", "9"}
                                      << QByteArray("--restore names no r4");
    QTest::newRow("gated already") << base + QStringList{"--restore", "auto", "--restore-gate"} << QByteArray("auto is gated already");
    QTest::newRow("nothing is held out") << base + QStringList{"--restore", "auto", "--windows", "all"}
                                         << QByteArray("--windows all leaves none");
    QTest::newRow("no plan") << QStringList{"evaluate", kModel, "--text", kText, "--restore", "auto"}
                             << QByteArray("--restore needs --plan");
    QTest::newRow("of blocks") << QStringList{"search",   kModel,       "--text", kText,       "--method",
                                              "shortgpt", "--sparsity", "0.25",   "--restore", "auto"}
                               << QByteArray("--restore has no effect here: it is of 2ssp");
    QTest::newRow("no method") << QStringList{"search", kModel, "--text", kText, "--method", "restored", "--sparsity", "0.25"}
                               << QByteArray("restored");
    const QStringList compare = {"compare", kModel, "--text", kText, "--sparsity", "0.25", "--evaluate", kHeldOut};
    QTest::newRow("compared without 2ssp") << compare + QStringList{"--methods", "window", "--restore", "auto"}
                                           << QByteArray("--restore has no effect here: 2ssp is not among the methods");
    QTest::newRow("variants without 2ssp") << compare + QStringList{"--methods", "window", "--variants"}
                                           << QByteArray("--variants has no effect here: 2ssp is not among the methods");
    QTest::newRow("variants of nothing") << compare + QStringList{"--methods", "2ssp", "--variants", "--restore", "off"}
                                         << QByteArray("exclude each other");
}

void tst_RestoreCommands::mistakesAreUsageErrors()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QByteArray, said);
    const Outcome outcome = run(arguments);
    QCOMPARE(outcome.exitCode, 2);
    QVERIFY2(outcome.errors.contains(said), outcome.errors);
}

void tst_RestoreCommands::whatCannotBeIsRefusedBeforeTheWork()
{
    const Outcome widths = run(prune("0.5", {"--restore", "r1,r3", "--output", inFolder("widths")}));
    QCOMPARE(widths.exitCode, 1);
    QVERIFY2(widths.errors.contains("the target hf-dropin does not hold") && widths.errors.contains("hf-compact"), widths.errors);
    QStringList tooLong = prune("0.5", {"--restore", "auto"});
    tooLong[tooLong.indexOf("--windows") + 1] = "310"; // of 312
    const Outcome heldOut = run(tooLong);
    QCOMPARE(heldOut.exitCode, 1);
    QVERIFY2(heldOut.errors.contains("The text gives 312 windows of 512 tokens, and restoring needs 316: 310 of the calibration"),
             heldOut.errors);
    const Outcome made = run({"calibrate", kModel, "--text", kHeldOut, "--windows", "16", "--length", "512", "--output",
                              inFolder("other.scores"), "--save-grams", inFolder("other.grams")});
    QVERIFY2(made.exitCode == 0, made.errors);
    const auto refusedAtOnce = [&](const QStringList &more) {
        return run(prune("0.5", more + QStringList{"--save-plan", inFolder("none")}));
    };
    const Outcome sequential = refusedAtOnce({"--restore", "r1,r4", "--sequential-windows", "400"});
    QVERIFY2(sequential.errors.contains("384 more to fit layer by layer"), sequential.errors);
    const Outcome seen = refusedAtOnce({"--restore", "r1", "--restore-text", kText});
    QVERIFY2(seen.errors.contains("The second text of the gate is not held out"), seen.errors);
    const Outcome foreign = refusedAtOnce({"--restore", "r1", "--grams", inFolder("other.grams")});
    QVERIFY2(foreign.errors.contains("are of another text than the plan's calibration"), foreign.errors);
    const Outcome none = refusedAtOnce({"--restore", "r1", "--grams", inFolder("other.scores")});
    QVERIFY2(none.errors.contains("does not hold Gram matrices"), none.errors);
    const Outcome memory = refusedAtOnce({"--restore", "r1,r4", "--sequential-windows", "290", "--host-memory", "266MB"});
    QVERIFY2(memory.errors.contains(" of memory even with streamed layers, and "), memory.errors);
    for (const Outcome &outcome : {widths, heldOut, sequential, seen, foreign, none, memory}) {
        QCOMPARE(outcome.exitCode, 1);
        QVERIFY(!outcome.output.contains("\"phase\":\"calibrate\""));
    }
    const Outcome again = run({"search", kModel, "--plan", inFolder("plain.json"), "--restore", "r1", "--grams", inFolder("other.grams"),
                               "--save-plan", inFolder("none")});
    QCOMPARE(again.exitCode, 1);
    QVERIFY(!QFile::exists(inFolder("none"))); // so that the right command needs no --overwrite
    const Outcome blocks = run({"search", kModel, "--method", "shortgpt", "--text", kText, "--windows", "4", "--sparsity", "0.25",
                                "--save-plan", inFolder("blocks.json")});
    QVERIFY2(blocks.exitCode == 0, blocks.errors);
    const Outcome refused =
        run({"evaluate", kModel, "--plan", inFolder("blocks.json"), "--text", kHeldOut, "--windows", "1", "--restore", "auto"});
    QCOMPARE(refused.exitCode, 1);
    QVERIFY2(refused.errors.contains("was found by ShortGPT"), refused.errors);
}

void tst_RestoreCommands::anInterruptedOneGoesOn()
{
    const QTemporaryDir folder;
    const QString plan = folder.filePath("plan.safetensors");
    QProcess process;
    process.start(SECATEUR_CLI, prune("0.5", {"--restore", "auto", "--save-plan", plan}));
    QByteArray heard;
    while (heard.count("\"event\":\"restoration\"") < 2 && process.waitForReadyRead(120'000))
        heard += process.readAllStandardOutput();
    ::kill(pid_t(process.processId()), SIGINT);
    const Outcome stopped = finished(process);
    if (stopped.exitCode == 0)
        QSKIP("The run was over before the signal came.");
    QCOMPARE(stopped.exitCode, 130);
    QCOMPARE(entriesOf(folder), (QStringList{"plan.safetensors", "plan.safetensors.restoring"})); // the Gram matrices are gone
    const Outcome plain = run({"plan", kModel, "--plan", plan, "--json"});
    QCOMPARE(plain.result().value("planHash"), m_plain.value("planHash")); // the plain plan is there until it is restored
    QString command;
    for (const QJsonObject &event : stopped.events)
        if (event.value("event") == "saved")
            command = event.value("command").toString();
    QVERIFY2(command.startsWith("secateur-cli search ") && command.contains("--restore r1,r2,r4 --restore-gate"), qPrintable(command));

    QFile begun(plan + ".restoring");
    QVERIFY(begun.open(QIODevice::ReadOnly));
    QJsonObject document = QJsonDocument::fromJson(begun.readAll()).object(), progress = document.value("progress").toObject();
    QJsonObject record = progress.value("record").toObject();
    record["widthShare"] = 77;
    progress["record"] = record;
    document["progress"] = progress;
    const QTemporaryDir elsewhere;
    const QString damaged = elsewhere.filePath("plan.safetensors");
    QVERIFY(QFile::copy(plan, damaged) && isWritten(damaged + ".restoring", QJsonDocument(document).toJson()));
    const Outcome refused = run({"search", kModel, "--plan", damaged, "--restore", "r1", "--threads", "1", "--save-plan", damaged});
    QCOMPARE(refused.exitCode, 1);
    QVERIFY2(refused.errors.contains("contradicts itself") && refused.errors.contains("Delete it"), refused.errors);

    const Outcome other =
        run({"search", kModel, "--plan", plan, "--restore", "r1", "--threads", "1", "--save-plan", folder.filePath("other.safetensors")});
    QVERIFY2(other.exitCode == 0, other.errors);
    QVERIFY2(other.errors.contains("is of another restoration"), other.errors);
    QStringList words = QProcess::splitCommand(command);
    words.removeFirst();
    const Outcome rest = run(words + QStringList{"--json"});
    QVERIFY2(rest.exitCode == 0, rest.errors);
    QVERIFY2(rest.output.contains("Goes on with the restoration in"), rest.output);
    QCOMPARE(rest.result().value("planHash"), m_restored.value("planHash"));
    QVERIFY(!QFile::exists(plan + ".restoring"));
}

/// The command that goes on with the search restores what it finds.
void tst_RestoreCommands::aSearchThatIsInterruptedIsStillToBeRestored()
{
    const QTemporaryDir folder;
    QProcess process;
    process.start(SECATEUR_CLI, prune("0.5", {"--restore", "r1", "--save-plan", folder.filePath("plan.safetensors")}));
    QByteArray heard;
    while (!heard.contains("\"event\":\"removal\"") && process.waitForReadyRead(120'000))
        heard += process.readAllStandardOutput();
    ::kill(pid_t(process.processId()), SIGINT);
    const Outcome stopped = finished(process);
    if (stopped.exitCode == 0)
        QSKIP("The run was over before the signal came.");
    QCOMPARE(stopped.exitCode, 130);
    QString command;
    for (const QJsonObject &event : stopped.events)
        if (event.value("event") == "saved")
            command = event.value("command").toString();
    QVERIFY2(command.contains(" --restore r1 "), qPrintable(command));
    QStringList words = QProcess::splitCommand(command);
    words.removeFirst();
    const Outcome rest = run(words + QStringList{"--json"});
    QVERIFY2(rest.exitCode == 0, rest.errors);
    QCOMPARE(rest.result().value("restored").toArray(), QJsonArray{"r1"});
    QCOMPARE(rest.result().value("restoration").toObject().value("plainHash"), m_plain.value("planHash"));
}

void tst_RestoreCommands::completePlansAreRestoredInAnotherType()
{
    const Outcome outcome = run({"search", kModel, "--plan", inFolder("plain.json"), "--restore", "r1", "--dtype", "bfloat16", "--threads",
                                 "1", "--save-plan", inFolder("bf16.safetensors"), "--json"});
    QVERIFY2(outcome.exitCode == 0, outcome.errors);
    QCOMPARE(outcome.result().value("restoration").toObject().value("plainHash"), m_plain.value("planHash"));
    QVERIFY(perplexityOf(inFolder("bf16.safetensors")) < perplexityOf(inFolder("plain.json")));
}

void tst_RestoreCommands::theCommandOfTheJobMakesItsPlan()
{
    EngineSettings settings;
    settings.device = "cpu";
    settings.threads = 1;
    Engine engine(settings);
    Session session;
    JobContext context;
    applyEvent(session, Opened{*engine.open(kModel.toStdString())});
    session.calibrationText = {.files = {kText.toStdString()}, .windows = 8, .length = 256};
    applyEvent(session, Scored{.scores = engine.score(session.calibrationText, ScoreNorm::L2, context)});
    session.draft.calibration = 0;
    session.draft.balance.sparsity = 0.375;
    session.draft.balance.attentionsToRemove = 0; // nothing is to be searched
    request::Restore asked{.draft = session.draft, .settings = {}};
    asked.settings.steps = {RestorationStep::Refit, RestorationStep::Sequential};
    asked.settings.isGated = false;
    asked.settings.ridge = 0.01;
    asked.settings.sequentialRidge = 0.2;
    asked.settings.gateWindows = 2;
    asked.settings.sequentialWindows = 24;
    asked.settings.second = TextSettings{.files = {kHeldOut.toStdString()}, .windows = 2, .length = 256};
    QVERIFY(!problemOf(asked, session));

    const PruningPlan plain = planOf(session, session.draft);
    const ShelfEntry entry = restorePlan(engine, session.model->spec, plain, {.text = restorationTextOf(plain), .settings = asked.settings},
                                         context, [](const JobEvent &) {});
    const QTemporaryDir folder;
    QVERIFY(QFile::link(SECATEUR_CLI, folder.filePath("secateur-cli")));
    QProcess shell;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("PATH", folder.path() + ":" + environment.value("PATH"));
    shell.setProcessEnvironment(environment);
    shell.setWorkingDirectory(folder.path());
    shell.start("sh", {"-c", QString::fromStdString(commandLineOf(asked, session, settings))});
    const Outcome outcome = finished(shell);
    QVERIFY2(outcome.exitCode == 0, outcome.errors);
    const PruningPlan made = loadPlan(folder.filePath("restored.safetensors").toStdString());
    QVERIFY(made.restoration && made.restoration->settings == asked.settings);
    QCOMPARE(made.hash(), entry.plan->plan.hash());
}

void tst_RestoreCommands::variantsAreRowsOfComparisons()
{
    const QTemporaryDir folder;
    const QString session = folder.filePath("table.secateur"), csv = folder.filePath("t.csv");
    const QStringList arguments = {
        "compare",   kModel,          "--text",     kText,       "--windows",  "8",         "--length", "256",
        "--methods", "2ssp,shortgpt", "--sparsity", "0.5",       "--variants", "--restore", "r1,r2",    "--restore-windows",
        "2",         "--evaluate",    kHeldOut,     "--threads", "1",          "--session", session,    "--csv",
        csv,         "--overwrite"};
    const Outcome outcome = run(arguments + QStringList{"--json"});
    QVERIFY2(outcome.exitCode == 0, outcome.errors);
    const QJsonArray rows = outcome.result().value("rows").toArray();
    QCOMPARE(rows.size(), 5); // original, plain, R1, R1 + R2, ShortGPT
    const auto row = [&](int i) { return rows.at(i).toObject(); };
    const auto perplexity = [&](int i) { return row(i).value("perplexities").toObject().value("oz.txt").toDouble(); };
    QCOMPARE(row(1).value("method").toString(), QString("2ssp"));
    QVERIFY(row(1).value("restored").isNull());
    for (const int i : {2, 3}) {
        QVERIFY2(row(i).value("problem").isNull(), qPrintable(row(i).value("problem").toString()));
        QCOMPARE(row(i).value("method").toString(), QString("restored"));
        QVERIFY(perplexity(i) > 1 && perplexity(i) < perplexity(1));
        QVERIFY(row(i).value("pruningSeconds").toDouble() > row(1).value("pruningSeconds").toDouble());
        QVERIFY(std::abs(row(i).value("layerSparsity").toDouble() - 0.5) < 0.01);
    }
    QCOMPARE(row(2).value("restored").toArray(), QJsonArray{"r1"});
    QCOMPARE(row(3).value("restored").toArray(), (QJsonArray{"r1", "r2"}));
    QCOMPARE(row(4).value("method").toString(), QString("shortgpt"));
    QFile table(csv);
    QVERIFY(table.open(QIODevice::ReadOnly));
    QVERIFY(table.readAll().contains("R1 + R2"));

    const Outcome again = run(arguments + QStringList{"--json"}); // nothing is left to do
    QVERIFY2(again.exitCode == 0, again.errors);
    QCOMPARE(again.result().value("rows").toArray(), rows);
    for (const QJsonObject &event : again.events)
        QVERIFY(event.value("event") != "evaluation" && event.value("event") != "restoration");
    QCOMPARE(QDir(folder.filePath("table.plans")).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot).size(), 2);
    const Outcome shown = run(arguments);
    QVERIFY2(shown.output.contains("2SSP + R1 + R2") && shown.output.contains("not plain 2SSP"), shown.output);
}

QTEST_GUILESS_MAIN(tst_RestoreCommands)
#include "tst_RestoreCommands.moc"
