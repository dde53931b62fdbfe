// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays of several processes that are added by Gloo.
#include "engine/RankSocket.h"
#include "engine/RankSums.h"
#include "engine/StoreRanks.h"
#include "foundation/Error.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <QtTest>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace secateur;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<Ranks> join(int rank, int size, int port)
{
    RankPlace place;
    place.rank = rank;
    place.size = size;
    place.host = "127.0.0.1";
    place.port = port;
    return connectRanks(place, {.patience = 2s});
}

/// What a rank has: no multiple of a block, of several blocks.
at::Tensor arrayOf(int rank)
{
    at::manual_seed(std::uint64_t(rank));
    return at::randn({1500, 1700});
}

/// Runs it in a process of its own, whose exit code is what it returns.
pid_t started(const std::function<int()> &work)
{
    const pid_t child = fork();
    if (child == 0) {
        int code = 100;
        try {
            code = work();
        } catch (const std::exception &) {
        }
        _exit(code);
    }
    return child;
}

int exitCodeOf(pid_t child)
{
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int portOf(int test)
{
    return 20000 + test * 1000 + int(getpid() % 1000);
}

} // namespace

class tst_RankSums : public QObject {
    Q_OBJECT

private slots:
    /// No threads, while processes are forked from this one.
    void initTestCase() { at::set_num_threads(1); }

    void numbersAreAddedInTheOrderOfTheRanks()
    {
        constexpr int kSize = 3;
        const int port = portOf(0);
        std::vector<pid_t> others;
        for (int rank = 1; rank < kSize; ++rank)
            others.push_back(started([=] {
                const std::shared_ptr<Ranks> ranks = join(rank, kSize, port);
                RankSums sums(ranks, JobContext());
                const at::Tensor mine = arrayOf(rank), part = mine.narrow(0, 100, 1400).narrow(1, 0, 900);
                for (int time = 0; time < 2; ++time)
                    if (sums.add({part, mine.narrow(0, 0, 70)}, JobContext()) || !at::equal(mine, arrayOf(rank)))
                        return 1;
                return 0;
            }));
        const std::shared_ptr<Ranks> ranks = join(0, kSize, port);
        RankSums sums(ranks, JobContext());
        const at::Tensor expected = arrayOf(0) + arrayOf(1) + arrayOf(2);
        for (int time = 0; time < 2; ++time) { // and the same again
            const at::Tensor mine = arrayOf(0), part = mine.narrow(0, 100, 1400).narrow(1, 0, 900), top = mine.narrow(0, 0, 70);
            QVERIFY(sums.add({part, top}, JobContext()));
            QVERIFY(at::equal(part, expected.narrow(0, 100, 1400).narrow(1, 0, 900)));
            QVERIFY(at::equal(top, expected.narrow(0, 0, 70)));
            QVERIFY(at::equal(mine.narrow(0, 70, 30), arrayOf(0).narrow(0, 70, 30))); // what was not given stays
        }
        for (const pid_t other : others)
            QCOMPARE(exitCodeOf(other), 0);
    }

    void aRankThatEndsWhileOthersWaitIsNamed()
    {
        const int port = portOf(1);
        const pid_t other = started([=] {
            const std::shared_ptr<Ranks> ranks = join(1, 2, port);
            const RankSums sums(ranks, JobContext());
            return 0; // says so
        });
        const std::shared_ptr<Ranks> ranks = join(0, 2, port);
        RankSums sums(ranks, JobContext());
        try {
            sums.add({arrayOf(0)}, JobContext());
            QFAIL("nothing was thrown");
        } catch (const Error &problem) {
            QCOMPARE(QString(problem.what()), QString("Rank 1 of 2 has ended before the work was done."));
        }
        exitCodeOf(other);
    }

    void aRankThatDiesWhileItIsHeardIsNamed()
    {
        const int port = portOf(2);
        const pid_t other = started([=] {
            const std::shared_ptr<Ranks> ranks = join(1, 2, port);
            const RankSums sums(ranks, JobContext());
            ranks->exchange({}, JobContext()); // as adding begins
            return 0;
        });
        const std::shared_ptr<Ranks> ranks = join(0, 2, port);
        RankSums sums(ranks, JobContext());
        try {
            sums.add({arrayOf(0)}, JobContext());
            QFAIL("nothing was thrown");
        } catch (const Error &problem) {
            QVERIFY2(QString(problem.what()).startsWith("Rank 1 of 2 "), problem.what());
        }
        exitCodeOf(other);
    }

    void aStopIsHeeded()
    {
        const int port = portOf(3);
        const pid_t other = started([=] {
            const std::shared_ptr<Ranks> ranks = join(1, 2, port);
            const RankSums sums(ranks, JobContext());
            sleep(1); // is not where it should be
            return 0;
        });
        const std::shared_ptr<Ranks> ranks = join(0, 2, port);
        RankSums sums(ranks, JobContext());
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(Cancelled, sums.add({arrayOf(0)}, JobContext(stop.get_token())));
        exitCodeOf(other);
    }

    void oneRankHasItsSumAlready()
    {
        const at::Tensor mine = arrayOf(0);
        RankSums sums(std::make_shared<Ranks>(), JobContext());
        QVERIFY(sums.add({mine}, JobContext()));
        QVERIFY(at::equal(mine, arrayOf(0)));
        QCOMPARE(RankSums::bytesBeside(1000, 1), 0);
        QVERIFY(RankSums::bytesBeside(1000, 2) > 5 * 4'000'000);
    }

    void thisMachineKnowsItsAddresses()
    {
        const RankAddresses here = addressesTowards("127.0.0.1", 9);
        QCOMPARE(here.own, std::string("127.0.0.1"));
        QCOMPARE(here.theirs, std::string("127.0.0.1"));
        QVERIFY(here.isLoopback);
        QVERIFY_THROWS_EXCEPTION(Error, addressesTowards("no.such.machine.invalid", 9));
    }
};

QTEST_GUILESS_MAIN(tst_RankSums)
#include "tst_RankSums.moc"
