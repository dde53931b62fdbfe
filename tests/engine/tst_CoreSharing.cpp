// SPDX-License-Identifier: GPL-3.0-or-later
// Whether threads that wait give way when other programs want the cores, and take them back.
#include "engine/CoreSharing.h"

#include <QtTest>
#include <cstdlib>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace secateur;

namespace {

/// Other programs that want the cores.
class BusyPrograms {
public:
    explicit BusyPrograms(int count)
    {
        for (int i = 0; i < count; ++i) {
            const pid_t child = fork();
            if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL); // it does not outlive the test
                for (volatile unsigned spins = 0;;)
                    spins = spins + 1;
            }
            if (child > 0)
                m_children.push_back(child);
        }
    }
    ~BusyPrograms()
    {
        for (const pid_t child : m_children) {
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    }
    BusyPrograms(const BusyPrograms &) = delete;
    BusyPrograms &operator=(const BusyPrograms &) = delete;

private:
    std::vector<pid_t> m_children;
};

int cores()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    return CPU_COUNT(&set);
}

} // namespace

class tst_CoreSharing : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        unsetenv("OMP_WAIT_POLICY");
        unsetenv("GOMP_SPINCOUNT");
    }

    void whatSomebodyChoseStays_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("value");
        QTest::newRow("policy") << QByteArray("OMP_WAIT_POLICY") << QByteArray("passive");
        QTest::newRow("spins") << QByteArray("GOMP_SPINCOUNT") << QByteArray("10000");
    }

    void whatSomebodyChoseStays()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, value);
        setenv(name.constData(), value.constData(), 1);
        const CoreSharing sharing(cores());
        QCOMPARE(sharing.policy(), (name + "=" + value).toStdString());
        const BusyPrograms others(cores());
        QTest::qWait(600);
        QVERIFY(!sharing.isYielding());
    }

    void oneThreadWaitsForNobody()
    {
        const CoreSharing sharing(1);
        QCOMPARE(sharing.policy(), std::string("one thread"));
        QVERIFY(!sharing.isYielding());
    }

    void canBeTold()
    {
        QVERIFY(CoreSharing(2, "sleep").isYielding());
        QVERIFY(!CoreSharing(2, "spin").isYielding());
        QCOMPARE(CoreSharing(2, "spin").policy(), std::string("spin"));
        if (cores() >= 4)
            QCOMPARE(CoreSharing(cores() / 2).policy(), std::string("spin")); // others have the other half
    }

    void yieldsWhileOthersWantTheCores()
    {
        if (cores() < 2)
            QSKIP("one core: there are no threads that wait for each other");
        const CoreSharing sharing(cores());
        QCOMPARE(sharing.policy(), std::string("by load"));
        for (int round = 0; round < 2; ++round) {
            QTRY_VERIFY_WITH_TIMEOUT(!sharing.isYielding(), 20000); // as soon as the machine is ours
            const BusyPrograms others(cores());
            QTRY_VERIFY_WITH_TIMEOUT(sharing.isYielding(), 3000);
        }
    }
};

QTEST_GUILESS_MAIN(tst_CoreSharing)
#include "tst_CoreSharing.moc"
