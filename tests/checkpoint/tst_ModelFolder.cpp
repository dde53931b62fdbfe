// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/ModelFolder.h"

#include "Complaint.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace secateur;
namespace fs = std::filesystem;

class tst_ModelFolder : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path root() const { return m_folder->path().toStdString(); }
    void write(const fs::path &file, const std::string &content) const
    {
        fs::create_directories((root() / file).parent_path());
        std::ofstream(root() / file) << content;
    }
    static std::string refusal(const ModelFolder &folder, const std::string &name) { return folder.readOwn(name, 1000).refusal; }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        write("secret", "TOP SECRET");
        write("model/LICENSE", "mine");
    }

    void readsFromTheFolderThatWasOpened();
    void aFolderInItsPlaceIsKnown();
    void whatCannotBeListedIsSaid();
    void linksWithinTheModelAreFollowed();
    void linksOutOfTheModelAreNot_data();
    void linksOutOfTheModelAreNot();
    void linksIntoTheHubsBlobsAreFollowed();
    void aClonedCacheOpensNoOtherFolder();
    void pipesAndDevicesAreNeverOpened();
    void sizesAreLimited();
    void brokenLinksAreErrors();
    void unreadableFilesAreErrors();
};

void tst_ModelFolder::readsFromTheFolderThatWasOpened()
{
    const ModelFolder folder(root() / "model");
    fs::rename(root() / "model", root() / "moved");
    write("model/LICENSE", "another model's");
    write("model/NOTICE", "another model's");
    QCOMPARE(folder.readOwn("LICENSE", 1000).content, std::string("mine"));
    QCOMPARE(folder.read("LICENSE", 1000, ""), std::string("mine"));
    QCOMPARE(folder.names(), std::vector<std::string>{"LICENSE"});
    QVERIFY(!folder.holds("NOTICE"));
    QCOMPARE(folder.place(), fs::canonical(root() / "moved"));
    QCOMPARE(folder.path(), root() / "model");
}

void tst_ModelFolder::aFolderInItsPlaceIsKnown()
{
    const ModelFolder folder(root() / "model");
    QVERIFY(folder.isInPlace());
    fs::rename(root() / "model", root() / "moved");
    QVERIFY(!folder.isInPlace());
    write("model/LICENSE", "another model's");
    QVERIFY(!folder.isInPlace());
    QVERIFY(complaint([&] { ModelFolder(root() / "secret"); }).contains("a part of the path is not a folder"));
    QVERIFY(complaint([&] { ModelFolder(root() / "absent"); }).contains("does not exist"));
}

void tst_ModelFolder::whatCannotBeListedIsSaid()
{
    const ModelFolder folder(root() / "model");
    fs::permissions(root(), fs::perms::all);
    fs::permissions(root() / "model", fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec);
    const bool isRoot = ::geteuid() == 0;
    if (isRoot)
        QCOMPARE(::seteuid(65534), 0); // root may list anything
    const QString said = complaint([&] { folder.names(); });
    std::string content;
    const QString readable = complaint([&] { content = folder.read("LICENSE", 1000, ""); });
    if (isRoot)
        QCOMPARE(::seteuid(0), 0);
    fs::permissions(root() / "model", fs::perms::owner_all);
    QCOMPARE(lacking(said, {"cannot be listed", "you do not have the permission", "Check that you may read the folder"}), QString());
    QCOMPARE(readable, QString());
    QCOMPARE(content, std::string("mine"));
}

void tst_ModelFolder::linksWithinTheModelAreFollowed()
{
    write("model/licences/apache.txt", "apache");
    fs::create_symlink("licences/apache.txt", root() / "model/NOTICE");
    fs::create_symlink("../model/NOTICE", root() / "model/LICENSE-2");
    fs::create_symlink(root() / "model", root() / "link");
    for (const char *path : {"model", "link"}) {
        const ModelFolder folder(root() / path);
        QCOMPARE(folder.readOwn("NOTICE", 1000).content, std::string("apache"));
        QCOMPARE(folder.readOwn("LICENSE-2", 1000).content, std::string("apache"));
        QVERIFY(!folder.leadsOut("LICENSE-2"));
    }
}

void tst_ModelFolder::linksOutOfTheModelAreNot_data()
{
    QTest::addColumn<QString>("target");
    QTest::newRow("absolute") << "ROOT/secret";
    QTest::newRow("relative") << "../secret";
    QTest::newRow("around") << "../model/../secret";
    QTest::newRow("a folder whose name begins alike") << "../model-2/secret";
    QTest::newRow("a link to a link") << "../chain";
    QTest::newRow("behind a linked folder") << "inner/secret";
    QTest::newRow("a device") << "/dev/null";
    QTest::newRow("what this process has open") << "/proc/self/fd/0";
    QTest::newRow("the process itself") << "/proc/self/environ";
    QTest::newRow("a folder") << "..";
    QTest::newRow("broken") << "../absent";
    QTest::newRow("broken in an absent folder") << "/absent/folder/LICENSE";
}

void tst_ModelFolder::linksOutOfTheModelAreNot()
{
    QFETCH(QString, target);
    write("model-2/secret", "TOP SECRET");
    fs::create_symlink(root() / "secret", root() / "chain");
    fs::create_symlink("..", root() / "model/inner");
    fs::create_symlink(target.replace("ROOT", m_folder->path()).toStdString(), root() / "model/NOTICE");
    const ModelFolder folder(root() / "model");
    QVERIFY(folder.leadsOut("NOTICE"));
    const ModelFolder::OwnFile file = folder.readOwn("NOTICE", 1000);
    QCOMPARE(file.content, std::string());
    QCOMPARE(file.refusal, std::string("it is a link that leads out of the model's folder"));
}

void tst_ModelFolder::linksIntoTheHubsBlobsAreFollowed()
{
    const fs::path cache = root() / "cache", snapshot = cache / "models--a--b/snapshots/rev";
    write("cache/models--a--b/blobs/1", "licence");
    write("cache/models--c--d/blobs/2", "of another model");
    fs::create_directories(snapshot / "sub");
    fs::create_symlink("../../blobs/1", snapshot / "LICENSE");
    fs::create_symlink("../../../blobs/1", snapshot / "sub" / "LICENSE");
    fs::create_symlink("../../../models--c--d/blobs/2", snapshot / "NOTICE");
    fs::create_symlink("../../blobs/3", snapshot / "USE_POLICY.md");
    QCOMPARE(ModelFolder(snapshot).readOwn("LICENSE", 1000).content, std::string("licence"));
    QCOMPARE(ModelFolder(snapshot / "sub").readOwn("LICENSE", 1000).content, std::string("licence"));
    QVERIFY(ModelFolder(snapshot).leadsOut("NOTICE"));
    QVERIFY(complaint([&] { ModelFolder(snapshot).readOwn("USE_POLICY.md", 1000); }).contains("does not exist")); // not downloaded

    // A folder that was downloaded with links into the cache.
    fs::create_symlink(cache / "models--a--b/blobs/1", root() / "model/NOTICE");
    fs::create_symlink(cache / "models--a--b/refs", root() / "model/USE_POLICY");
    const ModelFolder local(root() / "model");
    const QByteArray before = qgetenv("HF_HUB_CACHE");
    qputenv("HF_HUB_CACHE", QByteArray::fromStdString(cache.string()));
    QCOMPARE(local.readOwn("NOTICE", 1000).content, std::string("licence"));
    QVERIFY(local.leadsOut("USE_POLICY"));
    qputenv("HF_HUB_CACHE", QByteArray::fromStdString((root() / "elsewhere").string()));
    QVERIFY(local.leadsOut("NOTICE"));
    before.isNull() ? qunsetenv("HF_HUB_CACHE") : qputenv("HF_HUB_CACHE", before);
}

/// What looks like the hub's cache may be anything that somebody cloned.
void tst_ModelFolder::aClonedCacheOpensNoOtherFolder()
{
    write("private/key", "TOP SECRET");
    fs::create_directories(root() / "models--a--b/snapshots/rev");
    fs::create_symlink(root() / "private", root() / "models--a--b/blobs");
    fs::create_symlink("../../blobs/key", root() / "models--a--b/snapshots/rev/LICENSE");
    QVERIFY(ModelFolder(root() / "models--a--b/snapshots/rev").leadsOut("LICENSE"));
}

void tst_ModelFolder::pipesAndDevicesAreNeverOpened()
{
    QCOMPARE(::mkfifo((root() / "model/NOTICE").c_str(), 0600), 0);
    fs::create_directories(root() / "model/LICENSES");
    fs::create_symlink("NOTICE", root() / "model/COPYING");
    const ModelFolder folder(root() / "model");
    QElapsedTimer time;
    time.start();
    QCOMPARE(refusal(folder, "NOTICE"), std::string("it is a pipe, not a file"));
    QCOMPARE(refusal(folder, "COPYING"), std::string("it is a pipe, not a file"));
    QCOMPARE(refusal(folder, "LICENSES"), std::string("it is a folder, not a file"));
    QVERIFY(complaint([&] { folder.read("NOTICE", 1000, ""); }).contains("is a pipe, not a file"));
    QVERIFY(time.elapsed() < 2000);
}

void tst_ModelFolder::sizesAreLimited()
{
    write("model/NOTICE", "");
    fs::resize_file(root() / "model/NOTICE", 10'000'000'000); // a hole
    const ModelFolder folder(root() / "model");
    QCOMPARE(refusal(folder, "NOTICE"), std::string("it is 10.0 GB long, more than 1.00 kB"));
}

void tst_ModelFolder::brokenLinksAreErrors()
{
    fs::create_symlink("absent", root() / "model/NOTICE");
    fs::create_symlink("COPYING", root() / "model/COPYING");
    const ModelFolder folder(root() / "model");
    QVERIFY(!folder.holds("NOTICE"));
    QCOMPARE(lacking(complaint([&] { folder.readOwn("NOTICE", 1000); }), {"NOTICE' is a link to a file that does not exist", "Download"}), QString());
    QVERIFY(complaint([&] { folder.readOwn("COPYING", 1000); }).contains("links lead in a circle"));
}

void tst_ModelFolder::unreadableFilesAreErrors()
{
    fs::permissions(root(), fs::perms::all);
    fs::permissions(root() / "model", fs::perms::all);
    fs::permissions(root() / "model/LICENSE", fs::perms::none);
    const ModelFolder folder(root() / "model");
    const bool isRoot = ::geteuid() == 0;
    if (isRoot)
        QCOMPARE(::seteuid(65534), 0);
    const QString said = complaint([&] { folder.readOwn("LICENSE", 1000); });
    if (isRoot)
        QCOMPARE(::seteuid(0), 0);
    QCOMPARE(lacking(said, {"LICENSE' cannot be read: you do not have the permission"}), QString());
}

QTEST_GUILESS_MAIN(tst_ModelFolder)
#include "tst_ModelFolder.moc"
