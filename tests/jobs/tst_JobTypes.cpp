// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobTypes.h"

#include "SessionFixtures.h"
#include "jobs/RestorationChoice.h"
#include "session/Shelf.h"

#include <QtTest>
#include <set>
#include <string>

using namespace secateur;
using namespace secateur::test;

namespace {

QString problemIn(const Session &session, const JobRequest &request)
{
    const std::optional<Error> problem = problemOf(request, session);
    return problem ? QString::fromStdString(problem->what()) : QString();
}

/// The small model (3 layers), calibrated; nothing was searched.
Session calibrated()
{
    Session session = fullSession();
    session.searches.clear();
    session.denseImpact.reset();
    session.draft = {};
    session.draft.calibration = 0;
    session.draft.balance.attentionsToRemove = 2;
    session.draft.balance.neuronsKept = 20;
    return session;
}

} // namespace

class tst_JobTypes : public QObject {
    Q_OBJECT

private slots:
    void everyKindHasItsRow();
    void whatIsMissingIsNamed();
    void aSearchIsNeededUntilItIsComplete();
    void amountsCountWhatIsLeft();
    void everyLineNamesTheProgram();
    void anOrderThatIsLentIsForced();
    void aPruningTakesTheScoresThatAreThere();
    void plansOfTheShelfGoOnFromTheirFiles();
    void plansThatWereFoundAreFoundAgain();
    void otherMethodsTasksAndSpeedAreAskedFor();
    void restoringSaysWhyNot();
    void restoringCountsItsSearch();
    void linesOfRestoringNameEverySetting();
    void comparisonsOfStepsHaveALine();
};

void tst_JobTypes::everyKindHasItsRow()
{
    QCOMPARE(jobTypes().size(), std::variant_size_v<JobRequest>);
    std::set<std::string> names;
    for (std::size_t i = 0; i < jobTypes().size(); ++i) {
        QCOMPARE(std::size_t(jobTypes()[i].kind), i);
        QVERIFY(jobTypes()[i].problem && jobTypes()[i].amount && jobTypes()[i].commandLine);
        names.insert(jobTypes()[i].name);
    }
    QCOMPARE(names.size(), jobTypes().size());
}

void tst_JobTypes::whatIsMissingIsNamed()
{
    Session session;
    for (const JobRequest &request :
         {JobRequest(request::Calibrate()), JobRequest(request::Impact()), JobRequest(request::Search()), JobRequest(request::Evaluate()),
          JobRequest(request::Curve()), JobRequest(request::Export()), JobRequest(request::Prune()), JobRequest(request::Generate()),
          JobRequest(request::FindBlocks()), JobRequest(request::MeasureTasks()), JobRequest(request::MeasureThroughput()),
          JobRequest(request::Compare()), JobRequest(request::Restore()), JobRequest(request::ScoreText())})
        QCOMPARE(problemIn(session, request), QStringLiteral("Open a model first."));
    QCOMPARE(problemIn(session, request::Open{"/x"}), QString());

    session = calibrated();
    session.draft.calibration = -1;
    const TextSettings text = session.calibrationText;
    QCOMPARE(problemIn(session, request::Calibrate()), QStringLiteral("Choose a calibration text first."));
    QCOMPARE(problemIn(session, request::Calibrate{.text = text}), QString());
    QCOMPARE(problemIn(session, request::Evaluate()), QStringLiteral("Choose a text to evaluate on first."));
    QCOMPARE(problemIn(session, request::Evaluate{.draft = {}, .text = text}), QString());
    QVERIFY(problemIn(session, request::Search{session.draft}).startsWith("Calibrate first"));
    QVERIFY(problemIn(session, request::Evaluate{.draft = session.draft, .text = text}).startsWith("Calibrate first"));
    QVERIFY(problemIn(session, request::Export{.draft = session.draft, .settings = {}}).startsWith("Calibrate first"));

    QCOMPARE(problemIn(session, request::Generate()), QStringLiteral("Choose the original or a plan first."));
    QCOMPARE(problemIn(session, request::Generate{.drafts = {{}}, .settings = {}}), QString());
    QCOMPARE(problemIn(session, request::Generate{.drafts = {{}}, .settings = {.prompt = "a", .isChat = true}}),
             QStringLiteral("This model has no chat template."));
    QVERIFY(problemIn(session, request::Generate{.drafts = {{}, session.draft}, .settings = {}}).startsWith("Calibrate first"));
    QCOMPARE(problemIn(session, request::ScoreText{.drafts = {{}}, .text = {}}), QStringLiteral("Write or choose a text to score first."));
    QCOMPARE(problemIn(session, request::ScoreText{.drafts = {{}}, .text = "a b"}), QString());

    request::Prune prune{.draft = session.draft, .calibrationText = text, .evaluationText = {}, .settings = {}};
    QCOMPARE(problemIn(session, prune), QString());
    prune.settings.format = "no such target";
    QVERIFY(!problemIn(session, prune).isEmpty());

    session.model->tokenizerSize.reset();
    session.model->tokenizerProblem = "There is no tokenizer.";
    for (const JobRequest &request : {JobRequest(request::Calibrate{.text = text}), JobRequest(request::Generate())})
        QCOMPARE(problemIn(session, request), QStringLiteral("There is no tokenizer."));
    session = calibrated();
    session.model->spec.layers[1].attention.reset();
    QVERIFY(problemIn(session, request::Calibrate{.text = text}).endsWith(kOpenOriginal));
}

void tst_JobTypes::aSearchIsNeededUntilItIsComplete()
{
    Session session = calibrated();
    const TextSettings &text = session.calibrationText;
    const auto searchProblem = [&] { return problemIn(session, request::Search{session.draft}); };
    const auto exportProblemNow = [&] { return problemIn(session, request::Export{.draft = session.draft, .settings = {}}); };
    QCOMPARE(searchProblem(), QString());
    QCOMPARE(exportProblemNow(), QStringLiteral("Search first: 0 of 2 removals are known."));
    QCOMPARE(problemIn(session, request::Evaluate{.draft = session.draft, .text = text}), QString()); // it searches first

    SearchRecord record;
    record.steps = {{.losses = {3, 2, 3}, .removed = 1, .isForced = false}, {.losses = {2, kUnknown, 3}, .removed = 0, .isForced = false}};
    session.searches[searchKey(session.draft, 20)] = record;
    QCOMPARE(searchProblem(), QStringLiteral("The search of this plan is complete."));
    QCOMPARE(exportProblemNow(), QString());
    QCOMPARE(problemIn(session, request::Evaluate{.draft = session.draft, .text = text}), QString());
    session.draft.balance.attentionsToRemove = 0;
    QVERIFY(searchProblem().startsWith("N = 0"));
    QCOMPARE(exportProblemNow(), QString());
    session.draft.balance.attentionsToRemove = 2;
    session.draft.search.forcedLayers = {7};
    QCOMPARE(searchProblem(), QStringLiteral("There is no layer 7 to force."));
    session.draft.balance.neuronsKept = 4800;
    QVERIFY(!searchProblem().isEmpty());
    QCOMPARE(exportProblemNow(), searchProblem());
}

void tst_JobTypes::amountsCountWhatIsLeft()
{
    Session session = calibrated();
    const auto evaluations = [&](const JobRequest &request) { return amountOf(request, session).evaluations; };
    const JobSize scored = amountOf(request::Calibrate{.text = session.calibrationText}, session).size;
    QCOMPARE(scored.windows, 32);
    QCOMPARE(scored.length, 128);
    QCOMPARE(scored.gramsPerLayer, 0);
    const request::Calibrate withGrams{.text = session.calibrationText, .keepsGrams = true};
    QCOMPARE(amountOf(withGrams, session).size.gramsPerLayer, 2);
    QVERIFY(commandLineOf(withGrams, session, {}).find(" --save-grams grams.safetensors ") != std::string::npos);
    const request::Search search{session.draft};
    QCOMPARE(evaluations(search), 1 + 3 + 2); // before any removal, then those that are left
    QCOMPARE(amountOf(search, session).size.removals, 2);
    QCOMPARE(amountOf(search, session).size.neuronsKept, 20);
    SearchRecord record;
    record.initialLoss = 2;
    record.steps = {{.losses = {3, 2, 3}, .removed = 1, .isForced = false},
                    {.losses = {kUnknown, kUnknown, 3}, .removed = -1, .isForced = false}};
    session.searches[searchKey(session.draft, 20)] = record;
    QCOMPARE(evaluations(search), 1);
    QCOMPARE(evaluations(request::Evaluate{.draft = session.draft, .text = {}}), 1);
    QCOMPARE(evaluations(request::Evaluate()), 0);
    PlanDraft other = session.draft;
    other.balance.neuronsKept = 21;
    QCOMPARE(evaluations(request::Curve{.drafts = {session.draft, other}, .text = {}, .lentOrder = {}}), 1 + 6);
    QCOMPARE(evaluations(request::Curve{.drafts = {session.draft, other}, .text = {}, .lentOrder = {{1, 0}}}), 0);

    QCOMPARE(evaluations(request::Impact()), 4);
    session.denseImpact = SearchRecord{};
    session.denseImpact->initialLoss = 2;
    session.denseImpact->steps = {{.losses = {3, kUnknown, 3}, .removed = -1, .isForced = false}};
    QCOMPARE(evaluations(request::Impact()), 1);
}

void tst_JobTypes::everyLineNamesTheProgram()
{
    const Session session = calibrated();
    const TextSettings &text = session.calibrationText;
    for (const JobRequest &request :
         {JobRequest(request::Open{"/models/tiny"}), JobRequest(request::Calibrate{.text = text}),
          JobRequest(request::Impact{.text = text, .search = {}}), JobRequest(request::Search{session.draft}),
          JobRequest(request::Evaluate{.draft = session.draft, .text = text}),
          JobRequest(request::Curve{.drafts = {session.draft}, .text = text, .lentOrder = {}}),
          JobRequest(request::Export{.draft = session.draft, .settings = {}}),
          JobRequest(request::Prune{.draft = session.draft, .calibrationText = text, .evaluationText = {}, .settings = {}}),
          JobRequest(request::Generate{.drafts = {session.draft}, .settings = {.prompt = "it's"}}),
          JobRequest(request::ScoreText{.drafts = {{}, session.draft}, .text = "it's"})}) {
        const QString line = QString::fromStdString(commandLineOf(request, session, {}));
        QVERIFY2(line.startsWith("secateur-cli "), qPrintable(line));
    }
    const QString generate =
        QString::fromStdString(commandLineOf(request::Generate{.drafts = {{}}, .settings = {.prompt = "it's", .tokens = 5}}, session, {}));
    QVERIFY2(generate.startsWith("secateur-cli generate "), qPrintable(generate));
    QVERIFY2(generate.endsWith(R"(--prompt 'it'\''s' --tokens 5)"), qPrintable(generate));
    const auto lineFor = [&](const JobRequest &request) { return QString::fromStdString(commandLineOf(request, session, {})); };
    GenerationSettings chat{.prompt = "Hi", .isChat = true, .conversation = {{.role = "system", .content = "Be short."}}};
    PlanDraft other = session.draft;
    other.balance.neuronsKept = 10;
    const QString both = lineFor(request::Generate{.drafts = {{}, session.draft, other}, .settings = chat});
    QVERIFY2(both.contains("--save-plan plan-1.json && ") && both.contains("--save-plan plan-2.json && "), qPrintable(both));
    QVERIFY2(both.contains("--plan plan-1.json --plan plan-2.json --original --prompt Hi --chat --system 'Be short.'"), qPrintable(both));
    const QString score = lineFor(request::ScoreText{.drafts = {{}, session.draft}, .text = "a b"});
    QVERIFY2(score.contains("secateur-cli score ") && score.contains("--plan plan.json --prompt 'a b'"), qPrintable(score));
    chat.conversation.push_back({.role = "user", .content = "No command begins so."});
    QCOMPARE(lineFor(request::Generate{.drafts = {{}}, .settings = chat}), QString());
}

void tst_JobTypes::anOrderThatIsLentIsForced()
{
    Session session = calibrated();
    session.draft.search.protectedLayers = {0};
    const request::Curve curve{.drafts = {session.draft}, .text = session.evaluationText, .lentOrder = {{2, 0, 1}}};
    const QString line = QString::fromStdString(commandLineOf(curve, session, {}));
    QVERIFY2(line.contains("--force 2,0 ") && !line.contains("--protect"), qPrintable(line));
    QVERIFY(line.contains("--save-plan plan-1.json && secateur-cli evaluate "));
}

void tst_JobTypes::plansOfTheShelfGoOnFromTheirFiles()
{
    Session session = calibrated();
    session.model->folder = "/models/tiny";
    PlanDraft draft = shelve(session, shelfEntry(openedPlan(session), "/plans/plan.json"));
    draft.balance.attentionsToRemove = 3;
    const auto line = [&](const JobRequest &request) { return QString::fromStdString(commandLineOf(request, session, {})); };
    QCOMPARE(line(request::Open{.model = "/models/tiny", .plan = "/plans/plan.json"}),
             QStringLiteral("secateur-cli plan /models/tiny --plan /plans/plan.json"));
    const QString search = line(request::Search{draft});
    QVERIFY2(search.startsWith("secateur-cli search /models/tiny") && search.contains("--plan /plans/plan.json") &&
                 search.contains("--remove 3") && search.endsWith("--save-plan plan.json"),
             qPrintable(search));
    QCOMPARE(problemIn(session, request::Search{draft}), QString());
    QVERIFY(problemIn(session, request::Export{.draft = draft, .settings = {}}).contains("1 of 3 removals are known"));

    const PlanDraft hand = shelve(session, shelfEntry(manualPlan(session), "/plans/hand.json"));
    QVERIFY(problemIn(session, request::Search{hand}).contains("written by hand"));
    QCOMPARE(problemIn(session, request::Export{.draft = hand, .settings = {}}), QString());
    QCOMPARE(line(request::Search{hand}), QString());
    QVERIFY(line(request::Export{.draft = hand, .settings = {}}).startsWith("secateur-cli export /models/tiny"));
    QVERIFY(line(request::Export{.draft = hand, .settings = {}}).contains("--plan /plans/hand.json"));
}

void tst_JobTypes::plansThatWereFoundAreFoundAgain()
{
    Session session = calibrated();
    session.model->folder = "/models/tiny";
    const PlanDraft found = shelve(session, shelfEntry(foundPlan(session), {}));
    const auto line = [&](const JobRequest &request) { return QString::fromStdString(commandLineOf(request, session, {})); };
    QVERIFY(problemIn(session, request::Search{found}).contains("found by ShortGPT"));
    QCOMPARE(problemIn(session, request::Export{.draft = found, .settings = {}}), QString());
    QCOMPARE(problemIn(session, request::Evaluate{.draft = found, .text = session.evaluationText}), QString());
    QCOMPARE(amountOf(request::Evaluate{.draft = found, .text = session.evaluationText}, session).evaluations, 0);
    const QString search = line(request::Search{found}), evaluate = line(request::Evaluate{.draft = found, .text = session.evaluationText}),
                  written = line(request::Export{.draft = found, .settings = {}});
    QVERIFY2(search.startsWith("secateur-cli search /models/tiny --text ") && search.contains(" --windows 4 --length 128 ") &&
                 search.contains(" --method shortgpt --sparsity 0.3 ") && search.endsWith(" --save-plan plan.json"),
             qPrintable(search));
    QVERIFY2(evaluate.startsWith(search + " && secateur-cli evaluate /models/tiny ") && evaluate.contains(" --plan plan.json"),
             qPrintable(evaluate));
    QVERIFY2(written.startsWith(search + " && secateur-cli export /models/tiny "), qPrintable(written));
}

void tst_JobTypes::otherMethodsTasksAndSpeedAreAskedFor()
{
    Session session = calibrated();
    session.model->folder = "/models/tiny";
    const auto line = [&](const JobRequest &request) { return QString::fromStdString(commandLineOf(request, session, {})); };
    request::FindBlocks blocks{.settings = {}, .text = session.calibrationText};
    QCOMPARE(problemIn(session, blocks), QString());
    blocks.settings.sparsity = 0.99;
    QVERIFY(problemIn(session, blocks).contains("leaves nothing"));
    blocks.text.files.clear();
    QCOMPARE(problemIn(session, blocks), QStringLiteral("Choose a calibration text first."));

    request::MeasureTasks tasks;
    QVERIFY(problemIn(session, tasks).startsWith("Choose the folder"));
    tasks.tasks.paths = {"/tasks/my files"};
    tasks.tasks.only = {"arc_easy", "piqa"};
    tasks.tasks.limit = 200;
    tasks.tasks.seed = 7;
    tasks.tasks.bos = BosUse::Tokenizer;
    QCOMPARE(problemIn(session, tasks), QString());
    QCOMPARE(line(tasks), QStringLiteral("secateur-cli evaluate /models/tiny --tasks '/tasks/my files' --only arc_easy,piqa --limit 200 "
                                         "--sample 7 --bos tokenizer"));
    tasks.draft = session.draft;
    QVERIFY(line(tasks).startsWith("secateur-cli prune ") && line(tasks).contains(" && secateur-cli evaluate "));
    QCOMPARE(amountOf(tasks, session).evaluations, 1 + 3 + 2); // it searches first

    request::MeasureThroughput speed;
    speed.settings.batchSizes = {1, 8};
    QCOMPARE(problemIn(session, speed), QString());
    QCOMPARE(line(speed), QStringLiteral("secateur-cli evaluate /models/tiny --throughput --batch-sizes 1,8"));
    QVERIFY(amountOf(speed, session).flop > 0);

    request::Compare compare;
    compare.settings.text = session.calibrationText;
    compare.settings.text.windows.reset();
    QVERIFY(problemIn(session, compare).startsWith("Choose what to measure"));
    compare.settings.methods = {PlanMethod::TwoSsp, PlanMethod::ShortGpt};
    QVERIFY(problemIn(session, compare).startsWith("Choose a size"));
    compare.settings.sparsities = {0.25, 0.5};
    compare.settings.throughput = ThroughputSettings();
    QCOMPARE(problemIn(session, compare), QString());
    const QString compared = line(compare);
    QVERIFY2(compared.startsWith("secateur-cli compare /models/tiny --text ") && !compared.contains("--windows") &&
                 compared.contains(" --methods 2ssp,shortgpt --sparsity 0.25,0.5 --throughput "),
             qPrintable(compared));
    TextSettings heldOut = compare.settings.text;
    heldOut.files = {"/texts/oz.txt"};
    heldOut.seed = 0;
    compare.settings.evaluations = {heldOut};
    QVERIFY(line(compare).contains(" --evaluate /texts/oz.txt "));
    compare.settings.evaluations[0].windows = 4; // no option says that
    QCOMPARE(line(compare), QString());
}

void tst_JobTypes::restoringSaysWhyNot()
{
    Session session = calibrated();
    request::Restore restore{.draft = session.draft, .settings = {}};
    QCOMPARE(problemIn(session, restore), QString()); // it is searched first
    restore.draft.calibration = -1;
    QCOMPARE(problemIn(session, restore), QStringLiteral("Calibrate first: no neurons are chosen yet."));
    restore.draft = session.draft;
    restore.settings.steps = {RestorationStep::Order};
    QVERIFY(problemIn(session, restore).startsWith("A restoration needs r1"));
    restore.settings = {};
    restore.settings.ridge = 0;
    QCOMPARE(problemIn(session, restore), QStringLiteral("The ridge of r1 is out of range."));
    restore.settings = {};
    restore.settings.gateWindows = 0;
    QVERIFY(!problemIn(session, restore).isEmpty());

    restore.settings = {};
    restore.draft = shelve(session, shelfEntry(foundPlan(session), {}));
    QCOMPARE(problemIn(session, restore), QStringLiteral("This plan was found by ShortGPT: only plans of 2SSP and by hand are restored."));
    restore.draft = shelve(session, shelfEntry(manualPlan(session), "/plans/hand.json"));
    QVERIFY(problemIn(session, restore).startsWith("This plan was written by hand, and r2 "));
    restore.settings.steps = usualSteps(PlanMethod::Manual, session.model->spec, {});
    QCOMPARE(stepsText(restore.settings.steps), std::string("r1,r4"));
    QCOMPARE(problemIn(session, restore), QString());

    PruningPlan restored = openedPlan(session);
    restored.method = PlanMethod::Restored;
    restored.restoration.emplace();
    const std::optional<Error> again = restorationProblem(restored, {}, session.model->spec);
    QVERIFY(again && std::string(again->what()).starts_with("This plan is restored already"));

    request::Prune prune{.draft = session.draft, .calibrationText = session.calibrationText, .evaluationText = {}, .settings = {}};
    prune.restoration = RestorationSettings();
    prune.settings.format = "hf-dropin";
    QCOMPARE(problemIn(session, prune), QString());
    prune.restoration->steps.insert(prune.restoration->steps.begin() + 2, RestorationStep::Widths);
    QVERIFY2(problemIn(session, prune).contains("the target hf-dropin does not hold"), qPrintable(problemIn(session, prune)));
    prune.settings.format = "hf-compact";
    QCOMPARE(problemIn(session, prune), QString());
}

void tst_JobTypes::restoringCountsItsSearch()
{
    const Session session = calibrated();
    request::Restore restore{.draft = session.draft, .settings = {}};
    restore.settings.steps = {RestorationStep::Refit};
    const JobAmount refit = amountOf(restore, session);
    QCOMPARE(refit.evaluations, 1 + 3 + 2);
    QVERIFY(refit.flop > 0);
    for (const RestorationStep step : {RestorationStep::Order, RestorationStep::Widths, RestorationStep::Sequential}) {
        restore.settings.steps = {RestorationStep::Refit, step};
        QVERIFY2(amountOf(restore, session).flop > refit.flop, nameOf(step));
    }
}

void tst_JobTypes::linesOfRestoringNameEverySetting()
{
    Session session = calibrated();
    session.model->folder = "/models/tiny";
    const auto line = [&](const JobRequest &request) { return QString::fromStdString(commandLineOf(request, session, {})); };
    const request::Restore usual{.draft = session.draft, .settings = {}};
    QVERIFY2(line(usual).startsWith("secateur-cli prune /models/tiny --text ") &&
                 line(usual).contains(" --restore r1,r2,r4 --restore-gate ") && line(usual).endsWith(" --save-plan restored.safetensors"),
             qPrintable(line(usual)));
    request::Restore restore = usual;
    restore.settings.steps = {RestorationStep::Refit, RestorationStep::Order, RestorationStep::Widths, RestorationStep::Sequential,
                              RestorationStep::Elimination};
    restore.settings.isGated = false;
    restore.settings.ridge = 0.01;
    restore.settings.pathRidge = 0.02;
    restore.settings.sequentialRidge = 0.25;
    restore.settings.widthShare = 0.5;
    restore.settings.searchWindows = 3;
    restore.settings.gateWindows = 8;
    restore.settings.sequentialWindows = 128;
    const QString all = line(restore);
    QVERIFY2(all.contains(" --restore r1,r2,r3,r4,r5 --restore-windows 8 --restore-search-windows 3 --sequential-windows 128 "
                          "--restore-ridge 0.01 --path-ridge 0.02 --sequential-ridge 0.25 --width-share 0.5 "),
             qPrintable(all));
    restore.settings.steps = {RestorationStep::Refit}; // what has no effect would be refused
    QVERIFY2(line(restore).contains(" --restore r1 --restore-windows 8 --restore-ridge 0.01 ") && !line(restore).contains("-ridge 0.02") &&
                 !line(restore).contains("--width-share") && !line(restore).contains("--sequential"),
             qPrintable(line(restore)));

    TextSettings second = textSettingsOf(session.calibrations[0]->provenance);
    second.files = {"/texts/oz.txt"};
    second.windows = 8;
    second.seed = 0;
    restore.settings.second = second;
    QVERIFY2(line(restore).contains(" --restore-text /texts/oz.txt "), qPrintable(line(restore)));
    restore.settings.second->length += 1; // no option says that
    QCOMPARE(line(restore), QString());

    const request::Restore hand{.draft = shelve(session, shelfEntry(manualPlan(session), "/plans/hand.json")), .settings = usual.settings};
    QVERIFY2(line(hand).startsWith("secateur-cli search /models/tiny --text ") && line(hand).contains(" --plan /plans/hand.json "),
             qPrintable(line(hand)));
    QVERIFY(line(request::Calibrate{.text = session.calibrationText, .keepsGrams = true}).contains(" --save-grams grams.safetensors"));
    QVERIFY(!line(request::Calibrate{.text = session.calibrationText}).contains("--save-grams"));
}

void tst_JobTypes::comparisonsOfStepsHaveALine()
{
    Session session = calibrated();
    const auto line = [&](const request::Compare &request) { return QString::fromStdString(commandLineOf(request, session, {})); };
    request::Compare compare;
    compare.settings.text = session.calibrationText;
    compare.settings.methods = {PlanMethod::TwoSsp};
    compare.settings.sparsities = {0.5};
    compare.settings.throughput = ThroughputSettings();
    const double plain = amountOf(compare, session).flop;
    RestorationSettings all;
    all.steps = {RestorationStep::Refit, RestorationStep::Order, RestorationStep::Widths};
    compare.settings.restorations = variantsOf(all);
    QCOMPARE(compare.settings.restorations.size(), 3U);
    QCOMPARE(problemIn(session, compare), QString());
    QVERIFY(amountOf(compare, session).flop > plain);
    QVERIFY2(line(compare).contains(" --variants --restore r1,r2,r3 "), qPrintable(line(compare)));
    compare.settings.restorations = {RestorationSettings()};
    QVERIFY2(line(compare).contains(" --restore r1,r2,r4 --restore-gate ") && !line(compare).contains("--variants"),
             qPrintable(line(compare)));
    compare.settings.restorations.push_back(all); // no options say these two
    QCOMPARE(line(compare), QString());
    compare.settings.restorations = {RestorationSettings()};
    compare.settings.restorations[0].steps.clear();
    QVERIFY(problemIn(session, compare).startsWith("A restoration needs r1"));
}

void tst_JobTypes::aPruningTakesTheScoresThatAreThere()
{
    Session session = calibrated();
    auto scores = std::make_shared<NeuronScores>(*session.calibrations[0]);
    scores->provenance.textFiles = {"/texts/grimm.txt"};
    scores->provenance.computed.threads = 12; // made elsewhere
    session.calibrations.push_back(scores);
    const TextSettings text = textSettingsOf(scores->provenance);
    request::Prune prune{.draft = session.draft, .calibrationText = text, .evaluationText = {}, .norm = scores->norm, .settings = {}};
    prune.draft.calibration = -1;
    QVERIFY(commandLineOf(prune, session, {}).find("--threads 12") != std::string::npos);
    QCOMPARE(amountOf(prune, session).size.windows, 0); // they are there
    prune.calibrationText.length += 1;
    QVERIFY(commandLineOf(prune, session, {}).find("--threads") == std::string::npos);
    QCOMPARE(amountOf(prune, session).size.windows, prune.calibrationText.windows.value());
}

QTEST_GUILESS_MAIN(tst_JobTypes)
#include "tst_JobTypes.moc"
