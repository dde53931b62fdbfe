// SPDX-License-Identifier: GPL-3.0-or-later
// Against CPython's own `random`: tests/fixtures/make_python_random.py wrote what it draws.
#include <QtTest>

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "pruning/EvolutionDraws.h"
#include "pruning/PythonRandom.h"

#include <set>

using namespace secateur;

namespace {

/// "0100 0010", attentions and FFNs.
std::string textOf(const Genome &genome)
{
    std::string text;
    for (const bool bit : genome.attentions)
        text += bit ? '1' : '0';
    text += ' ';
    for (const bool bit : genome.ffns)
        text += bit ? '1' : '0';
    return text;
}

std::string hashOf(const std::vector<Genome> &genomes)
{
    std::string text;
    for (const Genome &genome : genomes)
        text += (text.empty() ? "" : "\n") + textOf(genome);
    return Sha256::ofText(text);
}

nlohmann::json pairsOf(const std::vector<SamplePart> &parts)
{
    nlohmann::json pairs = nlohmann::json::array();
    for (const SamplePart &part : parts)
        pairs.push_back({part.sample, part.tokens});
    return pairs;
}

std::string failureOf(const std::function<void()> &call)
{
    try {
        call();
    } catch (const Error &error) {
        return error.what();
    }
    return {};
}

} // namespace

class tst_PythonRandom : public QObject {
    Q_OBJECT

    nlohmann::json m_expected = readJsonFile(SECATEUR_FIXTURES "/python-random.json", 1 << 20, {});

private slots:
    void numbersAreThoseOfPython()
    {
        for (const auto &row : m_expected.at("numbers")) {
            PythonRandom random(std::stoull(row.at("seed").get<std::string>()));
            for (const auto &drawn : row.at("below"))
                QCOMPARE(random.below(drawn[0]), drawn[1].get<std::int64_t>());
            for (const auto &drawn : row.at("samples"))
                QCOMPARE(random.sample(drawn[0], drawn[1]), drawn[2].get<std::vector<std::int64_t>>());
            std::vector<std::int64_t> after;
            for (int i = 0; i < 1300; ++i) // beyond the 624 words that the generator makes at once
                after.push_back(random.between(5, 25));
            after.erase(after.begin(), after.end() - 5);
            QCOMPARE(after, row.at("after").get<std::vector<std::int64_t>>());
        }
    }

    void evolutionsDrawWhatPythonDraws_data()
    {
        QTest::addColumn<int>("row");
        for (std::size_t i = 0; i < m_expected.at("evolutions").size(); ++i) {
            const auto &row = m_expected.at("evolutions")[i];
            QTest::addRow("%d of %d", row.at("blocks").get<int>(), row.at("layers").get<int>()) << int(i);
        }
    }
    void evolutionsDrawWhatPythonDraws()
    {
        QFETCH(int, row);
        const auto &expected = m_expected.at("evolutions")[std::size_t(row)];
        const std::int64_t samples = m_expected.at("samples"), length = m_expected.at("length");
        EvolutionDraws draws(expected.at("seed"), expected.at("layers"), expected.at("blocks"));
        const std::vector<Genome> genomes = draws.beginning();
        QCOMPARE(std::int64_t(genomes.size()), kFirstGenomes);
        QCOMPARE(textOf(genomes.front()), expected.at("first").get<std::string>());
        QCOMPARE(textOf(genomes.back()), expected.at("last").get<std::string>());
        QCOMPARE(hashOf(genomes), expected.at("beginning").get<std::string>());
        nlohmann::json minibatches = {pairsOf(draws.minibatch(samples, length, 2 * length))};
        Genome parent = genomes.back();
        std::size_t generation = 0;
        for (const auto &hash : expected.at("generations")) {
            const std::vector<Genome> offspring = draws.offspringOf(parent);
            QCOMPARE(hashOf(offspring), hash.get<std::string>());
            minibatches.push_back(pairsOf(draws.minibatch(samples, length, 200)));
            minibatches.push_back(pairsOf(draws.minibatch(samples, length, samples * length)));
            parent = offspring[7 * generation++ % offspring.size()];
        }
        QCOMPARE(minibatches, expected.at("minibatches"));
    }

    void offspringKeepTheNumbersOfBothParts()
    {
        EvolutionDraws draws(3, 9, 4);
        const Genome parent = draws.beginning().front();
        std::set<Genome> known{parent};
        for (const Genome &genome : draws.offspringOf(parent)) {
            QVERIFY(known.insert(genome).second);
            QCOMPARE(std::count(genome.attentions.begin(), genome.attentions.end(), true), 4);
            QCOMPARE(std::count(genome.ffns.begin(), genome.ffns.end(), true), 4);
        }
    }

    void aStepHoldsItsGenome()
    {
        const Genome genome = EvolutionDraws(1, 12, 5).beginning()[9];
        const EvolutionStep step = stepOf(genome, 0.25);
        QVERIFY(std::is_sorted(step.attentions.begin(), step.attentions.end()));
        QCOMPARE(step.divergence, 0.25);
        QVERIFY(genomeOf(step, 12) == genome);
    }

    /// The authors' code draws for ever in each of these.
    void whatWouldNeverEndIsRefused()
    {
        QVERIFY(failureOf([] { EvolutionDraws(0, 12, 12); }).find("12 attentions") != std::string::npos);
        QVERIFY(!failureOf([] { EvolutionDraws(0, 12, 0); }).empty());
        QVERIFY(!failureOf([] { EvolutionDraws(0, 4, 2); }).empty());
        QVERIFY(failureOf([] { EvolutionDraws(0, 7, 1); }).find("fewer than 64 ways") != std::string::npos);
        QVERIFY(failureOf([] { EvolutionDraws(0, 8, 1).beginning(); }).empty()); // 8 * 8
        QVERIFY(failureOf([] { EvolutionDraws(0, 8, 1).minibatch(4, 512, 2048); }).empty());
        QVERIFY(failureOf([] { EvolutionDraws(0, 8, 1).minibatch(4, 512, 2049); }).find("2,048") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(tst_PythonRandom)
#include "tst_PythonRandom.moc"
