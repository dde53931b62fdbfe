// SPDX-License-Identifier: GPL-3.0-or-later
// Plans that were found and change weights: where their files lie, and that they move along with their session.
#include "SessionFixtures.h"

#include "../pruning/RestoredPlans.h"
#include "checkpoint/SafetensorsFile.h"
#include "pruning/PlanFile.h"
#include "session/PlanFolder.h"
#include "session/SessionLock.h"
#include "session/Shelf.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>
#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <sys/resource.h>

using namespace secateur;
using namespace secateur::test;

namespace {

namespace fs = std::filesystem;

PruningPlan planFor(const Session &session, float value = 0.5F)
{
    return restoredPlan(session.model->spec, {.value = value});
}

/// Puts a plan on the shelf whose file the program has in its folder.
fs::path shelveFound(Session &session, const fs::path &root)
{
    const ShelfPlan kept = keptPlan(planFor(session), root);
    applyEvent(session, PlanOpened{shelfEntry(kept.plan, kept.file)});
    session.draft = shelfEntry(kept.plan, kept.file).draft;
    return kept.file;
}

/// What is wrong with the values of the current plan; empty when they are all there.
QString lostOf(const Session &session)
{
    return complaint([&] { checkValues(planOf(session, session.draft).edits); });
}

/// Where a session file says that its plans are.
std::vector<std::string> filesToldBy(const fs::path &session)
{
    const nlohmann::json stored = nlohmann::json::parse(SafetensorsFile(session).metadata().at("session"));
    std::vector<std::string> files;
    for (const auto &[key, plan] : stored.at("plans").items())
        files.push_back(plan.at("file"));
    return files;
}

QStringList entriesOf(const fs::path &folder)
{
    return QDir(QString::fromStdString(folder.string())).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

} // namespace

class tst_PlanFolder : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QTest::failOnWarning(QRegularExpression(".*")); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        fs::create_directory(path("here"));
    }

    void filesAreCalledByTheHashOfTheirPlan();
    void plansAreKeptOnce();
    void aSessionAndItsPlansMoveTogether();
    void bothMayBeRenamed();
    void aLinkToASessionFindsItsPlans();
    void anotherNameGetsPlansOfItsOwn();
    void valuesInMemoryAreWrittenToo();
    void anotherPlanUnderTheNameIsReplaced();
    void plansOfPeopleStayWhereTheyAre();
    void plansWithoutChangesNeedNoFile();
    void lostFilesAreToldOf();
    void aFileThatWentIsWrittenFromMemory();
    void aLostFileDoesNotKeepFromSaving();
    void aFailedSaveLeavesNoPlans();
    void aNameThatIsTakenIsToldOf();
    void journalsLeavePlansInTheProgramsFolder();
    void plansThatNoSessionHasAreRemoved();

private:
    fs::path path(const char *name) const { return m_folder->filePath(name).toStdString(); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void tst_PlanFolder::filesAreCalledByTheHashOfTheirPlan()
{
    const std::string hash(64, 'a');
    QCOMPARE(planFileFor("/data/plans", hash), fs::path("/data/plans/" + hash + ".safetensors"));
    QVERIFY(isFoundPlanFile(planFileFor("/data/plans", hash)) && isFoundPlanFile(planFileFor({}, planFor(fullSession()).hash())));
    for (const char *other : {"/data/plan.safetensors", "", "/data/plans"})
        QVERIFY(!isFoundPlanFile(other));
    QVERIFY(!isFoundPlanFile("/data/" + hash + ".json") && !isFoundPlanFile("/data/" + std::string(64, 'g') + ".safetensors"));
    QCOMPARE(planFolderBeside("/home/a.b.secateur"), fs::path("/home/a.b.plans"));
    QCOMPARE(planFolderBeside("/home/session.plans"), fs::path("/home/session.plans.plans")); // not the file itself
}

void tst_PlanFolder::plansAreKeptOnce()
{
    const Session session = fullSession();
    const PruningPlan plan = planFor(session);
    const ShelfPlan kept = keptPlan(plan, path("new") / "plans");
    QCOMPARE(kept.file, planFileFor(path("new") / "plans", plan.hash()));
    QCOMPARE(kept.plan.edits.values->path(), kept.file); // no longer from memory
    QCOMPARE(loadPlan(kept.file, session.model->spec, "model").hash(), plan.hash());
    const std::optional<FileStamp> stamp = stampOf(kept.file);
    QCOMPARE(keptPlan(plan, path("new") / "plans").file, kept.file);
    QVERIFY(stampOf(kept.file) == stamp); // not written again
    std::ofstream(kept.file, std::ios::trunc) << "torn";
    QVERIFY(holdsPlan(keptPlan(plan, path("new") / "plans").file, plan.hash()));
    std::ofstream(path("file")) << "in the way";
    const QString said = complaint([&] { keptPlan(plan, path("file") / "plans"); });
    QVERIFY2(said.contains("could not be made") && said.contains("plans'"), qPrintable(said));
}

void tst_PlanFolder::aSessionAndItsPlansMoveTogether()
{
    Session session = fullSession();
    const fs::path found = shelveFound(session, path("program"));
    saveSession(session, path("here") / "s.secateur");
    QCOMPARE(entriesOf(path("here")), QStringList({"s.plans", "s.secateur"}));
    const std::string name = "s.plans/" + found.filename().string();
    QCOMPARE(filesToldBy(path("here") / "s.secateur"), std::vector<std::string>{name});
    QVERIFY(fs::equivalent(found, path("here") / name)); // linked: it takes no room twice

    fs::remove_all(path("program"));
    fs::rename(path("here"), path("there"));
    const Session moved = loadSession(path("there") / "s.secateur");
    QCOMPARE(moved.plans.at(moved.draft.plan)->file, path("there") / name);
    QCOMPARE(lostOf(moved), QString());
    QCOMPARE(planOf(moved, moved.draft).hash(), planFor(session).hash());
    QCOMPARE(planOf(moved, moved.draft).restoration, planFor(session).restoration);
    const std::optional<FileStamp> stamp = stampOf(path("there") / name);
    saveSession(moved, path("there") / "s.secateur"); // over itself
    QVERIFY(stampOf(path("there") / name) == stamp);
    QCOMPARE(lostOf(loadSession(path("there") / "s.secateur")), QString());
}

void tst_PlanFolder::bothMayBeRenamed()
{
    Session session = fullSession();
    shelveFound(session, path("program"));
    saveSession(session, path("here") / "s.secateur");
    fs::remove_all(path("program"));
    fs::rename(path("here") / "s.secateur", path("here") / "t.secateur");
    QCOMPARE(lostOf(loadSession(path("here") / "t.secateur")), QString()); // its folder has the old name yet
    fs::rename(path("here") / "s.plans", path("here") / "t.plans");
    QCOMPARE(lostOf(loadSession(path("here") / "t.secateur")), QString());
}

void tst_PlanFolder::aLinkToASessionFindsItsPlans()
{
    Session session = fullSession();
    shelveFound(session, path("program"));
    fs::create_symlink(path("here") / "s.secateur", path("link.secateur")); // leads to nothing yet
    saveSession(session, path("link.secateur"));
    fs::remove_all(path("program"));
    QVERIFY(fs::is_directory(path("here") / "s.plans") && !fs::exists(path("link.plans")));
    QCOMPARE(lostOf(loadSession(path("link.secateur"))), QString());
}

void tst_PlanFolder::anotherNameGetsPlansOfItsOwn()
{
    Session session = fullSession();
    shelveFound(session, path("program"));
    saveSession(session, path("here") / "s.secateur");
    fs::create_directory(path("there"));
    saveSession(loadSession(path("here") / "s.secateur"), path("there") / "t.secateur");
    fs::remove_all(path("program"));
    fs::remove_all(path("here"));
    QCOMPARE(lostOf(loadSession(path("there") / "t.secateur")), QString());
}

void tst_PlanFolder::valuesInMemoryAreWrittenToo()
{
    Session session = fullSession();
    session.draft = shelve(session, shelfEntry(planFor(session), {}));
    saveSession(session, path("here") / "s.secateur");
    QCOMPARE(lostOf(loadSession(path("here") / "s.secateur")), QString());
}

void tst_PlanFolder::anotherPlanUnderTheNameIsReplaced()
{
    Session session = fullSession();
    const fs::path found = shelveFound(session, path("program"));
    const fs::path beside = path("here") / "s.plans" / found.filename();
    fs::create_directory(beside.parent_path());
    savePlan(planFor(session, 0.25F), beside);
    saveSession(session, path("here") / "s.secateur");
    QCOMPARE(lostOf(loadSession(path("here") / "s.secateur")), QString());
    QVERIFY(!fs::equivalent(found, beside)); // a copy: a link has no place there
    QVERIFY(holdsPlan(found, planFor(session).hash()));
}

void tst_PlanFolder::plansOfPeopleStayWhereTheyAre()
{
    Session session = fullSession();
    const fs::path own = path("my plan.safetensors");
    savePlan(planFor(session), own);
    session.draft = shelve(session, shelfEntry(loadPlan(own, session.model->spec, "model"), own));
    saveSession(session, path("here") / "s.secateur");
    QCOMPARE(filesToldBy(path("here") / "s.secateur"), std::vector<std::string>{own.string()});
    QCOMPARE(entriesOf(path("here")), QStringList("s.secateur"));
}

void tst_PlanFolder::plansWithoutChangesNeedNoFile()
{
    Session session = fullSession();
    QVERIFY(keptPlan(manualPlan(session), path("program")).file.empty());
    session.draft = shelve(session, shelfEntry(foundPlan(session), {}));
    saveSession(session, path("here") / "s.secateur");
    QCOMPARE(entriesOf(path("here")), QStringList("s.secateur"));
    QVERIFY(!fs::exists(path("program")));
}

void tst_PlanFolder::lostFilesAreToldOf()
{
    Session session = fullSession();
    const fs::path found = shelveFound(session, path("program"));
    saveSession(session, path("here") / "s.secateur");
    fs::remove_all(path("program"));
    const fs::path beside = path("here") / "s.plans" / found.filename();
    fs::rename(beside, path("aside"));
    Session lost = loadSession(path("here") / "s.secateur");
    QCOMPARE(planOf(lost, lost.draft).hash(), planFor(session).hash()); // it is there to be seen
    const QString gone = lostOf(lost);
    QVERIFY2(gone.contains("The values of 5 changed weights are not there: ") && gone.contains(QString::fromStdString(beside.string())) &&
                 gone.contains("Put the folder 's.plans' back beside the session"),
             qPrintable(gone));
    savePlan(planFor(session, 0.25F), beside);
    const QString changed = lostOf(loadSession(path("here") / "s.secateur"));
    QVERIFY2(changed.contains("holds another plan now"), qPrintable(changed));
    fs::rename(path("aside"), beside);
    QCOMPARE(lostOf(loadSession(path("here") / "s.secateur")), QString());
}

void tst_PlanFolder::aFileThatWentIsWrittenFromMemory()
{
    Session session = fullSession();
    shelveFound(session, path("program"));
    fs::remove_all(path("program")); // it is open here yet
    saveSession(session, path("here") / "s.secateur");
    QCOMPARE(lostOf(loadSession(path("here") / "s.secateur")), QString());
}

void tst_PlanFolder::aLostFileDoesNotKeepFromSaving()
{
    Session session = fullSession();
    const fs::path found = shelveFound(session, path("program"));
    saveSession(session, path("here") / "s.secateur");
    fs::remove_all(path("program"));
    fs::rename(path("here") / "s.plans", path("aside"));
    const Session lost = loadSession(path("here") / "s.secateur");
    const fs::path beside = path("here") / "s.plans" / found.filename();
    QCOMPARE(lost.plans.at(lost.draft.plan)->file, beside);
    saveSession(lost, path("here") / "s.secateur");
    QCOMPARE(entriesOf(path("here")), QStringList("s.secateur"));
    QCOMPARE(difference(loadSession(path("here") / "s.secateur"), lost), QString());
    fs::rename(path("here"), path("there"));
    fs::rename(path("aside"), path("there") / "s.plans"); // put back where the session is by now
    QCOMPARE(lostOf(loadSession(path("there") / "s.secateur")), QString());
}

void tst_PlanFolder::aFailedSaveLeavesNoPlans()
{
    Session session = fullSession();
    shelveFound(session, path("program"));
    session.calibrations.clear();
    session.searches.clear();
    session.measurements.clear();
    session.pinned.clear();
    session.view["note"] = std::string(200'000, 'x'); // more than is written below
    signal(SIGXFSZ, SIG_IGN);                         // a limit on the file size stands for a full disk
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const QString what = complaint([&] { saveSession(session, path("here") / "s.secateur"); });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(what.contains("s.secateur"), qPrintable(what));
    QCOMPARE(entriesOf(path("here")), QStringList());
    QCOMPARE(lostOf(session), QString()); // the program's own stays
}

void tst_PlanFolder::aNameThatIsTakenIsToldOf()
{
    Session session = fullSession();
    shelveFound(session, path("program"));
    std::ofstream(path("here") / "s.plans") << "somebody's notes";
    const QString what = complaint([&] { saveSession(session, path("here") / "s.secateur"); });
    QVERIFY2(what.contains("s.plans', in which the session's plans are kept, could not be made"), qPrintable(what));
    QCOMPARE(entriesOf(path("here")), QStringList("s.plans"));
}

void tst_PlanFolder::journalsLeavePlansInTheProgramsFolder()
{
    Session session = fullSession();
    SessionJournal journal(path("journals"));
    journal.writeBase(journal.startBase(), session);
    const ShelfPlan kept = keptPlan(planFor(session), path("program"));
    const PlanOpened opened{shelfEntry(kept.plan, kept.file)};
    RestorationProgress begun;
    begun.record = *kept.plan.restoration;
    begun.record.variants.resize(1);
    journal.add(RestorationKnown{begun});
    applyEvent(session, RestorationKnown{begun});
    QCOMPARE(difference(recoverSession(journal.folder()), session), QString()); // to go on from
    QCOMPARE(recoverSession(journal.folder()).restorations.size(), 1U);
    journal.add(opened);
    applyEvent(session, opened);
    QVERIFY(session.restorations.empty());
    session.draft = draftOf(session, opened.entry);
    journal.draftChanged(session.draft);
    const Session ofLines = recoverSession(journal.folder());
    QCOMPARE(difference(ofLines, session), QString());
    QCOMPARE(lostOf(ofLines), QString());

    journal.writeBase(journal.startBase(), session);
    const Session ofBase = recoverSession(journal.folder());
    QCOMPARE(difference(ofBase, session), QString());
    QCOMPARE(lostOf(ofBase), QString());
    QVERIFY(entriesOf(journal.folder()).filter("plans").isEmpty());
}

void tst_PlanFolder::plansThatNoSessionHasAreRemoved()
{
    Session session = fullSession();
    const fs::path left = shelveFound(session, path("program")); // in a base
    const fs::path told = keptPlan(planFor(session, 0.25F), path("program")).file,
                   unused = keptPlan(planFor(session, 2), path("program")).file,
                   fresh = keptPlan(planFor(session, 4), path("program")).file, own = path("program") / "my plan.safetensors";
    fs::copy_file(fresh, own);
    {
        SessionJournal journal(path("journals"));
        journal.writeBase(journal.startBase(), session);
        journal.add(PlanOpened{shelfEntry(loadPlan(told), told)}); // in a line
    }
    for (const fs::path &file : {left, told, unused, own})
        fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(48));
    QCOMPARE(removeUnusedPlans(path("program"), path("journals")), 1);
    QVERIFY(!fs::exists(unused));
    for (const fs::path &file : {left, told, fresh, own})
        QVERIFY2(fs::exists(file), file.c_str());
    fs::remove_all(path("journals"));
    QCOMPARE(removeUnusedPlans(path("program"), path("journals")), 2); // nobody is left who has them
    QCOMPARE(removeUnusedPlans(path("no such folder"), path("journals")), 0);
}

QTEST_GUILESS_MAIN(tst_PlanFolder)
#include "tst_PlanFolder.moc"
