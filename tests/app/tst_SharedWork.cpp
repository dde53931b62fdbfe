// SPDX-License-Identifier: GPL-3.0-or-later
// The command line in several processes, as torchrun starts them: the plan is that of one process, byte for byte.
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtEndian>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

const QString kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const QStringList kWork = {
    kModel,     "--text", SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt", "--windows", "5", "--length", "128", "--threads", "1",
    "--device", "cpu"};

/// A port that nobody uses at the moment.
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

QProcessEnvironment environmentOf(int rank, int size, int port)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("RANK", QString::number(rank));
    environment.insert("WORLD_SIZE", QString::number(size));
    environment.insert("LOCAL_RANK", QString::number(rank));
    environment.insert("LOCAL_WORLD_SIZE", QString::number(size));
    environment.insert("MASTER_ADDR", "127.0.0.1");
    environment.insert("MASTER_PORT", QString::number(port));
    return environment;
}

struct Outcome {
    int exitCode = -1;
    QByteArray output, errors;
};

/// One process for each list of arguments, as ranks of one job.
std::vector<Outcome> runTogether(const std::vector<QStringList> &commands)
{
    const int port = freePort();
    std::vector<std::unique_ptr<QProcess>> processes;
    for (const QStringList &arguments : commands) {
        processes.push_back(std::make_unique<QProcess>());
        processes.back()->setProcessEnvironment(environmentOf(int(processes.size()) - 1, int(commands.size()), port));
        processes.back()->start(SECATEUR_CLI, arguments);
    }
    std::vector<Outcome> outcomes;
    for (const auto &process : processes) {
        const bool isDone = process->waitForFinished(120'000);
        outcomes.push_back({isDone && process->exitStatus() == QProcess::NormalExit ? process->exitCode() : -1,
                            process->readAllStandardOutput(), process->readAllStandardError()});
    }
    return outcomes;
}

QByteArray contentOf(const QString &file)
{
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
}

} // namespace

class tst_SharedWork : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QByteArray m_alone;

    QStringList prune(const QString &plan, const QString &screen = "none") const
    {
        return QStringList{"prune", "--sparsity", "0.5", "--screen", screen, "--save-plan", m_folder.filePath(plan)} + kWork;
    }

private slots:
    void initTestCase()
    {
        QCOMPARE(QProcess::execute(SECATEUR_CLI, prune("alone.json")), 0);
        m_alone = contentOf(m_folder.filePath("alone.json"));
        QVERIFY(m_alone.contains("removedAttentions"));
    }

    void severalProcessesFindThePlanOfOne_data()
    {
        QTest::addColumn<int>("size");
        QTest::addColumn<QString>("screen");
        QTest::newRow("2") << 2 << "none";
        QTest::newRow("3") << 3 << "none";
        QTest::newRow("2, screened") << 2 << "bfloat16";
    }

    void severalProcessesFindThePlanOfOne()
    {
        QFETCH(int, size);
        QFETCH(QString, screen);
        const QString plan = QString("plan-%1-%2.json").arg(size).arg(screen);
        if (screen != "none") {
            QCOMPARE(QProcess::execute(SECATEUR_CLI, prune("screened.json", screen)), 0);
            m_alone = contentOf(m_folder.filePath("screened.json"));
            QVERIFY(m_alone.contains("\"screened\""));
        }
        const std::vector<Outcome> outcomes = runTogether(std::vector<QStringList>(std::size_t(size), prune(plan, screen)));
        for (const Outcome &outcome : outcomes)
            QVERIFY2(outcome.exitCode == 0, outcome.errors);
        QVERIFY(outcomes.front().output.contains("N = 5"));
        QCOMPARE(outcomes.back().output, QByteArray()); // one speaks for all
        QCOMPARE(contentOf(m_folder.filePath(plan)), m_alone);
    }

    void scoresAreThoseOfOne()
    {
        const auto calibrate = [&](const QString &file) { return QStringList{"calibrate", "--output", m_folder.filePath(file)} + kWork; };
        QCOMPARE(QProcess::execute(SECATEUR_CLI, calibrate("alone.safetensors")), 0);
        for (const Outcome &outcome : runTogether({calibrate("two.safetensors"), calibrate("two.safetensors")}))
            QVERIFY2(outcome.exitCode == 0, outcome.errors);
        QVERIFY(!contentOf(m_folder.filePath("alone.safetensors")).isEmpty());
        QCOMPARE(contentOf(m_folder.filePath("two.safetensors")), contentOf(m_folder.filePath("alone.safetensors")));
    }

    /// Sums of ranks differ from those of one by rounding, and are the same every time; scores are those of a run without them.
    void gramMatricesOfRanksAreAdded()
    {
        const auto calibrate = [&](const QString &name) {
            return QStringList{"calibrate", "--output", m_folder.filePath(name + ".scores"), "--save-grams", m_folder.filePath(name)} +
                   kWork;
        };
        QCOMPARE(QProcess::execute(SECATEUR_CLI, calibrate("one")), 0);
        QCOMPARE(QProcess::execute(SECATEUR_CLI, QStringList{"calibrate", "--output", m_folder.filePath("plain.scores")} + kWork), 0);
        for (const char *time : {"two", "again"})
            for (const Outcome &outcome : runTogether({calibrate(time), calibrate(time), calibrate(time)}))
                QVERIFY2(outcome.exitCode == 0, outcome.errors);
        QCOMPARE(contentOf(m_folder.filePath("one.scores")), contentOf(m_folder.filePath("plain.scores")));
        QCOMPARE(contentOf(m_folder.filePath("two.scores")), contentOf(m_folder.filePath("plain.scores")));
        const QByteArray one = contentOf(m_folder.filePath("one")), two = contentOf(m_folder.filePath("two"));
        QVERIFY(two == contentOf(m_folder.filePath("again")));
        QCOMPARE(one.size(), two.size());
        const qsizetype header = 8 + qFromLittleEndian<qint64>(one.constData());
        QVERIFY(header < one.size() && one.left(header) == two.left(header));
        double most = 0, apart = 0;
        for (qsizetype at = header; at < one.size(); at += qsizetype(sizeof(float))) {
            const auto a = double(qFromLittleEndian<float>(one.constData() + at)),
                       b = double(qFromLittleEndian<float>(two.constData() + at));
            most = std::max(most, std::abs(a));
            apart = std::max(apart, std::abs(a - b) / (1 + std::abs(a)));
        }
        QVERIFY(most > 1);
        QVERIFY2(apart > 0 && apart < 1e-4, qPrintable(QString::number(apart)));
    }

    void ranksOfWhichOneKeepsNoGramMatricesAreRefused()
    {
        const QStringList plain = QStringList{"calibrate", "--output", m_folder.filePath("refused.scores")} + kWork;
        const std::vector<Outcome> outcomes = runTogether({plain + QStringList{"--save-grams", m_folder.filePath("refused")}, plain});
        QVERIFY2(outcomes[0].errors.contains("Rank 1 has another choice of Gram matrices (--save-grams) than rank 0."), outcomes[0].errors);
        QVERIFY(!QFile::exists(m_folder.filePath("refused")));
    }

    void aRankThatEndsIsNamed()
    {
        QStringList broken = prune("never.json");
        broken.replaceInStrings(kModel, "/nowhere");
        const std::vector<Outcome> outcomes = runTogether({prune("never.json"), broken});
        QCOMPARE(outcomes[0].exitCode, 1);
        QVERIFY2(outcomes[0].errors.contains("Rank 1 of 2 has ended before the work was done."), outcomes[0].errors);
        QVERIFY2(outcomes[1].errors.contains("Rank 1 of 2: There is no folder '/nowhere'"), outcomes[1].errors);
    }

    void fewerWindowsThanProcessesAreRefused()
    {
        QStringList one = prune("few.json");
        one.replace(one.indexOf("--windows") + 1, "1");
        for (const Outcome &outcome : runTogether({one, one}))
            QVERIFY2(outcome.errors.contains("The text has 1 window for 2 processes."), outcome.errors);
    }

    void ranksWithAnotherTextAreRefused()
    {
        QStringList other = prune("other.json");
        other[other.indexOf("--text") + 1] = SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt";
        const std::vector<Outcome> outcomes = runTogether({prune("other.json"), other});
        QVERIFY2(outcomes[0].errors.contains("Rank 1 has another text (--text, --windows, --length, --seed) than rank 0."),
                 outcomes[0].errors);
        QCOMPARE(outcomes[1].exitCode, 1);
    }

    void ranksWithOtherSettingsAreRefused_data()
    {
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<QByteArray>("what");
        QTest::newRow("norm") << QStringList{"--norm", "l1"} << QByteArray("norm (--norm)");
        QTest::newRow("loss") << QStringList{"--loss-dtype", "reference"} << QByteArray("type of the loss (--loss-dtype)");
        QTest::newRow("protect") << QStringList{"--protect", "1"} << QByteArray("list of protected layers (--protect)");
        QTest::newRow("force") << QStringList{"--force", "5"} << QByteArray("list of forced layers (--force)");
        QTest::newRow("losses") << QStringList{"--all-losses"} << QByteArray("choice of losses (--all-losses)");
        QTest::newRow("screen") << QStringList{"--screen", "bfloat16"} << QByteArray("screening type (--screen)");
    }

    /// What one of them finds is put together with what the other finds: nothing of it may be of other settings.
    void ranksWithOtherSettingsAreRefused()
    {
        QFETCH(QStringList, more);
        QFETCH(QByteArray, what);
        const QString never = m_folder.filePath("never.json");
        const QStringList other = more.front() == "--screen" ? prune("never.json", more.back()) : prune("never.json") + more;
        for (const Outcome &outcome : runTogether({prune("never.json"), other})) {
            QCOMPARE(outcome.exitCode, 1);
            QVERIFY2(outcome.errors.contains("Rank 1 has another " + what + " than rank 0."), outcome.errors);
        }
        QVERIFY(!QFile::exists(never));
    }

    void ranksThatComputeOtherwiseAreRefused_data()
    {
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("type") << QStringList{"--dtype", "bfloat16"} // which some processors have instructions of their own for
                              << QStringLiteral("Rank 1 computes in bfloat16(, with [^;]*)?; rank 0 computes in float32(, with .*)?\\.");
        QTest::newRow("threads") << QStringList{"--threads", "2"}
                                 << QStringLiteral("Rank 1 computes with 2 threads; rank 0 computes with 1 thread\\.");
    }

    /// Both say it, and end as they do after any other error.
    void ranksThatComputeOtherwiseAreRefused()
    {
        QFETCH(QStringList, more);
        QFETCH(QString, sentence);
        const QString never = m_folder.filePath("never.json"), plan = m_folder.filePath("alone.json");
        QStringList other = prune("never.json");
        if (more.front() == "--threads")
            other[other.indexOf("--threads") + 1] = more.back();
        else
            other += more;
        for (const Outcome &outcome : runTogether({prune("never.json"), other})) {
            QCOMPARE(outcome.exitCode, 1);
            QVERIFY2(QString::fromUtf8(outcome.errors).contains(QRegularExpression(sentence)), outcome.errors);
        }
        const QStringList resume = {"search",   kModel, "--plan",  plan,      "--save-plan", never,
                                    "--device", "cpu",  "--dtype", "float32", "--threads",   "1"};
        QStringList otherwise = resume;
        otherwise[otherwise.indexOf(more.front()) + 1] = more.back();
        for (const Outcome &outcome : runTogether({resume, otherwise})) {
            QCOMPARE(outcome.exitCode, 1);
            QVERIFY2(QString::fromUtf8(outcome.errors).contains(QRegularExpression(sentence)),
                     outcome.errors); // before one of them finds that the plan is not its own
        }
        QVERIFY(!QFile::exists(never));
    }

    void whatCannotBeSharedIsRefused()
    {
        for (const Outcome &outcome : runTogether({{"inspect", kModel}, {"inspect", kModel}}))
            QVERIFY2(outcome.errors.contains("'inspect' runs in one process, and this is one of 2."), outcome.errors);
    }

    void damagedEnvironmentIsNamed()
    {
        QProcess process;
        QProcessEnvironment environment = environmentOf(0, 2, 1234);
        environment.insert("RANK", "2");
        process.setProcessEnvironment(environment);
        process.start(SECATEUR_CLI, prune("never.json"));
        QVERIFY(process.waitForFinished());
        QVERIFY(process.readAllStandardError().contains("The variable RANK is '2'; it must be a number from 0 to 1."));
    }
};

QTEST_GUILESS_MAIN(tst_SharedWork)
#include "tst_SharedWork.moc"
