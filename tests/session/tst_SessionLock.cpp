// SPDX-License-Identifier: GPL-3.0-or-later
// One window for a session file, and who else wrote it.
#include "session/SessionLock.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace secateur;

namespace {
bool hasLocks = true; ///< of the file system
} // namespace

/// In place of the C library's.
extern "C" int flock(int descriptor, int operation) noexcept
{
    if (hasLocks)
        return int(::syscall(SYS_flock, descriptor, operation));
    errno = ENOLCK;
    return -1;
}

class tst_SessionLock : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void secondOneLearnsWhoHasTheFile();
    void theSameFileByAnotherPathIsTheSame();
    void otherFilesAreFree();
    void nothingIsLeftWhenItIsGivenBack();
    void killedProcessLocksNobodyOut();
    void folderThatCannotBeWrittenToHasNoLock();
    void whereThereAreNoLocksNothingIsLeft();
    void stampTellsOfAnotherHand();

private:
    std::filesystem::path path(const char *name) const { return m_folder->filePath(name).toStdString(); }
    QStringList hidden() const { return QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void tst_SessionLock::secondOneLearnsWhoHasTheFile()
{
    const SessionLock first(path("a.secateur"));
    QVERIFY(first.isHeld());
    QVERIFY(!first.owner());
    const SessionLock second(path("a.secateur"));
    QVERIFY(!second.isHeld());
    QVERIFY(second.owner());
    QCOMPARE(second.owner()->process, std::int64_t(::getpid()));
    QVERIFY(second.owner()->host.empty()); // this machine needs no name
    std::ofstream(path(".a.secateur.lock")) << "77 elsewhere\n";
    const SessionLock third(path("a.secateur"));
    QCOMPARE(third.owner()->process, 77);
    QCOMPARE(third.owner()->host, std::string("elsewhere"));
    std::ofstream(path(".a.secateur.lock")) << "";
    QCOMPARE(SessionLock(path("a.secateur")).owner()->process, 0); // locked all the same
}

void tst_SessionLock::theSameFileByAnotherPathIsTheSame()
{
    std::ofstream(path("a.secateur")) << "x";
    std::filesystem::create_symlink(path("a.secateur"), path("link.secateur"));
    const SessionLock lock(path("a.secateur"));
    QVERIFY(lock.isOf(path("link.secateur")));
    QVERIFY(lock.isOf(path("./a.secateur")));
    QVERIFY(SessionLock(path("link.secateur")).owner());
}

void tst_SessionLock::otherFilesAreFree()
{
    const SessionLock one(path("a.secateur")), two(path("b.secateur"));
    QVERIFY(one.isHeld() && two.isHeld());
    QVERIFY(!one.isOf(path("b.secateur")));
}

void tst_SessionLock::nothingIsLeftWhenItIsGivenBack()
{
    {
        const SessionLock lock(path("a.secateur"));
        QCOMPARE(hidden(), QStringList(".a.secateur.lock"));
        const SessionLock refused(path("a.secateur"));
    }
    QVERIFY(hidden().isEmpty());
    QVERIFY(SessionLock(path("a.secateur")).isHeld());
}

void tst_SessionLock::killedProcessLocksNobodyOut()
{
    int ready[2];
    QCOMPARE(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const SessionLock lock(path("a.secateur"));
        const char word = lock.isHeld() ? 'y' : 'n';
        if (::write(ready[1], &word, 1) == 1)
            ::pause();
        ::_exit(1);
    }
    char word = 0;
    QCOMPARE(::read(ready[0], &word, 1), ssize_t(1));
    QCOMPARE(word, 'y');
    QCOMPARE(SessionLock(path("a.secateur")).owner()->process, std::int64_t(child));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    QCOMPARE(hidden(), QStringList(".a.secateur.lock")); // it could not tidy up
    QVERIFY(SessionLock(path("a.secateur")).isHeld());
    QVERIFY(hidden().isEmpty());
}

void tst_SessionLock::folderThatCannotBeWrittenToHasNoLock()
{
    const SessionLock lock("/no/such/folder/a.secateur");
    QVERIFY(!lock.isHeld());
    QVERIFY(!lock.owner());
}

void tst_SessionLock::whereThereAreNoLocksNothingIsLeft()
{
    hasLocks = false;
    bool isHeld = true, isOwned = true;
    {
        const SessionLock lock(path("a.secateur"));
        isHeld = lock.isHeld();
        isOwned = lock.owner().has_value();
    }
    std::ofstream(path(".b.secateur.lock")) << "77 elsewhere\n"; // of somebody else, for whom there may be locks
    {
        const SessionLock lock(path("b.secateur"));
    }
    hasLocks = true;
    QVERIFY(!isHeld && !isOwned);
    QCOMPARE(hidden(), QStringList(".b.secateur.lock"));
}

void tst_SessionLock::stampTellsOfAnotherHand()
{
    QVERIFY(!stampOf(path("a")));
    std::ofstream(path("a")) << "one";
    const auto before = stampOf(path("a"));
    QVERIFY(before);
    QCOMPARE(*stampOf(path("a")), *before);
    QCOMPARE(stampFromText(textOf(*before)).value_or(FileStamp()), *before); // in a later run
    QVERIFY(!stampFromText("") && !stampFromText("1 2 3") && !stampFromText("yesterday"));
    std::ofstream(path("b")) << "two"; // as long, and the clock of the disk may stand still meanwhile
    std::filesystem::rename(path("b"), path("a"));
    QVERIFY(!(*stampOf(path("a")) == *before));
}

QTEST_GUILESS_MAIN(tst_SessionLock)
#include "tst_SessionLock.moc"
