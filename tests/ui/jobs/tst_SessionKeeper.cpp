// SPDX-License-Identifier: GPL-3.0-or-later
// What is kept of a session on the disk: as it goes, on demand, and when the program is killed.
#include "jobs/SessionKeeper.h"

#include "SampleBench.h"
#include "jobs/SessionPlace.h"

#include <QProcess>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QtTest>

#include <cmath>
#include <csignal>
#include <memory>
#include <sys/resource.h>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// A bench whose session is kept in `root`. Ends as a window does: what is being written is finished, nothing more is heard of.
struct KeptBench : SampleBench {
    std::unique_ptr<SessionKeeper> keeper;

    explicit KeptBench(const QString &root) : keeper(std::make_unique<SessionKeeper>(model, jobs, messages, root.toStdString())) {}
    ~KeptBench() { keeper.reset(); }

    /// A session without computing: made-up scores.
    void make(unsigned seed = 1)
    {
        model.begin(sampleSummary());
        const auto scores = madeUpScores(model.spec(), seed);
        editor.useCalibration(model.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    }
    std::vector<RecoverableSession> leftovers()
    {
        std::vector<RecoverableSession> found;
        bool isFound = false;
        const QObject context;
        QObject::connect(keeper.get(), &SessionKeeper::leftoversFound, &context, [&](const std::vector<RecoverableSession> &sessions) {
            found = sessions;
            isFound = true;
        });
        keeper->lookForLeftovers();
        return QTest::qWaitFor([&] { return isFound; }, 20'000) ? found : std::vector<RecoverableSession>();
    }
    bool save(const QString &file)
    {
        QSignalSpy saved(keeper.get(), &SessionKeeper::saved);
        keeper->save(file);
        return QTest::qWaitFor([&] { return !saved.isEmpty(); }, 20'000);
    }
    bool openSession(const QString &file)
    {
        QSignalSpy opened(keeper.get(), &SessionKeeper::opened);
        keeper->open(file);
        return QTest::qWaitFor([&] { return !opened.isEmpty() || !message(QStringLiteral("session")).sentence.isEmpty(); }, 20'000) &&
               !opened.isEmpty();
    }
    bool restore(const std::filesystem::path &place)
    {
        QSignalSpy opened(keeper.get(), &SessionKeeper::opened);
        keeper->restore(place);
        return QTest::qWaitFor([&] { return !opened.isEmpty(); }, 20'000);
    }
};

/// Folders of journals in a root.
QStringList journals(const QString &root)
{
    return QDir(root).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
}

bool isSameLoss(double a, double b)
{
    return a == b || (std::isnan(a) && std::isnan(b));
}

bool isSameRecord(const SearchRecord &a, const SearchRecord &b)
{
    bool isSame = a.settings == b.settings && a.provenance == b.provenance && isSameLoss(a.initialLoss, b.initialLoss) &&
                  a.steps.size() == b.steps.size();
    for (std::size_t i = 0; isSame && i < a.steps.size(); ++i) {
        const SearchStep &one = a.steps[i], &other = b.steps[i];
        isSame = one.removed == other.removed && one.isForced == other.isForced &&
                 std::equal(one.losses.begin(), one.losses.end(), other.losses.begin(), other.losses.end(), isSameLoss);
    }
    return isSame;
}

/// Compares all that people would miss.
void compare(const Session &found, const Session &expected)
{
    QCOMPARE(found.model->folder, expected.model->folder);
    QVERIFY(found.model->spec == expected.model->spec);
    QVERIFY(found.calibrationText == expected.calibrationText);
    QVERIFY(found.evaluationText == expected.evaluationText);
    QVERIFY(found.norm == expected.norm);
    QVERIFY(found.draft == expected.draft);
    QVERIFY(found.pinned == expected.pinned);
    QCOMPARE(found.calibrations.size(), expected.calibrations.size());
    for (std::size_t i = 0; i < found.calibrations.size(); ++i) {
        QCOMPARE(found.calibrations[i]->layers, expected.calibrations[i]->layers);
        QVERIFY(found.calibrations[i]->provenance == expected.calibrations[i]->provenance);
    }
    QCOMPARE(found.searches.size(), expected.searches.size());
    for (const auto &[key, record] : expected.searches)
        QVERIFY(found.searches.contains(key) && isSameRecord(found.searches.at(key), record));
    QCOMPARE(found.denseImpact.has_value(), expected.denseImpact.has_value());
    if (expected.denseImpact)
        QVERIFY(isSameRecord(*found.denseImpact, *expected.denseImpact));
    QCOMPARE(found.measurements.size(), expected.measurements.size());
    for (std::size_t i = 0; i < found.measurements.size(); ++i) {
        QCOMPARE(found.measurements[i].result.perplexity, expected.measurements[i].result.perplexity);
        QCOMPARE(found.measurements[i].planHash, expected.measurements[i].planHash);
        QCOMPARE(found.measurements[i].removed, expected.measurements[i].removed);
    }
    QCOMPARE(found.exports.size(), expected.exports.size());
    for (std::size_t i = 0; i < found.exports.size(); ++i) {
        QCOMPARE(found.exports[i].folder, expected.exports[i].folder);
        QCOMPARE(found.exports[i].verification.isPassed, expected.exports[i].verification.isPassed);
    }
}

/// Copies the files of a folder into a new one.
void copyFolder(const std::filesystem::path &from, const QString &to)
{
    std::filesystem::copy(from, to.toStdString());
}

/// The lines that a child prints, until one begins with `last`.
QList<QByteArray> readUntil(QProcess &child, const QByteArray &last)
{
    QList<QByteArray> lines;
    while (lines.isEmpty() || !lines.back().startsWith(last)) {
        if (!child.canReadLine() && !child.waitForReadyRead(60'000))
            break;
        while (child.canReadLine() && (lines.isEmpty() || !lines.back().startsWith(last)))
            lines << child.readLine().trimmed();
    }
    return lines;
}

/// Kills it as the kernel would, and gives the whole lines that it had still printed.
QList<QByteArray> killed(QProcess &child)
{
    ::kill(pid_t(child.processId()), SIGKILL);
    child.waitForFinished();
    QList<QByteArray> lines;
    while (child.canReadLine())
        lines << child.readLine().trimmed();
    return lines;
}

} // namespace

class TestSessionKeeper : public QObject {
    Q_OBJECT

private slots:
    void init();
    void theJournalHoldsWhatHappensAsItHappens();
    void aSessionIsSavedAndOpenedAgain();
    void whatCannotBeSavedOrOpenedIsSaid();
    void aNewerFormatIsForLookingAt();
    void aRestoredSessionIsThatOfItsFile_data();
    void aRestoredSessionIsThatOfItsFile();
    void savingIsOfTheSessionThatItWasAskedFor();
    void sessionsThatEndInOrderAreOfferedUnlessSaved_data();
    void sessionsThatEndInOrderAreOfferedUnlessSaved();
    void theSessionBeforeIsKept();
    void theSessionBeforeIsOfferedThoughItsSearchRan_data();
    void theSessionBeforeIsOfferedThoughItsSearchRan();
    void aSecondWindowIsToldAndSavesUnderAnotherName();
    void aFileIsSavedAgainOnceTheOtherWindowHasClosed();
    void aFileThatSomebodyElseWroteIsNotOverwrittenUnasked();
    void overwritingIsOfTheSessionThatWasAsked();
    void lossesOfOtherPlansCountAsChanges();
    void aKillDuringASearchLosesNothingThatWasSeen();
    void aKillDuringASaveLeavesTheOldFileWhole_data();
    void aKillDuringASaveLeavesTheOldFileWhole();
    void leftoversCanBeDiscarded();
    void aModelThatMovedLeavesThePlots();
    void withoutAJournalWorkGoesOn();
    void aDiskThatWasFullIsCaughtUpWith();

private:
    QString root() const { return m_folder->filePath(QStringLiteral("sessions")); }
    QString file(const QString &name) const { return m_folder->filePath(name); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestSessionKeeper::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".*")));
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestSessionKeeper::theJournalHoldsWhatHappensAsItHappens()
{
    KeptBench bench(root());
    QVERIFY(bench.keeper->lastWritten().isNull());
    QVERIFY(bench.open());
    QCOMPARE(journals(root()).size(), 1);
    const std::filesystem::path folder = QDir(root()).filePath(journals(root()).first()).toStdString();
    const auto recovered = [&] {
        compare(recoverSession(folder), bench.model.session());
        return !QTest::currentTestFailed();
    };
    QTRY_VERIFY(std::filesystem::exists(folder / "base.1.secateur")); // written on another thread
    QVERIFY(recovered());                                             // the texts came after it
    QVERIFY(bench.calibrate());
    QTRY_VERIFY(recoverSession(folder).calibrations.size() == 1);
    QVERIFY(recovered());
    bench.editor.setAttentionsToRemove(1);
    bench.editor.toggleProtected(4);
    bench.editor.pin(QStringLiteral("Best"));
    QVERIFY(recovered());
    bench.history.undo();
    bench.history.undo();
    QVERIFY(recovered());
    bench.jobs.measureImpact();
    QVERIFY(bench.finish());
    QVERIFY(recovered());
    QVERIFY(bench.evaluate()); // and searches
    QVERIFY(recovered());
    QVERIFY(bench.model.planEvaluation());
    QVERIFY(bench.evaluate()); // measured again: not twice in the list
    QVERIFY(recovered());
    ExportSettings settings;
    settings.output = file("pruned").toStdString();
    bench.jobs.exportPlan(settings);
    QVERIFY(bench.finish());
    QVERIFY(recovered());
    TextSettings text = bench.model.session().calibrationText;
    text.windows = 2;
    bench.model.setDraftAndTexts(bench.model.draft(), text, bench.model.session().evaluationText, ScoreNorm::L1);
    QVERIFY(recovered());
    QVERIFY(bench.calibrate()); // a new base, which holds all of it
    QTRY_VERIFY(recoverSession(folder).calibrations.size() == 2);
    QVERIFY(recovered());
    QVERIFY(!bench.keeper->lastWritten().isNull());
    QVERIFY(bench.messages.current().empty());
}

void TestSessionKeeper::aSessionIsSavedAndOpenedAgain()
{
    const QString place = file("my session.secateur");
    KeptBench bench(root());
    bench.make();
    bench.editor.setAttentionsToRemove(2);
    bench.model.setSearch(searchKey(bench.model.draft(), bench.model.neuronsKept()), madeUpSearch(12, {3, 4}));
    bench.editor.pin(QStringLiteral("Best"));
    QVERIFY(!bench.keeper->isSaved());
    QVERIFY(bench.keeper->file().isEmpty());
    QVERIFY(bench.save(place));
    QVERIFY(bench.keeper->isSaved());
    QCOMPARE(bench.keeper->file(), place);
    QVERIFY(bench.message(QStringLiteral("session")).severity == Message::Severity::Success);
    QVERIFY(bench.message(QStringLiteral("session")).sentence.contains(QStringLiteral("my session.secateur")));
    QSignalSpy state(bench.keeper.get(), &SessionKeeper::stateChanged);
    bench.editor.setAttentionsToRemove(1);
    QVERIFY(!bench.keeper->isSaved());
    QVERIFY(!state.isEmpty());
    bench.history.undo();
    bench.keeper.reset(); // its window closes

    KeptBench other(file("other root"));
    QVERIFY(other.openSession(place));
    compare(other.model.session(), bench.model.session());
    QCOMPARE(other.keeper->file(), place);
    QVERIFY(other.keeper->isSaved());
    QVERIFY(!other.model.isModelThere()); // until its model is opened
    QVERIFY(other.model.rankedScores() != nullptr);
    QVERIFY(other.model.searchState() == SearchState::Complete);
    other.jobs.reopenModel();
    QVERIFY(other.finish());
    QVERIFY(other.model.isModelThere());
    QVERIFY(other.keeper->isSaved());
    other.editor.setAttentionsToRemove(1);
    QVERIFY(other.save(place));
    QCOMPARE(loadSession(place.toStdString()).draft.balance.attentionsToRemove, 1);
}

void TestSessionKeeper::whatCannotBeSavedOrOpenedIsSaid()
{
    KeptBench bench(root());
    bench.keeper->save(file("nothing.secateur")); // no session yet
    bench.make();
    QVERIFY(!bench.openSession(file("missing.secateur")));
    Message told = bench.message(QStringLiteral("session"));
    QVERIFY(told.severity == Message::Severity::Error);
    QVERIFY2(told.sentence.contains(QStringLiteral("missing.secateur")), qPrintable(told.sentence));
    QVERIFY(bench.model.hasScores()); // the session in hand stays
    QFile damaged(file("damaged.secateur"));
    QVERIFY(damaged.open(QIODevice::WriteOnly));
    damaged.write("once upon a time");
    damaged.close();
    QVERIFY(!bench.openSession(damaged.fileName()));
    QVERIFY(bench.message(QStringLiteral("session")).sentence.contains(QStringLiteral("damaged.secateur")));
    QVERIFY(bench.model.hasScores());

    bench.keeper->save(file("no/such/folder/x.secateur"));
    QTRY_VERIFY(bench.message(QStringLiteral("session")).sentence.contains(QStringLiteral("no/such/folder")));
    told = bench.message(QStringLiteral("session"));
    QVERIFY(told.severity == Message::Severity::Error);
    QVERIFY(!told.hint.isEmpty());
    QVERIFY(!bench.keeper->isSaved());
    QVERIFY(bench.keeper->file().isEmpty());
    QVERIFY(bench.save(file("x.secateur"))); // and then it goes well
    QVERIFY(bench.message(QStringLiteral("session")).severity == Message::Severity::Success);
    QVERIFY(!QFile::exists(file("nothing.secateur")));
}

void TestSessionKeeper::aNewerFormatIsForLookingAt()
{
    const QString place = file("newer.secateur");
    {
        KeptBench before(file("other root"));
        before.make();
        before.editor.setAttentionsToRemove(2);
        before.model.setSearch(searchKey(before.model.draft(), before.model.neuronsKept()), madeUpSearch(12, {3, 4}));
        QVERIFY(before.save(place));
    }
    makeNewer(place.toStdString());
    const auto written = stampOf(place.toStdString());
    KeptBench bench(root());
    QVERIFY(bench.openSession(place));
    bench.jobs.reopenModel();
    QCOMPARE(bench.keeper->file(), place);
    QVERIFY(bench.keeper->isSaved());
    QVERIFY(bench.model.rankedScores());
    QCOMPARE(bench.model.searchState(), SearchState::Complete);
    const QString reason = bench.model.readOnlyReason();
    QVERIFY2(reason.contains(QStringLiteral("newer Secateur (format 9)")) && reason.contains(QStringLiteral("Update the program")),
             qPrintable(reason));
    QVERIFY(journals(root()).isEmpty());
    QVERIFY(!QFile::exists(file(".newer.secateur.lock")));

    const PlanDraft draft = bench.model.draft();
    QSignalSpy refused(&bench.editor, &PlanEditor::refused);
    TextSettings text = bench.model.session().calibrationText;
    text.windows = 2;
    bench.editor.setNeuronsKept(77);
    bench.editor.toggleProtected(1);
    bench.editor.pin(QStringLiteral("Mine"));
    bench.editor.setTexts(text, bench.model.session().evaluationText, ScoreNorm::L1);
    QCOMPARE(refused.size(), 4);
    QCOMPARE(refused.back().front().toString(), reason);
    QVERIFY(bench.model.draft() == draft);
    QVERIFY(bench.model.session().pinned.empty());
    QVERIFY(!(bench.model.session().calibrationText == text));
    QCOMPARE(bench.history.count(), 0);

    for (const Possibility &possible : {bench.jobs.canCalibrate(), bench.jobs.canMeasureImpact(), bench.jobs.canSearch(),
                                        bench.jobs.canEvaluate(), bench.jobs.canEvaluateDense(), bench.jobs.canExport()})
        QCOMPARE(possible.reason, reason);
    QCOMPARE(bench.jobs.canPrune({}).reason, reason);
    bench.jobs.calibrate();
    bench.jobs.evaluate();
    QVERIFY(bench.runner.jobs().empty()); // not even its model is opened
    QVERIFY(bench.jobs.commandOf(JobKind::Search).isEmpty());

    for (const QString &to : {place, file("copy.secateur")}) {
        bench.keeper->save(to);
        QCOMPARE(bench.message(QStringLiteral("session")).severity, Message::Severity::Error);
        QCOMPARE(bench.message(QStringLiteral("session")).sentence, reason);
    }
    QVERIFY(bench.leftovers().empty()); // whatever was to be written is by now
    QVERIFY(stampOf(place.toStdString()) == written);
    QVERIFY(!QFile::exists(file("copy.secateur")));

    bench.make(); // another session is an ordinary one
    QVERIFY(bench.model.readOnlyReason().isEmpty());
    QCOMPARE(journals(root()).size(), 1);
    bench.editor.setNeuronsKept(77);
    QCOMPARE(bench.model.neuronsKept(), 77);
}

void TestSessionKeeper::aRestoredSessionIsThatOfItsFile_data()
{
    QTest::addColumn<QString>("meanwhile");
    QTest::newRow("the file is as it was") << "nothing";
    QTest::newRow("its disk has another clock") << "ahead";
    QTest::newRow("it was saved here meanwhile") << "saved";
    QTest::newRow("somebody else wrote it before the last change here") << "written";
    QTest::newRow("it is gone") << "removed";
    QTest::newRow("another window has it open") << "opened";
    QTest::newRow("nobody noted how it was") << "older";
}

void TestSessionKeeper::aRestoredSessionIsThatOfItsFile()
{
    QFETCH(QString, meanwhile);
    const QString place = file("mine.secateur");
    const auto moveTime = [&](int seconds) {
        QFile changed(place);
        return changed.open(QIODevice::ReadWrite) &&
               changed.setFileTime(QDateTime::currentDateTime().addSecs(seconds), QFileDevice::FileModificationTime);
    };
    {
        KeptBench before(file("other root"));
        before.make();
        QVERIFY(before.save(place));
    }
    if (meanwhile == QLatin1String("ahead"))
        QVERIFY(moveTime(3600));
    const std::filesystem::path left = root().toStdString() + "/left";
    {
        const QString ownRoot = file("its root");
        KeptBench bench(ownRoot);
        QVERIFY(bench.openSession(place));
        connect(bench.keeper.get(), &SessionKeeper::saved, bench.keeper.get(), &SessionKeeper::keepView); // as the window does
        bench.editor.setNeuronsKept(88);
        if (meanwhile == QLatin1String("saved"))
            QVERIFY(bench.save(place));
        if (meanwhile == QLatin1String("written"))
            QVERIFY(moveTime(-60));
        bench.editor.setNeuronsKept(77);
        if (meanwhile == QLatin1String("older")) {
            std::map<std::string, std::string> view = bench.model.session().view;
            QCOMPARE(view.erase(kStampOfView), 1U);
            SessionJournal journal(root().toStdString());
            Session session = bench.model.session();
            session.view = view;
            journal.writeBase(journal.startBase(), session);
            std::filesystem::copy(journal.folder(), left);
            journal.discard();
        } else {
            const std::filesystem::path folder = QDir(ownRoot).filePath(journals(ownRoot).first()).toStdString();
            QTRY_VERIFY(std::filesystem::exists(folder / "base.1.secateur")); // written on another thread
            QVERIFY(QDir().mkpath(root()));
            std::filesystem::copy(folder, left); // as a kill leaves it
        }
    }
    if (meanwhile == QLatin1String("removed"))
        QVERIFY(QFile::remove(place));
    KeptBench other(file("a third root"));
    if (meanwhile == QLatin1String("opened"))
        QVERIFY(other.openSession(place));

    KeptBench next(root());
    QVERIFY(next.restore(left));
    QCOMPARE(next.keeper->file(), place);
    QVERIFY(!next.keeper->isSaved());
    QCOMPARE(next.model.neuronsKept(), 77);
    if (meanwhile == QLatin1String("opened")) {
        QVERIFY2(next.keeper->saveProblem().contains(QStringLiteral("open in another window")), qPrintable(next.keeper->saveProblem()));
        return;
    }
    next.keeper->save();
    if (meanwhile == QLatin1String("written") || meanwhile == QLatin1String("older")) {
        QTRY_COMPARE(next.message(QStringLiteral("session")).severity, Message::Severity::Warning);
        const Message asked = next.message(QStringLiteral("session"));
        QVERIFY2(asked.sentence.contains(QStringLiteral("changed on the disk")), qPrintable(asked.sentence));
        QVERIFY(!loadSession(place.toStdString()).draft.balance.neuronsKept);
        asked.action();
    }
    QTRY_VERIFY(next.keeper->isSaved());
    QCOMPARE(loadSession(place.toStdString()).draft.balance.neuronsKept.value_or(0), 77);
}

void TestSessionKeeper::savingIsOfTheSessionThatItWasAskedFor()
{
    KeptBench bench(root());
    bench.make(1);
    bench.keeper->save(file("one.secateur"));
    bench.make(2); // another session before the file is written
    QTRY_VERIFY(QFile::exists(file("one.secateur")));
    QTRY_COMPARE(bench.message(QStringLiteral("session")).severity, Message::Severity::Success);
    QVERIFY(bench.keeper->file().isEmpty()); // the next save must not write over the first
    QVERIFY(!bench.keeper->isSaved());
    QCOMPARE(loadSession(file("one.secateur").toStdString()).calibrations[0]->provenance.seed, 1U);

    bench.keeper->save(file("two.secateur"));
    bench.editor.setNeuronsKept(77); // changed while it is being written
    QTRY_COMPARE(bench.keeper->file(), file("two.secateur"));
    QVERIFY(!bench.keeper->isSaved());
}

void TestSessionKeeper::sessionsThatEndInOrderAreOfferedUnlessSaved_data()
{
    QTest::addColumn<QString>("how");
    QTest::addColumn<int>("offered");
    QTest::newRow("never saved") << "unsaved" << 1;
    QTest::newRow("saved") << "saved" << 0;
    QTest::newRow("changed after that") << "changed" << 1;
    QTest::newRow("saved at the last moment") << "saving" << 0;
    QTest::newRow("opened and not touched") << "opened" << 0;
    QTest::newRow("nothing done yet") << "empty" << 0;
}

void TestSessionKeeper::sessionsThatEndInOrderAreOfferedUnlessSaved()
{
    QFETCH(QString, how);
    QFETCH(int, offered);
    const QString place = file("session.secateur");
    if (how == QLatin1String("opened")) {
        KeptBench before(file("other root"));
        before.make();
        QVERIFY(before.save(place));
    }
    {
        KeptBench bench(root());
        if (how == QLatin1String("opened"))
            QVERIFY(bench.openSession(place));
        else if (how == QLatin1String("empty"))
            QVERIFY(bench.open()); // with texts
        else
            bench.make();
        if (how == QLatin1String("saved") || how == QLatin1String("changed"))
            QVERIFY(bench.save(place));
        if (how == QLatin1String("changed"))
            bench.editor.setNeuronsKept(77);
        QVERIFY(bench.leftovers().empty()); // its own is not left behind
        if (how == QLatin1String("saving"))
            bench.keeper->save(place);
    }
    KeptBench next(root());
    const std::vector<RecoverableSession> found = next.leftovers();
    QCOMPARE(int(found.size()), offered);
    QCOMPARE(int(journals(root()).size()), offered); // nothing lies around for ever
    if (how == QLatin1String("saving"))
        QVERIFY(QFile::exists(place));
    if (offered == 0)
        return;
    QVERIFY(found[0].wasClosed); // quietly
    QCOMPARE(found[0].calibrations, 1);
    QCOMPARE(found[0].modelFolder, sampleSummary().folder);
    QVERIFY(next.restore(found[0].folder));
    QVERIFY(next.model.hasScores());
    if (how == QLatin1String("changed"))
        QCOMPARE(next.model.neuronsKept(), 77);
    QVERIFY(!next.keeper->isSaved());
    QVERIFY(next.keeper->file().isEmpty());
    QTRY_COMPARE(journals(root()).size(), 1); // its own; the old one is not needed any more
    QVERIFY(next.leftovers().empty());
}

void TestSessionKeeper::theSessionBeforeIsKept()
{
    KeptBench bench(root());
    bench.make(1);
    bench.model.begin(sampleSummary()); // another model is opened
    QTRY_VERIFY(!bench.message(QStringLiteral("left session")).sentence.isEmpty());
    const Message told = bench.message(QStringLiteral("left session"));
    QVERIFY2(told.sentence.contains(QStringLiteral("was not saved: it is kept")), qPrintable(told.sentence));
    const std::vector<RecoverableSession> found = bench.leftovers();
    QCOMPARE(found.size(), 1U);
    QVERIFY(found[0].wasClosed);
    QSignalSpy opened(bench.keeper.get(), &SessionKeeper::opened);
    told.action();
    QVERIFY(opened.wait(20'000));
    QCOMPARE(bench.model.scores()->provenance.seed, 1U);
    QTRY_VERIFY(bench.leftovers().empty());
    QVERIFY(bench.save(file("kept.secateur")));
    bench.model.begin(sampleSummary()); // nothing is left behind of what was saved
    QVERIFY(bench.leftovers().empty());
    QCOMPARE(bench.messages.rowCount(), 2); // that word, and that it was saved
}

void TestSessionKeeper::theSessionBeforeIsOfferedThoughItsSearchRan_data()
{
    QTest::addColumn<bool>("isRestored");
    QTest::newRow("a file is opened") << false;
    QTest::newRow("a session is restored") << true;
}

void TestSessionKeeper::theSessionBeforeIsOfferedThoughItsSearchRan()
{
    QFETCH(bool, isRestored);
    const QString place = file("other.secateur");
    {
        KeptBench other(root());
        other.make();
        QVERIFY(other.save(place));
        other.editor.setNeuronsKept(77); // so it is left behind as well
    }
    KeptBench bench(root());
    const std::vector<RecoverableSession> before = bench.leftovers();
    QCOMPARE(before.size(), 1U);
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    bench.editor.setSearchWindows(32); // its units are long: it is still under way when the next session is there
    bench.jobs.search();
    QTRY_VERIFY_WITH_TIMEOUT(bench.model.search() && bench.model.search()->evaluations() > 0, 60'000);
    QVERIFY(isRestored ? bench.restore(before[0].folder) : bench.openSession(place));
    QTRY_VERIFY(!bench.message(QStringLiteral("left session")).sentence.isEmpty());
    QTRY_COMPARE(journals(root()).size(), isRestored ? 2 : 3); // the one in hand and those to go back to
    const std::vector<RecoverableSession> found = bench.leftovers();
    QCOMPARE(found.size(), isRestored ? 1U : 2U);
    QVERIFY(found[0].candidates > 0);
    const std::function<void()> goBack = bench.message(QStringLiteral("left session")).action;
    QSignalSpy opened(bench.keeper.get(), &SessionKeeper::opened);
    goBack();
    QTRY_COMPARE(opened.size(), 1);
    QCOMPARE(bench.model.attentionsToRemove(), 10);
    QVERIFY(bench.model.search() && bench.model.search()->evaluations() >= found[0].candidates);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 60'000));
}

void TestSessionKeeper::aSecondWindowIsToldAndSavesUnderAnotherName()
{
    const QString place = file("shared.secateur");
    {
        KeptBench maker(file("other root"));
        maker.make();
        QVERIFY(maker.save(place));
    }
    auto first = std::make_unique<KeptBench>(root());
    QVERIFY(first->openSession(place));
    QVERIFY(first->keeper->saveProblem().isEmpty());
    KeptBench second(file("second root"));
    QVERIFY(second.openSession(place));
    QVERIFY(second.model.hasScores()); // it opens all the same
    const Message told = second.message(QStringLiteral("session lock"));
    QCOMPARE(told.severity, Message::Severity::Warning);
    QCOMPARE(told.sentence, QStringLiteral("This session is open in another window (process %1).").arg(QCoreApplication::applicationPid()));
    QCOMPARE(told.hint, QStringLiteral("To save from this window, choose another name."));
    QCOMPARE(second.keeper->saveProblem(), told.sentence);

    second.editor.setNeuronsKept(55);
    second.keeper->save(place); // somebody chose the same name
    QTRY_COMPARE(second.message(QStringLiteral("session")).severity, Message::Severity::Error);
    QVERIFY(second.message(QStringLiteral("session")).sentence.contains(QStringLiteral("'shared.secateur' is open in another window")));
    QVERIFY(loadSession(place.toStdString()).draft.balance.neuronsKept != 55);
    QVERIFY(second.save(file("mine.secateur")));
    QVERIFY(second.keeper->saveProblem().isEmpty());
    QVERIFY(second.message(QStringLiteral("session lock")).sentence.isEmpty());
    QVERIFY(first->save(place)); // whose it is

    first.reset();
    KeptBench third(file("third root"));
    QVERIFY(third.openSession(place));
    QVERIFY(third.keeper->saveProblem().isEmpty());
    QVERIFY(third.openSession(place)); // again, in its own window
    QVERIFY(third.keeper->saveProblem().isEmpty());
    QVERIFY(third.save(place));
}

void TestSessionKeeper::aFileIsSavedAgainOnceTheOtherWindowHasClosed()
{
    const QString place = file("shared.secateur");
    auto first = std::make_unique<KeptBench>(root());
    first->make();
    QVERIFY(first->save(place));
    KeptBench second(file("second root"));
    QVERIFY(second.openSession(place));
    QVERIFY(!second.keeper->saveProblem().isEmpty());
    second.editor.setNeuronsKept(55);
    QSignalSpy nameNeeded(second.keeper.get(), &SessionKeeper::nameNeeded);
    second.keeper->save();
    QTRY_COMPARE(nameNeeded.size(), 1);
    QVERIFY(!second.keeper->saveProblem().isEmpty());
    QVERIFY(loadSession(place.toStdString()).draft.balance.neuronsKept != 55);
    QVERIFY(!second.keeper->isSaved());

    first.reset();
    second.keeper->save();
    QTRY_VERIFY(second.keeper->isSaved());
    QCOMPARE(nameNeeded.size(), 1);
    QCOMPARE(loadSession(place.toStdString()).draft.balance.neuronsKept, 55);
    QVERIFY(second.keeper->saveProblem().isEmpty());
    QVERIFY(second.message(QStringLiteral("session lock")).sentence.isEmpty());
    KeptBench third(file("third root")); // now it is the second one's
    QVERIFY(third.openSession(place));
    QVERIFY(!third.keeper->saveProblem().isEmpty());
}

void TestSessionKeeper::aFileThatSomebodyElseWroteIsNotOverwrittenUnasked()
{
    const QString place = file("session.secateur");
    KeptBench bench(root());
    bench.make();
    QVERIFY(bench.save(place));
    QVERIFY(bench.save(place)); // its own hand is nobody else's
    Session others = loadSession(place.toStdString());
    others.draft.balance.neuronsKept = 44;
    saveSession(others, place.toStdString());
    bench.editor.setNeuronsKept(55);
    bench.keeper->save(place);
    QTRY_COMPARE(bench.message(QStringLiteral("session")).severity, Message::Severity::Warning);
    const Message asked = bench.message(QStringLiteral("session"));
    QVERIFY2(asked.sentence.contains(QStringLiteral("'session.secateur' was changed on the disk")), qPrintable(asked.sentence));
    QVERIFY(!bench.keeper->isSaved());
    QCOMPARE(loadSession(place.toStdString()).draft.balance.neuronsKept, 44);
    QCOMPARE(asked.actionText, QStringLiteral("Overwrite"));
    asked.action();
    QTRY_VERIFY(bench.keeper->isSaved());
    QCOMPARE(loadSession(place.toStdString()).draft.balance.neuronsKept, 55);
    QVERIFY(bench.save(place));
}

void TestSessionKeeper::overwritingIsOfTheSessionThatWasAsked()
{
    const QString place = file("session.secateur");
    KeptBench bench(root());
    bench.make(1);
    QVERIFY(bench.save(place));
    Session others = loadSession(place.toStdString());
    others.draft.balance.neuronsKept = 44;
    saveSession(others, place.toStdString());
    bench.editor.setNeuronsKept(55);
    bench.keeper->save(place);
    QTRY_COMPARE(bench.message(QStringLiteral("session")).severity, Message::Severity::Warning);
    const Message asked = bench.message(QStringLiteral("session"));
    QVERIFY(asked.action);

    bench.make(2);                                                        // another session
    QVERIFY(bench.message(QStringLiteral("session")).sentence.isEmpty()); // nothing is asked any more
    asked.action();                                                       // from the log, which keeps it
    const Message told = bench.message(QStringLiteral("session"));
    QCOMPARE(told.severity, Message::Severity::Error);
    QVERIFY2(told.sentence.startsWith(QStringLiteral("'session.secateur' was not overwritten")), qPrintable(told.sentence));
    QVERIFY(!told.hint.isEmpty());
    QVERIFY(bench.leftovers().size() == 1); // whatever was to be written is by now
    const Session left = loadSession(place.toStdString());
    QCOMPARE(left.draft.balance.neuronsKept, 44);
    QCOMPARE(left.calibrations[0]->provenance.seed, 1U);
    QVERIFY(bench.keeper->file().isEmpty());
    QVERIFY(!bench.keeper->isSaved());
}

void TestSessionKeeper::lossesOfOtherPlansCountAsChanges()
{
    KeptBench bench(root());
    bench.make();
    bench.editor.setAttentionsToRemove(2);
    const std::string key = searchKey(bench.model.draft(), bench.model.neuronsKept());
    bench.model.setSearch(key, madeUpSearch(12, {3}));
    bench.editor.setAttentionsToRemove(3); // while the search runs
    QVERIFY(bench.save(file("session.secateur")));
    QVERIFY(bench.keeper->isSaved());
    bench.model.addCandidate(key, {.step = 1, .layer = 5, .loss = 3.5}); // it is not in the file
    QVERIFY(!bench.keeper->isSaved());
}

void TestSessionKeeper::aKillDuringASearchLosesNothingThatWasSeen()
{
    QProcess child;
    child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    child.start(QStringLiteral(SECATEUR_SESSION_WRITER), {QStringLiteral("search"), root()});
    QList<QByteArray> lines = readUntil(child, "in the middle");
    lines << killed(child);
    QCOMPARE(child.exitStatus(), QProcess::CrashExit);
    QVERIFY(lines.contains("in the middle"));

    KeptBench bench(root());
    const std::vector<RecoverableSession> found = bench.leftovers();
    QCOMPARE(found.size(), 1U);
    QVERIFY(!found[0].wasClosed);
    QCOMPARE(found[0].calibrations, 1);
    QVERIFY(bench.restore(found[0].folder));
    QVERIFY(bench.model.hasScores());
    QCOMPARE(bench.model.attentionsToRemove(), 10);
    QCOMPARE(bench.model.neuronsKept(), 150);
    QCOMPARE(bench.model.draft().search.windows, 4);
    QVERIFY(bench.model.searchState() == SearchState::Unfinished);
    const SearchRecord restored = *bench.model.search();
    int losses = 0;
    for (const QByteArray &line : lines) {
        const QList<QByteArray> words = line.split(' ');
        if (words[0] != "loss")
            continue;
        QVERIFY(restored.steps.size() > words[1].toULong());
        QCOMPARE(restored.steps[words[1].toULong()].losses[words[2].toULong()], words[3].toDouble());
        ++losses;
    }
    QVERIFY2(losses >= 13, qPrintable(QString::number(losses)));
    constexpr std::int64_t all = 12 + 11 + 10 + 9 + 8 + 7 + 6 + 5 + 4 + 3;
    QVERIFY(restored.evaluations() >= losses && restored.evaluations() < all);
    QVERIFY(!restored.removalOrder().empty());

    bench.jobs.reopenModel(); // it goes on where it stopped, to where it would have come
    QVERIFY(bench.finish());
    const std::int64_t left = all - restored.evaluations();
    QVERIFY2(bench.search(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(bench.runner.jobs().back().progress.total, left);
    QVERIFY(bench.messages.current().empty());
    SampleBench whole;
    QVERIFY(whole.open());
    QVERIFY(whole.calibrate());
    makeLongSearch(whole.editor);
    QVERIFY(whole.search());
    QCOMPARE(bench.planHash(), whole.planHash());
    QCOMPARE(bench.model.scores()->layers, whole.model.scores()->layers);
    QTRY_COMPARE(journals(root()).size(), 1); // what was left behind is not offered again
}

void TestSessionKeeper::aKillDuringASaveLeavesTheOldFileWhole_data()
{
    QTest::addColumn<int>("after"); // microseconds
    for (const int after : {0, 500, 1500, 4000, 9000})
        QTest::addRow("%d us", after) << after;
}

void TestSessionKeeper::aKillDuringASaveLeavesTheOldFileWhole()
{
    QFETCH(int, after);
    const QString place = file("session.secateur");
    QProcess child;
    child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    child.start(QStringLiteral(SECATEUR_SESSION_WRITER), {QStringLiteral("save"), root(), place});
    QVERIFY(!readUntil(child, "saved 3").isEmpty());
    readUntil(child, "saving");
    std::this_thread::sleep_for(std::chrono::microseconds(after));
    const QList<QByteArray> rest = killed(child);
    QCOMPARE(child.exitStatus(), QProcess::CrashExit);

    std::int64_t saved = 3; // for sure
    for (const QByteArray &line : rest)
        if (line.startsWith("saved "))
            saved = line.mid(6).toLongLong();
    const Session session = loadSession(place.toStdString());
    QCOMPARE(session.calibrations.size(), 100U);
    QCOMPARE(session.calibrations[42]->layers, madeUpScores(session.model->spec, 42)->layers);
    QVERIFY(session.draft.balance.neuronsKept >= saved); // the one before, or the new one
    QVERIFY(session.draft.balance.neuronsKept <= saved + 2);

    KeptBench bench(root());
    const std::vector<RecoverableSession> found = bench.leftovers();
    QCOMPARE(found.size(), 1U);
    QVERIFY(!found[0].wasClosed);
    QVERIFY(bench.restore(found[0].folder));
    QCOMPARE(bench.model.session().calibrations.size(), 100U);
    QVERIFY(bench.model.draft().balance.neuronsKept >= session.draft.balance.neuronsKept);
    QVERIFY(bench.save(place)); // over the old file
    QVERIFY(bench.keeper->isSaved());
}

void TestSessionKeeper::leftoversCanBeDiscarded()
{
    {
        KeptBench bench(root());
        bench.make();
    }
    KeptBench next(root());
    const std::vector<RecoverableSession> found = next.leftovers();
    QCOMPARE(found.size(), 1U);
    QSignalSpy told(next.keeper.get(), &SessionKeeper::leftoversFound);
    next.keeper->discard(found[0].folder);
    QTRY_COMPARE(told.size(), 1); // the list without it
    QVERIFY(told.at(0).at(0).value<std::vector<RecoverableSession>>().empty());
    QVERIFY(journals(root()).isEmpty());
    next.keeper->discard(found[0].folder); // twice
    QTRY_VERIFY(next.message(QStringLiteral("session")).severity == Message::Severity::Error);
}

void TestSessionKeeper::aModelThatMovedLeavesThePlots()
{
    const QString place = file("model"), session = file("session.secateur");
    copyFolder(sampleFolder() / "model", place);
    {
        KeptBench bench(root());
        bench.jobs.openModel(place.toStdString(), SampleBench::texts());
        QVERIFY(bench.finish());
        QVERIFY(bench.calibrate());
        bench.editor.setAttentionsToRemove(1);
        QVERIFY(bench.evaluate());
        QVERIFY(bench.save(session));
    }
    QVERIFY(QDir().rename(place, file("elsewhere")));
    KeptBench bench(root());
    QVERIFY(bench.openSession(session));
    bench.jobs.reopenModel();
    QVERIFY(!bench.finish());
    const Message told = bench.message(QStringLiteral("open"));
    QVERIFY(told.severity == Message::Severity::Error);
    QVERIFY2(told.sentence.contains(place), qPrintable(told.sentence));
    QVERIFY(!told.hint.isEmpty());
    QVERIFY(!bench.model.isModelThere());
    QVERIFY(bench.model.rankedScores() != nullptr);
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QVERIFY(bench.model.planEvaluation());
    QCOMPARE(bench.model.layerCount(), 12);
    QVERIFY(bench.model.denseFigures().modelParameters > 0);
    QVERIFY(!bench.jobs.canSearch());
    bench.editor.setNeuronsKept(100); // planning goes on
    QVERIFY(bench.model.balance().has_value());
    QTRY_COMPARE(bench.jobs.canEvaluate().reason.left(36), QStringLiteral("The model of this session is not the"));

    copyFolder(std::filesystem::path(SECATEUR_FIXTURES) / "tiny-llamas" / "gqa", place); // another model in its place
    bench.jobs.reopenModel();
    QVERIFY(!bench.finish());
    QVERIFY(bench.message(QStringLiteral("open")).sentence.contains(QStringLiteral("holds another model")));
    QVERIFY(!bench.model.isModelThere());

    QVERIFY(QDir(place).removeRecursively());
    QVERIFY(QDir().rename(file("elsewhere"), place));
    bench.jobs.reopenModel();
    QVERIFY(bench.finish());
    QVERIFY(bench.model.isModelThere());
    QVERIFY(bench.message(QStringLiteral("open")).sentence.isEmpty());
    QVERIFY(bench.jobs.canSearch());
}

void TestSessionKeeper::withoutAJournalWorkGoesOn()
{
    QFile obstacle(root()); // a file where the folder should be
    QVERIFY(obstacle.open(QIODevice::WriteOnly));
    KeptBench bench(root());
    bench.make();
    const Message told = bench.message(QStringLiteral("journal"));
    QVERIFY(told.severity == Message::Severity::Error);
    QVERIFY2(told.sentence.startsWith(QStringLiteral("This session is not saved as it goes")), qPrintable(told.sentence));
    QVERIFY(!told.hint.isEmpty());
    bench.editor.setNeuronsKept(77);
    QVERIFY(bench.keeper->lastWritten().isNull()); // nothing was
    QVERIFY(bench.save(file("session.secateur")));
    QVERIFY(bench.keeper->isSaved());
    QVERIFY(bench.leftovers().empty());
}

void TestSessionKeeper::aDiskThatWasFullIsCaughtUpWith()
{
    KeptBench bench(root());
    bench.make();
    const std::filesystem::path folder = QDir(root()).filePath(journals(root()).first()).toStdString();
    QTRY_VERIFY(std::filesystem::exists(folder / "base.2.secateur"));
    std::signal(SIGXFSZ, SIG_IGN); // a limit on the file size stands for a full disk
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    {
        const auto lift = qScopeGuard([&] { setrlimit(RLIMIT_FSIZE, &before); });
        const rlimit small{.rlim_cur = std::filesystem::file_size(folder / "journal.2.jsonl"), .rlim_max = before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        bench.editor.setNeuronsKept(77);
        QVERIFY(bench.keeper->isBehind());
        QVERIFY(bench.message(QStringLiteral("journal")).severity == Message::Severity::Error);
        QTRY_VERIFY(std::filesystem::exists(folder / "journal.3.jsonl")); // tried again
        bench.editor.setNeuronsKept(78);
        QVERIFY(bench.keeper->isBehind());
    }
    QTRY_VERIFY_WITH_TIMEOUT(!bench.keeper->isBehind(), 20'000);
    QVERIFY(recoverSession(folder).draft == bench.model.session().draft);
    QTRY_VERIFY(bench.message(QStringLiteral("journal")).sentence.isEmpty());
}

QTEST_GUILESS_MAIN(TestSessionKeeper)
#include "tst_SessionKeeper.moc"
