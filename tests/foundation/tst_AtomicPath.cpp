// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"

#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <fstream>
#include <sys/resource.h>

using namespace secateur;

class tst_AtomicPath : public QObject {
    Q_OBJECT

private slots:
    void committedFileReplacesTheOld();
    void committedFolderReplacesTheOld();
    void withoutCommitNothingIsLeft();
    void pendingWorkCanBeRemovedAtOnce();
    void missingParentIsNamed();
    void fullDiskLeavesTheOldFile();
};

namespace {

void write(const std::filesystem::path &file, const std::string &text)
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
    return QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

} // namespace

void tst_AtomicPath::committedFileReplacesTheOld()
{
    QTemporaryDir folder;
    const QString name = folder.filePath("a.txt");
    write(name.toStdString(), "old");
    AtomicPath path(name.toStdString());
    write(path.temporary(), "new");
    QCOMPARE(read(name), QByteArray("old"));
    path.commit();
    QCOMPARE(read(name), QByteArray("new"));
    QCOMPARE(entries(folder), QStringList("a.txt"));
}

void tst_AtomicPath::committedFolderReplacesTheOld()
{
    QTemporaryDir folder;
    std::filesystem::create_directory(folder.filePath("out").toStdString());
    write(folder.filePath("out/old.txt").toStdString(), "old");
    AtomicPath path(folder.filePath("out/").toStdString()); // a slash at the end is no other name
    std::filesystem::create_directory(path.temporary());
    write(path.temporary() / "new.txt", "new");
    path.commit();
    QCOMPARE(QDir(folder.filePath("out")).entryList(QDir::Files), QStringList("new.txt"));
    QCOMPARE(entries(folder), QStringList("out"));
}

void tst_AtomicPath::withoutCommitNothingIsLeft()
{
    QTemporaryDir folder;
    {
        AtomicPath path(folder.filePath("out").toStdString());
        std::filesystem::create_directory(path.temporary());
        write(path.temporary() / "half.txt", "half");
        QCOMPARE(entries(folder).size(), 1);
    }
    QVERIFY(entries(folder).isEmpty());
}

void tst_AtomicPath::pendingWorkCanBeRemovedAtOnce()
{
    QTemporaryDir folder;
    AtomicPath path(folder.filePath("a").toStdString());
    write(path.temporary(), "half");
    AtomicPath::removeAllPending();
    QVERIFY(entries(folder).isEmpty());
}

void tst_AtomicPath::missingParentIsNamed()
{
    try {
        AtomicPath path("/no/such/folder/a");
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QCOMPARE(QString(problem.what()), QString("The folder '/no/such/folder' does not exist."));
    }
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
    QString text;
    try {
        writeFileAtomically(name, std::string(100'000, 'x'));
    } catch (const Error &problem) {
        text = problem.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(text.contains("a.txt' could not be written"), qPrintable(text));
    QCOMPARE(read(folder.filePath("a.txt")), QByteArray("old"));
    QCOMPARE(entries(folder), QStringList("a.txt"));
}

QTEST_GUILESS_MAIN(tst_AtomicPath)
#include "tst_AtomicPath.moc"
