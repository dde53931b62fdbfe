// SPDX-License-Identifier: GPL-3.0-or-later
// `report` as a user meets it, on the sample.
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

namespace {

const QString kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const QString kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";
const QString kHeldOut = SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt";
const QString kSessions = SECATEUR_FIXTURES "/sessions";

struct Outcome {
    int exitCode = -1;
    QString output, errors;
};

Outcome run(const QStringList &arguments)
{
    QProcess process;
    process.start(SECATEUR_CLI, arguments);
    process.waitForFinished(300'000);
    Outcome outcome;
    outcome.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    outcome.output = process.readAllStandardOutput();
    outcome.errors = process.readAllStandardError();
    return outcome;
}

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

QString withoutDate(const QString &html)
{
    QStringList lines = html.split('\n');
    lines.removeIf([](const QString &line) { return line.startsWith("<time "); });
    return lines.join('\n');
}

} // namespace

class tst_ReportCommand : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void anExportIsReportedWithTheModelThatItNames();
    void aPlanIsReportedWithItsModel();
    void aSessionIsReportedWithoutItsModel();
    void twiceIsTheSameButForTheDate();
    void mistakesAreTold_data();
    void mistakesAreTold();
    void whatIsThereIsNotReplacedUnasked();

private:
    QTemporaryDir m_folder;
    QString m_export, m_plan;
};

void tst_ReportCommand::initTestCase()
{
    m_export = m_folder.filePath("pruned");
    m_plan = m_folder.filePath("plan.json");
    const Outcome pruned = run({"prune", kModel, "--text", kText, "--windows", "2", "--length", "64", "--sparsity", "0.25", "--evaluate",
                                kHeldOut, "--save-plan", m_plan, "--output", m_export, "--threads", "1"});
    QVERIFY2(pruned.exitCode == 0, qPrintable(pruned.errors));
}

void tst_ReportCommand::anExportIsReportedWithTheModelThatItNames()
{
    const QString file = m_folder.filePath("export.html");
    const Outcome outcome = run({"report", m_export, "--output", file});
    QVERIFY2(outcome.exitCode == 0, qPrintable(outcome.errors));
    QVERIFY(outcome.output.contains("report: " + file));
    const QString html = contentOf(file);
    QVERIFY(html.startsWith("<!DOCTYPE html>"));
    for (const char *section : {"model", "plan", "method", "search", "measurements", "exports", "commands"})
        QVERIFY2(html.contains("<section id=\"" + QString(section) + "\""), section);
    QVERIFY(html.contains("oz.txt") && html.contains(">passed</strong>"));
    QVERIFY(html.contains("As recorded in the manifest") && html.contains("secateur-cli prune"));
    QVERIFY(!html.contains(QDir::homePath() + "/") && !html.contains(m_folder.path()));
}

void tst_ReportCommand::aPlanIsReportedWithItsModel()
{
    const QString file = m_folder.filePath("plan.html");
    const Outcome outcome = run({"report", m_plan, "--model", kModel, "--output", file, "--json"});
    QVERIFY2(outcome.exitCode == 0, qPrintable(outcome.errors));
    const QJsonObject result = QJsonDocument::fromJson(outcome.output.trimmed().section('\n', -1).toUtf8()).object();
    QCOMPARE(result.value("event").toString(), QString("result"));
    QCOMPARE(result.value("output").toString(), file);
    const QString html = contentOf(file);
    QVERIFY(html.contains("plan.json") && html.contains("<figure id=\"search-map\">"));
    QVERIFY(!html.contains("<section id=\"measurements\"")); // a plan knows of none
}

void tst_ReportCommand::aSessionIsReportedWithoutItsModel()
{
    const QString file = m_folder.filePath("session.html");
    const Outcome outcome = run({"report", kSessions + "/format-2.secateur", "--output", file});
    QVERIFY2(outcome.exitCode == 0, qPrintable(outcome.errors));
    QVERIFY(contentOf(file).contains("<section id=\"model\""));
    const Outcome pin = run({"report", kSessions + "/format-2.secateur:no such pin", "--output", m_folder.filePath("pin.html")});
    QCOMPARE(pin.exitCode, 1);
    QVERIFY(pin.errors.contains("no pinned plan 'no such pin'"));
}

void tst_ReportCommand::twiceIsTheSameButForTheDate()
{
    const QString one = m_folder.filePath("one.html"), other = m_folder.filePath("other.html");
    QCOMPARE(run({"report", m_export, "--output", one}).exitCode, 0);
    QTest::qWait(1100); // another second
    QCOMPARE(run({"report", m_export, "--output", other}).exitCode, 0);
    QVERIFY(contentOf(one) != contentOf(other));
    QCOMPARE(withoutDate(contentOf(one)), withoutDate(contentOf(other)));
}

void tst_ReportCommand::mistakesAreTold_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("told");
    const QString out = m_folder.filePath("never.html");
    QTest::newRow("nothing to report") << QStringList{"--output", out} << 2 << "subject is required";
    QTest::newRow("nowhere to write") << QStringList{m_plan} << 2 << "--output is required";
    QTest::newRow("a plan alone") << QStringList{m_plan, "--output", out} << 1 << "does not say where its model is";
    QTest::newRow("a model") << QStringList{kModel, "--output", out} << 1 << "There is no pruning_manifest.json in";
    QTest::newRow("nothing there") << QStringList{m_folder.filePath("none.json"), "--output", out} << 1 << "There is no '";
    QTest::newRow("another model") << QStringList{m_plan, "--model", SECATEUR_FIXTURES "/tiny-llamas/gqa", "--output", out} << 1
                                   << "another model";
    QTest::newRow("onto the plan") << QStringList{m_plan, "--model", kModel, "--output", m_plan, "--overwrite"} << 1 << "is also an input";
    QTest::newRow("no folder") << QStringList{m_export, "--output", m_folder.filePath("no/such/report.html")} << 1 << "no/such";
}

void tst_ReportCommand::mistakesAreTold()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QString, told);
    const Outcome outcome = run(QStringList{"report"} + arguments);
    QCOMPARE(outcome.exitCode, exitCode);
    QVERIFY2(outcome.errors.contains(told), qPrintable(outcome.errors));
    QVERIFY(!QFile::exists(m_folder.filePath("never.html")));
}

void tst_ReportCommand::whatIsThereIsNotReplacedUnasked()
{
    const QString file = m_folder.filePath("there.html");
    QFile there(file);
    QVERIFY(there.open(QIODevice::WriteOnly) && there.write("mine") == 4);
    there.close();
    const Outcome refused = run({"report", m_export, "--output", file});
    QCOMPARE(refused.exitCode, 1);
    QVERIFY(refused.errors.contains("already exists"));
    QCOMPARE(contentOf(file), QString("mine"));
    QCOMPARE(run({"report", m_export, "--output", file, "--overwrite"}).exitCode, 0);
    QVERIFY(contentOf(file).startsWith("<!DOCTYPE html>"));
}

QTEST_GUILESS_MAIN(tst_ReportCommand)
#include "tst_ReportCommand.moc"
