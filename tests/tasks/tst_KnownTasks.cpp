// SPDX-License-Identifier: GPL-3.0-or-later
// Data sets in caches as huggingface_hub lays them out (snapshots of links into blobs).
#include "tasks/KnownTasks.h"

#include "TaskFixtures.h"

#include <memory>

using namespace secateur;

class tst_KnownTasks : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void eachTaskHasItsSplit()
    {
        for (const char *part : {"train", "validation", "test"}) {
            for (const char *set : {"ARC-Easy", "ARC-Challenge"})
                add("datasets--allenai--ai2_arc", set + ("/" + std::string(part)) + "-00000-of-00001.parquet");
            add("datasets--Rowan--hellaswag", "data/" + std::string(part) + "-00000-of-00001.parquet");
            add("datasets--baber--piqa", "piqa_" + std::string(part) + ".parquet");
            for (const char *set : {"winogrande_debiased", "winogrande_xl", "winogrande_xs"})
                add("datasets--allenai--winogrande", set + ("/" + std::string(part)) + "-00000-of-00001.parquet");
            for (const char *set : {"all", "anatomy", "virology"})
                add("datasets--cais--mmlu", set + ("/" + std::string(part)) + "-00000-of-00001.parquet");
        }
        QCOMPARE(found("arc_easy"), (std::vector<std::string>{"ARC-Easy/test-00000-of-00001.parquet"}));
        QCOMPARE(found("arc_challenge"), (std::vector<std::string>{"ARC-Challenge/test-00000-of-00001.parquet"}));
        QCOMPARE(found("hellaswag"), (std::vector<std::string>{"data/validation-00000-of-00001.parquet"}));
        QCOMPARE(found("piqa"), (std::vector<std::string>{"piqa_validation.parquet"}));
        QCOMPARE(found("winogrande"), (std::vector<std::string>{"winogrande_xl/validation-00000-of-00001.parquet"}));
        QCOMPARE(found("mmlu"), (std::vector<std::string>{"all/test-00000-of-00001.parquet"}));
    }

    void subjectsOfMmluStandForTheWhole()
    {
        add("datasets--cais--mmlu", "anatomy/test-00000-of-00001.parquet");
        add("datasets--cais--mmlu", "virology/test-00000-of-00001.parquet");
        add("datasets--cais--mmlu", "virology/dev-00000-of-00001.parquet");
        QCOMPARE(found("mmlu"), (std::vector<std::string>{"anatomy/test-00000-of-00001.parquet", "virology/test-00000-of-00001.parquet"}));
    }

    void whatIsMissingIsSaid()
    {
        VERIFY_CONTAINS(task("piqa").problem, std::string("PIQA is not in the Hugging Face cache '"));
        add("datasets--Rowan--hellaswag", "data/train-00000-of-00001.parquet");
        VERIFY_CONTAINS(task("hellaswag").problem, std::string("HellaSwag has no validation part in the Hugging Face cache"));
        add("datasets--allenai--ai2_arc", "ARC-Easy/test-00000-of-00001.parquet");
        std::filesystem::remove_all(root() / "datasets--allenai--ai2_arc" / "blobs"); // the link leads nowhere
        VERIFY_CONTAINS(task("arc_easy").problem,
                        std::string("The download of ARC-Easy is not complete: 'test-00000-of-00001.parquet' is missing or empty."));
        VERIFY_CONTAINS(test::messageOf<Error>([&] { taskFiles("piqa", root()); }), std::string("Fetch it with: hf download "));
    }

    void tasksAreReadByName()
    {
        add("datasets--piqa", "valid.jsonl", "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 1}\n");
        const std::vector<TaskSet> sets = readTaskFiles(test::settingsOf({"PIQA"}), {}, {}, root());
        QCOMPARE(test::namesOf(sets), (std::vector<std::string>{"piqa"}));
        VERIFY_CONTAINS(test::messageOf<Error>([&] { taskFiles("boolq", root()); }), std::string("There is no file or folder 'boolq'."));
    }

    void aFileOfThatNameComesFirst()
    {
        const QString before = QDir::currentPath();
        QVERIFY(QDir::setCurrent(m_folder->path()));
        add("datasets--piqa", "valid.jsonl");
        std::ofstream("piqa") << "mine";
        QCOMPARE(taskFiles("piqa", root()), (std::vector<std::filesystem::path>{"piqa"}));
        QVERIFY(QDir::setCurrent(before));
    }

private:
    std::filesystem::path root() const { return m_folder->path().toStdString(); }

    /// A file of a snapshot: a link to a blob.
    void add(const std::string &repository, const std::string &file, const std::string &content = "content") const
    {
        const std::filesystem::path link = root() / repository / "snapshots" / "r" / file,
                                    blob = root() / repository / "blobs" / std::to_string(std::hash<std::string>()(file));
        std::filesystem::create_directories(link.parent_path());
        std::filesystem::create_directories(blob.parent_path());
        std::ofstream(blob) << content;
        std::filesystem::create_symlink(blob, link);
    }

    KnownTask task(const std::string &name) const
    {
        for (const KnownTask &known : knownTasks(root()))
            if (known.name == name)
                return known;
        return {};
    }

    /// Paths below the snapshot.
    std::vector<std::string> found(const std::string &name) const
    {
        std::vector<std::string> files;
        for (const std::filesystem::path &file : task(name).files)
            files.push_back(file.string().substr(file.string().find("/snapshots/r/") + 13));
        return files;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(tst_KnownTasks)
#include "tst_KnownTasks.moc"
