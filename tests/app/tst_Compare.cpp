// SPDX-License-Identifier: GPL-3.0-or-later
// `compare` as a user and a script meet it, on the sample.
#include "session/PlanTable.h"
#include "session/SessionStore.h"

#include <QFile>
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

const QStringList kSmall = {
    "compare",    kModel,     "--text",     kText,    "--windows", "4", "--length", "64", "--methods", "2ssp,shortgpt,blockpruner",
    "--sparsity", "0.25,0.5", "--evaluate", kHeldOut, "--threads", "1"};

struct Outcome {
    int exitCode = -1;
    QString output, errors;
    QList<QJsonObject> events;

    QJsonArray rows() const { return events.isEmpty() ? QJsonArray() : events.last().value("rows").toArray(); }
};

Outcome outcomeOf(QProcess &process)
{
    process.waitForFinished(300'000);
    Outcome outcome;
    outcome.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    outcome.output = process.readAllStandardOutput();
    outcome.errors = process.readAllStandardError();
    for (const QString &line : outcome.output.split('\n'))
        if (const QJsonDocument document = QJsonDocument::fromJson(line.toUtf8()); document.isObject())
            outcome.events << document.object();
    return outcome;
}

Outcome run(const QStringList &arguments)
{
    QProcess process;
    process.start(SECATEUR_CLI, arguments);
    return outcomeOf(process);
}

/// Without what depends on the speed of the machine.
QJsonArray withoutSeconds(const QJsonArray &rows)
{
    QJsonArray kept;
    for (const QJsonValue &value : rows) {
        QJsonObject row = value.toObject();
        row.remove("pruningSeconds");
        kept << row;
    }
    return kept;
}

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace

class tst_Compare : public QObject {
    Q_OBJECT

private slots:
    void theTableIsPrintedAndWritten();
    void aKilledOneGoesOnWithItsSession();
    void aSessionOfAnotherModelIsRefused();
    void mistakesAreUsageErrors_data();
    void mistakesAreUsageErrors();
    void outputsAreNotReplacedUnasked();
};

void tst_Compare::theTableIsPrintedAndWritten()
{
    const QTemporaryDir folder;
    const QString csv = folder.filePath("t.csv"), markdown = folder.filePath("t.md"), latex = folder.filePath("t.tex");
    const Outcome outcome = run(kSmall + QStringList{"--csv", csv, "--markdown", markdown, "--latex", latex});
    QVERIFY2(outcome.exitCode == 0, qPrintable(outcome.errors));
    QVERIFY(outcome.output.startsWith("about ")); // the time is told first
    QVERIFY(outcome.output.indexOf("original") < outcome.output.indexOf("2SSP"));
    QVERIFY(outcome.output.contains("ppl oz.txt"));
    QCOMPARE(contentOf(csv).count("\r\n"), 1 + 7);
    QVERIFY(contentOf(markdown).startsWith("| method | asked |"));
    QVERIFY(contentOf(latex).contains("\\toprule"));
    for (const QString &line : outcome.output.split('\n'))
        QVERIFY2(line.size() <= 140, qPrintable(line));
}

void tst_Compare::aKilledOneGoesOnWithItsSession()
{
    const Outcome straight = run(kSmall + QStringList{"--json"});
    QCOMPARE(straight.exitCode, 0);
    QCOMPARE(straight.rows().size(), 7);
    QCOMPARE(straight.rows()[0].toObject().value("method").toString(), QString("dense"));
    QCOMPARE(straight.rows()[3].toObject().value("method").toString(), QString("shortgpt"));
    QVERIFY(straight.rows()[3].toObject().value("perplexities").toObject().value("oz.txt").toDouble() > 1);

    const QTemporaryDir folder;
    const QString session = folder.filePath("table.secateur");
    const QStringList arguments = kSmall + QStringList{"--json", "--session", session};
    int kills = 0;
    for (const char *until : {"\"event\":\"evaluation\"", "\"event\":\"removal\"", "\"event\":\"planOpened\""}) {
        QProcess process;
        process.start(SECATEUR_CLI, arguments);
        QByteArray heard;
        while (!heard.contains(until) && process.waitForReadyRead(60'000))
            heard += process.readAllStandardOutput();
        if (process.state() == QProcess::Running) {
            process.kill();
            ++kills;
        }
        process.waitForFinished();
    }
    QVERIFY(kills > 0);
    const Outcome again = run(arguments);
    QVERIFY2(again.exitCode == 0, qPrintable(again.errors));
    QCOMPARE(withoutSeconds(again.rows()), withoutSeconds(straight.rows()));

    const Outcome third = run(arguments); // nothing is left to do
    QCOMPARE(third.rows(), again.rows());
    for (const QJsonObject &event : third.events)
        QVERIFY(event.value("event") != "evaluation" && event.value("event") != "loss");

    const Session kept = loadSession(session.toStdString()); // the window opens it
    QVERIFY(kept.draft.hasNeurons());
    const PlanTable table = planTable(kept);
    QCOMPARE(table.rows.size(), 7U);
    for (const PlanTableRow &row : table.rows)
        QVERIFY(row.row.evaluations.at(0).has_value() && row.isCurrent == (row.draft && *row.draft == kept.draft));
}

void tst_Compare::aSessionOfAnotherModelIsRefused()
{
    const QTemporaryDir folder;
    const QString session = folder.filePath("table.secateur");
    const QStringList small = {"--text",     kText,  "--windows",  "2",   "--length",  "32", "--methods", "shortgpt",
                               "--sparsity", "0.25", "--evaluate", kText, "--threads", "1",  "--session", session};
    // a copy of the sample with one weight changed is another model
    const QString other = folder.filePath("other");
    QVERIFY(QDir().mkpath(other));
    for (const QString &name : QDir(kModel).entryList(QDir::Files))
        QVERIFY(QFile::copy(kModel + "/" + name, other + "/" + name));
    QFile weights(other + "/model.safetensors");
    QVERIFY(weights.setPermissions(QFile::ReadOwner | QFile::WriteOwner) && weights.open(QIODevice::ReadWrite));
    QVERIFY(weights.seek(weights.size() - 2));
    const QByteArray last = weights.read(1);
    QVERIFY(weights.seek(weights.size() - 2) && weights.write(QByteArray(1, char(last[0] ^ 1))) == 1);
    weights.close();

    QStringList arguments = QStringList{"compare", kModel} + small;
    arguments.replace(arguments.indexOf("--evaluate") + 1, kHeldOut);
    const Outcome made = run(arguments + QStringList{"--json"});
    QVERIFY2(made.exitCode == 0, qPrintable(made.errors));
    arguments[1] = other;
    const Outcome refused = run(arguments);
    QCOMPARE(refused.exitCode, 1);
    QVERIFY2(refused.errors.contains("is of another model"), qPrintable(refused.errors));
}

void tst_Compare::mistakesAreUsageErrors_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("said");
    const QStringList base = {"compare", kModel, "--text", kText, "--sparsity", "0.25"};
    const QStringList evaluated = base + QStringList{"--evaluate", kHeldOut};
    QTest::newRow("nothing measured") << base + QStringList{"--methods", "2ssp"} << "nothing would be measured";
    QTest::newRow("unknown method") << evaluated + QStringList{"--methods", "magnitude"} << "magnitude";
    QTest::newRow("by hand") << evaluated + QStringList{"--methods", "manual"} << "manual";
    QTest::newRow("twice") << evaluated + QStringList{"--methods", "window,window"} << "named twice";
    QTest::newRow("equal size of nothing") << evaluated + QStringList{"--methods", "window", "--equal-size"}
                                           << "--equal-size has no effect";
    QTest::newRow("generations of none") << evaluated + QStringList{"--methods", "window", "--generations", "3"}
                                         << "--generations has no effect";
    QTest::newRow("limit without tasks") << evaluated + QStringList{"--methods", "window", "--limit", "3"} << "--limit has no effect";
    QTest::newRow("session's name") << evaluated + QStringList{"--methods", "window", "--session", "table.json"} << ".secateur";
    QTest::newRow("share") << QStringList{"compare", kModel,       "--text", kText,        "--methods",
                                          "window",  "--evaluate", kHeldOut, "--sparsity", "0.25,1.5"}
                           << "out of range";
}

void tst_Compare::mistakesAreUsageErrors()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, said);
    const Outcome outcome = run(arguments);
    QCOMPARE(outcome.exitCode, 2);
    QVERIFY2(outcome.errors.contains(said), qPrintable(outcome.errors));
}

void tst_Compare::outputsAreNotReplacedUnasked()
{
    const QTemporaryDir folder;
    const QString csv = folder.filePath("t.csv"), session = folder.filePath("t.secateur");
    for (const QString &path : {csv, session}) {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("mine") == 4);
    }
    const Outcome outcome = run(kSmall + QStringList{"--csv", csv});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY(outcome.errors.contains("--overwrite"));
    QCOMPARE(run(kSmall + QStringList{"--session", session}).exitCode, 1); // what is no session is no place for one
    QCOMPARE(contentOf(csv), QString("mine"));
    QCOMPARE(contentOf(session), QString("mine"));
    const QString both = folder.filePath("both"), beside = folder.filePath("./both");
    const Outcome twice = run(kSmall + QStringList{"--csv", both, "--markdown", beside});
    QCOMPARE(twice.exitCode, 1);
    QVERIFY2(twice.errors.contains("the same place"), qPrintable(twice.errors));
}

QTEST_GUILESS_MAIN(tst_Compare)
#include "tst_Compare.moc"
