// SPDX-License-Identifier: GPL-3.0-or-later
// What secateur-cli --json prints is what a session can hear.
#include "pruning/NeuronScores.h"
#include "pruning/PlanFile.h"
#include "session/JobEvent.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace secateur;

namespace {

const QString kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const QString kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";
const QString kHeldOut = SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt";

/// The lines that a command prints; none where it fails.
std::vector<nlohmann::json> linesOf(const QStringList &arguments)
{
    QProcess process;
    process.start(SECATEUR_CLI, arguments + QStringList{"--json"});
    process.waitForFinished(300'000);
    std::vector<nlohmann::json> lines;
    if (process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0)
        for (const QByteArray &line : process.readAllStandardOutput().split('\n'))
            if (!line.isEmpty())
                lines.push_back(nlohmann::json::parse(line.toStdString()));
    return lines;
}

/// Whether only the command tells that, and no job.
bool isOfCommand(const nlohmann::json &line)
{
    return line.at("event") == "result" || line.at("event") == "forecast" || line.at("event") == "saved" || line.at("event") == "phase";
}

} // namespace

class tst_JobEvents : public QObject {
    Q_OBJECT

private slots:
    void linesMakeASession();
    void impactIsTheOneOfTheSession();
};

void tst_JobEvents::linesMakeASession()
{
    const QTemporaryDir folder;
    const QString scores = folder.filePath("scores.safetensors"), plan = folder.filePath("plan.json"), out = folder.filePath("out");
    QVERIFY(!linesOf({"calibrate", kModel, "--text", kText, "--windows", "2", "--length", "128", "--output", scores}).empty());
    Session session;
    int removals = 0;
    const auto hear = [&](const QStringList &arguments) {
        const std::vector<nlohmann::json> lines = linesOf(arguments);
        for (const nlohmann::json &line : lines) {
            if (isOfCommand(line))
                continue;
            const JobEvent event = jobEventFromJson(line);
            if (std::holds_alternative<Opened>(event) && session.model)
                continue; // the same once more
            checkEvent(event, session);
            applyEvent(session, event);
            removals += std::holds_alternative<AttentionRemoved>(event) ? 1 : 0;
            if (std::holds_alternative<Opened>(event))
                applyEvent(session, Scored{std::make_shared<const NeuronScores>(loadScores(scores.toStdString()))}); // they are in the file
        }
        return lines.empty() ? nlohmann::json() : lines.back();
    };
    const nlohmann::json searched =
        hear({"search", kModel, "--scores", scores, "--sparsity", "0.375", "--remove", "2", "--all-losses", "--save-plan", plan});
    QVERIFY(!searched.is_null());
    QCOMPARE(session.model->folder.string(), kModel.toStdString());
    QCOMPARE(removals, 2);
    QCOMPARE(session.searches.size(), 1U);
    const SearchRecord written = loadPlan(plan.toStdString()).search, heard = session.searches.begin()->second;
    PlanDraft draft;
    draft.calibration = 0;
    draft.balance.sparsity = 0.375;
    draft.balance.attentionsToRemove = 2;
    QCOMPARE(session.searches.begin()->first, searchKey(draft, searched.at("K").get<std::int64_t>()));
    QCOMPARE(heard.removalOrder(), written.removalOrder());
    QCOMPARE(heard.initialLoss, written.initialLoss); // bit for bit
    QVERIFY(heard.provenance == written.provenance);
    for (std::size_t i = 0; i < written.steps.size(); ++i)
        for (std::size_t layer = 0; layer < written.steps[i].losses.size(); ++layer) {
            const double one = heard.steps.at(i).losses.at(layer), other = written.steps[i].losses[layer];
            QVERIFY(one == other || (std::isnan(one) && std::isnan(other)));
        }
    QCOMPARE(planOf(session, draft).hash(), searched.at("planHash").get<std::string>());

    QVERIFY(!hear({"evaluate", kModel, "--plan", plan, "--text", kHeldOut, "--length", "128", "--windows", "2"}).is_null());
    const nlohmann::json evaluated = hear({"evaluate", kModel, "--text", kHeldOut, "--length", "128", "--windows", "2"});
    QCOMPARE(session.measurements.size(), 2U);
    QCOMPARE(session.measurements[0].planHash, searched.at("planHash").get<std::string>());
    QCOMPARE(session.measurements[1].planHash, std::string());
    QCOMPARE(session.measurements[1].result.perplexity, evaluated.at("perplexity").get<double>());
    QVERIFY(!hear({"export", kModel, "--plan", plan, "--output", out}).is_null());
    QCOMPARE(session.exports.size(), 1U);
    QCOMPARE(session.exports[0].folder.string(), out.toStdString());
    QVERIFY(session.exports[0].verification.isPassed);
}

void tst_JobEvents::impactIsTheOneOfTheSession()
{
    Session session;
    const std::vector<nlohmann::json> lines = linesOf({"impact", kModel, "--text", kText, "--length", "128"});
    for (const nlohmann::json &line : lines)
        if (!isOfCommand(line))
            applyEvent(session, jobEventFromJson(line));
    QVERIFY(session.searches.empty());
    QVERIFY(session.denseImpact.has_value());
    QCOMPARE(session.denseImpact->steps.size(), 1U);
    const nlohmann::json losses = lines.back().at("losses");
    for (std::size_t layer = 0; layer < losses.size(); ++layer)
        QCOMPARE(session.denseImpact->steps[0].losses.at(layer), losses[layer].get<double>());
}

QTEST_GUILESS_MAIN(tst_JobEvents)
#include "tst_JobEvents.moc"
