// SPDX-License-Identifier: GPL-3.0-or-later
// What is read of files and folders: splits, subjects, limits, bad data; and that the held data are asked as lm-evaluation-harness asks them.
#include "TaskFixtures.h"

#include "foundation/Sha256.h"

#include <memory>

using namespace secateur;

namespace {

const char *const kPiqa = "{\"goal\": \"g%1\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": %2}\n";

std::string piqaLine(int number, const char *label = "0")
{
    return QString(kPiqa).arg(QString::number(number), QString(label)).toStdString();
}

std::string piqaLines(int count)
{
    std::string lines;
    for (int i = 0; i < count; ++i)
        lines += piqaLine(i);
    return lines;
}

std::vector<std::int64_t> indicesOf(const TaskSet &set)
{
    std::vector<std::int64_t> indices;
    for (const TaskItem &item : set.items)
        indices.push_back(item.index);
    return indices;
}

std::string goldHash(const TaskSet &set)
{
    std::string golds;
    for (const TaskItem &item : set.items)
        golds += char(item.gold);
    return Sha256::ofText(golds);
}

} // namespace

class tst_TaskFiles : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void heldDataAreAskedAsTheHarnessAsksThem()
    {
        if (!std::filesystem::exists(test::kHeldTasks))
            QSKIP("needs the shared data");
        const nlohmann::json expected = test::expectedTasks()["held"];
        const std::vector<TaskSet> sets = test::readTasks({test::kHeldTasks});
        QCOMPARE(sets.size(), expected.size());
        for (const TaskSet &set : sets) {
            const nlohmann::json &entry = expected[set.name];
            qInfo("%s: %d items", set.name.c_str(), int(set.items.size()));
            QVERIFY2(set.skipped.empty(), set.name.c_str());
            QCOMPARE(set.items.size(), entry["items"].get<std::size_t>());
            QCOMPARE(set.textHash, entry["textHash"].get<std::string>());
            QCOMPARE(goldHash(set), entry["gold"].get<std::string>());
        }
        QCOMPARE(test::namesOf(sets),
                 (std::vector<std::string>{"arc_easy", "arc_challenge", "hellaswag", "piqa", "winogrande", "mmlu_anatomy", "mmlu_astronomy",
                                           "mmlu_business_ethics", "mmlu_high_school_biology", "mmlu_world_religions"}));
        VERIFY_CONTAINS(sets[2].notes.at(0), std::string("Capital reconstructed"));
    }

    void allFormsOfJsonAndTablesAreRead()
    {
        const std::string hash = test::readTasks({write("a.jsonl", piqaLines(3))}).at(0).textHash;
        std::string array = piqaLines(3);
        std::ranges::replace(array, '\n', ',');
        array.back() = ']';
        QCOMPARE(test::readTasks({write("b.json", "[" + array)}).at(0).textHash, hash);
        QCOMPARE(test::readTasks({write("c.csv", "label,goal,sol1,sol2\n0,g0,a,b\r\n0,g1,\"a\",b\n\n0,\"g2\",a,b")}).at(0).textHash, hash);
        QCOMPARE(test::readTasks({write("d.tsv", "goal\tsol1\tsol2\tlabel\ng0\ta\tb\tA\ng1\ta\tb\tA\ng2\ta\tb\t0\n")}).at(0).textHash,
                 hash);
        QCOMPARE(test::readTasks({write("e.data", "goal\tsol1\tsol2\tlabel\ng0\ta\tb\t0\ng1\ta\tb\t0\ng2\ta\tb\t0\n")}).at(0).form,
                 std::string("TSV of the original"));
    }

    void quotesKeepCommasAndLines()
    {
        const std::vector<TaskSet> sets =
            test::readTasks({write("anatomy_test.csv", "\"one, \"\"two\"\"\nthree\",a,b,c,d,B\nfour,\"a\"x,b\"b,c,d,D\n")});
        QCOMPARE(sets[0].items[0].choices[0].context,
                 std::string("The following are multiple choice questions (with answers) about anatomy.\n\n"
                             "one, \"two\"\nthree\nA. a\nB. b\nC. c\nD. d\nAnswer:"));
        QCOMPARE(sets[0].items[0].gold, 1);
        QCOMPARE(sets[0].items[1].line, 3);
        VERIFY_CONTAINS(sets[0].items[1].choices[0].context, std::string("\nA. ax\nB. b\"b\n")); // as Python's csv
        VERIFY_CONTAINS(test::failureOfTasks({write("anatomy.csv", "q,a,b,c,d,B\n\"open,a,b,c,d,A\n")}),
                        std::string("ends inside of quotes, in the row of line 2"));
    }

    void aFolderGivesTheSplitThatIsPublished()
    {
        const std::string other = piqaLine(7);
        write("ARC-Easy/train.jsonl", arcLine("A"));
        write("ARC-Easy/validation.jsonl", arcLine("A") + arcLine("A"));
        write("ARC-Easy/test.jsonl", arcLine("B"));
        write("piqa/train/0000.jsonl", other);
        write("piqa/validation/0000.jsonl", piqaLines(2));
        write("README.md", "not a task");
        write("dataset_infos.json", "{\n \"a\": 1\n}");
        write("facts.jsonl", "{\"question\": \"q\", \"answer\": \"a\"}\n");
        const std::vector<TaskSet> sets = test::readTasks({folder()});
        QCOMPARE(test::namesOf(sets), (std::vector<std::string>{"arc_easy", "piqa"}));
        QCOMPARE(sets[0].items[0].gold, 1);
        QCOMPARE(sets[1].items.size(), 2U);
        QCOMPARE(sets[0].notes.size(), 2U); // both files that were passed over are told of
        VERIFY_CONTAINS(sets[0].notes[1], std::string("facts.jsonl' has the columns 'answer', 'question', which are those of no task"));
    }

    void anotherSplitIsTakenWithANote()
    {
        write("hellaswag/piqa_train.jsonl", piqaLines(2));
        const std::vector<TaskSet> sets = test::readTasks({folder()});
        QCOMPARE(sets[0].notes,
                 (std::vector<std::string>{"These are items of the train split; results are published on the validation split."}));
        const std::filesystem::path dev = write("anatomy_dev.csv", "q,a,b,c,d,B\n");
        QCOMPARE(test::readTasks({dev})[0].notes,
                 (std::vector<std::string>{"These are items of the dev split; results are published on the test split."}));
    }

    void equalFilesAreOneTaskAndOthersAreRefused()
    {
        write("xl/piqa_valid.jsonl", piqaLines(2));
        write("xs/piqa_valid.jsonl", piqaLines(2));
        QCOMPARE(test::readTasks({folder()}).size(), 1U);
        QCOMPARE(test::readTasks({folder(), folder() / "xl" / "piqa_valid.jsonl"}).size(), 1U);
        std::filesystem::remove(folder() / "xs" / "piqa_valid.jsonl");
        write("xs/piqa_valid.csv", "goal,sol1,sol2,label\ng0,a,b,0\ng1,a,b,0\n"); // the same in another form
        QCOMPARE(test::readTasks({folder()}).size(), 1U);
        write("xs/piqa_valid.csv", "goal,sol1,sol2,label\ng0,a,b,0\ng1,a,b,1\n");
        VERIFY_CONTAINS(test::failureOfTasks({folder()}), std::string("The task piqa is in two files: "));
    }

    void subjectsAreKnownByNameOrColumn()
    {
        const std::string line = "{\"question\": \"q\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": 2, \"subject\": \"%1\"}\n";
        const auto row = [&](const char *subject) { return QString::fromStdString(line).arg(subject).toStdString(); };
        write("all/test.jsonl", row("virology") + row("astronomy") + row("virology") + row("cooking"));
        write("virology/test.jsonl", row(""));
        const std::vector<TaskSet> sets = test::readTasks({folder()}); // the file of all counts
        QCOMPARE(test::namesOf(sets), (std::vector<std::string>{"mmlu_astronomy", "mmlu_virology"}));
        QCOMPARE(indicesOf(sets[1]), (std::vector<std::int64_t>{0, 1}));
        QCOMPARE(sets[0].skipped.size(), 1U);
        VERIFY_CONTAINS(sets[0].skipped[0].reason, std::string("'cooking' is none of MMLU's"));
        QCOMPARE(test::readTasks({folder() / "virology"})[0].name, std::string("mmlu_virology"));
        VERIFY_CONTAINS(test::failureOfTasks({write("questions.jsonl", row(""))}), std::string("does not say of which subject"));
        QCOMPARE(test::namesOf(test::readTasks({folder() / "all"}, {"mmlu_virology"})), (std::vector<std::string>{"mmlu_virology"}));
        const std::vector<TaskSet> gaps = test::readTasks({write("gaps.jsonl", row("virology") + row("") + row("virology"))});
        QCOMPARE(indicesOf(gaps[0]), (std::vector<std::int64_t>{0, 1}));
        QCOMPARE(gaps[0].skipped.size(), 1U);
        QCOMPARE(gaps[0].skipped[0].line, 2);
    }

    void onlyWhatIsAskedForIsRead()
    {
        write("piqa.jsonl", piqaLines(2));
        write("arc.jsonl", arcLine("A")); // of which it is not said which it is
        QCOMPARE(test::namesOf(test::readTasks({folder()}, {"piqa"})), (std::vector<std::string>{"piqa"}));
        QCOMPARE(test::namesOf(test::readTasks({folder()}, {"arc_challenge"})), (std::vector<std::string>{"arc_challenge"}));
        VERIFY_CONTAINS(test::failureOfTasks({folder()}), std::string("neither its name nor its folder says which"));
        VERIFY_CONTAINS(test::failureOfTasks({folder()}, {"piqa", "mmlu_astronomy"}),
                        std::string("The task mmlu_astronomy was not found at the given paths; there are piqa."));
        VERIFY_CONTAINS(test::failureOfTasks({folder()}, {"boolq"}), std::string("There is no task 'boolq'. Tasks are arc_easy, "));
    }

    void limitsTakeTheFirstOrASample()
    {
        const std::filesystem::path file = write("piqa.jsonl", piqaLines(20) + "{\"goal\": 1}\n");
        TaskSettings settings = test::settingsOf({file});
        settings.limit = 3;
        const auto read = [&] { return readTaskFiles(settings).at(0); };
        QCOMPARE(indicesOf(read()), (std::vector<std::int64_t>{0, 1, 2}));
        QVERIFY(read().skipped.empty()); // the bad one was not asked for
        settings.seed = 1;
        const std::vector<std::int64_t> sample = indicesOf(read());
        QCOMPARE(sample.size(), 3U);
        QVERIFY(std::ranges::is_sorted(sample));
        QCOMPARE(indicesOf(read()), sample);
        QCOMPARE(sample, (std::vector<std::int64_t>{1, 10, 14})); // the same on every machine
        settings.seed = 2;
        QVERIFY(indicesOf(read()) != sample);
        settings.limit = 100;
        QCOMPARE(read().items.size(), 20U);
        settings.limit = 0;
        VERIFY_CONTAINS(test::messageOf<Error>(read), std::string("it must be at least 1"));
    }

    void badItemsAreSkippedAndCounted_data()
    {
        QTest::addColumn<QString>("good");
        QTest::addColumn<QString>("bad");
        QTest::addColumn<QString>("reason");
        const QString winogrande = "{\"sentence\": \"%1\", \"option1\": \"a\", \"option2\": \"b\", \"answer\": \"%2\"}\n";
        const QString good = winogrande.arg("x _ y", "1");
        QTest::newRow("no blank") << good << winogrande.arg("x y", "1") << "Its 'sentence' has no blank ('_').";
        QTest::newRow("label") << good << winogrande.arg("x _ y", "3") << "Its 'answer', '3', is none of its 2 answers.";
        QTest::newRow("no label") << good << winogrande.arg("x _ y", "") << "It has no 'answer': its right answer is not told.";
        QTest::newRow("empty") << good << winogrande.arg("x _ ", "1") << "An answer is empty.";
        QTest::newRow("no field") << good << "{\"sentence\": \"x _ y\", \"answer\": 1}\n"
                                  << "It has no 'option1'.";
        QTest::newRow("type") << good << "{\"sentence\": 5, \"option1\": \"a\", \"option2\": \"b\", \"answer\": 1}\n"
                              << "Its 'sentence' is no text.";
        const QString arc = QString::fromStdString(arcLine("A"));
        QTest::newRow("key") << arc << QString::fromStdString(arcLine("E")) << "Its key 'E' is none of its labels (A, B, C).";
        const QString query = "{\"query\": \"q\", \"choices\": %1, \"gold\": 0}\n";
        QTest::newRow("one choice") << query.arg("[\"a\", \"b\", \"c\"]") << query.arg("[\"a\"]")
                                    << "Its 'choices' has 1 answer, not two or more.";
        QTest::newRow("empty choice") << query.arg("[\"a\", \"b\", \"c\"]") << query.arg("[\"a\", \"\", \"c\"]") << "An answer is empty.";
    }

    void badItemsAreSkippedAndCounted()
    {
        QFETCH(QString, good);
        QFETCH(QString, bad);
        QFETCH(QString, reason);
        const std::vector<TaskSet> sets = test::readTasks({write("easy.jsonl", (good + "\n" + bad + good).toStdString())});
        QCOMPARE(indicesOf(sets[0]), (std::vector<std::int64_t>{0, 2}));
        QCOMPARE(sets[0].skipped.size(), 1U);
        QCOMPARE(sets[0].skipped[0].line, 3);
        QCOMPARE(QString::fromStdString(sets[0].skipped[0].reason), reason);
        const std::string failure = test::failureOfTasks({write("easy.jsonl", (bad + bad).toStdString())});
        VERIFY_CONTAINS(failure, reason.contains("not told")    ? std::string("no labels")
                                 : reason.contains("'option1'") ? std::string("WinoGrande also needs 'option1', 'option2'")
                                                                : "has no usable item; the first is on line 1: " + reason.toStdString());
    }

    void rowsOfTheWrongLengthAreSkipped()
    {
        const std::vector<TaskSet> sets =
            test::readTasks({write("anatomy.csv", "question,choice0,choice1,choice2,choice3,answer\nq,a,b,c,d,1\nq,a,b,c,1\n")});
        QCOMPARE(sets[0].skipped.size(), 1U);
        QCOMPARE(sets[0].skipped[0].reason, std::string("It has 5 fields; the header has 6."));
    }

    void aMissingColumnIsNamed()
    {
        const std::filesystem::path file = write("x/piqa.jsonl", "{\"goal\": \"g\", \"sol1\": \"a\", \"label\": 0}\n");
        for (const std::filesystem::path &path : {file, folder()})
            VERIFY_CONTAINS(test::failureOfTasks({path}), std::string("has the columns 'goal', 'label', 'sol1'; PIQA also needs 'sol2'."));
        VERIFY_CONTAINS(
            test::failureOfTasks({write("y.jsonl", "{\"text\": \"t\"}\n")}),
            std::string("has the columns 'text', which are those of no task. Tasks are known by their columns: ARC (question, "));
        VERIFY_CONTAINS(test::failureOfTasks({write("z.txt", "Once upon a time.\n")}),
                        std::string("z.txt' has no header with the columns of a task."));
        VERIFY_CONTAINS(test::failureOfTasks({folder() / "none.jsonl"}), std::string("There is no file or folder '"));
    }

    void listsOfLabelsMustFit()
    {
        const std::string rows = "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\"}\n";
        const std::filesystem::path file = write("valid.jsonl", rows + rows);
        VERIFY_CONTAINS(test::failureOfTasks({file}), std::string("no file 'valid-labels.lst' beside it"));
        write("valid-labels.lst", "1\n");
        VERIFY_CONTAINS(test::failureOfTasks({file}), std::string("has 1 label for 2 items"));
        write("valid-labels.lst", "1\r\n0");
        const TaskSet set = test::readTasks({file}).at(0);
        QCOMPARE(set.items[0].gold, 1);
        QCOMPARE(set.items[1].gold, 0);
    }

private:
    std::filesystem::path folder() const { return m_folder->path().toStdString(); }

    std::filesystem::path write(const std::string &name, const std::string &content) const
    {
        const std::filesystem::path file = folder() / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

    static std::string arcLine(const char *key)
    {
        return QString("{\"question\": \"q\", \"choices\": {\"text\": [\"a\", \"b\", \"c\"], \"label\": [\"A\", \"B\", \"C\"]}, "
                       "\"answerKey\": \"%1\"}\n")
            .arg(key)
            .toStdString();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(tst_TaskFiles)
#include "tst_TaskFiles.moc"
