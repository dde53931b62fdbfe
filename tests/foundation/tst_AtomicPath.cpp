// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"

#include <QTemporaryDir>
#include <QtTest>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace secateur;

class tst_AtomicPath : public QObject {
    Q_OBJECT

private slots:
    void committedFileReplacesTheOld();
    void committedFolderReplacesTheOld();
    void withoutCommitNothingIsLeft();
    void theEndOfTheProcessLeavesNothing();
    void aCommitThatHasBegunComesBeforeTheEnd();
    void whatTheDeadLeftIsSwept();
    void whatTheLivingHoldStays();
    void twoOfOneNameKeepApart();
    void anOldOutputWhoseReplacementNeverCameComesBack();
    void linksAreFollowed();
    void whatIsNoFileIsNotReplaced();
    void longNamesHaveRoom();
    void missingParentIsNamed();
    void fullDiskLeavesTheOldFile();
    void messagesNameTheTarget();
};

namespace {

namespace fs = std::filesystem;

void write(const fs::path &file, const std::string &text)
{
    std::ofstream(file) << text;
}

QByteArray read(const QString &file)
{
    QFile f(file);
    return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray("(none)");
}

QStringList entries(const QTemporaryDir &folder)
{
    return QDir(folder.path()).entryList(QDir::AllEntries | QDir::System | QDir::Hidden | QDir::NoDotAndDotDot);
}

fs::path in(const QTemporaryDir &folder, const char *name)
{
    return folder.filePath(name).toStdString();
}

/// What `work` complains about; empty when it does not.
template <typename Work>
QString complaintOf(Work &&work)
{
    try {
        work();
    } catch (const Error &problem) {
        return problem.what();
    }
    return {};
}

/// Runs `work` in a process of its own, which must end by itself; gives its exit code, or minus the signal that killed it.
template <typename Work>
int inAnotherProcess(Work &&work)
{
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(99);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

} // namespace

void tst_AtomicPath::committedFileReplacesTheOld()
{
    QTemporaryDir folder;
    const QString name = folder.filePath("a.txt");
    write(name.toStdString(), "old");
    AtomicPath path = AtomicPath::forFile(name.toStdString());
    write(path.temporary(), "new");
    QCOMPARE(read(name), QByteArray("old"));
    path.commit();
    QCOMPARE(read(name), QByteArray("new"));
    QCOMPARE(entries(folder), QStringList("a.txt"));
}

void tst_AtomicPath::committedFolderReplacesTheOld()
{
    QTemporaryDir folder;
    fs::create_directory(in(folder, "out"));
    write(in(folder, "out/old.txt"), "old");
    AtomicPath path = AtomicPath::forFolder(in(folder, "out/")); // a slash at the end is no other name
    write(path.temporary() / "new.txt", "new");
    path.commit();
    QCOMPARE(QDir(folder.filePath("out")).entryList(QDir::Files), QStringList("new.txt"));
    QCOMPARE(entries(folder), QStringList("out"));
}

void tst_AtomicPath::withoutCommitNothingIsLeft()
{
    QTemporaryDir folder;
    {
        const AtomicPath path = AtomicPath::forFolder(in(folder, "out"));
        write(path.temporary() / "half.txt", "half");
        QCOMPARE(entries(folder).size(), 1);
    }
    QVERIFY(entries(folder).isEmpty());
}

void tst_AtomicPath::theEndOfTheProcessLeavesNothing()
{
    QTemporaryDir folder;
    write(in(folder, "a"), "old");
    const int code = inAnotherProcess([&] {
        const AtomicPath file = AtomicPath::forFile(in(folder, "a")), tree = AtomicPath::forFolder(in(folder, "b"));
        write(file.temporary(), "half");
        write(tree.temporary() / "half.txt", "half");
        AtomicPath::endProcess(7, "");
    });
    QCOMPARE(code, 7);
    QCOMPARE(entries(folder), QStringList("a"));
    QCOMPARE(read(folder.filePath("a")), QByteArray("old"));
}

/// Whenever the end comes, the name leads to the old folder or the new one, whole.
void tst_AtomicPath::aCommitThatHasBegunComesBeforeTheEnd()
{
    QTemporaryDir folder;
    bool wasOld = false, wasNew = false;
    for (int attempt = 0; attempt < 200 && !(wasOld && wasNew && attempt >= 40); ++attempt) {
        fs::remove_all(in(folder, "out"));
        fs::create_directory(in(folder, "out"));
        for (const char *name : {"out/1", "out/2"})
            write(in(folder, name), "old");
        inAnotherProcess([&] {
            AtomicPath path = AtomicPath::forFolder(in(folder, "out"));
            for (const char *name : {"1", "2"})
                write(path.temporary() / name, "new");
            std::thread end([&] {
                std::this_thread::sleep_for(std::chrono::microseconds(attempt * 37 % 3000));
                AtomicPath::endProcess(0, "");
            });
            path.commit();
            end.join();
        });
        QCOMPARE(entries(folder), QStringList("out"));
        const QByteArray first = read(folder.filePath("out/1"));
        QVERIFY(first == "old" || first == "new");
        QCOMPARE(read(folder.filePath("out/2")), first);
        (first == "old" ? wasOld : wasNew) = true;
    }
}

void tst_AtomicPath::whatTheDeadLeftIsSwept()
{
    QTemporaryDir folder;
    const int code = inAnotherProcess([&] {
        const AtomicPath tree = AtomicPath::forFolder(in(folder, "out")), file = AtomicPath::forFile(in(folder, "other.json"));
        write(tree.temporary() / "half.txt", "half");
        raise(SIGKILL);
    });
    QCOMPARE(code, -SIGKILL);
    fs::create_directory(in(folder, ".out.partial-999999999")); // of version 0.1, whose process is gone
    write(in(folder, ".mine.partial-secateur-note"), "a name that only looks like ours");
    QCOMPARE(entries(folder).size(), 4);
    AtomicPath::forFolder(in(folder, "out")).commit();
    QCOMPARE(entries(folder), QStringList({".mine.partial-secateur-note", "out"}));
}

void tst_AtomicPath::whatTheLivingHoldStays()
{
    QTemporaryDir folder;
    AtomicPath mine = AtomicPath::forFolder(in(folder, "out"));
    write(mine.temporary() / "1", "mine");
    const int code = inAnotherProcess([&] {
        AtomicPath theirs = AtomicPath::forFolder(in(folder, "out"));
        write(theirs.temporary() / "1", "theirs");
        theirs.commit();
        _exit(0);
    });
    QCOMPARE(code, 0);
    QCOMPARE(read(folder.filePath("out/1")), QByteArray("theirs"));
    QVERIFY(fs::exists(mine.temporary() / "1"));
    mine.commit();
    QCOMPARE(read(folder.filePath("out/1")), QByteArray("mine"));
    QCOMPARE(entries(folder), QStringList("out"));
}

/// As in two containers that share a folder: the process ids may be equal, so nothing may depend on them.
void tst_AtomicPath::twoOfOneNameKeepApart()
{
    QTemporaryDir folder;
    AtomicPath one = AtomicPath::forFile(in(folder, "a")), two = AtomicPath::forFile(in(folder, "a"));
    QVERIFY(one.temporary() != two.temporary());
    write(one.temporary(), "one");
    write(two.temporary(), "two");
    one.commit();
    two.commit();
    QCOMPARE(read(folder.filePath("a")), QByteArray("two"));
    QCOMPARE(entries(folder), QStringList("a"));
}

/// What is left where folders cannot be exchanged in one step, and the process dies between the steps.
void tst_AtomicPath::anOldOutputWhoseReplacementNeverCameComesBack()
{
    QTemporaryDir folder;
    fs::create_directory(in(folder, ".out.previous-secateur-0123abcd"));
    write(in(folder, ".out.previous-secateur-0123abcd/1"), "old");
    {
        const AtomicPath another = AtomicPath::forFile(in(folder, "b"));
    }
    QCOMPARE(entries(folder), QStringList("out"));
    QCOMPARE(read(folder.filePath("out/1")), QByteArray("old"));
}

void tst_AtomicPath::linksAreFollowed()
{
    QTemporaryDir folder;
    fs::create_directory(in(folder, "there"));
    fs::create_symlink("there/file", in(folder, "dangling"));
    fs::create_symlink("dangling", in(folder, "link"));
    fs::create_symlink("circle", in(folder, "circle"));
    AtomicPath path = AtomicPath::forFile(in(folder, "link"));
    QCOMPARE(path.target().parent_path().filename(), fs::path("there"));
    write(path.temporary(), "new");
    path.commit();
    QCOMPARE(read(folder.filePath("there/file")), QByteArray("new"));
    QVERIFY(fs::is_symlink(in(folder, "link")) && fs::is_symlink(in(folder, "dangling")));
    // "link/.." is the parent of what the link leads to, as the kernel has it.
    fs::create_directories(in(folder, "far/away"));
    fs::create_symlink("far/away", in(folder, "near"));
    QCOMPARE(AtomicPath::forFolder(in(folder, "near/../out")).target(), fs::canonical(in(folder, "far")) / "out");
    fs::create_symlink("../beside", in(folder, "far/away/relative"));
    QCOMPARE(AtomicPath::forFile(in(folder, "near/relative")).target(), fs::canonical(in(folder, "far")) / "beside");
    QVERIFY(complaintOf([&] { AtomicPath::forFile(in(folder, "circle")); }).endsWith("links lead in a circle."));
}

void tst_AtomicPath::whatIsNoFileIsNotReplaced()
{
    QTemporaryDir folder;
    fs::create_directory(in(folder, "folder"));
    write(in(folder, "file"), "");
    QCOMPARE(mkfifo(in(folder, "pipe").c_str(), 0600), 0);
    const QStringList before = entries(folder);
    QVERIFY(complaintOf([&] { AtomicPath::forFile(in(folder, "folder")); }).endsWith("/folder' is a folder; a file is to be written."));
    for (const char *name : {"file/", "new/"})
        QVERIFY(complaintOf([&] { AtomicPath::forFile(in(folder, name)); }).endsWith("names a folder, but a file is to be written."));
    for (const char *name : {"file", "file/"})
        QVERIFY(complaintOf([&] { AtomicPath::forFolder(in(folder, name)); }).contains("is a file; a folder is to be written."));
    QVERIFY(complaintOf([&] { AtomicPath::forFile(in(folder, "pipe")); }).endsWith("/pipe' is a pipe; a file is to be written."));
    QCOMPARE(complaintOf([] { AtomicPath::forFile("/dev/null"); }), QString("'/dev/null' is a device; a file is to be written."));
    QCOMPARE(entries(folder), before);
}

void tst_AtomicPath::longNamesHaveRoom()
{
    QTemporaryDir folder;
    const std::string longest(255, 'x');
    AtomicPath::forFile(in(folder, longest.c_str())).commit();
    QCOMPARE(entries(folder), QStringList(QString::fromStdString(longest)));
    QVERIFY(complaintOf([&] { AtomicPath::forFile(in(folder, (longest + "x").c_str())); }).endsWith("is too long."));
    // What failed its check is kept all the same, its name cut in front of the suffix, not inside a character.
    const std::string umlauts = "x" + QString(127, QChar(0xE4)).toStdString();
    AtomicPath failed = AtomicPath::forFolder(in(folder, umlauts.c_str())), again = AtomicPath::forFolder(in(folder, umlauts.c_str()));
    const std::string first = failed.commitWithSuffix(".unverified").filename().string();
    QCOMPARE(first, "x" + QString(121, QChar(0xE4)).toStdString() + ".unverified");
    QVERIFY(fs::is_directory(in(folder, first.c_str())));
    QCOMPARE(again.commitWithSuffix(".unverified").filename().string(), "x" + QString(120, QChar(0xE4)).toStdString() + ".unverified-2");
}

void tst_AtomicPath::missingParentIsNamed()
{
    QCOMPARE(complaintOf([] { AtomicPath::forFile("/no/such/folder/a"); }), QString("The folder '/no/such/folder' does not exist."));
    if (::access("/proc", W_OK) != 0)
        QSKIP("Only root may write where no files can be made.");
    const QString none = "The file system of the folder '/proc' takes no new files.";
    QCOMPARE(complaintOf([] { AtomicPath::forFile("/proc/a"); }), none);
    QCOMPARE(complaintOf([] { AtomicPath::forFolder("/proc/a"); }), none);
}

void tst_AtomicPath::fullDiskLeavesTheOldFile()
{
    QTemporaryDir folder;
    const std::string name = folder.filePath("a.txt").toStdString();
    write(name, "old");
    signal(SIGXFSZ, SIG_IGN); // a limit on the file size stands for a full disk: the write fails in the same way
    const rlimit small{.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    const QString text = complaintOf([&] { writeFileAtomically(name, std::string(100'000, 'x')); });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(text.contains("/a.txt' cannot be written: the file would be larger than"), qPrintable(text));
    QCOMPARE(read(folder.filePath("a.txt")), QByteArray("old"));
    QCOMPARE(entries(folder), QStringList("a.txt"));
}

void tst_AtomicPath::messagesNameTheTarget()
{
    QTemporaryDir folder;
    const AtomicPath tree = AtomicPath::forFolder(in(folder, "out"));
    QCOMPARE(AtomicPath::finalName(tree.temporary()), in(folder, "out"));
    QCOMPARE(AtomicPath::finalName(tree.temporary() / "a" / "b"), in(folder, "out/a/b"));
    const AtomicPath inner = AtomicPath::forFile(tree.temporary() / "config.json");
    QCOMPARE(AtomicPath::finalName(inner.temporary()), in(folder, "out/config.json"));
    QCOMPARE(AtomicPath::finalName(in(folder, "elsewhere")), in(folder, "elsewhere"));
}

QTEST_GUILESS_MAIN(tst_AtomicPath)
#include "tst_AtomicPath.moc"
