// SPDX-License-Identifier: GPL-3.0-or-later
// The command lines of the table of jobs, read by the real parser, and some run by the real program.
#include "../../exporting/JsonSchema.h"
#include "SampleBench.h"
#include "cli/Options.h"
#include "jobs/JobTypes.h"
#include "pruning/NeuronScores.h"
#include "pruning/PlanFile.h"
#include "session/Shelf.h"

#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QProcessEnvironment>
#include <QtTest>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// The words of a line as a shell reads it.
std::vector<std::string> wordsOf(const QString &line)
{
    QProcess shell;
    shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), QStringLiteral("printf '%s\\0' ") + line});
    shell.waitForFinished();
    std::vector<std::string> words;
    for (const QByteArray &word : shell.readAllStandardOutput().split('\0'))
        words.push_back(word.toStdString());
    words.pop_back(); // after the last end
    return words;
}

/// What the program understands; nothing when it refuses the line.
std::optional<cli::Options> parsed(const QString &line)
{
    const std::vector<std::string> words = wordsOf(line);
    std::vector<const char *> arguments;
    for (const std::string &word : words)
        arguments.push_back(word.c_str());
    int exitCode = 0;
    return cli::parse(int(arguments.size()), arguments.data(), exitCode);
}

/// The lines of a session's jobs.
struct Lines {
    const Session &session;
    EngineSettings engine;

    QString of(const JobRequest &request) const { return QString::fromStdString(commandLineOf(request, session, engine)); }
    QString calibrate() const { return of(request::Calibrate{.text = session.calibrationText, .norm = session.norm}); }
    QString impact() const { return of(request::Impact{.text = session.calibrationText, .search = session.draft.search}); }
    QString plan(const PlanDraft &draft) const { return of(request::Search{draft}); }
    QString evaluate(const PlanDraft &draft, const TextSettings &text) const { return of(request::Evaluate{.draft = draft, .text = text}); }
    QString evaluateDense(const TextSettings &text) const { return of(request::Evaluate{.draft = {}, .text = text}); }
    QString curve(const std::vector<PlanDraft> &drafts, const TextSettings &text) const
    {
        return of(request::Curve{.drafts = drafts, .text = text, .lentOrder = {}});
    }
    QString exportPlan(const PlanDraft &draft, const ExportSettings &settings) const
    {
        return of(request::Export{.draft = draft, .settings = settings});
    }
    QString prune(const PlanDraft &draft, const ExportSettings &settings) const
    {
        return of(request::Prune{.draft = draft,
                                 .calibrationText = session.calibrationText,
                                 .evaluationText = session.evaluationText,
                                 .norm = session.norm,
                                 .settings = settings});
    }
    QString inspect(const std::filesystem::path &model) const { return of(request::Open{model}); }
};

/// A session of the sample with scores that were made up.
struct Made {
    Session session;
    EngineSettings engine{.device = "cpu", .dtype = "auto", .threads = 1};

    Made()
    {
        session.model = sampleSummary();
        session.calibrationText = {.files = {"/texts/one.txt", "/texts/two.jsonl"}, .windows = 8, .length = 256, .seed = 3};
        session.calibrations = {madeUpScores(session.model->spec, 7)};
        session.draft.calibration = 0;
    }
    Lines lines() const { return {session, engine}; }
};

/// Runs a line in a folder, with the built program in the path and no display. Its exit code.
int run(const QString &line, const QString &folder, QByteArray *output = nullptr)
{
    QProcess shell;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PATH"),
                       QFileInfo(QStringLiteral(SECATEUR_CLI)).path() + QLatin1Char(':') + qEnvironmentVariable("PATH"));
    for (const char *display : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
        environment.remove(QLatin1String(display));
    shell.setProcessEnvironment(environment);
    shell.setWorkingDirectory(folder);
    shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), line});
    shell.waitForFinished(60'000);
    if (output)
        *output = shell.readAllStandardOutput();
    return shell.exitStatus() == QProcess::NormalExit ? shell.exitCode() : -1;
}

QList<QJsonObject> resultsOf(const QByteArray &output)
{
    QList<QJsonObject> results;
    for (const QByteArray &line : output.split('\n'))
        if (const QJsonObject event = QJsonDocument::fromJson(line).object(); event.value("event") == "result")
            results << event;
    return results;
}

QJsonObject resultOf(const QByteArray &output)
{
    return resultsOf(output).value(0);
}

nlohmann::json jsonOf(const QString &file)
{
    std::ifstream stream(file.toStdString());
    return nlohmann::json::parse(stream);
}

/// What is wrong with the manifest in an exported folder; empty when it keeps to the schema.
QString breachOfManifest(const QString &folder)
{
    const test::JsonSchema schema(jsonOf(QStringLiteral(SECATEUR_SOURCE_DIR "/resources/pruning_manifest.schema.json")));
    return QString::fromStdString(schema.breachIn(jsonOf(folder + QLatin1String("/pruning_manifest.json"))));
}

} // namespace

class TestCommandLines : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void plansNameEverySettingThatDecidesThem_data();
    void plansNameEverySettingThatDecidesThem();
    void theTextIsThatOfTheScores();
    void withoutScoresTheTextIsTheOneChosen();
    void textsAreThoseOfTheSession_data();
    void textsAreThoseOfTheSession();
    void plansOfFilesAreSearchedAsInTheWindow();
    void everyLineIsUnderstood();
    void exportsNameWhatIsWritten();
    void pathsSurviveTheShell_data();
    void pathsSurviveTheShell();
    void linesGiveThePlanOfTheWindow_data();
    void linesGiveThePlanOfTheWindow();
    void linesMeasureWhatTheWindowMeasures();
    void linesScoreWhatTheWindowScores();
    void linesMeasureTheCurveOfTheWindow();
    void linesWriteWhatTheWindowWrites_data();
    void linesWriteWhatTheWindowWrites();
};

void TestCommandLines::plansNameEverySettingThatDecidesThem_data()
{
    using Edit = std::function<void(PlanDraft &)>;
    QTest::addColumn<Edit>("edit");
    const auto row = [](const char *name, const Edit &edit) { QTest::newRow(name) << edit; };
    row("as it comes", [](PlanDraft &) {});
    row("sparsity", [](PlanDraft &d) { d.balance.sparsity = 0.1 + 0.2; });
    row("small sparsity", [](PlanDraft &d) { d.balance.sparsity = 0.001; });
    row("alpha", [](PlanDraft &d) { d.balance.alpha = 2.25; });
    row("N", [](PlanDraft &d) { d.balance.attentionsToRemove = 0; });
    row("K", [](PlanDraft &d) { d.balance.neuronsKept = 77; });
    row("N and K", [](PlanDraft &d) {
        d.balance.attentionsToRemove = 5;
        d.balance.neuronsKept = 344;
    });
    row("multiple", [](PlanDraft &d) { d.balance.widthMultiple = 32; });
    row("protected", [](PlanDraft &d) { d.search.protectedLayers = {0}; });
    row("forced", [](PlanDraft &d) { d.search.forcedLayers = {11, 3, 7}; });
    row("both", [](PlanDraft &d) {
        d.search.protectedLayers = {0, 1, 2};
        d.search.forcedLayers = {11, 3};
    });
    row("search windows", [](PlanDraft &d) { d.search.windows = 4; });
    row("reference loss", [](PlanDraft &d) { d.search.referenceLoss = true; });
}

void TestCommandLines::plansNameEverySettingThatDecidesThem()
{
    QFETCH(std::function<void(PlanDraft &)>, edit);
    Made made;
    edit(made.session.draft);
    const PlanDraft &draft = made.session.draft;
    for (const ScoreNorm norm : {ScoreNorm::L2, ScoreNorm::L1}) {
        auto scores = std::make_shared<NeuronScores>(*made.session.calibrations[0]);
        scores->norm = norm;
        made.session.calibrations = {scores};
        const std::optional<cli::Options> o = parsed(made.lines().plan(draft));
        QVERIFY(o.has_value());
        QCOMPARE(o->command, std::string("prune"));
        QCOMPARE(o->model, made.session.model->folder);
        const bool isByHand = draft.balance.neuronsKept && draft.balance.attentionsToRemove;
        QVERIFY(isByHand ? !o->sparsity : o->sparsity.value() == draft.balance.sparsity); // to the last digit
        QCOMPARE(o->alpha, draft.balance.attentionsToRemove ? BalanceSettings().alpha : draft.balance.alpha);
        QVERIFY(o->remove == draft.balance.attentionsToRemove);
        QVERIFY(o->keep == draft.balance.neuronsKept);
        QCOMPARE(o->widthMultiple, draft.balance.neuronsKept ? 1 : draft.balance.widthMultiple);
        QCOMPARE(o->protectedLayers.value_or(std::vector<std::int64_t>()), draft.search.protectedLayers);
        QCOMPARE(o->forcedLayers.value_or(std::vector<std::int64_t>()), draft.search.forcedLayers);
        QCOMPARE(o->searchWindows.value_or(1), draft.search.windows);
        QCOMPARE(o->lossType == "reference", draft.search.referenceLoss);
        QCOMPARE(o->norm == "l1", norm == ScoreNorm::L1);
        QCOMPARE(o->savePlan, std::filesystem::path("plan.json"));
        QCOMPARE(o->engine.threads, 1);
        QCOMPARE(o->engine.device, std::string("cpu"));
        QCOMPARE(o->engine.dtype, std::string("auto"));
        QVERIFY(o->output.empty());
    }
}

void TestCommandLines::theTextIsThatOfTheScores()
{
    Made made;
    made.engine = {.device = "auto", .dtype = "bfloat16", .threads = 3};
    auto scores = std::make_shared<NeuronScores>(*made.session.calibrations[0]);
    scores->provenance.computed.threads = 12; // made on another machine
    made.session.calibrations = {scores};
    const cli::Options o = parsed(made.lines().plan(made.session.draft)).value();
    QCOMPARE(o.texts, std::vector<std::filesystem::path>{"grimm.txt"});
    QCOMPARE(o.windows.value(), 4);
    QCOMPARE(o.length.value(), 128);
    QCOMPARE(o.seed.value(), 7U);
    QCOMPARE(o.engine.threads, 12);
    QCOMPARE(o.engine.dtype, std::string("bfloat16"));
    QCOMPARE(o.engine.device, std::string("auto"));
}

void TestCommandLines::withoutScoresTheTextIsTheOneChosen()
{
    Made made;
    made.session.draft.calibration = -1;
    made.session.norm = ScoreNorm::L1;
    for (const QString &line : {made.lines().calibrate(), made.lines().plan(made.session.draft)}) {
        const cli::Options o = parsed(line).value();
        QCOMPARE(o.texts, std::vector<std::filesystem::path>({"/texts/one.txt", "/texts/two.jsonl"}));
        QCOMPARE(o.windows.value(), 8);
        QCOMPARE(o.length.value(), 256);
        QCOMPARE(o.seed.value(), 3U);
        QCOMPARE(o.norm, std::string("l1"));
        QCOMPARE(o.engine.threads, 1);
    }
}

void TestCommandLines::textsAreThoseOfTheSession_data()
{
    QTest::addColumn<TextSettings>("text");
    QTest::newRow("numbers") << TextSettings{.files = {"/texts/one.txt", "/texts/two.jsonl"}, .windows = 8, .length = 256, .seed = 3};
    QTest::newRow("the usual number") << TextSettings{.files = {"/texts/one.txt"}, .windows = 32, .length = 512, .seed = 0};
    QTest::newRow("all windows") << TextSettings{.files = {"/texts/one.txt"}, .windows = {}, .length = 512, .seed = 0};
    QTest::newRow("a column") << TextSettings{.files = {"/texts/a b.parquet"}, .windows = {}, .length = 2, .seed = 9, .column = "my body"};
}

void TestCommandLines::textsAreThoseOfTheSession()
{
    QFETCH(TextSettings, text);
    constexpr std::int64_t kContext = 4096;
    Made made;
    made.session.draft.calibration = -1;
    made.session.calibrationText = text;
    for (const QString &line :
         {made.lines().calibrate(), made.lines().plan(made.session.draft), made.lines().prune(made.session.draft, {})})
        QVERIFY2(cli::calibrationText(parsed(line).value(), kContext) == text, qPrintable(line));
    const QStringList both = made.lines().evaluate(made.session.draft, text).split(QStringLiteral(" && "));
    for (const QString &line : {made.lines().evaluateDense(text), both[1]})
        QVERIFY2(cli::evaluationText(parsed(line).value(), kContext) == text, qPrintable(line));
}

void TestCommandLines::plansOfFilesAreSearchedAsInTheWindow()
{
    using Layers = std::optional<std::vector<std::int64_t>>;
    Made made;
    PruningPlan plan =
        planFromScores(made.session.model->spec, *made.session.calibrations[0], {.attentionsToRemove = 2, .neuronsKept = 200});
    plan.search.settings.forcedLayers = {3};
    plan.search.settings.protectedLayers = {5};
    PlanDraft draft = shelve(made.session, shelfEntry(plan, "/plans/fresh.json"));
    draft.search = {};
    cli::Options o = parsed(made.lines().plan(draft)).value();
    QCOMPARE(o.command, std::string("search"));
    QCOMPARE(o.plan, std::filesystem::path("/plans/fresh.json"));
    QCOMPARE(o.texts, made.session.calibrationText.files); // where it is now
    QCOMPARE(o.length.value(), 256);
    QCOMPARE(o.seed.value(), 3U);
    QVERIFY(!o.windows && !o.areAllWindowsWanted);
    QVERIFY(o.forcedLayers == Layers(std::in_place) && o.protectedLayers == Layers(std::in_place)); // the file has some
    QVERIFY(!o.isRestarted);                                                                        // nothing was searched

    plan.search.provenance.tokenHash = "tokens";
    made.session.plans.clear();
    draft = shelve(made.session, shelfEntry(plan, "/plans/begun.json"));
    draft.search.protectedLayers = {};
    o = parsed(made.lines().plan(draft)).value();
    QVERIFY(!o.isRestarted && o.forcedLayers == Layers(std::vector<std::int64_t>{3})); // other layers can be protected in what was searched
    for (const auto &change : std::vector<std::function<void(SearchSettings &)>>{[](SearchSettings &s) { s.forcedLayers = {}; },
                                                                                 [](SearchSettings &s) { s.windows = 2; },
                                                                                 [](SearchSettings &s) { s.referenceLoss = true; }}) {
        PlanDraft other = draft;
        change(other.search);
        o = parsed(made.lines().plan(other)).value();
        QVERIFY(o.isRestarted);
        QCOMPARE(o.forcedLayers.value(), other.search.forcedLayers);
        QCOMPARE(o.searchWindows.value(), other.search.windows);
        QCOMPARE(o.lossType == "reference", other.search.referenceLoss);
    }

    SearchRecord complete = madeUpSearch(12, {3, 7});
    complete.settings = draft.search;
    complete.provenance = made.session.calibrations[0]->provenance;
    complete.provenance.windows = 1;
    complete.provenance.tokenHash = "tokens";
    made.session.searches[searchKey(draft, 200)] = complete;
    QCOMPARE(parsed(made.lines().plan(draft)).value().texts, std::vector<std::filesystem::path>{"grimm.txt"}); // another may be chosen
    TextSettings searched = made.session.calibrationText;
    searched.windows = 1;
    made.session.readTexts = {{.text = searched, .tokenHash = "tokens"}};
    QCOMPARE(parsed(made.lines().plan(draft)).value().texts, made.session.calibrationText.files); // it is the same
}

void TestCommandLines::everyLineIsUnderstood()
{
    Made made;
    made.session.draft.search.windows = 2;
    const TextSettings text{.files = {"/texts/oz.txt"}, .windows = {}, .length = 512, .seed = 0};
    QCOMPARE(parsed(made.lines().inspect("/models/tiny")).value().command, std::string("inspect"));
    const cli::Options impact = parsed(made.lines().impact()).value();
    QCOMPARE(impact.keep.value(), 344); // nothing is narrowed
    QCOMPARE(impact.remove.value(), 1);
    QCOMPARE(impact.searchWindows.value(), 2);
    QCOMPARE(impact.windows.value(), 2);
    const cli::Options dense = parsed(made.lines().evaluateDense(text)).value();
    QCOMPARE(dense.command, std::string("evaluate"));
    QCOMPARE(dense.texts, std::vector<std::filesystem::path>{"/texts/oz.txt"});
    QVERIFY(!dense.windows);
    QCOMPARE(dense.length.value(), 512);
    QVERIFY(dense.plan.empty());

    const QStringList both = made.lines().evaluate(made.session.draft, text).split(QStringLiteral(" && "));
    QCOMPARE(both.size(), 2);
    QCOMPARE(both[0], made.lines().plan(made.session.draft));
    const cli::Options pruned = parsed(both[1]).value();
    QCOMPARE(pruned.plan, std::filesystem::path("plan.json"));
    QCOMPARE(pruned.command, std::string("evaluate"));

    PlanDraft other = made.session.draft;
    other.balance.sparsity = 0.25;
    const QStringList curve = made.lines().curve({made.session.draft, other}, text).split(QRegularExpression(QStringLiteral(" &&\\s")));
    QCOMPARE(curve.size(), 4);
    QStringList plans;
    for (const QString &line : curve) {
        const cli::Options o = parsed(line).value();
        plans << QString::fromStdString((o.command == "prune" ? o.savePlan : o.plan).string());
    }
    QCOMPARE(plans, QStringList({"plan-1.json", "plan-1.json", "plan-2.json", "plan-2.json"}));
}

void TestCommandLines::exportsNameWhatIsWritten()
{
    const Made made;
    ExportSettings settings;
    const cli::Options usual = parsed(made.lines().exportPlan(made.session.draft, settings)).value();
    QCOMPARE(usual.output, std::filesystem::path("OUTPUT")); // not chosen yet
    QCOMPARE(usual.format, std::string("hf-dropin"));
    QVERIFY(usual.exportDtype.empty());
    QVERIFY(!usual.isOverwriteAllowed);
    settings.output = "/models/pruned";
    settings.dtype = DType::Float16;
    settings.isOverwriteAllowed = true;
    const cli::Options chosen = parsed(made.lines().exportPlan(made.session.draft, settings)).value();
    QCOMPARE(chosen.output, settings.output);
    QCOMPARE(chosen.exportDtype, std::string("float16"));
    QVERIFY(chosen.isOverwriteAllowed);
    const std::vector<std::string> words = exportWords({.draft = made.session.draft, .settings = settings}, made.session, made.engine);
    QCOMPARE(words.front(), std::string("secateur-cli"));
    QVERIFY(std::ranges::find(words, "/models/pruned") != words.end());
}

void TestCommandLines::pathsSurviveTheShell_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"plain", "with space", "it's", "\"quoted\"", "a'b'c''", "$HOME", "`id`", "back\\slash", "semi;colon", "star*",
                             "~tilde", "-dash", "ends with '", "Größe", "line\nbreak", "(brackets)", "a&b", "50%", "#5"})
        QTest::newRow(name) << QString::fromUtf8(name);
}

void TestCommandLines::pathsSurviveTheShell()
{
    QFETCH(QString, name);
    Made made;
    const std::filesystem::path place = std::filesystem::path("/models") / name.toStdString();
    made.session.model->folder = place;
    made.session.calibrationText.files = {place / "one.txt", place / "two.txt"};
    made.session.draft.calibration = -1;
    const cli::Options o = parsed(made.lines().plan(made.session.draft)).value();
    QCOMPARE(o.model, place);
    QCOMPARE(o.texts, made.session.calibrationText.files);
    QCOMPARE(parsed(made.lines().inspect(place)).value().model, place);
    ExportSettings settings;
    settings.output = place / "out";
    QCOMPARE(parsed(made.lines().exportPlan(made.session.draft, settings)).value().output, settings.output);
}

void TestCommandLines::linesGiveThePlanOfTheWindow_data()
{
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<int>("removals");
    QTest::addColumn<bool>("isSteered");
    QTest::newRow("by the rule") << 0.375 << -1 << false;
    QTest::newRow("width alone") << 0.25 << 0 << false;
    QTest::newRow("steered") << 0.5 << 3 << true;
}

void TestCommandLines::linesGiveThePlanOfTheWindow()
{
    QFETCH(double, sparsity);
    QFETCH(int, removals);
    QFETCH(bool, isSteered);
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setSparsity(sparsity);
    if (removals >= 0)
        bench.editor.setAttentionsToRemove(removals);
    if (isSteered) {
        bench.editor.toggleForced(9);
        bench.editor.toggleProtected(5);
        bench.editor.setNeuronsKept(150);
        bench.editor.setSearchWindows(2);
    }
    if (bench.model.searchState() != SearchState::NotNeeded)
        QVERIFY(bench.search());
    const QString line = bench.jobs.commandOf(JobKind::Search);
    QByteArray output;
    QCOMPARE(run(line + QLatin1String(" --json"), bench.folder.path(), &output), 0);
    const QJsonObject result = resultOf(output);
    QCOMPARE(result.value("planHash").toString().toStdString(), bench.planHash());
    QCOMPARE(loadPlan(bench.path("plan.json").toStdString()).hash(), bench.planHash());
    QCOMPARE(result.value("N").toInteger(), bench.model.attentionsToRemove());
    QCOMPARE(result.value("K").toInteger(), bench.model.neuronsKept());
}

void TestCommandLines::linesMeasureWhatTheWindowMeasures()
{
    SampleBench bench;
    QVERIFY(bench.open());
    bench.jobs.measureImpact();
    QVERIFY(bench.finish());
    QCOMPARE(run(bench.jobs.commandOf(JobKind::Impact), bench.folder.path()), 0);
    const SearchRecord ours = *bench.model.denseImpact(), theirs = loadPlan(bench.path("impact.json").toStdString()).search;
    QCOMPARE(theirs.initialLoss, ours.initialLoss); // bit for bit
    QCOMPARE(theirs.steps.at(0).losses, ours.steps.at(0).losses);

    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    QVERIFY(bench.evaluate());
    QByteArray output;
    QCOMPARE(run(bench.jobs.commandOf(JobKind::Evaluate) + QLatin1String(" --json"), bench.folder.path(), &output), 0);
    const QJsonObject result = resultOf(output);
    QCOMPARE(result.value("perplexity").toDouble(), bench.model.planEvaluation()->result.perplexity);
    QCOMPARE(result.value("planHash").toString().toStdString(), bench.model.planEvaluation()->planHash);
}

void TestCommandLines::linesScoreWhatTheWindowScores()
{
    SampleBench bench;
    QVERIFY(bench.open());
    TextSettings text = SampleBench::texts().calibration;
    text.seed = 5;
    bench.model.setDraftAndTexts(bench.model.draft(), text, SampleBench::texts().evaluation, ScoreNorm::L1);
    QVERIFY(bench.calibrate());
    QCOMPARE(run(bench.jobs.commandOf(JobKind::Calibrate), bench.folder.path()), 0);
    const NeuronScores theirs = loadScores(bench.path("scores.safetensors").toStdString());
    QCOMPARE(theirs.layers, bench.model.scores()->layers); // bit for bit
    QVERIFY(theirs.norm == ScoreNorm::L1);
    QVERIFY(theirs.provenance == bench.model.scores()->provenance);
}

void TestCommandLines::linesMeasureTheCurveOfTheWindow()
{
    SampleBench bench;
    QVERIFY(bench.open());
    bench.jobs.evaluateDense(); // the first point of the curve
    QVERIFY(bench.finish());
    QByteArray output;
    QCOMPARE(run(bench.runner.jobs().back().command + QLatin1String(" --json"), bench.folder.path(), &output), 0);
    QCOMPARE(resultOf(output).value("perplexity").toDouble(), bench.model.denseEvaluation()->result.perplexity);

    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    PlanDraft other = bench.model.draft();
    other.balance.sparsity = 0.25;
    other.balance.attentionsToRemove = 0;
    bench.jobs.measureCurve({.drafts = {bench.model.draft(), other}, .isOrderBorrowed = false});
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QString line = bench.runner.jobs().back().command;
    line.replace(QLatin1String(" &&"), QLatin1String(" --json &&"));
    QCOMPARE(run(line + QLatin1String(" --json"), bench.folder.path(), &output), 0);
    QList<std::pair<std::string, double>> ours, theirs;
    for (const Measurement &record : bench.model.session().measurements)
        if (record.what == Measured::Perplexity && !record.planHash.empty())
            ours.emplace_back(record.planHash, record.result.perplexity);
    for (const QJsonObject &result : resultsOf(output))
        if (result.contains(QLatin1String("perplexity")))
            theirs.emplace_back(result.value("planHash").toString().toStdString(), result.value("perplexity").toDouble());
    QCOMPARE(ours.size(), 2);
    QVERIFY(theirs == ours); // bit for bit
}

void TestCommandLines::linesWriteWhatTheWindowWrites_data()
{
    QTest::addColumn<bool>("isInOneGo");
    QTest::newRow("export") << false;
    QTest::newRow("prune") << true;
}

void TestCommandLines::linesWriteWhatTheWindowWrites()
{
    QFETCH(bool, isInOneGo);
    SampleBench bench;
    QVERIFY(bench.open());
    PruneRequest request{.sparsity = 0.25, .exporting = {}};
    request.exporting.output = bench.path("ours").toStdString();
    ExportSettings elsewhere;
    elsewhere.output = bench.path("theirs").toStdString();
    QString line;
    if (isInOneGo) {
        line = bench.jobs.pruneCommand({.sparsity = request.sparsity, .exporting = elsewhere}); // as it is copied before the run
        QVERIFY(bench.jobs.prune(request) > 0);
        QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    } else {
        QVERIFY(bench.calibrate());
        bench.editor.setSparsity(request.sparsity);
        bench.editor.setAttentionsToRemove(1);
        QVERIFY(bench.search());
        bench.jobs.exportPlan(request.exporting);
        QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
        line = bench.jobs.exportCommand(elsewhere);
    }
    QCOMPARE(run(line, bench.folder.path()), 0);
    const nlohmann::json ours = jsonOf(bench.path("ours/pruning_manifest.json")),
                         theirs = jsonOf(bench.path("theirs/pruning_manifest.json"));
    QCOMPARE(theirs.at("plan").at("planHash").get<std::string>(), bench.planHash());
    QCOMPARE(ours.at("plan").at("planHash").get<std::string>(), bench.planHash());
    QVERIFY(!ours.at("export").at("files").empty());
    QVERIFY(theirs.at("export").at("files") == ours.at("export").at("files")); // the hashes of what was written
    for (const char *folder : {"ours", "theirs"})
        QCOMPARE(breachOfManifest(bench.path(QLatin1String(folder))), QString());
}

QTEST_GUILESS_MAIN(TestCommandLines)
#include "tst_CommandLines.moc"
