// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/GramStore.h"

#include "foundation/Error.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

Provenance pass(const std::string &tokens)
{
    Provenance provenance;
    provenance.modelHash = std::string(64, 'a');
    provenance.tokenHash = tokens;
    provenance.windows = 4;
    provenance.length = 128;
    provenance.computed.device = "cpu";
    provenance.computed.dtype = "float32";
    provenance.computed.threads = 1;
    return provenance;
}

void write(const std::filesystem::path &file, int bytes)
{
    QFile out(QString::fromStdString(file.string()));
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(QByteArray(bytes, 'x'));
}

} // namespace

class tst_GramStore : public QObject {
    Q_OBJECT

private slots:
    void aPassIsFoundByWhatDecidesItsNumbers();
    void whatIsKeptIsCountedAndDeleted();
    void aStoreWithoutAFolderKeepsNothing();
    void aFolderThatCannotBeMadeIsNamed();
};

void tst_GramStore::aPassIsFoundByWhatDecidesItsNumbers()
{
    const QTemporaryDir folder;
    const GramStore store((folder.path() + "/restoring").toStdString());
    const Provenance one = pass("one");
    QVERIFY(store.find(one).empty());
    const std::filesystem::path begun = store.begin();
    write(begun, 10);
    QVERIFY(!store.kept().has(one)); // it may still be written
    store.keep(begun, one);
    QVERIFY(store.kept().has(one));
    QCOMPARE(store.find(one).parent_path(), begun.parent_path());
    QVERIFY(!std::filesystem::exists(begun));
    Provenance elsewhere = one; // the same tokens from another place, by another version of the program
    elsewhere.textFiles = {"moved.txt"};
    elsewhere.computed.programVersion = "9";
    elsewhere.computed.host = "other";
    QCOMPARE(store.find(elsewhere), store.find(one));
    Provenance other = one;
    other.computed.dtype = "bfloat16";
    QVERIFY(store.find(other).empty());
    QVERIFY(store.find(pass("two")).empty());
    other = one;
    other.modelHash = std::string(64, 'b');
    QVERIFY(store.find(other).empty());
}

void tst_GramStore::whatIsKeptIsCountedAndDeleted()
{
    const QTemporaryDir folder;
    const GramStore store(folder.path().toStdString());
    for (const char *tokens : {"one", "two"}) {
        const std::filesystem::path begun = store.begin();
        write(begun, 1000);
        store.keep(begun, pass(tokens));
    }
    write(store.begin(), 500);                            // of a pass that was stopped
    write(folder.filePath("notes.txt").toStdString(), 7); // not ours
    QCOMPARE(store.kept().bytes, 2500);
    QCOMPARE(store.kept().names.size(), std::size_t(2));
    store.forget(pass("one"));
    QVERIFY(store.find(pass("one")).empty());
    QVERIFY(!store.find(pass("two")).empty());
    store.clear();
    QCOMPARE(store.kept().bytes, 0);
    QVERIFY(QFileInfo::exists(folder.filePath("notes.txt")));
}

void tst_GramStore::aStoreWithoutAFolderKeepsNothing()
{
    const GramStore store;
    QVERIFY(!store.isThere());
    QVERIFY(store.find(pass("one")).empty());
    QCOMPARE(store.kept().bytes, 0);
    store.forget(pass("one"));
    store.clear();
}

void tst_GramStore::aFolderThatCannotBeMadeIsNamed()
{
    const QTemporaryDir folder;
    write(folder.filePath("file").toStdString(), 1);
    const GramStore store((folder.path() + "/file/restoring").toStdString());
    try {
        store.begin();
        QFAIL("a folder was made in a file");
    } catch (const Error &problem) {
        QVERIFY2(std::string(problem.what()).find("file/restoring") != std::string::npos, problem.what());
        QVERIFY(!problem.hint().empty());
    }
}

QTEST_GUILESS_MAIN(tst_GramStore)
#include "tst_GramStore.moc"
