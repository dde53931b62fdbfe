// SPDX-License-Identifier: GPL-3.0-or-later
// `secateur-cli search --method`: plans by every method, what is refused, and searches that go on.
#include <QFile>
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

struct Outcome {
    int exitCode = -1;
    QByteArray output, errors;
    QJsonObject result; ///< the last event, where it is one
};

Outcome finished(QProcess &process)
{
    process.waitForFinished(300'000);
    Outcome outcome{process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                    process.readAllStandardOutput(),
                    process.readAllStandardError(),
                    {}};
    for (const QByteArray &line : outcome.output.split('\n'))
        if (const QJsonObject event = QJsonDocument::fromJson(line).object(); event.value("event") == "result")
            outcome.result = event;
    return outcome;
}

Outcome run(const QStringList &arguments)
{
    QProcess process;
    process.start(SECATEUR_CLI, arguments);
    return finished(process);
}

/// A search of the sample, short.
QStringList search(const QString &method, const QStringList &more)
{
    return QStringList{"search", kModel, "--method", method, "--text", kText, "--length", "128", "--device", "cpu", "--json"} + more;
}

QJsonObject planIn(const QString &file)
{
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(opened.readAll()).object() : QJsonObject();
}

} // namespace

class tst_SearchMethods : public QObject {
    Q_OBJECT

private slots:
    void everyMethodMakesAPlan_data();
    void everyMethodMakesAPlan();
    void twoSspOfATextIsThePlanOfPrune();
    void plansAreShownAndExported();
    void optionsThatAMethodHasNotAreRefused_data();
    void optionsThatAMethodHasNotAreRefused();
    void shortTextsGiveTheWindowsThatTheyHave();
    void oneMethodsNumbersServeTheOther();
    void longerSearchesBeginAsShorterOnes();
    void interruptedSearchesGoOnToTheSamePlan_data();
    void interruptedSearchesGoOnToTheSamePlan();
};

void tst_SearchMethods::everyMethodMakesAPlan_data()
{
    QTest::addColumn<QStringList>("more");
    QTest::newRow("shortgpt") << QStringList{"--windows", "8"};
    QTest::newRow("window") << QStringList{"--windows", "8"};
    QTest::newRow("blockpruner") << QStringList{};
    QTest::newRow("evopress") << QStringList{"--windows", "8", "--generations", "2", "--coarse-tokens", "128", "--fine-tokens", "256"};
}

void tst_SearchMethods::everyMethodMakesAPlan()
{
    QFETCH(QStringList, more);
    const QString method = QTest::currentDataTag();
    QTemporaryDir folder;
    const QString file = folder.filePath("plan.json");
    const Outcome found = run(search(method, more + QStringList{"--sparsity", "0.25", "--save-plan", file}));
    QVERIFY2(found.exitCode == 0, found.errors);
    QCOMPARE(found.result.value("method").toString(), method);
    QCOMPARE(found.result.value("removedAttentions").toArray().size(), 3);
    QCOMPARE(found.result.value("removedFfns").toArray().size(), 3);
    QVERIFY(found.result.value("windowsForwarded").toInt() > 0);
    QVERIFY(found.result.value("isFinished").toBool());
    QVERIFY(std::abs(found.result.value("sparsityLayers").toDouble() - 0.25) < 1e-6);
    const Outcome shown = run({"plan", kModel, "--plan", file, "--json"});
    QVERIFY2(shown.exitCode == 0, shown.errors);
    QCOMPARE(shown.result.value("planHash"), found.result.value("planHash"));
    QCOMPARE(shown.result.value("removedFfns"), found.result.value("removedFfns"));
}

void tst_SearchMethods::twoSspOfATextIsThePlanOfPrune()
{
    const QStringList same = {"--windows", "4", "--sparsity", "0.3"};
    const Outcome searched = run(search("2ssp", same));
    const Outcome pruned = run(QStringList{"prune", kModel, "--text", kText, "--length", "128", "--device", "cpu", "--json"} + same);
    QVERIFY2(searched.exitCode == 0, searched.errors);
    QVERIFY(searched.result.contains("planHash"));
    QCOMPARE(searched.result.value("planHash"), pruned.result.value("planHash"));
    QCOMPARE(searched.result.value("method").toString(), QString("2ssp"));
    QVERIFY(searched.result.value("removedFfns").toArray().isEmpty());
}

void tst_SearchMethods::plansAreShownAndExported()
{
    QTemporaryDir folder;
    const QString file = folder.filePath("plan.json"), output = folder.filePath("pruned");
    const Outcome found = run(search("shortgpt", {"--windows", "8", "--sparsity", "0.25", "--save-plan", file}));
    const Outcome shown = run({"plan", kModel, "--plan", file});
    for (const char *expected :
         {"by ShortGPT, as in the authors' code, on 8 windows of 128 tokens", "influence", "FFNs removed: ", "8 windows through the model"})
        QVERIFY2(shown.output.contains(expected), shown.output);
    const Outcome written = run({"export", kModel, "--plan", file, "--output", output, "--device", "cpu", "--json"});
    QVERIFY2(written.exitCode == 0, written.errors);
    QVERIFY(written.result.value("verified").toBool());
    const QJsonObject manifest = planIn(output + "/pruning_manifest.json");
    QCOMPARE(manifest.value("plan").toObject().value("planHash"), found.result.value("planHash"));
    QFile card(output + "/README.md");
    QVERIFY(card.open(QIODevice::ReadOnly));
    const QByteArray text = card.readAll();
    QVERIFY2(text.contains("with ShortGPT (arXiv 2403.03853)") && text.contains("- shortgpt\n"), text);
}

void tst_SearchMethods::optionsThatAMethodHasNotAreRefused_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QStringList>("more");
    QTest::addColumn<QString>("reason");
    QTest::newRow("no sparsity") << "shortgpt" << QStringList{} << "--sparsity is needed";
    QTest::newRow("alpha") << "window" << QStringList{"--sparsity", "0.25", "--alpha", "2"} << "--alpha has no effect here: it is of 2ssp";
    QTest::newRow("N") << "blockpruner" << QStringList{"--sparsity", "0.25", "--remove", "2"} << "--remove has no effect here";
    QTest::newRow("forced") << "evopress" << QStringList{"--sparsity", "0.25", "--force", "2"} << "--force has no effect here";
    QTest::newRow("generations") << "blockpruner" << QStringList{"--sparsity", "0.25", "--generations", "2"} << "it is of evopress";
    QTest::newRow("variant") << "2ssp" << QStringList{"--sparsity", "0.25", "--variant", "original"}
                             << "it is of shortgpt, window, blockpruner";
    QTest::newRow("no such method") << "slicegpt" << QStringList{"--sparsity", "0.25"} << "slicegpt";
    QTest::newRow("scores") << "shortgpt" << QStringList{"--sparsity", "0.25", "--scores", "x"} << "--scores has no effect here";
}

void tst_SearchMethods::optionsThatAMethodHasNotAreRefused()
{
    QFETCH(QString, method);
    QFETCH(QStringList, more);
    QFETCH(QString, reason);
    const Outcome refused = run(search(method, more));
    QCOMPARE(refused.exitCode, 2);
    QVERIFY2(refused.errors.contains(reason.toUtf8()), refused.errors);
}

void tst_SearchMethods::shortTextsGiveTheWindowsThatTheyHave()
{
    QTemporaryDir folder;
    QFile text(kText), beginning(folder.filePath("text.txt"));
    QVERIFY(text.open(QIODevice::ReadOnly) && beginning.open(QIODevice::WriteOnly));
    beginning.write(text.read(4000));
    beginning.close();
    const Outcome found =
        run({"search", kModel, "--method", "window", "--text", beginning.fileName(), "--length", "128", "--sparsity", "0.25", "--json"});
    QVERIFY2(found.exitCode == 0, found.errors);
    const int windows = found.result.value("windows").toInt();
    QVERIFY2(windows > 1 && windows < 30, qPrintable(QString::number(windows))); // of the 256 of the authors
    QCOMPARE(found.result.value("windowsForwarded").toInt(), windows);
}

void tst_SearchMethods::oneMethodsNumbersServeTheOther()
{
    QTemporaryDir folder;
    const QString first = folder.filePath("first.json"), second = folder.filePath("second.json"), third = folder.filePath("third.json");
    QCOMPARE(run(search("shortgpt", {"--windows", "8", "--sparsity", "0.25", "--save-plan", first})).exitCode, 0);
    const Outcome taken = run(
        {"search", kModel, "--plan", first, "--method", "window", "--sparsity", "0.5", "--save-plan", second, "--device", "cpu", "--json"});
    QVERIFY2(taken.exitCode == 0, taken.errors);
    QVERIFY(!taken.output.contains("layers \xc3\x97 windows")); // nothing was computed
    const Outcome anew = run(search("window", {"--windows", "8", "--sparsity", "0.5", "--save-plan", third}));
    QCOMPARE(taken.result.value("planHash"), anew.result.value("planHash"));
    QCOMPARE(planIn(second).value("record").toObject().value("similarities"),
             planIn(third).value("record").toObject().value("similarities"));
}

void tst_SearchMethods::longerSearchesBeginAsShorterOnes()
{
    QTemporaryDir folder;
    const QString shorter = folder.filePath("shorter.json"), longer = folder.filePath("longer.json"),
                  extended = folder.filePath("extended.json");
    QCOMPARE(run(search("blockpruner", {"--sparsity", "0.1", "--save-plan", shorter})).exitCode, 0);
    QCOMPARE(run(search("blockpruner", {"--sparsity", "0.25", "--save-plan", longer})).exitCode, 0);
    const Outcome more = run({"search", kModel, "--plan", shorter, "--method", "blockpruner", "--sparsity", "0.25", "--save-plan", extended,
                              "--device", "cpu", "--json"});
    QVERIFY2(more.exitCode == 0, more.errors);
    const QJsonArray wanted = planIn(longer).value("record").toObject().value("steps").toArray();
    const QJsonArray steps = planIn(extended).value("record").toObject().value("steps").toArray();
    QCOMPARE(steps.size(), 6);
    for (int i = 0; i < 6; ++i)
        QCOMPARE(steps[i].toObject().value("removed"), wanted[i].toObject().value("removed"));
    // Fewer of its steps do not take the place of a plan without being asked for.
    const Outcome fewer = run({"search", kModel, "--plan", longer, "--method", "blockpruner", "--sparsity", "0.1", "--save-plan", longer});
    QCOMPARE(fewer.exitCode, 1);
    QVERIFY2(fewer.errors.contains("would keep 4"), fewer.errors);
}

void tst_SearchMethods::interruptedSearchesGoOnToTheSamePlan_data()
{
    QTest::addColumn<QStringList>("more");
    QTest::newRow("blockpruner") << QStringList{"--sparsity", "0.5"};
    QTest::newRow("evopress") << QStringList{"--sparsity",      "0.25", "--windows",     "16",  "--generations", "12",
                                             "--coarse-tokens", "256",  "--fine-tokens", "1024"};
}

void tst_SearchMethods::interruptedSearchesGoOnToTheSamePlan()
{
    QFETCH(QStringList, more);
    const QString method = QTest::currentDataTag();
    QTemporaryDir folder;
    const QString whole = folder.filePath("whole.json"), stopped = folder.filePath("stopped.json");
    QCOMPARE(run(search(method, more + QStringList{"--save-plan", whole})).exitCode, 0);
    QProcess process;
    process.start(SECATEUR_CLI, search(method, more + QStringList{"--save-plan", stopped}));
    QByteArray heard;
    while (!heard.contains("\"event\":\"blocks\"") && process.waitForReadyRead(60'000))
        heard += process.readAllStandardOutput();
    ::kill(pid_t(process.processId()), SIGINT);
    const Outcome cancelled = finished(process);
    if (cancelled.exitCode == 0)
        QSKIP("The search was over before the signal came.");
    QCOMPARE(cancelled.exitCode, 130);
    QVERIFY2(cancelled.output.contains("\"event\":\"saved\""), cancelled.output);
    const QStringList fields = {"steps", "evolution"};
    const auto sizeIn = [&](const QString &file) {
        const QJsonObject record = planIn(file).value("record").toObject();
        return record.value("steps").toArray().size() + record.value("evolution").toArray().size();
    };
    QVERIFY(sizeIn(stopped) > 0 && sizeIn(stopped) < sizeIn(whole));
    const Outcome refused = run({"export", kModel, "--plan", stopped, "--output", folder.filePath("pruned")});
    QCOMPARE(refused.exitCode, 1);
    QVERIFY2(refused.errors.contains("is not finished"), refused.errors);
    const Outcome resumed = run({"search", kModel, "--plan", stopped, "--save-plan", stopped, "--device", "cpu", "--json"});
    QVERIFY2(resumed.exitCode == 0, resumed.errors);
    QCOMPARE(planIn(stopped).value("planHash"), planIn(whole).value("planHash"));
    for (const QString &field : fields)
        QCOMPARE(planIn(stopped).value("record").toObject().value(field).toArray().size(),
                 planIn(whole).value("record").toObject().value(field).toArray().size());
}

QTEST_GUILESS_MAIN(tst_SearchMethods)
#include "tst_SearchMethods.moc"
