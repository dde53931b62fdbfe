// SPDX-License-Identifier: GPL-3.0-or-later
// `evaluate --tasks` and `--throughput` as scripts use them, on the bundled sample.
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

const QString kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
constexpr int kItems = 60;

struct Outcome {
    int exitCode = -1;
    QByteArray output, errors;
    QList<QJsonObject> events; ///< lines of the output that are JSON

    QJsonObject result() const { return events.isEmpty() || events.last().value("event") != "result" ? QJsonObject() : events.last(); }
};

QList<QJsonObject> objectsOf(const QByteArray &lines)
{
    QList<QJsonObject> objects;
    for (const QByteArray &line : lines.split('\n'))
        if (const QJsonDocument document = QJsonDocument::fromJson(line); document.isObject())
            objects << document.object();
    return objects;
}

Outcome finished(QProcess &process)
{
    process.waitForFinished(300'000);
    Outcome outcome{process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                    process.readAllStandardOutput(),
                    process.readAllStandardError(),
                    {}};
    outcome.events = objectsOf(outcome.output);
    return outcome;
}

Outcome run(const QStringList &arguments)
{
    QProcess process;
    process.start(SECATEUR_CLI, arguments);
    return finished(process);
}

QByteArray contentOf(const QString &file)
{
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
}

void write(const QString &file, const QByteArray &content)
{
    QFile opened(file);
    QVERIFY(opened.open(QIODevice::WriteOnly));
    opened.write(content);
}

/// Questions of different lengths, each with answers of different lengths.
QByteArray arcLines(int items)
{
    QByteArray lines;
    for (int i = 0; i < items; ++i) {
        const QJsonArray choices{QString("a wolf of %1 years").arg(i), "the old king",
                                 QString("seven small ") + QString("very ").repeated(i % 5) + "goats", "gold"};
        lines += QJsonDocument(QJsonObject{{"query", "Question: Who came to the house" + QString(" in the wood").repeated(i % 7) + "?"},
                                           {"choices", choices},
                                           {"gold", i % 4}})
                     .toJson(QJsonDocument::Compact) +
                 "\n";
    }
    return lines;
}

int largestOf(const QJsonArray &numbers)
{
    int best = 0;
    for (int i = 1; i < numbers.size(); ++i)
        if (numbers.at(i).toDouble() > numbers.at(best).toDouble())
            best = i;
    return best;
}

int freePort()
{
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(descriptor, reinterpret_cast<sockaddr *>(&address), size);
    getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &size);
    close(descriptor);
    return ntohs(address.sin_port);
}

} // namespace

class tst_TaskCommands : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    QStringList evaluate(const QStringList &more) const
    {
        return QStringList{"evaluate", kModel, "--tasks", path("tasks"), "--device", "cpu", "--threads", "1"} + more;
    }
    /// Kept items, the first line first.
    QList<QJsonObject> itemsOf(const QString &name) const { return objectsOf(contentOf(path(name))); }

private slots:
    void initTestCase()
    {
        QVERIFY(QDir().mkpath(path("tasks")));
        write(path("tasks/arc_easy.jsonl"), arcLines(kItems));
        write(path("tasks/winogrande_dev.jsonl"),
              "{\"context_options\": [\"The king saw the wolf so the king\", \"The king saw the wolf so the wolf\"], "
              "\"continuation\": \"ran away.\", \"gold\": 0}\n");
        const Outcome outcome = run(evaluate({"--save-items", path("whole.jsonl"), "--json"}));
        QVERIFY2(outcome.exitCode == 0, outcome.errors);
    }

    void theResultNamesEveryTask()
    {
        const QJsonObject result = run(evaluate({"--json"})).result();
        const QJsonObject tasks = result.value("tasks").toObject();
        QCOMPARE(tasks.keys(), (QStringList{"arc_easy", "winogrande"}));
        const QJsonObject arc = tasks.value("arc_easy").toObject(), winogrande = tasks.value("winogrande").toObject();
        QCOMPARE(arc.value("items").toInt(), kItems);
        QVERIFY(arc.value("accNorm").isDouble());
        const double acc = arc.value("acc").toDouble();
        QVERIFY(std::abs(arc.value("accStderr").toDouble() - std::sqrt(acc * (1 - acc) / (kItems - 1))) < 1e-12);
        QVERIFY(winogrande.value("accNorm").isNull());
        QVERIFY(winogrande.value("accStderr").isNull()); // one item has none
        QVERIFY(result.value("planHash").isNull());
    }

    void savedItemsMakeTheAccuracy()
    {
        const QList<QJsonObject> lines = itemsOf("whole.jsonl");
        QCOMPARE(lines.size(), kItems + 2); // and the line that says what was asked
        int right = 0;
        for (int i = 0; i < kItems; ++i) {
            const QJsonObject line = lines.at(i + 1);
            QCOMPARE(line.value("task").toString(), "arc_easy");
            QCOMPARE(line.value("index").toInt(), i); // in the order of the file
            QCOMPARE(line.value("gold").toInt(), i % 4);
            QCOMPARE(line.value("logLikelihoods").toArray().size(), 4);
            QCOMPARE(line.value("choice").toInt(), largestOf(line.value("logLikelihoods").toArray()));
            right += line.value("choice") == line.value("gold");
        }
        QCOMPARE(lines.last().value("task").toString(), "winogrande");
        const double acc =
            run(evaluate({"--json"})).result().value("tasks").toObject().value("arc_easy").toObject().value("acc").toDouble();
        QVERIFY(std::abs(acc - double(right) / kItems) < 1e-12);
        QVERIFY(!QFile::exists(path("whole.jsonl.part")));
    }

    void aLimitTakesTheFirstItemsAndASampleOthers()
    {
        const auto indices = [&](const QStringList &more) {
            const QString name = QString("limit-%1.jsonl").arg(more.size());
            QList<int> found;
            if (run(evaluate(more + QStringList{"--only", "arc_easy", "--save-items", path(name), "--overwrite"})).exitCode == 0)
                for (const QJsonObject &line : itemsOf(name).mid(1))
                    found << line.value("index").toInt();
            return found;
        };
        QCOMPARE(indices({"--limit", "5"}), (QList<int>{0, 1, 2, 3, 4}));
        const QList<int> sample = indices({"--limit", "5", "--sample", "7"});
        QCOMPARE(sample.size(), 5);
        QVERIFY(sample != (QList<int>{0, 1, 2, 3, 4}));
        QCOMPARE(indices({"--limit", "5", "--sample", "7"}), sample);
    }

    void anExistingFileIsKept()
    {
        const QByteArray before = contentOf(path("whole.jsonl"));
        const Outcome refused = run(evaluate({"--save-items", path("whole.jsonl")}));
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(refused.errors.contains("already exists"), refused.errors);
        QVERIFY2(refused.errors.contains("--resume"), refused.errors);
        QCOMPARE(contentOf(path("whole.jsonl")), before);
        QVERIFY(run(evaluate({"--save-items", path("tasks/items.jsonl")})).errors.contains("would be taken for a task"));
    }

    /// As a kill leaves it: in the middle of a line.
    void whatWasScoredIsNotScoredAgain()
    {
        const QByteArray whole = contentOf(path("whole.jsonl"));
        const QList<QByteArray> lines = whole.split('\n');
        write(path("torn.jsonl.part"), lines.mid(0, 31).join('\n') + "\n" + lines.at(31).left(20));
        QVERIFY(run(evaluate({"--save-items", path("torn.jsonl")})).errors.contains("already exists"));
        const Outcome resumed = run(evaluate({"--save-items", path("torn.jsonl"), "--resume", "--json"}));
        QVERIFY2(resumed.exitCode == 0, resumed.errors);
        int scored = 0;
        for (const QJsonObject &event : resumed.events)
            scored += event.value("event") == "item";
        QCOMPARE(scored, kItems + 1 - 30);
        QCOMPARE(contentOf(path("torn.jsonl")), whole);
        QVERIFY(!QFile::exists(path("torn.jsonl.part")));
        QVERIFY(run(evaluate({"--save-items", path("torn.jsonl"), "--resume"})).exitCode == 0); // a whole one has nothing left to do
        QCOMPARE(contentOf(path("torn.jsonl")), whole);
    }

    void itemsThatWereAskedOtherwiseAreRefused_data()
    {
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<QString>("what");
        QTest::newRow("length") << QStringList{"--max-length", "40"} << "another way to ask them";
        QTest::newRow("items") << QStringList{"--limit", "3"} << "other items";
        QTest::newRow("type") << QStringList{"--dtype", "bfloat16"} << "another type of numbers";
    }

    void itemsThatWereAskedOtherwiseAreRefused()
    {
        QFETCH(QStringList, more);
        QFETCH(QString, what);
        const QByteArray before = contentOf(path("whole.jsonl"));
        const Outcome refused = run(evaluate(more + QStringList{"--save-items", path("whole.jsonl"), "--resume"}));
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(refused.errors.contains(what.toUtf8()), refused.errors);
        QCOMPARE(contentOf(path("whole.jsonl")), before);
    }

    /// A line that cannot be asked leaves the list: the others are asked as before, and stand elsewhere.
    void itemsOfAnotherFileAreRefused()
    {
        QVERIFY(QDir().mkpath(path("moved")));
        const QByteArray unusable = "{\"query\": \"q\", \"choices\": [\"a\", \"b\", \"c\"], \"gold\": 7}\n";
        const QStringList arguments = {"evaluate", kModel,    "--tasks", path("moved"),  "--device",
                                       "cpu",      "--limit", "4",       "--save-items", path("moved.jsonl")};
        write(path("moved/arc_easy.jsonl"), unusable + arcLines(6));
        QVERIFY(run(arguments).exitCode == 0);
        write(path("moved/arc_easy.jsonl"), arcLines(6));
        const Outcome refused = run(arguments + QStringList{"--resume"});
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(refused.errors.contains("another file of arc_easy"), refused.errors);
    }

    void numbersThatAreNoneAreRefusedWithTheirLine()
    {
        QByteArray lines = contentOf(path("whole.jsonl"));
        const QByteArray field = "\"logLikelihoods\":[";
        const qsizetype begin = lines.indexOf(field) + field.size();
        write(path("odd.jsonl.part"), lines.replace(begin, lines.indexOf(',', begin) - begin, "NaN"));
        const Outcome refused = run(evaluate({"--save-items", path("odd.jsonl"), "--resume"}));
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(refused.errors.contains("in line 2"), refused.errors);
    }

    void anInterruptedRunGoesOn()
    {
        QVERIFY(QDir().mkpath(path("many")));
        write(path("many/arc_easy.jsonl"), arcLines(3000));
        const QStringList arguments = {"evaluate", kModel,      "--tasks", path("many"), "--device",
                                       "cpu",      "--threads", "1",       "--json",     "--save-items"};
        QProcess process;
        process.start(SECATEUR_CLI, arguments + QStringList{path("many.jsonl")});
        QByteArray output;
        while (!output.contains("\"event\":\"item\"") && process.waitForReadyRead(60'000))
            output += process.readAllStandardOutput();
        ::kill(pid_t(process.processId()), SIGINT);
        QCOMPARE(finished(process).exitCode, 130);
        QVERIFY(!QFile::exists(path("many.jsonl")));
        const qsizetype kept = itemsOf("many.jsonl.part").size() - 1;
        QVERIFY(kept > 0 && kept < 3000);
        const Outcome resumed = run(arguments + QStringList{path("many.jsonl"), "--resume"});
        QCOMPARE(resumed.exitCode, 0);
        QVERIFY(run(arguments + QStringList{path("again.jsonl")}).exitCode == 0);
        QCOMPARE(contentOf(path("many.jsonl")), contentOf(path("again.jsonl")));
    }

    void severalProcessesShareTheItems()
    {
        const int port = freePort();
        std::vector<std::unique_ptr<QProcess>> processes;
        for (int rank = 0; rank < 2; ++rank) {
            QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
            for (const auto &[name, value] : {std::pair("RANK", rank), std::pair("WORLD_SIZE", 2), std::pair("LOCAL_RANK", rank),
                                              std::pair("LOCAL_WORLD_SIZE", 2), std::pair("MASTER_PORT", port)})
                environment.insert(name, QString::number(value));
            environment.insert("MASTER_ADDR", "127.0.0.1");
            processes.push_back(std::make_unique<QProcess>());
            processes.back()->setProcessEnvironment(environment);
            processes.back()->start(SECATEUR_CLI, evaluate({"--save-items", path("shared.jsonl")}));
        }
        for (const auto &process : processes) {
            const Outcome outcome = finished(*process);
            QVERIFY2(outcome.exitCode == 0, outcome.errors);
        }
        QCOMPARE(contentOf(path("shared.jsonl")), contentOf(path("whole.jsonl")));
    }

    void whatCannotBeAskedIsSkippedAndCounted()
    {
        QVERIFY(QDir().mkpath(path("bad")));
        write(
            path("bad/winogrande.jsonl"),
            "{\"sentence\": \"The king saw the wolf so _ ran.\", \"option1\": \"the king\", \"option2\": \"the wolf\", \"answer\": \"1\"}\n"
            "{\"sentence\": \"Nothing is left out.\", \"option1\": \"a\", \"option2\": \"b\", \"answer\": \"2\"}\n");
        const Outcome outcome = run({"evaluate", kModel, "--tasks", path("bad"), "--device", "cpu", "--json"});
        const QJsonObject task = outcome.result().value("tasks").toObject().value("winogrande").toObject();
        QCOMPARE(task.value("items").toInt(), 1);
        QCOMPARE(task.value("skipped").toInt(), 1);
        QVERIFY2(outcome.output.contains("Line 2"), outcome.output);
    }

    void perplexityTasksAndThroughputComeTogether()
    {
        const Outcome outcome =
            run(evaluate({"--limit", "2", "--text", SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt", "--windows", "1", "--length", "64",
                          "--throughput", "--prompt-lengths", "8,16", "--new-tokens", "2", "--repetitions", "2", "--json"}));
        const QJsonObject result = outcome.result();
        QVERIFY(result.value("perplexity").toDouble() > 1);
        QCOMPARE(result.value("tasks").toObject().size(), 2);
        const QJsonArray throughput = result.value("throughput").toArray();
        QCOMPARE(throughput.size(), 2);
        QCOMPARE(throughput.at(1).toObject().value("promptLength").toInt(), 16);
        QVERIFY(throughput.at(0).toObject().value("decode").toObject().value("median").toDouble() > 0);
        QCOMPARE(run({"evaluate", kModel, "--throughput", "--repetitions", "1"}).exitCode,
                 0); // the usual prompt is longer than the context leaves
        const Outcome refused = run(evaluate({"--throughput", "--prompt-lengths", "100000", "--json"})); // before an item is scored
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(!refused.output.contains("\"event\":\"item\""), refused.output);
    }

    void mistakesAreExplained_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("words");
        QTest::newRow("nothing") << QStringList{} << "--text, --tasks or --throughput is needed";
        QTest::newRow("limit") << QStringList{"--throughput", "--limit", "5"} << "there are no --tasks";
        QTest::newRow("documents") << QStringList{"--tasks", "x", "--documents", "5"} << "there is no --text";
        QTest::newRow("sample") << QStringList{"--tasks", "x", "--sample", "5"} << "without --limit";
        QTest::newRow("documents") << QStringList{"--tasks", "x", "--documents", "5"} << "there is no --text";
        QTest::newRow("resume") << QStringList{"--tasks", "x", "--resume"} << "without --save-items";
        QTest::newRow("both") << QStringList{"--tasks", "x", "--save-items", "y", "--resume", "--overwrite"} << "exclude each other";
        QTest::newRow("lengths") << QStringList{"--tasks", "x", "--prompt-lengths", "8"} << "--throughput";
        QTest::newRow("task") << QStringList{"--tasks", "x", "--only", "boolq"} << "there is no task 'boolq'";
    }

    void mistakesAreExplained()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, words);
        const Outcome outcome = run(QStringList{"evaluate", kModel} + arguments);
        QCOMPARE(outcome.exitCode, 2);
        QVERIFY2(outcome.errors.contains(words.toUtf8()), outcome.errors);
    }
};

QTEST_GUILESS_MAIN(tst_TaskCommands)
#include "tst_TaskCommands.moc"
