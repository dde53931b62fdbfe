// SPDX-License-Identifier: GPL-3.0-or-later
// Texts by several models from one set of weights, against the engine's other ways and against exported checkpoints.
#include "engine/Engine.h"
#include "engine/ProcessMemory.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "text/TrialTexts.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace secateur;

namespace {

const std::string kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const std::string kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";

QString complaint(const std::function<void()> &action)
{
    try {
        action();
    } catch (const Error &problem) {
        return QString(problem.what()) + " " + QString::fromStdString(problem.hint());
    }
    return {};
}

std::string trialText(const TrialText &text)
{
    return readWholeFile(std::filesystem::path(SECATEUR_SOURCE_DIR "/resources/texts") / text.file, 100'000, "");
}

GenerationSettings greedy(const std::string &prompt, std::int64_t tokens)
{
    GenerationSettings settings;
    settings.prompt = prompt;
    settings.tokens = tokens;
    return settings;
}

} // namespace

class tst_EnginePlayground : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_engine = std::make_unique<Engine>(EngineSettings{.device = "cpu", .dtype = "float32", .threads = 0});
        const auto summary = m_engine->open(kModel);
        QVERIFY(!summary->hasChatTemplate);
        const auto scores = m_engine->score({.files = {kText}, .windows = 4, .length = 128, .seed = 0}, ScoreNorm::L2, m_context);
        for (const double sparsity : {0.25, 0.5}) {
            BalanceSettings settings;
            settings.sparsity = sparsity;
            PruningPlan made = planFromScores(summary->spec, *scores, settings);
            m_engine->search(made, {.files = {kText}, .windows = {}, .length = 128, .seed = 0}, {}, m_context);
            m_plans.push_back(std::move(made));
        }
    }

    /// Greedy and sampled: each writes what it writes alone, and tells every token.
    void severalWriteWhatEachWritesAlone()
    {
        GenerationSettings settings = greedy("Once upon a time", 24);
        for (const double temperature : {0.0, 0.8}) {
            settings.temperature = temperature;
            settings.seed = 5;
            std::vector<std::vector<std::int32_t>> ids(3);
            std::vector<std::string> texts(3);
            const std::vector<Generation> written =
                m_engine->generateBeside({nullptr, &m_plans[0], &m_plans[1]}, settings, m_context, [&](const WrittenToken &token) {
                    ids[token.model].push_back(token.id);
                    texts[token.model] += token.piece;
                });
            for (std::size_t i = 0; i < 3; ++i) {
                const Generation alone = m_engine->generate(i == 0 ? nullptr : &m_plans[i - 1], settings, m_context);
                QCOMPARE(written[i].ids, alone.ids);
                QCOMPARE(written[i].text, alone.text);
                QCOMPARE(written[i].promptIds, alone.promptIds);
                QCOMPARE(ids[i], alone.ids);
                QVERIFY(alone.text.starts_with(texts[i])); // the bytes of a character that is not complete are not told
                QVERIFY(written[i].tokensPerSecond > 0);
            }
            QVERIFY(firstDifference(written[0].ids, written[2].ids).has_value());
        }
    }

    /// What is tried is what is exported: the greedy text and every loss of the checkpoint, opened again.
    void plansAreTheirCheckpoints()
    {
        QTemporaryDir folder;
        for (std::size_t i = 0; i < m_plans.size(); ++i) {
            ExportSettings settings;
            settings.format = "hf-dropin";
            settings.output = folder.filePath(QString::number(i)).toStdString();
            settings.dtype = DType::Float32;
            m_engine->exportPlan(m_plans[i], settings, nlohmann::json::array(), m_context);
            Engine exported({.device = "cpu", .dtype = "float32", .threads = 0});
            (void)exported.open(settings.output);
            const GenerationSettings prompt = greedy("The king said to his daughter", 40);
            QCOMPARE(exported.generate(nullptr, prompt, m_context).ids,
                     m_engine->generateBeside({nullptr, &m_plans[i]}, prompt, m_context)[1].ids);
            for (const TrialText &trial : kTrialTexts) {
                const ScoredText here = m_engine->scoreText({nullptr, &m_plans[i]}, trialText(trial), m_context),
                                 there = exported.scoreText({nullptr}, trialText(trial), m_context);
                QCOMPARE(here.ids, there.ids);
                for (std::size_t t = 1; t < here.ids.size(); ++t)
                    QVERIFY(std::abs(here.models[1][t].loss - there.models[0][t].loss) < 1e-4);
            }
        }
    }

    /// The sum over tokens is the loss that an evaluation of the same tokens gives, and differences add up.
    void lossesSumToThoseOfAnEvaluation()
    {
        QTemporaryDir folder;
        for (const TrialText &trial : kTrialTexts) {
            const std::string text = trialText(trial);
            const ScoredText scored = m_engine->scoreText({nullptr, &m_plans[0], &m_plans[1]}, text, m_context);
            const std::size_t count = scored.ids.size();
            QVERIFY2(count >= 80 && count <= 400, trial.name); // with the sample's small vocabulary
            QCOMPARE(std::accumulate(scored.pieces.begin(), scored.pieces.end(), std::string()), text);
            const std::string file = folder.filePath("text.txt").toStdString();
            std::ofstream(file) << text;
            const auto length = std::int64_t(count) - 1; // a file's last line break may be no part of its text
            const TextSettings settings{.files = {file}, .windows = 1, .length = length, .seed = 0};
            for (std::size_t i = 0; i < 3; ++i) {
                const Evaluation e = m_engine->evaluate(i == 0 ? nullptr : &m_plans[i - 1], settings, m_context);
                const double total = scored.totalLoss(i);
                QVERIFY2(std::abs(total - scored.models[i].back().loss - e.loss * double(e.tokens)) < 1e-4 * double(e.tokens), trial.name);
                QCOMPARE(scored.meanLoss(i), total / double(count - 1));
                QCOMPARE(scored.perplexity(i), std::exp(scored.meanLoss(i)));
                QVERIFY(std::isnan(scored.models[i][0].loss) && scored.models[i][0].likeliest.empty());
                double coloured = 0;
                for (std::size_t t = 1; t < count; ++t) {
                    const ScoredToken &token = scored.models[i][t];
                    coloured += token.loss - scored.models[0][t].loss;
                    QCOMPARE(token.likeliest.size(), 5U);
                    double sum = 0;
                    for (std::size_t k = 0; k < 5; ++k) {
                        QVERIFY(k == 0 || token.likeliest[k].probability <= token.likeliest[k - 1].probability);
                        if (token.likeliest[k].id == scored.ids[t])
                            QVERIFY(std::abs(token.likeliest[k].probability - std::exp(-token.loss)) < 1e-5);
                        sum += token.likeliest[k].probability;
                    }
                    QVERIFY(sum > 0 && sum < 1 + 1e-6);
                }
                QVERIFY(std::abs(coloured - (scored.totalLoss(i) - scored.totalLoss(0))) < 1e-4);
            }
        }
    }

    /// Peak memory: two plans beside the original cost a fraction of the weights (10.5 MB in fp32).
    void plansCostNoSecondCopyOfTheWeights()
    {
        const std::string text = trialText(kTrialTexts[0]);
        const std::int64_t weights = weightBytes(*m_engine->open(kModel), DType::Float32);
        (void)m_engine->scoreText({nullptr}, text, m_context); // loaded
        const auto grownBy = [&](const std::vector<const PruningPlan *> &plans) {
            m_engine->resetPeaks();
            const std::int64_t before = residentBytes();
            (void)m_engine->scoreText(plans, text, m_context);
            (void)m_engine->generateBeside(plans, greedy("Once", 4), m_context);
            return m_engine->report().peakMemoryBytes - before;
        };
        (void)grownBy({nullptr, &m_plans[0], &m_plans[1]}); // the allocator has what it needs
        const std::int64_t alone = grownBy({nullptr}), beside = grownBy({nullptr, &m_plans[0], &m_plans[1]});
        QVERIFY2(beside - alone < weights / 4, qPrintable(QString("%1 %2 %3").arg(alone).arg(beside).arg(weights)));
    }

    void whatCannotBeScoredIsRefused()
    {
        const QString little = complaint([&] { m_engine->scoreText({nullptr}, "a", m_context); });
        QVERIFY2(little.startsWith("The text has 1 token,"), qPrintable(little));
        std::string text;
        for (int i = 0; i < 600; ++i)
            text += " tree";
        const QString much = complaint([&] { m_engine->scoreText({nullptr}, text, m_context); });
        QVERIFY2(much.startsWith("The text has ") && much.contains("the model's context holds 512."), qPrintable(much));
        QVERIFY(complaint([&] { m_engine->scoreText({}, "a b", m_context); }).startsWith("No model is named"));
        QVERIFY(complaint([&] { m_engine->generateBeside({}, greedy("a", 1), m_context); }).startsWith("No model is named"));
        PruningPlan other = m_plans[0];
        other.calibration.modelHash = "another";
        QVERIFY(!complaint([&] { m_engine->generateBeside({nullptr, &other}, greedy("a", 1), m_context); }).isEmpty());
    }

    void aStopEndsBoth()
    {
        std::stop_source stop;
        JobContext context(stop.get_token());
        std::size_t heard = 0;
        QVERIFY_THROWS_EXCEPTION(Cancelled,
                                 m_engine->generateBeside({nullptr, &m_plans[0]}, greedy("Once", 20), context, [&](const WrittenToken &) {
                                     if (++heard == 5)
                                         stop.request_stop();
                                 }));
        QCOMPARE(heard, 5U);
        QVERIFY_THROWS_EXCEPTION(Cancelled, m_engine->scoreText({nullptr}, "Once upon a time", context));
    }

    void chatsAreWrittenAsTheTemplateSays()
    {
        GenerationSettings chat = greedy("Who are you?", 3);
        chat.isChat = true;
        chat.conversation = {{.role = "system", .content = "Be short."}};
        QVERIFY(complaint([&] { m_engine->generate(nullptr, chat, m_context); }).contains("has no chat template"));

        QTemporaryDir folder;
        const std::filesystem::path copy = folder.filePath("model").toStdString();
        std::filesystem::copy(kModel, copy);
        std::filesystem::remove(copy / "tokenizer_config.json");
        std::ofstream(copy / "tokenizer_config.json") << nlohmann::json{
            {"chat_template",
             {{{"name", "tool_use"}, {"template", "no"}},
              {{"name", "default"}, {"template", "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"}}}}};
        Engine engine({.device = "cpu", .dtype = "float32", .threads = 0});
        QVERIFY(engine.open(copy)->hasChatTemplate);
        const std::string text = "system: Be short.\nuser: Who are you?\nassistant:";
        QCOMPARE(engine.promptOf(chat), text);
        QCOMPARE(engine.generate(nullptr, chat, m_context).ids, engine.generate(nullptr, greedy(text, 3), m_context).ids);
        QCOMPARE(engine.generateBeside({nullptr}, chat, m_context)[0].ids, engine.generate(nullptr, chat, m_context).ids);
        QCOMPARE(engine.roomBehind(chat), engine.roomBehind(text));
    }

    void differencesAreFound()
    {
        const std::vector<std::int32_t> one = {1, 2, 3}, longer = {1, 2, 3, 4}, other = {1, 5, 3};
        QVERIFY(!firstDifference(one, one) && !firstDifference({}, {}));
        QCOMPARE(firstDifference(one, other).value_or(99), 1U);
        QCOMPARE(firstDifference(one, longer).value_or(99), 3U);
        QCOMPARE(firstDifference(longer, one).value_or(99), 3U);
    }

private:
    JobContext m_context;
    std::unique_ptr<Engine> m_engine;
    std::vector<PruningPlan> m_plans;
};

QTEST_GUILESS_MAIN(tst_EnginePlayground)
#include "tst_EnginePlayground.moc"
