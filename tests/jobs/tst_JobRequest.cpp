// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobRequest.h"

#include "SessionFixtures.h"

#include <QtTest>
#include <set>
#include <string>
#include <vector>

using namespace secateur;
using namespace secateur::test;

namespace {

/// A request of every kind, and of every form that one has.
std::vector<JobRequest> allRequests()
{
    const Session full = fullSession();
    ExportSettings settings{.format = "gguf-deci",
                            .output = "/out/Größe",
                            .isOverwriteAllowed = true,
                            .dtype = DType::Float16,
                            .command = {"secateur-cli", "prune"}};
    GenerationSettings generation{.prompt = "Once \"upon\"\na time",
                                  .tokens = 12,
                                  .temperature = 0.1 + 0.2,
                                  .topK = 40,
                                  .topP = 0.9,
                                  .seed = 18'446'744'073'709'551'615U};
    BlockSettings blocks;
    blocks.method = PlanMethod::EvoPress;
    blocks.variant = BlockVariant::Original;
    blocks.sparsity = 0.1 + 0.2;
    blocks.seed = 18'446'744'073'709'551'615U;
    blocks.generations = 12;
    TaskSettings tasks;
    tasks.paths = {"/tasks/Größe", "arc_easy"};
    tasks.only = {"mmlu"};
    tasks.limit = 500;
    tasks.bos = BosUse::Always;
    tasks.longest = 512;
    const ThroughputSettings speed{.promptLengths = {128, 512}, .batchSizes = {1, 8}, .newTokens = 32, .repetitions = 3};
    ComparisonSettings comparison;
    comparison.methods = {PlanMethod::TwoSsp, PlanMethod::Window};
    comparison.sparsities = {0.25, 0.375};
    comparison.isEqualSize = true;
    comparison.text = full.calibrationText;
    comparison.evaluations = {full.evaluationText, full.calibrationText};
    comparison.tasks = tasks;
    comparison.throughput = speed;
    comparison.blocks = blocks;
    RestorationSettings restoration;
    restoration.steps = {RestorationStep::Refit, RestorationStep::Widths, RestorationStep::Sequential};
    restoration.isGated = false;
    restoration.ridge = 0.1 + 0.2;
    restoration.pathRidge = 1e-8;
    restoration.sequentialRidge = 1.0 / 3;
    restoration.widthShare = 0.5;
    restoration.searchWindows = 3;
    restoration.gateWindows = 5;
    restoration.sequentialWindows = 64;
    restoration.second = full.evaluationText;
    comparison.restorations = {RestorationSettings(), restoration};
    return {request::FindBlocks{.settings = blocks, .text = full.calibrationText},
            request::MeasureTasks{.draft = full.draft, .tasks = tasks, .searchText = full.calibrationText},
            request::MeasureTasks{.draft = {}, .tasks = {}},
            request::MeasureThroughput{.draft = full.draft, .settings = speed},
            request::MeasureThroughput{.draft = {}, .settings = {}, .searchText = full.calibrationText},
            request::Compare{comparison},
            request::Compare{},
            request::Restore{.draft = full.draft, .settings = restoration, .searchText = full.calibrationText},
            request::Restore{.draft = {}, .settings = {}},
            request::Calibrate{.text = full.calibrationText, .norm = ScoreNorm::L2, .keepsGrams = true},
            request::Prune{.draft = full.draft,
                           .calibrationText = full.calibrationText,
                           .evaluationText = {},
                           .settings = settings,
                           .restoration = restoration},
            request::Search{.draft = full.draft, .searchText = full.calibrationText},
            request::Evaluate{.draft = full.draft, .text = full.evaluationText, .searchText = full.calibrationText},
            request::Curve{.drafts = {full.draft}, .text = full.evaluationText, .lentOrder = {}, .searchText = full.calibrationText},
            request::Open{"/models/Größe.gguf"},
            request::Open{.model = "/models/tiny", .plan = "/plans/plan.json"},
            request::Open{.model = "/models/tiny", .plan = {}, .scores = "/plans/scores.safetensors"},
            request::Calibrate{.text = full.calibrationText, .norm = ScoreNorm::L1},
            request::Calibrate{.text = full.calibrationText, .norm = ScoreNorm::L2, .keepsGrams = true},
            request::Impact{.text = full.evaluationText,
                            .search = {.windows = 3, .referenceLoss = true, .forcedLayers = {}, .protectedLayers = {}}},
            request::Search{full.draft},
            request::Evaluate{.draft = full.draft, .text = full.evaluationText},
            request::Evaluate{.draft = {}, .text = full.calibrationText},
            request::Curve{.drafts = {full.draft, PlanDraft()}, .text = full.evaluationText, .lentOrder = {{2, 0}}},
            request::Curve{.drafts = {}, .text = full.evaluationText, .lentOrder = {}},
            request::Export{.draft = full.draft, .settings = settings},
            request::Export{.draft = {}, .settings = {}},
            request::Prune{.draft = full.draft,
                           .calibrationText = full.calibrationText,
                           .evaluationText = full.evaluationText,
                           .norm = ScoreNorm::L1,
                           .settings = settings},
            request::Generate{.drafts = {full.draft, {}, PlanDraft()}, .settings = generation, .searchText = full.calibrationText},
            request::Generate{.drafts = {}, .settings = {}},
            request::Generate{.drafts = {{}},
                              .settings = {.prompt = "Hi",
                                           .isChat = true,
                                           .conversation = {{.role = "system", .content = "Be short."}, {.role = "user", .content = ""}}}},
            request::ScoreText{.drafts = {{}, full.draft}, .text = "a\n\"b\" Größe", .searchText = full.calibrationText},
            request::ScoreText{}};
}

} // namespace

class tst_JobRequest : public QObject {
    Q_OBJECT

private slots:
    void everyKindSurvivesItsJson();
    void kindsAreTold();
    void whatIsNoRequestIsRefused_data();
    void whatIsNoRequestIsRefused();
};

void tst_JobRequest::everyKindSurvivesItsJson()
{
    std::set<std::size_t> kinds;
    for (const JobRequest &request : allRequests()) {
        const JobRequest again = jobRequestFromJson(nlohmann::json::parse(toJson(request).dump()));
        QVERIFY2(again == request, toJson(request).dump().c_str());
        kinds.insert(request.index());
    }
    QCOMPARE(kinds.size(), std::variant_size_v<JobRequest>);
}

void tst_JobRequest::kindsAreTold()
{
    QVERIFY(kindOf(request::Open()) == JobKind::Open);
    QVERIFY(kindOf(request::Evaluate()) == JobKind::Evaluate);
    QVERIFY(kindOf(request::Generate()) == JobKind::Generate);
    QVERIFY(kindOf(request::FindBlocks()) == JobKind::FindBlocks);
    QVERIFY(kindOf(request::Compare()) == JobKind::Compare);
    QVERIFY(kindOf(request::Restore()) == JobKind::Restore);
    QCOMPARE(toJson(request::Restore()).at("job").get<std::string>(), std::string("restore"));
    QCOMPARE(toJson(request::Search()).at("job").get<std::string>(), std::string("search"));
    QVERIFY(!(JobRequest(request::Search()) == JobRequest(request::Evaluate())));
}

void tst_JobRequest::whatIsNoRequestIsRefused_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text : {R"({})", R"([])", R"({"job":"magic"})", R"({"job":3})", R"({"job":"search"})", R"({"job":"open","model":5})",
                             R"({"job":"calibrate","text":{},"norm":"l2"})", R"({"job":"generate","draft":null,"prompt":"x"})"})
        QTest::newRow(text) << QString::fromUtf8(text);
}

void tst_JobRequest::whatIsNoRequestIsRefused()
{
    QFETCH(QString, text);
    QVERIFY_EXCEPTION_THROWN(jobRequestFromJson(nlohmann::json::parse(text.toStdString())), std::exception);
}

QTEST_GUILESS_MAIN(tst_JobRequest)
#include "tst_JobRequest.moc"
