// SPDX-License-Identifier: GPL-3.0-or-later
// Every form of a task's file gives what lm-evaluation-harness asks of the Hub's form (tests/fixtures/make_tasks.py).
#include "TaskFixtures.h"

#include "tasks/TaskForms.h"

using namespace secateur;

class tst_TaskForms : public QObject {
    Q_OBJECT

private slots:
    void everyFormAsksWhatTheHarnessAsks_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("task");
        QTest::addColumn<QString>("items");
        QTest::addColumn<QString>("form");
        const QString hub = "Parquet of the Hugging Face Hub";
        const auto row = [](const char *file, const char *task, const char *items, const QString &form) {
            QTest::newRow(file) << file << task << items << form;
        };
        row("ARC-Easy-test.parquet", "arc_easy", "arc_easy", hub);
        row("arc_challenge-list-of-structs.parquet", "arc_challenge", "arc_easy", hub);
        row("ARC-Challenge-Test.jsonl", "arc_challenge", "arc_easy", "JSON lines of the original");
        row("hellaswag-validation.parquet", "hellaswag", "hellaswag", hub);
        row("hellaswag-large.parquet", "hellaswag", "hellaswag", hub);
        row("hellaswag_val.jsonl", "hellaswag", "hellaswag", "JSON lines of the original");
        row("piqa_validation.parquet", "piqa", "piqa", hub);
        row("piqa-int32.parquet", "piqa", "piqa", hub);
        row("valid.jsonl", "piqa", "piqa", "JSON lines of the original");
        row("winogrande_xl-validation.parquet", "winogrande", "winogrande", hub);
        row("dev.jsonl", "winogrande", "winogrande", "JSON lines of the original");
        row("anatomy_test.csv", "mmlu_anatomy", "mmlu_anatomy", "CSV of the original");
        row("anatomy_header.csv", "mmlu_anatomy", "mmlu_anatomy", "CSV with a header");
        row("us_foreign_policy_test.csv", "mmlu_us_foreign_policy", "mmlu_us_foreign_policy", "CSV of the original");
    }

    void everyFormAsksWhatTheHarnessAsks()
    {
        QFETCH(QString, file);
        QFETCH(QString, task);
        QFETCH(QString, items);
        QFETCH(QString, form);
        const std::vector<TaskSet> sets = test::readTasks({test::kTaskFixtures / file.toStdString()});
        QCOMPARE(sets.size(), 1U);
        QCOMPARE(QString::fromStdString(sets[0].name), task);
        QCOMPARE(QString::fromStdString(sets[0].form), form);
        QVERIFY(sets[0].skipped.empty());
        QCOMPARE(QString::fromStdString(test::jsonOf(sets[0]).dump(1)),
                 QString::fromStdString(test::expectedTasks()["own"][items.toStdString()].dump(1)));
    }

    void aFileOfAllSubjectsIsParted()
    {
        const std::vector<TaskSet> sets = test::readTasks({test::kTaskFixtures / "mmlu-all-test.parquet"});
        QCOMPARE(test::namesOf(sets), (std::vector<std::string>{"mmlu_anatomy", "mmlu_astronomy", "mmlu_us_foreign_policy"}));
        for (const TaskSet &set : sets)
            QCOMPARE(test::jsonOf(set), test::expectedTasks()["own"][set.name]);
        QCOMPARE(sets[0].items[1].index, 1); // counts within the subject
        QCOMPARE(sets[0].items[1].line, 3);  // and the row in the file
    }

    void splitsWithoutLabelsAreRefused()
    {
        for (const char *file : {"hellaswag-test.parquet", "piqa-test.parquet"})
            VERIFY_CONTAINS(test::failureOfTasks({test::kTaskFixtures / file}),
                            std::string("is a test split, no labels: its right answers are not told. Give the validation split."));
    }

    void aColumnOfAnotherTypeIsNamed()
    {
        VERIFY_CONTAINS(test::failureOfTasks({test::kTaskFixtures / "odd-types.parquet"}, {"arc_easy"}),
                        std::string("The column 'choices' of '"));
    }
};

QTEST_GUILESS_MAIN(tst_TaskForms)
#include "tst_TaskForms.moc"
