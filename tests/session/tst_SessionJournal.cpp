// SPDX-License-Identifier: GPL-3.0-or-later
// The journal against processes that are killed, disks that are full and lines that are torn.
#include "SessionFixtures.h"

#include "foundation/AtomicPath.h"
#include "pruning/PlanFile.h"
#include "pruning/PlanJson.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace secateur;
using namespace secateur::test;

namespace {

/// A number that a child process counts up and its parent reads.
class SharedCount {
public:
    SharedCount()
        : m_value(new (::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                      std::atomic<int>(0))
    {
    }
    ~SharedCount() { ::munmap(m_value, sizeof(std::atomic<int>)); }
    SharedCount(const SharedCount &) = delete;
    SharedCount &operator=(const SharedCount &) = delete;
    std::atomic<int> &operator*() { return *m_value; }

private:
    std::atomic<int> *m_value;
};

/// Runs `work` in a process of its own, and kills it so many microseconds after it has counted to `start`.
void killIn(int microseconds, SharedCount &count, int start, const std::function<void()> &work)
{
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        ::_exit(0);
    }
    while (*count < start)
        ::usleep(100);
    ::usleep(useconds_t(microseconds));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

std::string contentOf(const std::filesystem::path &file)
{
    std::stringstream content;
    content << std::ifstream(file, std::ios::binary).rdbuf();
    return content.str();
}

/// The session of the tests without what a journal brings back.
Session baseSession()
{
    Session s = fullSession();
    s.searches.clear();
    s.denseImpact.reset();
    s.measurements.clear();
    s.exports.clear();
    s.pinned.clear();
    s.draft = {};
    s.draft.calibration = 0;
    return s;
}

/// A search of which nothing more is known yet.
SearchKnown begun(const std::string &key, const SearchSettings &settings, const Provenance &provenance, double initialLoss)
{
    SearchRecord record;
    record.settings = settings;
    record.provenance = provenance;
    record.initialLoss = initialLoss;
    return {.key = key, .record = record};
}

LossKnown lossOf(const std::string &key, std::int64_t step, std::int64_t layer, double loss)
{
    return {.key = key, .candidate = {.step = step, .layer = layer, .loss = loss}};
}

} // namespace

class tst_SessionJournal : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void linesComeBackAsTheSessionThatTheyTold();
    void linesThatAreAppliedTwiceCountOnce();
    void linesOfBeforeAreRead();
    void whatIsNoFindingIsNotHeld();
    void linesOfFormat1GetTheHashesOfNow();
    void searchThatStartsAnewForgetsWhatItKnew();
    void linesBetweenTwoBasesAreKept();
    void linesOfJobsShortlyBeforeABaseAreKept();
    void newestReadableBaseIsUsed();
    void oldBasesAndJournalsAreRemoved();
    void tornLastLineIsDropped();
    void linesThatDoNotFitAreLeftOut();
    void lossesThatAreNoNumbersAreNotKnown();
    void pipeInPlaceOfAJournalIsNotWaitedFor();
    void draftOfScoresThatWereNotWrittenFallsBack();
    void killedProcessLosesAtMostOneLine();
    void killWhileABaseIsWrittenLosesNothing();
    void heldFoldersAreNotOffered();
    void closedSessionsAreTold();
    void sessionsOfANewerVersionAreTold();
    void theViewIsThatOfTheLastLine();
    void emptyFoldersAreRemovedAndUnreadableOnesLeft();
    void foldersThatWereBeingMadeAreSwept();
    void discardRemovesTheFolder();
    void closedOneIsOfferedThoughAJobHoldsIt();
    void foldersThatAreNoSessionsAreNotRemoved();
    void unwritableRootIsAnError();
    void fullDiskIsToldOnceAndLaterLinesAreWritten();
    void twoBasesMendAHole();

private:
    std::filesystem::path root() const { return m_folder->filePath("journals").toStdString(); }
    /// The only folder of the root that is offered.
    Session recovered() const
    {
        const auto found = recoverableSessions(root());
        if (found.size() != 1)
            throw Error(std::to_string(found.size()) + " sessions are offered.");
        return recoverSession(found.front().folder);
    }
    /// A journal's folder, after its end, whose base is baseSession() and whose lines `write` wrote.
    std::filesystem::path left(const std::function<void(SessionJournal &)> &write) const
    {
        SessionJournal journal(root());
        journal.writeBase(journal.startBase(), baseSession());
        write(journal);
        return journal.folder();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void tst_SessionJournal::linesComeBackAsTheSessionThatTheyTold()
{
    const Session full = fullSession();
    left([&](SessionJournal &j) {
        j.draftChanged(full.draft);
        j.textsChanged(full.calibrationText, full.evaluationText, full.norm);
        j.pinsChanged(full.pinned);
        for (const auto &[key, record] : full.searches) {
            j.add(begun(key, record.settings, record.provenance, kUnknown));
            if (!std::isnan(record.initialLoss))
                j.add(lossOf(key, -1, -1, record.initialLoss));
            for (std::size_t i = 0; i < record.steps.size(); ++i) {
                for (std::size_t layer = 0; layer < record.steps[i].losses.size(); ++layer)
                    if (!std::isnan(record.steps[i].losses[layer]))
                        j.add(lossOf(key, std::int64_t(i), std::int64_t(layer), record.steps[i].losses[layer]));
                if (record.steps[i].removed >= 0)
                    j.add(AttentionRemoved{key, std::int64_t(i), record.steps[i].removed, record.steps[i].isForced});
            }
        }
        const SearchRecord &impact = *full.denseImpact;
        j.add(begun({}, impact.settings, {}, kUnknown)); // where its numbers come from is known when they are there
        for (std::int64_t layer = 0; layer < 3; ++layer)
            j.add(lossOf({}, 0, layer, impact.steps[0].losses[std::size_t(layer)]));
        j.add(SearchKnown{.key = {}, .record = impact});
        for (const Measurement &record : full.measurements)
            j.add(MeasurementMade{record});
        for (const ExportRecord &record : full.exports)
            j.add(Exported{record});
    });
    QCOMPARE(difference(recovered(), full), QString());
    const RecoverableSession offered = recoverableSessions(root()).front();
    QCOMPARE(offered.modelFolder, full.model->folder);
    QCOMPARE(offered.evaluations, 2);
    QCOMPARE(offered.calibrations, 2);
    QCOMPARE(offered.candidates, 5); // two of a search, three of the impact
    QVERIFY(!offered.wasClosed);
    QVERIFY(std::chrono::abs(std::chrono::system_clock::now() - offered.lastChange) < std::chrono::minutes(1));
}

void tst_SessionJournal::linesThatAreAppliedTwiceCountOnce()
{
    const std::string key = searchKey(baseSession().draft, 20);
    const auto folder = left([&](SessionJournal &j) {
        j.add(begun(key, {}, provenanceOf("a"), 3));
        j.add(lossOf(key, 0, 1, 2.5));
        j.add(AttentionRemoved{key, 0, 1, false});
        j.add(lossOf(key, 1, 2, 2.75));
        j.add(MeasurementMade{evaluationOf("p1", 2)});
        j.add(Exported{exportOf("/out/a")});
    });
    const Session once = recoverSession(folder);
    const std::string lines = contentOf(folder / "journal.1.jsonl");
    std::ofstream(folder / "journal.1.jsonl", std::ios::app) << lines;
    QCOMPARE(difference(recoverSession(folder), once), QString());
    QCOMPARE(once.searches.at(key).steps.size(), 2U);
    QCOMPARE(once.exports.size(), 1U);
}

/// As versions of before wrote them: the kind of a line stands under "what", and the beginning of a search tells no losses.
void tst_SessionJournal::linesOfBeforeAreRead()
{
    PlanDraft draft = baseSession().draft;
    draft.search.forcedLayers = {1};
    const std::string key = searchKey(draft, 20);
    const Session expected = [&] {
        Session s = baseSession();
        SearchRecord record = begun(key, draft.search, provenanceOf("a"), 3).record;
        record.steps = {{.losses = {kUnknown, 2.5, kUnknown}, .removed = 1, .isForced = true},
                        {.losses = {2.25, kUnknown, kUnknown}, .removed = -1, .isForced = false}};
        s.searches[key] = record;
        s.denseImpact = begun({}, {}, provenanceOf("b"), 4).record;
        s.denseImpact->steps = {{.losses = {kUnknown, 4.75, kUnknown}, .removed = 1, .isForced = false}};
        s.measurements = {evaluationOf("p1", 2)};
        s.exports = {exportOf("/out/a")};
        return s;
    }();
    const auto folder = left([](SessionJournal &) {});
    std::ofstream lines(folder / "journal.1.jsonl", std::ios::app);
    const auto write = [&](nlohmann::json line) { lines << line.dump() << "\n"; };
    const auto writeBegun = [&](const std::string &of, const Provenance &provenance, const nlohmann::json &loss) {
        write({{"what", "search"},
               {"key", of},
               {"settings", toJson(of.empty() ? SearchSettings() : draft.search)},
               {"provenance", toJson(provenance)},
               {"initialLoss", loss}});
    };
    writeBegun(key, provenanceOf("a"), nullptr);
    write({{"what", "candidate"}, {"key", key}, {"step", -1}, {"layer", -1}, {"loss", 3}});
    write({{"what", "candidate"}, {"key", key}, {"step", 0}, {"layer", 1}, {"loss", 2.5}});
    write({{"what", "removal"}, {"key", key}, {"step", 0}, {"layer", 1}, {"forced", true}});
    writeBegun(key, provenanceOf("a"), 3); // it goes on
    write({{"what", "candidate"}, {"key", key}, {"step", 1}, {"layer", 0}, {"loss", 2.25}});
    writeBegun({}, {}, nullptr); // measured anew: where its numbers come from is known when they are there
    write({{"what", "candidate"}, {"key", ""}, {"step", 0}, {"layer", 1}, {"loss", 4.75}});
    writeBegun({}, provenanceOf("b"), 4);
    write({{"what", "removal"}, {"key", ""}, {"step", 0}, {"layer", 1}, {"forced", false}});
    for (const auto &[what, event] : {std::pair("evaluation", toJson(JobEvent(MeasurementMade{expected.measurements[0]}))),
                                      std::pair("export", toJson(JobEvent(Exported{expected.exports[0]})))})
        write({{"what", what}, {"record", event.at("record")}});
    lines.close();
    QCOMPARE(difference(recoverSession(folder), expected), QString());
}

/// A line that opens a model would throw everything away, and scores are in the base.
void tst_SessionJournal::whatIsNoFindingIsNotHeld()
{
    const Session base = baseSession();
    const std::vector<JobEvent> events = {Opened{modelOf("configs/llama-2-7b.json")}, Scored{scoresFor(base.model->spec, 9)},
                                          JobCancelled()};
    const auto folder = left([&](SessionJournal &j) {
        for (const JobEvent &event : events)
            j.add(event);
        j.add(LossKnown{.key = {}, .candidate = {.step = 0, .layer = 0, .loss = 1, .isScreened = true}});
    });
    QCOMPARE(contentOf(folder / "journal.1.jsonl"), std::string());
    std::ofstream lines(folder / "journal.1.jsonl", std::ios::app);
    for (const JobEvent &event : events)
        lines << toJson(event).dump() << "\n";
    lines.close();
    QCOMPARE(difference(recoverSession(folder), base), QString());
}

/// As a version of before left it: base and lines have its hashes.
void tst_SessionJournal::linesOfFormat1GetTheHashesOfNow()
{
    Session session = baseSession();
    const auto planWith = [&](const std::vector<std::int64_t> &removed) {
        PruningPlan plan;
        plan.calibration = session.calibrations[0]->provenance;
        plan.removedAttentions = removed;
        for (std::int64_t i = 0; i < 3; ++i)
            plan.keptNeurons.push_back(session.calibrations[0]->best(i, 20));
        return plan;
    };
    const auto evaluationWith = [&](const PruningPlan &plan, double loss) {
        Measurement record = evaluationOf(hashOfFormat1(plan), loss);
        record.removed = plan.removedAttentions;
        return record;
    };
    const PruningPlan inBase = planWith({2, 1}), inLine = planWith({2, 0});
    QVERIFY(inBase.hash() != hashOfFormat1(inBase) && inLine.hash() != hashOfFormat1(inLine));
    session.measurements = {evaluationWith(inBase, 1)};
    SessionJournal journal(root());
    const std::int64_t number = journal.startBase();
    journal.writeBase(number, session);
    journal.add(MeasurementMade{evaluationWith(inBase, 2)}); // measured again
    journal.add(MeasurementMade{evaluationWith(inLine, 3)});
    ExportRecord exported = exportOf("/out/a");
    exported.planHash = hashOfFormat1(inLine);
    journal.add(Exported{exported});
    const std::filesystem::path base = journal.folder() / ("base." + std::to_string(number) + ".secateur");
    std::string content = contentOf(base);
    const std::string now = R"(\"format\":5)"; // a text in the header's JSON
    const std::size_t at = content.find(now);
    QVERIFY(at != std::string::npos);
    content[at + now.size() - 1] = '1';
    std::ofstream(base, std::ios::binary) << content;
    journal.close();

    const Session found = recoverSession(journal.folder());
    QCOMPARE(found.measurements.size(), 2U);
    QCOMPARE(found.measurements[0].planHash, inBase.hash());
    QCOMPARE(found.measurements[0].result.loss, 2.0);
    QCOMPARE(found.measurements[1].planHash, inLine.hash());
    QCOMPARE(found.exports.size(), 1U);
    QCOMPARE(found.exports[0].planHash, inLine.hash());
}

void tst_SessionJournal::searchThatStartsAnewForgetsWhatItKnew()
{
    const std::string key = searchKey(baseSession().draft, 20);
    Provenance elsewhere = provenanceOf("a");
    elsewhere.computed.device = "cuda:0"; // its losses cannot be compared with those of a CPU
    left([&](SessionJournal &j) {
        j.add(begun(key, {}, provenanceOf("a"), 3));
        j.add(lossOf(key, 0, 1, 2.5));
        j.add(begun(key, {}, elsewhere, kUnknown));
        j.add(lossOf(key, 0, 2, 2.25));
        j.add(begun({}, {}, provenanceOf("b"), 4));
        j.add(lossOf({}, 0, 0, 4.5));
        j.add(begun({}, {}, {}, kUnknown)); // measured again
        j.add(lossOf({}, 0, 1, 4.75));
    });
    const Session session = recovered();
    const SearchRecord &search = session.searches.at(key);
    QVERIFY(std::isnan(search.initialLoss));
    QVERIFY(std::isnan(search.steps[0].losses[1]));
    QCOMPARE(search.steps[0].losses[2], 2.25);
    QVERIFY(std::isnan(session.denseImpact->steps[0].losses[0]));
    QCOMPARE(session.denseImpact->steps[0].losses[1], 4.75);
}

void tst_SessionJournal::linesBetweenTwoBasesAreKept()
{
    SessionJournal journal(root());
    journal.writeBase(journal.startBase(), baseSession());
    PlanDraft draft = baseSession().draft;
    draft.balance.alpha = 2;
    journal.draftChanged(draft);
    const std::int64_t second = journal.startBase(); // its base is not written yet
    journal.add(MeasurementMade{evaluationOf("p1", 2)});
    Session between = recoverSession(journal.folder());
    QCOMPARE(between.draft.balance.alpha, 2.0);
    QCOMPARE(between.measurements.size(), 1U);
    Session session = baseSession();
    session.draft = draft;
    journal.writeBase(second, session);
    between = recoverSession(journal.folder());
    QCOMPARE(between.draft.balance.alpha, 2.0);
    QCOMPARE(between.measurements.size(), 1U);
}

void tst_SessionJournal::linesOfJobsShortlyBeforeABaseAreKept()
{
    SessionJournal journal(root());
    journal.writeBase(journal.startBase(), baseSession());
    PlanDraft draft = baseSession().draft;
    draft.balance.alpha = 2;
    journal.draftChanged(draft);
    const std::string key = searchKey(draft, 20);
    journal.add(begun(key, {}, provenanceOf("a"), 3));
    journal.add(lossOf(key, 0, 1, 2.5)); // by a job, when the session has not heard of it yet
    Session session = baseSession();
    session.draft.balance.alpha = 3; // what people chose is in the base
    journal.writeBase(journal.startBase(), session);
    journal.add(AttentionRemoved{key, 0, 1, false});
    const Session found = recoverSession(journal.folder());
    QCOMPARE(found.searches.at(key).removalOrder(), std::vector<std::int64_t>{1});
    QCOMPARE(found.draft.balance.alpha, 3.0);
}

void tst_SessionJournal::newestReadableBaseIsUsed()
{
    SessionJournal journal(root());
    journal.writeBase(journal.startBase(), baseSession());
    const std::filesystem::path first = journal.folder() / "base.1.secateur";
    std::filesystem::copy_file(first, m_folder->filePath("kept").toStdString());
    journal.add(MeasurementMade{evaluationOf("p1", 2)});
    journal.writeBase(journal.startBase(), baseSession());
    journal.add(MeasurementMade{evaluationOf("p2", 3)});
    std::filesystem::copy_file(m_folder->filePath("kept").toStdString(), first);
    std::filesystem::resize_file(journal.folder() / "base.2.secateur", 1000); // damaged
    QCOMPARE(recoverSession(journal.folder()).measurements.size(), 2U);
    std::filesystem::remove(first);
    QVERIFY(complaint([&] { recoverSession(journal.folder()); }).contains("cannot be restored"));
}

void tst_SessionJournal::oldBasesAndJournalsAreRemoved()
{
    SessionJournal journal(root());
    for (int i = 0; i < 5; ++i)
        journal.writeBase(journal.startBase(), baseSession());
    const QStringList files = QDir(QString::fromStdString(journal.folder().string())).entryList(QDir::Files | QDir::Hidden, QDir::Name);
    QCOMPARE(files, (QStringList{"base.5.secateur", "journal.4.jsonl", "journal.5.jsonl", "lock"}));
}

void tst_SessionJournal::tornLastLineIsDropped()
{
    const auto folder = left([&](SessionJournal &j) {
        for (int i = 0; i < 3; ++i)
            j.add(MeasurementMade{evaluationOf("p" + std::to_string(i), i)});
    });
    const std::string lines = contentOf(folder / "journal.1.jsonl");
    const std::size_t lastLine = lines.rfind('\n', lines.size() - 2) + 1;
    for (std::size_t length = lastLine; length <= lines.size(); ++length) {
        std::filesystem::resize_file(folder / "journal.1.jsonl", length);
        const bool isWhole = length + 1 >= lines.size(); // only its end of line may be missing
        QCOMPARE(recoverSession(folder).measurements.size(), isWhole ? 3U : 2U);
        std::ofstream(folder / "journal.1.jsonl", std::ios::binary) << lines;
    }
    // A full disk may tear a line in the middle as well: the others count.
    std::ofstream(folder / "journal.1.jsonl", std::ios::binary) << lines.substr(0, lastLine - 30) << "\n" << lines.substr(lastLine);
    QCOMPARE(recoverSession(folder).measurements.size(), 2U);
}

void tst_SessionJournal::linesThatDoNotFitAreLeftOut()
{
    const std::string key = searchKey(baseSession().draft, 20);
    const auto folder = left([&](SessionJournal &j) {
        PlanDraft draft;
        draft.search.protectedLayers = {99};
        j.draftChanged(draft);
        j.textsChanged({.files = {}, .windows = -1, .length = 128, .seed = 0}, {}, ScoreNorm::L2);
        j.pinsChanged({{.name = "x", .draft = draft}});
        j.add(begun("calibration 7, K 20, windows 1, float32, force [], protect []", {}, provenanceOf("a"), 3));
        j.add(begun(key, {.windows = 2, .referenceLoss = false, .forcedLayers = {}, .protectedLayers = {}}, provenanceOf("a"), 3));
        j.add(lossOf(key, 0, 1, 2.5)); // of a search that was not begun
        j.add(begun(key, {}, provenanceOf("a"), 3));
        j.add(lossOf(key, 1, 0, 2.5));             // the first step is missing
        j.add(AttentionRemoved{key, 0, 1, false}); // no loss of it is known
        j.add(lossOf(key, 0, 3, 2.5));             // there are three layers
        j.add(lossOf(key, 0, -1, 2.5));            //
        j.add(lossOf(key, -1, -1, -3));            // a loss is 0 or more
        j.add(lossOf(key, 0, 0, -5));              //
        j.add(AttentionRemoved{key, 0, 0, false}); //
        j.add(lossOf(key, 0, 1, 2.5));
        j.add(lossOf(key, 0, 2, 2.75));
        j.add(AttentionRemoved{key, 0, 0, false}); // no loss without it is known
        j.add(AttentionRemoved{key, 0, 2, false}); // another one is lower
        j.add(AttentionRemoved{key, 0, 1, true});  // nothing is forced
        j.add(AttentionRemoved{key, 0, 1, false});
        j.add(lossOf(key, 0, 2, 2.25)); // would have gone before it
        j.add(lossOf(key, 1, 1, 2.5));  // removed already
        j.add(MeasurementMade{[] {
            Measurement record = evaluationOf("p", 1);
            record.removed = {5};
            return record;
        }()});
    });
    std::ofstream(folder / "journal.1.jsonl", std::ios::app) << "{\"what\": 5}\n{}\n[]\nnothing\n{\"what\": \"candidate\"}\n"
                                                             << std::string(100'000, '[') << "\n\n";
    const Session session = recoverSession(folder);
    Session expected = baseSession();
    SearchRecord record;
    record.provenance = provenanceOf("a");
    record.initialLoss = 3;
    record.steps = {{.losses = {kUnknown, 2.5, 2.75}, .removed = 1, .isForced = false}};
    expected.searches[key] = record;
    QCOMPARE(difference(session, expected), QString());
}

/// JSON has no NaN and no infinity: both are null, as what is not known. What comes behind such a line counts.
void tst_SessionJournal::lossesThatAreNoNumbersAreNotKnown()
{
    const std::string key = searchKey(baseSession().draft, 20);
    left([&](SessionJournal &j) {
        j.add(begun(key, {}, provenanceOf("a"), 3));
        j.add(lossOf(key, 0, 1, kUnknown));
        j.add(AttentionRemoved{key, 0, 1, false}); // no loss without it is known
        j.add(lossOf(key, 0, 2, std::numeric_limits<double>::infinity()));
        j.add(lossOf(key, 0, 0, 2.5));
    });
    const SearchRecord record = recovered().searches.at(key);
    QCOMPARE(record.removalOrder(), std::vector<std::int64_t>());
    QCOMPARE(record.steps.at(0).losses.at(0), 2.5);
    QVERIFY(std::isnan(record.steps.at(0).losses.at(1)) && std::isnan(record.steps.at(0).losses.at(2)));
}

void tst_SessionJournal::pipeInPlaceOfAJournalIsNotWaitedFor()
{
    const auto folder = left([](SessionJournal &j) { j.add(MeasurementMade{evaluationOf("p1", 2)}); });
    const std::filesystem::path journal = folder / "journal.1.jsonl";
    std::filesystem::remove(journal);
    QCOMPARE(::mkfifo(journal.c_str(), 0600), 0);
    QVERIFY(complaint([&] { recoverSession(folder); }).contains("is a pipe, not a file"));
    QVERIFY(recoverableSessions(root()).empty());
    QVERIFY(std::filesystem::exists(folder)); // it is somebody's, and not thrown away
}

void tst_SessionJournal::draftOfScoresThatWereNotWrittenFallsBack()
{
    left([](SessionJournal &j) {
        PlanDraft draft;
        draft.calibration = 2; // its scores were to be in the base that was not written any more
        draft.balance.alpha = 2;
        j.draftChanged(draft);
        const std::string key = searchKey(draft, 20);
        j.add(begun(key, draft.search, provenanceOf("a"), 3));
        j.add(lossOf(key, 0, 1, 2.5));
    });
    const Session session = recovered();
    QCOMPARE(session.draft.calibration, 1);
    QCOMPARE(session.draft.balance.alpha, 2.0);
    QVERIFY(session.searches.empty()); // they would be taken for those of the next calibration
}

void tst_SessionJournal::killedProcessLosesAtMostOneLine()
{
    for (int moment = 0; moment < 20; ++moment) {
        SharedCount written;
        killIn(moment * 500, written, 1, [&] {
            SessionJournal journal(root());
            journal.writeBase(journal.startBase(), baseSession());
            for (int i = 1;; ++i) {
                journal.add(MeasurementMade{evaluationOf("p" + std::to_string(i), i)});
                *written = i;
            }
        });
        const Session session = recovered();
        const int count = int(session.measurements.size());
        QVERIFY2(count == *written || count == *written + 1, qPrintable(QString("%1 of %2").arg(count).arg(*written)));
        for (int i = 0; i < count; ++i)
            QCOMPARE(session.measurements[std::size_t(i)].planHash, "p" + std::to_string(i + 1));
        removeRecoverable(recoverableSessions(root()).front().folder);
    }
}

void tst_SessionJournal::killWhileABaseIsWrittenLosesNothing()
{
    Session session = baseSession();
    session.model = modelOf("configs/llama-2-7b.json"); // 1.4 MB of scores, so that writing takes a while
    session.calibrations = {scoresFor(session.model->spec, 1)};
    for (int moment = 0; moment < 16; ++moment) {
        SharedCount written;
        killIn(moment * 1700, written, 2, [&] {
            SessionJournal journal(root());
            journal.writeBase(journal.startBase(), session);
            for (int i = 1;; ++i) {
                session.draft.balance.alpha = i;
                journal.draftChanged(session.draft);
                session.measurements.push_back(evaluationOf("p" + std::to_string(i), i));
                journal.add(MeasurementMade{session.measurements.back()});
                *written = i;
                journal.writeBase(journal.startBase(), session);
            }
        });
        const Session found = recovered();
        const int count = int(found.measurements.size());
        QVERIFY2(count == *written || count == *written + 1, qPrintable(QString("%1 of %2").arg(count).arg(*written)));
        QVERIFY(found.draft.balance.alpha == *written || found.draft.balance.alpha == *written + 1);
        for (int i = 0; i < count; ++i)
            QCOMPARE(found.measurements[std::size_t(i)].planHash, "p" + std::to_string(i + 1));
        removeRecoverable(recoverableSessions(root()).front().folder);
        QVERIFY(QDir(QString::fromStdString(root().string())).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
    }
}

void tst_SessionJournal::heldFoldersAreNotOffered()
{
    auto journal = std::make_unique<SessionJournal>(root());
    journal->writeBase(journal->startBase(), baseSession());
    const std::filesystem::path folder = journal->folder();
    QVERIFY(recoverableSessions(root()).empty());
    QVERIFY(complaint([&] { removeRecoverable(folder); }).contains("is in use"));
    QVERIFY(std::filesystem::exists(folder / "base.1.secateur"));
    journal.reset();
    QCOMPARE(recoverableSessions(root()).size(), 1U);

    SharedCount written;
    const pid_t child = ::fork(); // another instance of the program
    if (child == 0) {
        SessionJournal other(root());
        other.writeBase(other.startBase(), baseSession());
        *written = 1;
        ::pause();
        ::_exit(0);
    }
    while (*written < 1)
        ::usleep(100);
    QCOMPARE(recoverableSessions(root()).size(), 1U);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto found = recoverableSessions(root());
    QCOMPARE(found.size(), 2U);
    QVERIFY(found[0].lastChange >= found[1].lastChange); // newest first
    QVERIFY(found[1].folder == folder);
}

void tst_SessionJournal::closedSessionsAreTold()
{
    markClosed(left([](SessionJournal &) {}));
    QVERIFY(recoverableSessions(root()).front().wasClosed);
    QVERIFY(!complaint([] { markClosed("/no/such/folder"); }).isEmpty());
}

void tst_SessionJournal::sessionsOfANewerVersionAreTold()
{
    const std::filesystem::path folder = left([](SessionJournal &) {});
    std::string base = contentOf(folder / "base.1.secateur");
    const auto at = base.find("\\\"format\\\":5,"); // within a text of the header
    QVERIFY(at != std::string::npos);
    base[at + std::string("\\\"format\\\":").size()] = '9';
    std::ofstream(folder / "base.1.secateur", std::ios::binary) << base;
    const auto found = recoverableSessions(root());
    QCOMPARE(found.size(), 1U);
    QCOMPARE(found[0].folder, folder);
    QVERIFY2(QString::fromStdString(found[0].problem).contains("newer Secateur (format 9)"), found[0].problem.c_str());
    QVERIFY(
        complaint([&] { recoverSession(folder); }).endsWith("was saved by a newer Secateur (format 9). Update the program to open it."));
    QVERIFY(std::filesystem::exists(folder / "base.1.secateur"));
}

void tst_SessionJournal::theViewIsThatOfTheLastLine()
{
    left([](SessionJournal &j) {
        j.viewChanged({{"tab", "Balance"}});
        j.viewChanged({{"tab", "Export"}, {"layer", "1"}});
    });
    QCOMPARE(recovered().view, (std::map<std::string, std::string>{{"tab", "Export"}, {"layer", "1"}}));
}

void tst_SessionJournal::emptyFoldersAreRemovedAndUnreadableOnesLeft()
{
    std::filesystem::path begun, empty, damaged;
    {
        SessionJournal none(root()), nothing(root()), broken(root());
        begun = none.folder();
        none.startBase();
        Session session = baseSession();
        session.calibrations.clear();
        session.draft = {};
        nothing.writeBase(nothing.startBase(), session); // a model was opened, nothing was done
        empty = nothing.folder();
        broken.writeBase(broken.startBase(), baseSession());
        damaged = broken.folder();
    }
    std::filesystem::resize_file(damaged / "base.1.secateur", 100);
    std::filesystem::create_directory(root() / "of someone else");
    QVERIFY(recoverableSessions(root()).empty());
    QVERIFY(!std::filesystem::exists(begun));
    QVERIFY(!std::filesystem::exists(empty));
    QVERIFY(std::filesystem::exists(damaged / "base.1.secateur"));
    QVERIFY(std::filesystem::exists(root() / "of someone else"));
    QVERIFY(recoverableSessions("/no/such/root").empty());
}

void tst_SessionJournal::foldersThatWereBeingMadeAreSwept()
{
    const std::filesystem::path empty = root() / ".1700000000000-12-1", dead = root() / ".1700000000000-12-2",
                                alive = root() / ".1700000000000-13-1", foreign = root() / ".settings";
    for (const std::filesystem::path &folder : {empty, dead, alive, foreign})
        std::filesystem::create_directories(folder);
    for (const std::filesystem::path &folder : {dead, alive})
        std::ofstream(folder / "lock");
    const int lock = ::open((alive / "lock").c_str(), O_RDONLY | O_CLOEXEC);
    QCOMPARE(::flock(lock, LOCK_EX), 0);
    const SessionJournal journal(root());
    ::close(lock);
    QVERIFY(!std::filesystem::exists(empty));
    QVERIFY(!std::filesystem::exists(dead));
    QVERIFY(std::filesystem::exists(alive / "lock"));
    QVERIFY(std::filesystem::exists(foreign));
}

void tst_SessionJournal::discardRemovesTheFolder()
{
    SessionJournal journal(root());
    const std::int64_t number = journal.startBase();
    journal.writeBase(number, baseSession());
    journal.discard();
    QVERIFY(!std::filesystem::exists(journal.folder()));
    journal.add(MeasurementMade{evaluationOf("p", 1)}); // a job that was under way
    journal.writeBase(number, baseSession());
    journal.startBase();
    QVERIFY(!std::filesystem::exists(journal.folder()));
}

void tst_SessionJournal::closedOneIsOfferedThoughAJobHoldsIt()
{
    SessionJournal journal(root());
    const std::int64_t number = journal.startBase();
    journal.writeBase(number, baseSession());
    journal.add(MeasurementMade{evaluationOf("p", 1)});
    QVERIFY(recoverableSessions(root()).empty());
    journal.close();
    QCOMPARE(recoverableSessions(root()).size(), 1U);
    const std::size_t known = recoverSession(journal.folder()).measurements.size();
    journal.add(MeasurementMade{evaluationOf("q", 2)}); // a job that was under way
    journal.writeBase(journal.startBase(), baseSession());
    QCOMPARE(recoverSession(journal.folder()).measurements.size(), known);
    removeRecoverable(journal.folder());
    QVERIFY(!std::filesystem::exists(journal.folder()));
}

void tst_SessionJournal::foldersThatAreNoSessionsAreNotRemoved()
{
    const std::filesystem::path folder = m_folder->filePath("precious").toStdString();
    std::filesystem::create_directory(folder);
    QVERIFY(complaint([&] { removeRecoverable(folder); }).contains("is not a session that was left behind"));
    QVERIFY(std::filesystem::exists(folder));
}

void tst_SessionJournal::unwritableRootIsAnError()
{
    QVERIFY(complaint([] { SessionJournal journal("/proc/secateur-journals"); }).contains("/proc/secateur-journals"));
    writeFileAtomically(m_folder->filePath("file").toStdString(), "x");
    QVERIFY(!complaint([&] { SessionJournal journal(m_folder->filePath("file").toStdString()); }).isEmpty());
}

void tst_SessionJournal::fullDiskIsToldOnceAndLaterLinesAreWritten()
{
    SessionJournal journal(root());
    journal.writeBase(journal.startBase(), baseSession());
    journal.add(MeasurementMade{evaluationOf("p1", 1)});
    const auto size = std::filesystem::file_size(journal.folder() / "journal.1.jsonl");
    signal(SIGXFSZ, SIG_IGN); // a limit on the file size stands for a full disk
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{.rlim_cur = size + 20, .rlim_max = before.rlim_max}; // a line does not fit, its beginning does
    setrlimit(RLIMIT_FSIZE, &small);
    const QString first = complaint([&] { journal.add(MeasurementMade{evaluationOf("p2", 2)}); });
    const QString second = complaint([&] { journal.add(MeasurementMade{evaluationOf("p3", 3)}); });
    const QString base = complaint([&] { journal.writeBase(journal.startBase(), baseSession()); });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(first.contains(QString::fromStdString(journal.folder().string())), qPrintable(first));
    QCOMPARE(second, QString());
    QVERIFY(!base.isEmpty());
    QCOMPARE(complaint([&] { journal.add(MeasurementMade{evaluationOf("p4", 4)}); }), QString());
    const Session session = recoverSession(journal.folder());
    QCOMPARE(session.measurements.size(), 2U);
    QCOMPARE(session.measurements[1].planHash, std::string("p4"));
}

/// The lines after a hole are of no use, and the first base is read together with them.
void tst_SessionJournal::twoBasesMendAHole()
{
    const std::string key = searchKey(baseSession().draft, 20);
    SessionJournal journal(root());
    journal.writeBase(journal.startBase(), baseSession());
    Session session = baseSession();
    const auto tell = [&](const JobEvent &event) {
        applyEvent(session, event);
        complaint([&] { journal.add(event); });
    };
    tell(begun(key, {}, provenanceOf("a"), 3));
    QVERIFY(!journal.isBehind());
    signal(SIGXFSZ, SIG_IGN); // a limit on the file size stands for a full disk
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto size = std::filesystem::file_size(journal.folder() / "journal.1.jsonl");
    const rlimit small{.rlim_cur = size, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    tell(lossOf(key, 0, 1, 2.5));
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(journal.isBehind());
    tell(AttentionRemoved{key, 0, 1, false});
    tell(lossOf(key, 1, 2, 2.75));
    QVERIFY(!difference(recoverSession(journal.folder()), session).isEmpty());
    journal.writeBase(journal.startBase(), session);
    QVERIFY(journal.isBehind());
    journal.writeBase(journal.startBase(), session);
    QVERIFY(!journal.isBehind());
    QCOMPARE(difference(recoverSession(journal.folder()), session), QString());
    setrlimit(RLIMIT_FSIZE, &small);
    const QString base = complaint([&] { journal.writeBase(journal.startBase(), session); });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(!base.isEmpty());
    QVERIFY(journal.isBehind());
    journal.writeBase(journal.startBase(), session);
    QVERIFY(!journal.isBehind());
}

QTEST_GUILESS_MAIN(tst_SessionJournal)
#include "tst_SessionJournal.moc"
