// SPDX-License-Identifier: GPL-3.0-or-later
// What the command line wrote, opened in the window's session and gone on with; and the other way round.
#include "SampleBench.h"
#include "pruning/PlanFile.h"
#include "session/SessionStore.h"

#include <QProcess>
#include <QSignalSpy>
#include <QtTest>

#include <cmath>
#include <filesystem>
#include <fstream>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Whether `secateur-cli ARGUMENTS`, on one thread as the bench computes, ends well.
bool cli(const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(QStringLiteral(SECATEUR_CLI), arguments);
    return process.waitForFinished(120'000) && process.exitCode() == 0;
}

QString model()
{
    return QString::fromStdString((sampleFolder() / "model").string());
}

struct Files {
    QTemporaryDir folder;
    QString scores = folder.filePath(QStringLiteral("scores.safetensors")), plan = folder.filePath(QStringLiteral("plan.json"));

    QString path(const char *name) const { return folder.filePath(QLatin1String(name)); }
    bool calibrate() const
    {
        const QString text = QString::fromStdString((sampleFolder() / "text" / "grimm.txt").string());
        return cli({"calibrate", model(), "--text", text, "--windows", "4", "--length", "128", "--threads", "1", "--output", scores});
    }
    bool search(int removals, const QString &to) const
    {
        return cli({"search", model(), "--scores", scores, "--keep", "150", "--remove", QString::number(removals), "--all-losses",
                    "--threads", "1", "--save-plan", to});
    }
    /// A plan by hand for the sample: layer 1 gone as a whole, few neurons in layer 2. `more`: further fields.
    QString byHand(const std::string &more = {}) const
    {
        const QString file = path("hand.json");
        std::ofstream out(file.toStdString());
        out << R"({"kind": "secateur-plan", "format": 2, "method": "manual", "removedAttentions": [1, 5], "keptNeurons": ["all", [], [0, 7, 343])";
        for (int layer = 3; layer < 12; ++layer)
            out << R"(, "all")";
        out << "]" << more << "}";
        return file;
    }
};

bool openFile(SampleBench &bench, const QString &file)
{
    QSignalSpy opened(&bench.jobs, &SessionJobs::fileOpened);
    bench.jobs.openFile(file.toStdString());
    return QTest::qWaitFor([&] { return opened.count() == 1; }, 60'000) && bench.finish();
}

bool savePlan(SampleBench &bench, const QString &file)
{
    bench.jobs.savePlan(file.toStdString());
    return QTest::qWaitFor([&] { return bench.message(QStringLiteral("plan")).severity == Message::Severity::Success; }, 20'000);
}

bool isSame(double one, double other)
{
    return one == other || (std::isnan(one) && std::isnan(other));
}

/// What differs between the searches of two plans, to the last bit.
QString difference(const SearchRecord &one, const SearchRecord &other)
{
    if (!isSame(one.initialLoss, other.initialLoss))
        return QStringLiteral("initial loss");
    if (one.steps.size() != other.steps.size())
        return QStringLiteral("%1 steps, %2").arg(one.steps.size()).arg(other.steps.size());
    for (std::size_t i = 0; i < one.steps.size(); ++i) {
        if (one.steps[i].removed != other.steps[i].removed)
            return QStringLiteral("removal of step %1").arg(i);
        for (std::size_t layer = 0; layer < one.steps[i].losses.size(); ++layer)
            if (!isSame(one.steps[i].losses[layer], other.steps[i].losses[layer]))
                return QStringLiteral("loss %1 of step %2").arg(layer).arg(i);
    }
    return {};
}

} // namespace

class TestOpenFile : public QObject {
    Q_OBJECT

private slots:
    void aPlanGoesOnBetweenBothPrograms();
    void aTextThatIsGoneIsNamedAndFoundAgain();
    void aPlanIsAStepOfTheHistoryAndPartOfTheSession();
    void scoresAreACalibration();
    void scoresOfThePlanShowBesideIt();
    void aPlanByHandIsShownAndMeasured();
    void whatTheFileSettledIsRefused();
    void theModelOfAManifestIsOpened();
    void aPlanWithoutAModelAsksForOne();
    void aDamagedPlanAsksForNoModel();
    void filesAreOpenedOneAfterAnother();
    void aPlanIsOneWhateverItIsCalled();
    void filesOfModelsAreOpenedAsModels();
    void whatDoesNotFitIsNamed();
};

void TestOpenFile::aPlanGoesOnBetweenBothPrograms()
{
    const Files files;
    QVERIFY(files.calibrate() && files.search(2, files.plan) && files.search(6, files.path("whole.json")));
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.plan));
    QCOMPARE(bench.model.neuronsKept(), 150);
    QCOMPARE(bench.model.searchState(), SearchState::Complete);
    const std::vector<std::int64_t> first = bench.model.removalOrder();
    QCOMPARE(first.size(), 2U);
    QCOMPARE(bench.planHash(), loadPlan(files.plan.toStdString()).hash());

    bench.editor.setAttentionsToRemove(4);
    QCOMPARE(bench.model.searchState(), SearchState::Unfinished);
    QVERIFY(bench.search());
    QVERIFY(bench.message(QStringLiteral("search")).sentence.isEmpty()); // it did not start anew
    QCOMPARE(bench.model.removalOrder().size(), 4U);
    QVERIFY(savePlan(bench, files.path("longer.json")));
    QVERIFY(cli({"search", model(), "--plan", files.path("longer.json"), "--remove", "6", "--all-losses", "--threads", "1", "--save-plan",
                 files.path("last.json")}));
    const PruningPlan whole = loadPlan(files.path("whole.json").toStdString()), last = loadPlan(files.path("last.json").toStdString());
    QCOMPARE(difference(last.search, whole.search), QString());
    QCOMPARE(last.hash(), whole.hash());
}

/// A plan of another computer names its text where that lay there.
void TestOpenFile::aTextThatIsGoneIsNamedAndFoundAgain()
{
    const Files files;
    QVERIFY(files.calibrate() && files.search(1, files.plan));
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.plan));
    const Session &session = bench.model.session();
    const TextSettings there = session.calibrationText;
    TextSettings gone = there;
    gone.files = {files.path("moved.txt").toStdString()};
    bench.editor.setTexts(gone, session.evaluationText, session.norm);
    bench.editor.setAttentionsToRemove(2);
    QVERIFY(!bench.search());
    const Message told = bench.message(QStringLiteral("search"));
    QVERIFY2(told.sentence.contains(QStringLiteral("moved.txt")) && told.hint.contains(QStringLiteral("where it is now")),
             qPrintable(told.sentence));
    QVERIFY(bench.model.shelfPlan());
    bench.editor.setTexts(there, session.evaluationText, session.norm);
    QVERIFY(bench.search());
    QCOMPARE(bench.model.removalOrder().size(), 2U);
}

void TestOpenFile::aPlanIsAStepOfTheHistoryAndPartOfTheSession()
{
    const Files files;
    QVERIFY(files.calibrate() && files.search(2, files.plan));
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.plan));
    const std::string hash = bench.planHash();
    bench.editor.pin(QStringLiteral("of the file"));
    bench.editor.setAttentionsToRemove(1);
    bench.history.undo();
    bench.history.undo();
    bench.history.undo();
    QVERIFY(!bench.model.hasNeurons());
    bench.history.redo();
    QVERIFY(bench.model.shelfPlan());
    QCOMPARE(bench.planHash(), hash);
    bench.history.redo();
    QVERIFY(bench.evaluate());
    QVERIFY(bench.model.planEvaluation());
    QCOMPARE(bench.model.planEvaluation()->planHash, hash);
    QCOMPARE(bench.model.factsOf(bench.model.session().pinned[0].draft).evaluation, bench.model.planEvaluation());

    const std::filesystem::path file = bench.path(QStringLiteral("s.secateur")).toStdString();
    saveSession(bench.model.session(), file);
    const Session session = loadSession(file);
    QCOMPARE(planOf(session, session.draft).hash(), hash);
    QCOMPARE(planOf(session, session.pinned[0].draft).hash(), hash);
    QVERIFY(cli({"export", model(), "--plan", QString::fromStdString(file.string()), "--output", files.path("pruned"), "--threads", "1"}));
    QVERIFY(openFile(bench, files.plan)); // once more changes nothing
    QCOMPARE(bench.model.session().plans.size(), 1U);
}

void TestOpenFile::scoresAreACalibration()
{
    const Files files;
    QVERIFY(files.calibrate());
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.scores));
    QVERIFY(bench.model.hasScores());
    QCOMPARE(bench.model.draft().calibration, 0);
    QCOMPARE(bench.model.session().calibrationText.windows, std::optional<std::int64_t>(4));
    QCOMPARE(bench.model.session().calibrationText.length, 128);
    QVERIFY(bench.calibrate()); // the same once more
    QCOMPARE(bench.model.session().calibrations.size(), 1U);
    bench.history.undo();
    QVERIFY(!bench.model.hasScores());
}

void TestOpenFile::scoresOfThePlanShowBesideIt()
{
    const Files files;
    QVERIFY(files.calibrate() && files.search(1, files.plan));
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.plan));
    QVERIFY(bench.model.hasNeurons() && !bench.model.hasScores());
    QVERIFY(openFile(bench, files.scores));
    QVERIFY(bench.model.shelfPlan() && bench.model.hasScores());
    bench.editor.useCalibration(0); // another plan, from the scores
    QVERIFY(!bench.model.shelfPlan() && bench.model.hasScores());
}

void TestOpenFile::aPlanByHandIsShownAndMeasured()
{
    const Files files;
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.byHand()));
    QVERIFY(bench.model.isSettled());
    QCOMPARE(bench.model.searchState(), SearchState::Complete);
    QCOMPARE(bench.model.planExactness(), Exactness::Exact);
    QCOMPARE(bench.model.removalOrder(), (std::vector<std::int64_t>{1, 5}));
    const ModelSpec &left = bench.model.planSpec();
    QVERIFY(!left.layers[1].ffn && left.layers[2].neurons() == 3 && left.layers[3].neurons() == 344);
    QCOMPARE(bench.model.planFigures().modelParameters,
             modelParameters(loadPlan(files.byHand().toStdString(), bench.model.spec(), "m").surgery().specOf(bench.model.spec())));
    QVERIFY(bench.jobs.canSearch().reason.contains(QStringLiteral("written by hand")));
    QVERIFY(bench.jobs.canExport());
    QVERIFY(bench.evaluate());
    QVERIFY(bench.model.planEvaluation());
    QVERIFY(savePlan(bench, files.path("saved.json")));
    QCOMPARE(loadPlan(files.path("saved.json").toStdString()).hash(), bench.planHash());
}

void TestOpenFile::whatTheFileSettledIsRefused()
{
    const Files files;
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(openFile(bench, files.byHand()));
    const PlanDraft draft = bench.model.draft();
    QSignalSpy refused(&bench.editor, &PlanEditor::refused);
    bench.editor.setSparsity(0.5);
    bench.editor.setNeuronsKept(100);
    bench.editor.setAttentionsToRemove(3);
    bench.editor.toggleProtected(2);
    QCOMPARE(refused.count(), 4);
    QVERIFY(bench.model.draft() == draft);
    QVERIFY(refused[2][0].toString().contains(QStringLiteral("written by hand")));
    TextSettings text = bench.model.session().calibrationText;
    text.seed = 3;
    bench.editor.setTexts(text, bench.model.session().evaluationText, ScoreNorm::L2); // another text takes no plan away
    QVERIFY(bench.model.draft() == draft);
}

void TestOpenFile::theModelOfAManifestIsOpened()
{
    const Files files;
    QVERIFY(files.calibrate() && files.search(2, files.plan));
    QVERIFY(cli({"export", model(), "--plan", files.plan, "--output", files.path("pruned"), "--threads", "1"}));
    SampleBench bench;
    QVERIFY(openFile(bench, files.path("pruned/pruning_manifest.json")));
    QVERIFY(bench.model.hasModel());
    QCOMPARE(bench.model.spec().layerCount(), 12);
    QCOMPARE(bench.planHash(), loadPlan(files.plan.toStdString()).hash());
}

void TestOpenFile::aPlanWithoutAModelAsksForOne()
{
    const Files files;
    SampleBench bench;
    QSignalSpy needed(&bench.jobs, &SessionJobs::modelNeeded), opened(&bench.jobs, &SessionJobs::fileOpened);
    bench.jobs.openFile(files.byHand().toStdString());
    QTRY_COMPARE(needed.count(), 1);
    QCOMPARE(needed[0][0].toString(), files.path("hand.json"));
    QVERIFY(!bench.model.hasModel());
    bench.jobs.openModelFor(sampleFolder() / "model", files.path("hand.json").toStdString());
    QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 60'000);
    QVERIFY(bench.model.isSettled());
}

/// What is wrong whatever the model is, is said at once.
void TestOpenFile::aDamagedPlanAsksForNoModel()
{
    const Files files;
    SampleBench bench;
    QSignalSpy needed(&bench.jobs, &SessionJobs::modelNeeded);
    std::ofstream(files.path("broken.json").toStdString()) << R"({"kind": "secateur-plan"})";
    for (const auto &[name, said] : {std::pair("broken.json", "is damaged"), std::pair("gone.json", "gone.json")}) {
        bench.jobs.openFile(files.path(name).toStdString());
        QTRY_VERIFY(!bench.message(QStringLiteral("open")).sentence.isEmpty());
        QVERIFY(bench.message(QStringLiteral("open")).sentence.contains(QLatin1String(said)));
    }
    QCOMPARE(needed.count(), 0);
}

/// Without the first having ended: a plan, then its scores; and both while their model is being opened.
void TestOpenFile::filesAreOpenedOneAfterAnother()
{
    const Files files;
    QVERIFY(files.calibrate() && files.search(1, files.plan));
    for (const bool isModelOpen : {true, false}) {
        SampleBench bench;
        QSignalSpy opened(&bench.jobs, &SessionJobs::fileOpened);
        if (isModelOpen) {
            QVERIFY(bench.open());
            bench.jobs.openFile(files.plan.toStdString());
        } else {
            bench.jobs.openModelFor(sampleFolder() / "model", files.plan.toStdString());
        }
        bench.jobs.openFile(files.scores.toStdString());
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 2, 60'000);
        QCOMPARE(opened[0][0].toString(), files.plan);
        QCOMPARE(opened[0][1].value<Openable>(), Openable::Plan);
        QCOMPARE(opened[1][0].toString(), files.scores);
        QCOMPARE(opened[1][1].value<Openable>(), Openable::Scores);
        QVERIFY(bench.model.shelfPlan() && bench.model.hasScores());
    }
}

void TestOpenFile::aPlanIsOneWhateverItIsCalled()
{
    const Files files;
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(QFile::rename(files.byHand(), files.path("mine")));
    QCOMPARE(openableAt(files.path("mine").toStdString()), Openable::Plan);
    QVERIFY(openFile(bench, files.path("mine")));
    QVERIFY(bench.model.isSettled());
    std::ofstream(files.path("notes").toStdString()) << R"({"about": "something else"})";
    for (const char *name : {"notes", "gone"})
        QCOMPARE(openableAt(files.path(name).toStdString()), Openable::Model);
}

void TestOpenFile::filesOfModelsAreOpenedAsModels()
{
    for (const char *name : {"config.json", "tokenizer.json", "model.safetensors"}) {
        SampleBench bench;
        QSignalSpy opened(&bench.jobs, &SessionJobs::modelOpened);
        bench.jobs.openFile(sampleFolder() / "model" / name);
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 60'000);
        QVERIFY(bench.model.hasModel());
    }
}

void TestOpenFile::whatDoesNotFitIsNamed()
{
    const Files files;
    SampleBench bench;
    QVERIFY(bench.open());
    const auto problem = [&](const QString &file) {
        bench.jobs.openFile(file.toStdString());
        return QTest::qWaitFor([&] { return !bench.message(QStringLiteral("open")).sentence.isEmpty(); }, 60'000)
                   ? bench.message(QStringLiteral("open")).sentence
                   : QString();
    };
    const QString other = problem(files.byHand(R"(, "modelHash": "0123456789abcdef")"));
    QVERIFY2(other.contains(QStringLiteral("another model")) && other.contains(QStringLiteral("0123456789ab")), qPrintable(other));
    QVERIFY(!bench.model.hasNeurons());
    std::ofstream(files.path("broken.json").toStdString()) << R"({"kind": "secateur-plan"})";
    QVERIFY2(problem(files.path("broken.json")).contains(QStringLiteral("is damaged")), qPrintable(problem(files.path("broken.json"))));
    std::ofstream(files.path("list.json").toStdString()) << "[1, 2]";
    QVERIFY2(problem(files.path("list.json")).contains(QStringLiteral("list.json' must hold a JSON object")),
             qPrintable(problem(files.path("list.json"))));
    QVERIFY(problem(files.path("gone.json")).contains(QStringLiteral("gone.json")));
}

QTEST_GUILESS_MAIN(TestOpenFile)
#include "tst_OpenFile.moc"
