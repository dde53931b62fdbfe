// SPDX-License-Identifier: GPL-3.0-or-later
// A cache as huggingface_hub lays it out: blobs, snapshots of links, refs.
#include "checkpoint/HubCache.h"

#include "checkpoint/ModelName.h"

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace secateur;

class tst_HubCache : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        QTest::failOnWarning(QRegularExpression(".*"));
        m_folder = std::make_unique<QTemporaryDir>();
    }

    void listsNameSizeAndTheSnapshotOfMain();
    void newestSnapshotWithoutARef();
    void saysWhatIsMissing();
    void otherRepositoriesAreLeftOut();
    void environmentNamesTheFolder();
    void modelsAreNamedByTheirPath_data();
    void modelsAreNamedByTheirPath();
    void namesFollowLinks();

private:
    std::filesystem::path root() const { return m_folder->path().toStdString(); }

    void write(const std::filesystem::path &file, const std::string &content) const
    {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << content;
    }

    /// A file of a snapshot: a link to a blob.
    void link(const std::string &repository, const std::string &revision, const std::string &name, const std::string &content) const
    {
        const std::filesystem::path blob = root() / repository / "blobs" / (revision + name);
        write(blob, content);
        std::filesystem::create_directories(root() / repository / "snapshots" / revision);
        std::filesystem::create_symlink("../../blobs/" + revision + name, root() / repository / "snapshots" / revision / name);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void tst_HubCache::listsNameSizeAndTheSnapshotOfMain()
{
    link("models--Owner--Model-1B", "aaa", "config.json", "{}");
    link("models--Owner--Model-1B", "aaa", "model-00001-of-00002.safetensors", std::string(1000, 'x'));
    link("models--Owner--Model-1B", "aaa", "model-00002-of-00002.safetensors", std::string(234, 'x'));
    link("models--Owner--Model-1B", "aaa", "model.safetensors.index.json", "{}");
    link("models--Owner--Model-1B", "bbb", "config.json", "{}");
    write(root() / "models--Owner--Model-1B" / "refs" / "main", "aaa");
    link("models--gpt2", "ccc", "config.json", "{}");
    link("models--gpt2", "ccc", "model.safetensors", "12345");
    link("models--gpt2", "ccc", "consolidated.safetensors", "another form of the same weights");
    write(root() / "models--gpt2" / "refs" / "main", "ccc\n");

    const std::vector<CachedModel> models = modelsInHubCache(root());
    QCOMPARE(models.size(), 2U);
    QCOMPARE(models[0].name, "Owner/Model-1B");
    QCOMPARE(models[0].bytes, 1234);
    QCOMPARE(models[0].folder, root() / "models--Owner--Model-1B" / "snapshots" / "aaa");
    QCOMPARE(models[0].problem, "");
    QCOMPARE(models[1].name, "gpt2");
    QCOMPARE(models[1].bytes, 5);
}

void tst_HubCache::newestSnapshotWithoutARef()
{
    link("models--a--b", "old", "config.json", "{}");
    link("models--a--b", "new", "config.json", "{}");
    std::filesystem::last_write_time(root() / "models--a--b" / "snapshots" / "old",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    QCOMPARE(modelsInHubCache(root()).at(0).folder.filename(), "new");
    const auto names = [&] {
        std::string all;
        for (const std::filesystem::path &snapshot : snapshotsOf(root() / "models--a--b"))
            all += snapshot.filename().string() + " ";
        return all;
    };
    QCOMPARE(names(), "new old ");
    write(root() / "models--a--b" / "refs" / "main", "old\n");
    QCOMPARE(names(), "old new ");
    QVERIFY(snapshotsOf(root() / "absent").empty());
}

void tst_HubCache::saysWhatIsMissing()
{
    link("models--a--pickle", "r", "config.json", "{}");
    link("models--a--pickle", "r", "pytorch_model.bin", "x");
    link("models--b--noconfig", "r", "model.safetensors", "x");
    link("models--c--broken", "r", "config.json", "{}");
    link("models--c--broken", "r", "model.safetensors", "x");
    std::filesystem::remove_all(root() / "models--c--broken" / "blobs");
    link("models--c--broken", "r", "tokenizer.json", "{}");
    std::filesystem::remove(root() / "models--c--broken" / "snapshots" / "r" / "config.json");
    write(root() / "models--c--broken" / "snapshots" / "r" / "config.json", "{}");
    link("models--d--empty", "r", "config.json", "{}");
    for (const char *repository : {"models--e--shards", "models--f--noindex"})
        for (const char *name : {"config.json", "model-00001-of-00002.safetensors"})
            link(repository, "r", name, "x");
    link("models--f--noindex", "r", "model-00002-of-00002.safetensors", "x");
    link("models--g--adapter", "r", "config.json", "{}");
    link("models--g--adapter", "r", "adapter_model.safetensors", "x");
    link("models--h--lora", "r", "adapter_config.json", "{}");
    link("models--i--pipeline", "r", "model_index.json", "{}");
    link("models--j--gguf", "r", "a.gguf", "12345");
    link("models--k--ggufs", "r", "a.gguf", "12345");
    link("models--k--ggufs", "r", "b.gguf", "12345");

    const std::vector<CachedModel> models = modelsInHubCache(root());
    QCOMPARE(models.size(), 11U);
    QVERIFY(QString::fromStdString(models[0].problem).contains("pickle"));
    QVERIFY(QString::fromStdString(models[1].problem).contains("config.json"));
    QVERIFY(QString::fromStdString(models[2].problem).contains("missing"));
    QVERIFY(QString::fromStdString(models[3].problem).contains("no weights"));
    QVERIFY(QString::fromStdString(models[4].problem).contains("1 of 2 shards"));
    QVERIFY(QString::fromStdString(models[5].problem).contains("no model.safetensors.index.json"));
    QVERIFY(QString::fromStdString(models[6].problem).contains("not in model.safetensors"));
    QVERIFY(QString::fromStdString(models[7].problem).contains("adapter (LoRA)"));
    QVERIFY(QString::fromStdString(models[8].problem).contains("diffusers"));
    QCOMPARE(models[9].problem, "");
    QCOMPARE(models[9].bytes, 5);
    QVERIFY(QString::fromStdString(models[10].problem).contains("several GGUF files"));
}

void tst_HubCache::otherRepositoriesAreLeftOut()
{
    link("datasets--a--b", "r", "config.json", "{}");
    write(root() / "version.txt", "1");
    QVERIFY(modelsInHubCache(root()).empty());
    QVERIFY(modelsInHubCache(root() / "absent").empty());
}

void tst_HubCache::environmentNamesTheFolder()
{
    const QByteArray home = qgetenv("HOME");
    for (const char *name : {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
        qunsetenv(name);
    qputenv("HOME", "/h");
    QCOMPARE(hubCacheFolder(), std::filesystem::path("/h/.cache/huggingface/hub"));
    qputenv("XDG_CACHE_HOME", "/x");
    QCOMPARE(hubCacheFolder(), std::filesystem::path("/x/huggingface/hub"));
    qputenv("HF_HOME", "/f");
    QCOMPARE(hubCacheFolder(), std::filesystem::path("/f/hub"));
    qputenv("HF_HUB_CACHE", "/c");
    QCOMPARE(hubCacheFolder(), std::filesystem::path("/c"));
    qputenv("HF_HUB_CACHE", "~/c");
    QCOMPARE(hubCacheFolder(), std::filesystem::path("/h/c"));
    for (const char *name : {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
        qunsetenv(name);
    qputenv("HOME", home);
}

void tst_HubCache::modelsAreNamedByTheirPath_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("brief");
    QTest::addColumn<QString>("full");
    QTest::addColumn<QString>("repository"); ///< empty: none
    const auto row = [](const char *path, const char *brief, const char *full, const char *repository) {
        QTest::newRow(path) << path << brief << full << repository;
    };
    row("/models/SmolLM2-135M", "SmolLM2-135M", "SmolLM2-135M", "");
    row("/models/SmolLM2-135M/", "SmolLM2-135M", "SmolLM2-135M", "");
    row("/models/SmolLM2-135M//./", "SmolLM2-135M", "SmolLM2-135M", "");
    row("/models/a/../b", "b", "b", "");
    row("/h/hub/models--Owner--Name-1.5B/snapshots/93efa2f", "Name-1.5B", "Owner/Name-1.5B", "Owner/Name-1.5B");
    row("/h/hub/models--Owner--Name-1.5B/snapshots/93efa2f/", "Name-1.5B", "Owner/Name-1.5B", "Owner/Name-1.5B");
    row("/h/hub/models--gpt2/snapshots/607a30d", "gpt2", "gpt2", "gpt2");
    row("/h/hub/models--a--b/snapshots/r/sub", "b-sub", "a/b/sub", "a/b");
    row("/h/hub/models--a--b/snapshots/r/b-Q4_K_M.gguf", "b-Q4_K_M", "b-Q4_K_M", "a/b");
    row("/h/hub/models--a--b: c/snapshots/r", "b: c", "a/b: c", ""); // the hub has no such name
    row("/h/models--a--b/snapshots", "snapshots", "snapshots", "");
    row("/backup/snapshots/july", "july", "july", "");
    row("/models/tiny.gguf", "tiny", "tiny", "");
    row("/models/Qwen2.5-0.5B", "Qwen2.5-0.5B", "Qwen2.5-0.5B", "");
    row("/models/two\nlines", "two?lines", "two?lines", "");
    row("/", "model", "model", "");
    row("/share/secateur/sample/model", "sample", "sample", ""); // "model" tells nothing
    row("/models/run17/checkpoint/Model/", "run17", "run17", "");
    row("/models/run17/checkpoint-500", "checkpoint-500", "checkpoint-500", "");
    row("/models/run17/model.gguf", "model", "model", ""); // a file has its own name
    row("/models/weights/hf", "hf", "hf", "");           // none of them tells anything
    row("/h/hub/models--a--b/snapshots/r/model", "b-model", "a/b/model", "a/b");
}

void tst_HubCache::modelsAreNamedByTheirPath()
{
    QFETCH(QString, path);
    QFETCH(QString, repository);
    const ModelName name = modelName(path.toStdString());
    QTEST(QString::fromStdString(name.brief), "brief");
    QTEST(QString::fromStdString(name.full), "full");
    QCOMPARE(QString::fromStdString(name.repository.value_or("")), repository);
}

void tst_HubCache::namesFollowLinks()
{
    const std::filesystem::path snapshot = root() / "models--Owner--Name/snapshots/abc";
    std::filesystem::create_directories(snapshot);
    std::filesystem::create_directories(root() / "plain/inner");
    std::filesystem::create_directory_symlink(snapshot, root() / "current");
    std::filesystem::create_directory_symlink(root() / "plain", root() / "link");
    QCOMPARE(modelName(root() / "current").full, "Owner/Name");
    QCOMPARE(modelName(root() / "link").full, "link"); // as people call it
    QCOMPARE(modelName(root() / "plain/inner/..").full, "plain");
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(root() / "plain/inner");
    const std::string here = modelName(".").full, slash = modelName("./").full, up = modelName("..").full, higher = modelName("../").full;
    std::filesystem::current_path(snapshot);
    const std::string cached = modelName(".").full;
    std::filesystem::current_path(before);
    QCOMPARE(here, "inner");
    QCOMPARE(slash, "inner");
    QCOMPARE(up, "plain");
    QCOMPARE(higher, "plain");
    QCOMPARE(cached, "Owner/Name");
    const QByteArray home = qgetenv("HOME");
    qputenv("HOME", QByteArray::fromStdString((root() / "jane").string()));
    const std::string ofHome = modelName(root() / "jane/model").full;
    qputenv("HOME", home);
    QCOMPARE(ofHome, "model"); // a person is no model
    QCOMPARE(modelName(root() / "bad\xff").full, "bad\xef\xbf\xbd"); // UTF-8, whatever the disk holds
}

QTEST_GUILESS_MAIN(tst_HubCache)
#include "tst_HubCache.moc"
