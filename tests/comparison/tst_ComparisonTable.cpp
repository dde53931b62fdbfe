// SPDX-License-Identifier: GPL-3.0-or-later
#include "comparison/ComparisonTable.h"

#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>
#include <nlohmann/json.hpp>

#include <charconv>

using namespace secateur;

namespace {

/// The dense model, a plan with all that can be measured, and one that failed.
Comparison comparison()
{
    Comparison all;
    all.modelName = "Tiny_1% & Co";
    all.computed = {.device = "cpu",
                    .gpu = {},
                    .dtype = "float32",
                    .threads = 2,
                    .instructions = "AVX2",
                    .products = {},
                    .torchVersion = "2",
                    .programVersion = {},
                    .host = {}};
    all.settings.methods = {PlanMethod::TwoSsp, PlanMethod::EvoPress};
    all.settings.sparsities = {0.375};
    all.settings.text.files = {"/texts/c4_en.txt"};
    all.settings.evaluations.resize(1);
    all.settings.evaluations[0].files = {"/texts/wiki,text_2.txt"};
    ComparisonRow dense;
    dense.neuronsKept = 512;
    dense.layerParameters = 1'000'000;
    dense.modelParameters = 2'500'000;
    dense.cacheBytes = 3072;
    dense.flop = 5e6;
    dense.evaluations = {Evaluation{.loss = 3, .perplexity = 19.53125, .tokens = 10, .windows = 1, .length = 11, .tokenHash = "t"}};
    ComparisonRow pruned = dense;
    pruned.method = PlanMethod::TwoSsp;
    pruned.sparsity = 0.375;
    pruned.planHash = "abc";
    pruned.attentionsRemoved = 4;
    pruned.neuronsKept = 312;
    pruned.sparsityLayers = 0.376;
    pruned.modelParameters = 2'125'000;
    pruned.evaluations[0]->perplexity = 14486.7;
    pruned.pruningSeconds = 12.25;
    pruned.windowsForwarded = 371;
    pruned.tasks.emplace();
    pruned.tasks->limit = 200;
    TaskResult arc, subject, mmlu;
    arc.name = "arc_easy";
    arc.acc = 0.53375;
    arc.accStderr = 0.012345678901234567;
    arc.accNorm = 0.5;
    arc.accNormStderr = 0.02;
    arc.items = 200;
    subject.name = "mmlu_anatomy";
    subject.acc = 0.25;
    subject.items = 100;
    mmlu.name = "mmlu";
    mmlu.acc = 0.25;
    mmlu.items = 100;
    mmlu.subjects = 1;
    pruned.tasks->tasks = {arc, subject, mmlu};
    Throughput speed;
    speed.promptLength = 512;
    speed.batchSize = 1;
    speed.prefill = {.median = 1234.5, .least = 1000, .most = 1300};
    speed.decode = {.median = 56.78, .least = 50, .most = 60};
    pruned.throughput = {speed};
    ComparisonRow failed;
    failed.method = PlanMethod::EvoPress;
    failed.sparsity = 0.375;
    failed.problem = "The text \"c4\" is too short, by far.";
    all.rows = {dense, pruned, failed};
    return all;
}

QStringList fieldsOf(const QString &line)
{
    QStringList fields;
    QString field;
    bool isQuoted = false;
    for (int i = 0; i < line.size(); ++i)
        if (line[i] == '"' && isQuoted && i + 1 < line.size() && line[i + 1] == '"')
            field += line[i++];
        else if (line[i] == '"')
            isQuoted = !isQuoted;
        else if (line[i] == ',' && !isQuoted)
            fields << std::exchange(field, QString());
        else
            field += line[i];
    return fields << field;
}

} // namespace

class tst_ComparisonTable : public QObject {
    Q_OBJECT

private slots:
    void csvKeepsEveryBit();
    void csvIsReadByOthers();
    void markdownEscapesNames();
    void latexHasAsManyColumnsInEveryRow();
    void terminalLeavesOutWhatNobodyMeasured();
    void notesTellOfSettingsAndFailures();
    void rowsForScriptsNameTextsAndTasks();
    void restoredRowsStandWithTheirMethod();
};

void tst_ComparisonTable::csvKeepsEveryBit()
{
    const QStringList lines = QString::fromStdString(csvOf(tableOf(comparison()))).split("\r\n", Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 4);
    const QStringList names = fieldsOf(lines[0]), dense = fieldsOf(lines[1]), pruned = fieldsOf(lines[2]), failed = fieldsOf(lines[3]);
    for (const QStringList &fields : {dense, pruned, failed})
        QCOMPARE(fields.size(), names.size());
    const auto at = [&](const QStringList &fields, const char *name) {
        const qsizetype place = names.indexOf(name);
        return place < 0 ? QString("no such column") : fields[place];
    };
    QCOMPARE(at(dense, "method"), QString("dense"));
    QCOMPARE(at(pruned, "method"), QString("2ssp"));
    QCOMPARE(at(pruned, "perplexity wiki,text_2.txt"), QString("14486.7"));
    QCOMPARE(at(pruned, "arc_easy_acc_stderr").toDouble(), 0.012345678901234567);
    QCOMPARE(at(pruned, "mmlu_anatomy_acc"), QString("0.25"));
    QCOMPARE(at(pruned, "mmlu_acc_norm"), QString("no such column")); // it has none
    QCOMPARE(at(pruned, "plan_hash"), QString("abc"));
    QCOMPARE(at(failed, "problem"), QString("The text \"c4\" is too short, by far."));
    QCOMPARE(at(failed, "model_parameters"), QString());
    QCOMPARE(at(dense, "pruning_seconds"), QString());
}

void tst_ComparisonTable::csvIsReadByOthers()
{
    const QString python = QStandardPaths::findExecutable("python3");
    if (python.isEmpty())
        QSKIP("There is no python3.");
    QTemporaryDir folder;
    QFile file(folder.filePath("table.csv"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(csvOf(tableOf(comparison()))));
    file.close();
    QProcess process;
    process.start(python, {"-c",
                           "import csv,sys\nrows=list(csv.DictReader(open(sys.argv[1],newline='')))\n"
                           "print(len(rows), rows[2]['problem'], float(rows[1]['sparsity']), rows[1]['perplexity wiki,text_2.txt'])",
                           file.fileName()});
    QVERIFY(process.waitForFinished());
    QCOMPARE(QString(process.readAllStandardOutput()).trimmed(), QString("3 The text \"c4\" is too short, by far. 0.375 14486.7"));
}

void tst_ComparisonTable::markdownEscapesNames()
{
    Comparison named = comparison();
    named.settings.evaluations[0].files = {"/texts/a|b.txt"};
    const QStringList lines = QString::fromStdString(markdownOf(tableOf(named))).split('\n');
    QVERIFY(lines[0].contains("ppl a\\|b.txt"));
    const auto bars = [](QString line) { return line.remove("\\|").count('|'); };
    for (int i = 1; i < 5; ++i)
        QCOMPARE(bars(lines[i]), bars(lines[0]));
    QVERIFY(lines[1].startsWith("|---|---:|"));
    QVERIFY(lines[3].contains("0.5337 ± 0.0123") || lines[3].contains("0.5338 ± 0.0123"));
}

void tst_ComparisonTable::latexHasAsManyColumnsInEveryRow()
{
    const QString text = QString::fromStdString(latexOf(tableOf(comparison())));
    QStringList rows;
    for (const QString &line : text.split('\n'))
        if (line.endsWith("\\\\"))
            rows << line;
    QCOMPARE(rows.size(), 4);
    const auto ands = [](QString line) { return line.remove("\\&").count('&'); };
    for (const QString &row : rows)
        QCOMPARE(ands(row), ands(rows[0]));
    QCOMPARE(text.section("\\begin{tabular}{", 1).section('}', 0, 0).size(), ands(rows[0]) + 1);
    QVERIFY(rows[0].contains("ppl wiki,text\\_2.txt"));
    QVERIFY(rows[2].contains("\\pm 0.0123$"));
    QVERIFY(rows[2].contains("37.6 \\%"));
    QCOMPARE(text.count("\\midrule"), 3); // behind the titles and in front of each method
    QVERIFY(text.contains("\\bottomrule\n\\end{tabular}"));
}

void tst_ComparisonTable::terminalLeavesOutWhatNobodyMeasured()
{
    QCOMPARE(terminalTables(tableOf(comparison())).size(), 3U);
    Comparison bare = comparison();
    for (ComparisonRow &row : bare.rows)
        row.tasks.reset();
    const auto tables = terminalTables(tableOf(bare));
    QCOMPARE(tables.size(), 2U);
    QCOMPARE(tables[0][0].front(), std::string("method"));
    QCOMPARE(tables[0][1].front(), std::string("original"));
    for (const auto &table : tables)
        for (const auto &line : table)
            QCOMPARE(line.size(), table.front().size());
}

void tst_ComparisonTable::notesTellOfSettingsAndFailures()
{
    const ComparisonTable table = tableOf(comparison());
    const auto has = [&](const char *part) {
        return std::ranges::any_of(table.notes, [&](const std::string &note) { return note.find(part) != std::string::npos; });
    };
    QVERIFY(has("float32 on cpu with 2 threads"));
    QVERIFY(has("the first 200 items"));
    QVERIFY(has("1 of 57 subjects"));
    QVERIFY(has("EvoPress at 37.5 %: The text"));
}

void tst_ComparisonTable::rowsForScriptsNameTextsAndTasks()
{
    const nlohmann::json rows = resultRows(comparison());
    QCOMPARE(rows.size(), 3U);
    QCOMPARE(rows[0].at("method"), nlohmann::json("dense"));
    QVERIFY(rows[0].at("planHash").is_null());
    QCOMPARE(rows[1].at("perplexities").at("wiki,text_2.txt"), nlohmann::json(14486.7));
    QCOMPARE(rows[1].at("tasks").at("arc_easy").at("accStderr"), nlohmann::json(0.012345678901234567));
    QVERIFY(rows[1].at("tasks").at("mmlu").at("accNorm").is_null());
    QCOMPARE(rows[1].at("windowsForwarded"), nlohmann::json(371));
    QVERIFY(rows[1].at("problem").is_null());
    QVERIFY(rows[2].at("perplexities").at("wiki,text_2.txt").is_null());
    QVERIFY(rows[2].at("problem").is_string());
}

void tst_ComparisonTable::restoredRowsStandWithTheirMethod()
{
    Comparison all = comparison();
    RestorationSettings settings;
    settings.steps = {RestorationStep::Refit, RestorationStep::Widths};
    all.settings.restorations = {settings};
    ComparisonRow restored = all.rows[1];
    restored.method = PlanMethod::Restored;
    restored.restored = settings.steps;
    restored.planHash = "def";
    restored.neuronsKept = 0; // they differ from layer to layer
    all.rows.insert(all.rows.begin() + 2, restored);
    const ComparisonTable table = tableOf(all);
    const QString markdown = QString::fromStdString(markdownOf(table)), latex = QString::fromStdString(latexOf(table));
    QVERIFY2(markdown.contains("| 2SSP + R1 + R3 | 37.5 % | N 4, widths per layer |"), qPrintable(markdown));
    QVERIFY(markdown.contains("Restored rows are not plain 2SSP"));
    QVERIFY(markdown.contains("R3: Widths per layer"));
    QCOMPARE(latex.count("\\midrule"), 3); // none between a plan and its restored ones
    const QStringList lines = QString::fromStdString(csvOf(table)).split("\r\n", Qt::SkipEmptyParts);
    const qsizetype column = fieldsOf(lines[0]).indexOf("restored");
    QVERIFY(column > 0);
    QCOMPARE(fieldsOf(lines[2])[column], QString());
    QCOMPARE(fieldsOf(lines[3])[column], QString("R1 + R3"));
    const nlohmann::json rows = resultRows(all);
    QVERIFY(rows[1].at("restored").is_null());
    QCOMPARE(rows[2].at("restored"), (nlohmann::json{"r1", "r3"}));
    QCOMPARE(rows[2].at("method"), nlohmann::json("restored"));
}

QTEST_GUILESS_MAIN(tst_ComparisonTable)
#include "tst_ComparisonTable.moc"
