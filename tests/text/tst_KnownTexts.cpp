// SPDX-License-Identifier: GPL-3.0-or-later
// Data sets in caches as huggingface_hub lays them out (snapshots of links into blobs): whole, partly fetched and broken ones.
#include "text/KnownTexts.h"

#include "TextFixtures.h"
#include "foundation/Error.h"

#include <memory>

using namespace secateur;

namespace {

const char *const kWiki = "datasets--Salesforce--wikitext", *const kC4 = "datasets--allenai--c4",
                  *const kFineWeb = "datasets--HuggingFaceFW--fineweb-edu";

} // namespace

class tst_KnownTexts : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void eachUseTakesItsPart()
    {
        for (const char *part : {"train", "test", "validation"})
            add(kWiki, "r", std::string("wikitext-2-raw-v1/") + part + "-00000-of-00001.parquet");
        for (const char *other : {"wikitext-2-v1/test-00000-of-00001.parquet", "wikitext-103-raw-v1/train-00000-of-00002.parquet"})
            add(kWiki, "r", other);
        for (const char *name : {"en/c4-train.00001-of-01024.json.gz", "en/c4-train.00000-of-01024.json.gz",
                                 "en/c4-validation.00000-of-00008.json.gz", "realnewslike/c4-train.00000-of-00512.json.gz"})
            add(kC4, "r", name);
        add(kFineWeb, "r", "data/CC-MAIN-2013-20/train-00000-of-00014.parquet");
        add(kFineWeb, "r", "sample/10BT/000_00000.parquet");

        QCOMPARE(found(TextUse::Calibration, "wikitext-2"), "wikitext-2-raw-v1/train-00000-of-00001.parquet (train)");
        QCOMPARE(found(TextUse::Evaluation, "wikitext-2"), "wikitext-2-raw-v1/test-00000-of-00001.parquet (test)");
        QCOMPARE(found(TextUse::Calibration, "c4"), "en/c4-train.00000-of-01024.json.gz (train)"); // the first shard
        QCOMPARE(found(TextUse::Evaluation, "c4"), "en/c4-validation.00000-of-00008.json.gz (validation)");
        for (const TextUse use : {TextUse::Calibration, TextUse::Evaluation})
            QCOMPARE(found(use, "fineweb-edu"), "sample/10BT/000_00000.parquet (train)");
    }

    void otherFormsOfARepositoryAreKnown()
    {
        add("datasets--wikitext", "r", "wikitext-2-raw-v1/train/0000.parquet"); // the old name, the hub's own Parquet branch
        add("datasets--wikitext", "r", "wikitext-2-raw-v1/validation/0000.parquet");
        QCOMPARE(found(TextUse::Calibration, "wikitext-2"), "wikitext-2-raw-v1/train/0000.parquet (train)");
        QCOMPARE(found(TextUse::Evaluation, "wikitext-2"), "wikitext-2-raw-v1/validation/0000.parquet (validation)"); // better than none
    }

    void snapshotsCompleteEachOther()
    {
        add(kC4, "old", "en/c4-train.00000-of-01024.json.gz");
        add(kC4, "new", "en/c4-validation.00000-of-00008.json.gz");
        add(kC4, "new", "en/c4-train.00000-of-01024.json.gz");
        write(repository(kC4) / "refs" / "main", "new");
        QVERIFY(text(TextUse::Calibration, "c4").file.string().find("/new/") != std::string::npos);
        std::filesystem::remove(repository(kC4) / "snapshots" / "new" / "en" / "c4-train.00000-of-01024.json.gz");
        QVERIFY(text(TextUse::Calibration, "c4").file.string().find("/old/") != std::string::npos);
    }

    void whatIsMissingIsSaid()
    {
        VERIFY_CONTAINS(text(TextUse::Calibration, "c4").problem,
                        std::string("C4 is not in the Hugging Face cache '") + m_folder->path().toStdString());
        add(kC4, "r", "en/c4-train.00000-of-01024.json.gz");
        QCOMPARE(text(TextUse::Calibration, "c4").problem, "");
        VERIFY_CONTAINS(text(TextUse::Evaluation, "c4").problem, std::string("C4 has no validation part in the Hugging Face cache"));
        add(kWiki, "r", "README.md");
        VERIFY_CONTAINS(text(TextUse::Evaluation, "wikitext-2").problem, std::string("WikiText-2 has no test or validation part"));
        VERIFY_CONTAINS(text(TextUse::Evaluation, "wikitext-2").command,
                        std::string("hf download Salesforce/wikitext --repo-type dataset"));
    }

    void downloadsThatAreNotCompleteAreNone()
    {
        add(kFineWeb, "r", "README.md");
        write(repository(kFineWeb) / "blobs" / "abc.incomplete", "half");
        QCOMPARE(text(TextUse::Calibration, "fineweb-edu").problem, "The download of FineWeb-Edu is not complete.");

        add(kC4, "r", "en/c4-train.00000-of-01024.json.gz");
        std::filesystem::remove_all(repository(kC4) / "blobs"); // the link leads nowhere
        const KnownText broken = text(TextUse::Calibration, "c4");
        QCOMPARE(broken.problem, "The download of C4 is not complete: 'c4-train.00000-of-01024.json.gz' is missing or empty.");
        QVERIFY(broken.file.empty());
        add(kC4, "r", "en/c4-train.00001-of-01024.json.gz"); // a whole one is better
        QCOMPARE(found(TextUse::Calibration, "c4"), "en/c4-train.00001-of-01024.json.gz (train)");

        write(repository(kWiki) / "snapshots" / "r" / "wikitext-2-raw-v1" / "test-00000-of-00001.parquet", "");
        VERIFY_CONTAINS(text(TextUse::Evaluation, "wikitext-2").problem, std::string("is missing or empty"));
    }

    void filesChosenEarlierCountWhereTheCacheHasNone()
    {
        const std::filesystem::path other = std::filesystem::path(m_folder->path().toStdString()) / "elsewhere";
        const auto wiki = other / "wikitext-2-raw-v1" / "test-00000-of-00001.parquet",
                   fineWeb = other / "fineweb-edu" / "sample" / "10BT" / "0.parquet",
                   unknown = other / "c4-train.00000-of-01024.json.gz"; // of which of its variants?
        for (const auto &file : {wiki, fineWeb, unknown})
            write(file, "x");
        const std::vector<std::filesystem::path> earlier = {unknown, wiki, fineWeb};
        const auto texts = knownTexts(TextUse::Evaluation, earlier, m_folder->path().toStdString());
        QCOMPARE(texts[0].file, wiki);
        QCOMPARE(texts[1].file, std::filesystem::path());
        QCOMPARE(texts[2].file, fineWeb);
        add(kWiki, "r", "wikitext-2-raw-v1/test-00000-of-00001.parquet");
        QVERIFY(knownTexts(TextUse::Evaluation, earlier, m_folder->path().toStdString())[0].file != wiki);
    }

    void namesStandForFiles()
    {
        const std::filesystem::path cache = m_folder->path().toStdString();
        add(kC4, "r", "en/c4-train.00000-of-01024.json.gz");
        QCOMPARE(namedText("c4", TextUse::Calibration, cache).file.filename(), std::filesystem::path("c4-train.00000-of-01024.json.gz"));
        QCOMPARE(namedText("C4", TextUse::Calibration, cache).file, namedText("c4", TextUse::Calibration, cache).file);
        QCOMPARE(namedText("c4.txt", TextUse::Calibration, cache).file, std::filesystem::path("c4.txt"));
        QCOMPARE(namedText("./c4", TextUse::Calibration, cache).file, std::filesystem::path("./c4"));
        VERIFY_CONTAINS(test::messageOf<Error>([&] { namedText("wikitext-2", TextUse::Evaluation, cache); }),
                        std::string("Fetch it with: hf download Salesforce/wikitext"));
    }

    void asManyDocumentsAsThePaperTakesStandForNames()
    {
        const std::filesystem::path cache = m_folder->path().toStdString();
        add(kC4, "r", "en/c4-train.00000-of-01024.json.gz");
        add(kC4, "r", "en/c4-validation.00000-of-00008.json.gz");
        add(kWiki, "r", "wikitext-2-raw-v1/test-00000-of-00001.parquet");
        using Documents = std::optional<std::int64_t>;
        QCOMPARE(namedText("c4", TextUse::Calibration, cache).documents, Documents(1000));
        QCOMPARE(namedText("c4", TextUse::Evaluation, cache).documents, Documents(1100));
        QCOMPARE(namedText("wikitext-2", TextUse::Evaluation, cache).documents, Documents());
        QCOMPARE(namedText("c4.txt", TextUse::Evaluation, cache).documents, Documents());
    }

    void aFileOfThatNameComesFirst()
    {
        const QString before = QDir::currentPath();
        QVERIFY(QDir::setCurrent(m_folder->path()));
        add(kC4, "r", "en/c4-train.00000-of-01024.json.gz");
        const std::filesystem::path cache = m_folder->path().toStdString();
        std::filesystem::create_directory(cache / "c4"); // which is no text
        QCOMPARE(namedText("c4", TextUse::Calibration, cache).file.filename(), std::filesystem::path("c4-train.00000-of-01024.json.gz"));
        std::filesystem::remove(cache / "c4");
        write(cache / "c4", "mine");
        QCOMPARE(namedText("c4", TextUse::Calibration, cache).file, std::filesystem::path("c4"));
        QVERIFY(QDir::setCurrent(before));
    }

private:
    std::filesystem::path repository(const char *name) const { return std::filesystem::path(m_folder->path().toStdString()) / name; }

    static void write(const std::filesystem::path &file, const std::string &content)
    {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << content;
    }

    /// A file of a snapshot: a link to a blob.
    void add(const char *name, const std::string &revision, const std::string &file) const
    {
        const std::filesystem::path link = repository(name) / "snapshots" / revision / file,
                                    blob = repository(name) / "blobs" / std::to_string(std::hash<std::string>()(revision + file));
        write(blob, "content");
        std::filesystem::create_directories(link.parent_path());
        std::filesystem::create_symlink(blob, link);
    }

    KnownText text(TextUse use, const std::string &name) const
    {
        for (const KnownText &text : knownTexts(use, {}, m_folder->path().toStdString()))
            if (text.name == name)
                return text;
        return {};
    }

    /// "folder/file (part)", below the snapshot.
    std::string found(TextUse use, const std::string &name) const
    {
        const KnownText known = text(use, name);
        const std::string path = known.file.string(), mark = "/snapshots/r/";
        return path.find(mark) == std::string::npos ? path : path.substr(path.find(mark) + mark.size()) + " (" + known.part + ")";
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(tst_KnownTexts)
#include "tst_KnownTexts.moc"
