// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/RankSocket.h"
#include "engine/StoreRanks.h"
#include "foundation/Error.h"

#include <QTemporaryFile>
#include <QtTest>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace secateur;
using namespace std::chrono_literals;

namespace {

RankPlace placeOf(int rank, int port)
{
    RankPlace place;
    place.rank = rank;
    place.size = 2;
    place.host = "127.0.0.1";
    place.port = port;
    return place;
}

} // namespace

class tst_StoreRanks : public QObject {
    Q_OBJECT

private slots:
    /// First, while this process has no threads.
    void aRankThatDiesWithoutAWordIsNamed()
    {
        const int port = 29000 + int(getpid() % 1000);
        const pid_t child = fork();
        if (child == 0) {
            const auto ranks = connectRanks(placeOf(1, port), {.patience = 2s});
            JobContext context;
            ranks->exchange("from 1", context);
            _exit(0); // as a kill: nothing is said, nothing is cleaned up
        }
        const auto ranks = connectRanks(placeOf(0, port), {.patience = 2s});
        JobContext context;
        const std::vector<std::string> expected = {"from 0", "from 1"};
        QCOMPARE(ranks->exchange("from 0", context), expected);
        QCOMPARE(ranks->ownerOf(5), 1);
        QVERIFY(ranks->owns(4) && !ranks->isAlone());
        waitpid(child, nullptr, 0);
        try {
            ranks->exchange("more", context);
            QFAIL("nothing was thrown");
        } catch (const Error &problem) {
            QVERIFY2(QString(problem.what()).startsWith("Rank 1 of 2 does not answer any more"), problem.what());
        }
    }

    /// Nothing but the sentence: what Torch would say of its store is for nobody.
    void whenRank0DiesThatIsAllThatIsSaid()
    {
        const int port = 27000 + int(getpid() % 1000);
        const pid_t child = fork();
        if (child == 0) {
            const auto ranks = connectRanks(placeOf(0, port), {.patience = 2s});
            ranks->exchange("from 0", JobContext());
            pause();
        }
        QString told;
        QTemporaryFile heard;
        QVERIFY(heard.open());
        const int own = dup(STDERR_FILENO);
        dup2(heard.handle(), STDERR_FILENO);
        try {
            const auto ranks = connectRanks(placeOf(1, port), {.patience = 2s});
            ranks->exchange("from 1", JobContext());
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
            ranks->exchange("more", JobContext());
        } catch (const Error &problem) {
            told = problem.what();
        }
        dup2(own, STDERR_FILENO);
        ::close(own);
        QCOMPARE(told, QString("Rank 0 is gone: its store at 127.0.0.1:%1 does not answer.").arg(port));
        QFile words(heard.fileName());
        QVERIFY(words.open(QIODevice::ReadOnly));
        QCOMPARE(words.readAll(), QByteArray());
    }

    /// Who is not on this machine cannot come: all other addresses of it are deaf.
    void theStoreListensAtItsAddressOnly()
    {
        const int port = 31000 + int(getpid() % 1000);
        const pid_t child = fork();
        if (child == 0) {
            const auto ranks = connectRanks(placeOf(1, port), {.patience = 2s});
            ranks->exchange("from 1", JobContext());
            _exit(0);
        }
        const auto ranks = connectRanks(placeOf(0, port), {.patience = 2s});
        QVERIFY(isListening("127.0.0.1", port));
        QVERIFY(!isListening("127.0.0.2", port));
        ranks->exchange("from 0", JobContext());
        waitpid(child, nullptr, 0);
    }

    void whoDoesNotComeIsNamed()
    {
        const int port = 28000 + int(getpid() % 1000);
        const auto complaintOf = [](const RankPlace &place) {
            try {
                connectRanks(place, {.joining = 300ms});
            } catch (const Error &problem) {
                return QString(problem.what());
            }
            return QString();
        };
        QCOMPARE(complaintOf(placeOf(0, port)), QString("Rank 0 of 2 gave up waiting for rank 1."));
        QCOMPARE(complaintOf(placeOf(1, port)), QString("Rank 1 of 2 gave up waiting for rank 0 at 127.0.0.1:%1.").arg(port));
        RankPlace elsewhere = placeOf(0, port);
        elsewhere.host = "192.0.2.1"; // of documentation's, and of no machine
        QCOMPARE(complaintOf(elsewhere), QString("This is rank 0, and '192.0.2.1' in MASTER_ADDR is not an address of this machine."));
        const int held = boundSocket("127.0.0.1", port, false);
        listen(held, 1);
        QCOMPARE(complaintOf(placeOf(0, port)), QString("The port 127.0.0.1:%1 is in use.").arg(port));
        ::close(held);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(Cancelled, connectRanks(placeOf(1, port), {.context = JobContext(stop.get_token())}));
    }

    void aStopEndsTheWait()
    {
        const int port = 30000 + int(getpid() % 1000);
        const pid_t child = fork();
        if (child == 0) {
            const auto ranks = connectRanks(placeOf(1, port), {.patience = 2s});
            sleep(2); // lives, and gives nothing
            _exit(0);
        }
        const auto ranks = connectRanks(placeOf(0, port), {.patience = 3s});
        std::stop_source stop;
        stop.request_stop();
        JobContext context(stop.get_token());
        QVERIFY_THROWS_EXCEPTION(Cancelled, ranks->exchange("from 0", context));
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
    }

    void oneProcessIsAlone()
    {
        for (const char *name : {"WORLD_SIZE", "RANK", "SLURM_PROCID", "SLURM_NTASKS"})
            qunsetenv(name);
        const RankPlace place = rankPlaceFromEnvironment();
        QCOMPARE(place.size, 1);
        const auto ranks = connectRanks(place);
        JobContext context;
        QCOMPARE(ranks->exchange("mine", context), std::vector<std::string>{"mine"});
        QVERIFY(ranks->isAlone() && ranks->owns(7));
    }

    void slurmIsUnderstood()
    {
        qputenv("SLURM_NTASKS", "8");
        qputenv("SLURM_PROCID", "5");
        qputenv("SLURM_LOCALID", "1");
        qputenv("SLURM_NTASKS_PER_NODE", "4");
        qputenv("MASTER_ADDR", "node1");
        qputenv("MASTER_PORT", "29500");
        const RankPlace place = rankPlaceFromEnvironment();
        QCOMPARE(place.size, 8);
        QCOMPARE(place.rank, 5);
        QCOMPARE(place.localRank, 1);
        QCOMPARE(place.localSize, 4);
        QCOMPARE(place.host, std::string("node1"));
        qunsetenv("MASTER_PORT");
        QVERIFY_THROWS_EXCEPTION(Error, rankPlaceFromEnvironment());
    }
};

QTEST_GUILESS_MAIN(tst_StoreRanks)
#include "tst_StoreRanks.moc"
