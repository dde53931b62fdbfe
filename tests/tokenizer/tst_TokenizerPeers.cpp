// SPDX-License-Identifier: GPL-3.0-or-later Whole texts with real tokenizers, against what the `tokenizers` library and llama.cpp make of
// them. Most files may not be passed on, so they are looked for in the folder of shared data; SECATEUR_SMOLLM2 names the folder of a
// SmolLM2 checkpoint.
#include "text/DocumentSource.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/HardText.h"
#include "tokenizer/Tokenizer.h"
#include "tokenizer/TokenizerFiles.h"

#include "../text/TextFixtures.h"
#include "foundation/Sha256.h"

#include <map>

using namespace secateur;
using nlohmann::json;

namespace {

const std::string kShared = SECATEUR_SHARED_DATA;
const std::string kSample = SECATEUR_SOURCE_DIR "/resources/sample";

const json &fixture()
{
    static const json kFixture = test::jsonOf(SECATEUR_FIXTURES "/token-hashes.json");
    return kFixture;
}

/// Where a tokenizer of the fixture lies.
std::string tokenizerFile(const std::string &name)
{
    if (name == "sample")
        return kSample + "/model/tokenizer.json";
    if (name == "smollm2")
        return qEnvironmentVariable("SECATEUR_SMOLLM2").toStdString() + "/tokenizer.json";
    return kShared + "/tokenizers/" + name + "/tokenizer.json";
}

/// Where a text of the fixture lies: with the sample, or with the shared data.
std::string textFile(const std::string &name)
{
    const std::string bundled = kSample + "/text/" + std::filesystem::path(name).filename().string();
    return std::filesystem::exists(bundled) ? bundled : kShared + "/text/" + name;
}

/// The documents of a file, joined as calibration joins them.
std::string textOf(const std::filesystem::path &file)
{
    std::string text;
    for (const std::string &document : readDocuments(std::span(&file, 1)))
        text += (text.empty() ? "" : "\n\n") + document;
    return text;
}

std::string hashOf(const std::vector<TokenId> &ids)
{
    Sha256 sum;
    for (const TokenId id : ids) {
        const std::uint32_t value = qToLittleEndian(std::uint32_t(id));
        sum.add(std::as_bytes(std::span(&value, 1)));
    }
    return sum.hex();
}

/// Read once, because the large ones take a while.
const Tokenizer &tokenizerNamed(const std::string &name)
{
    static std::map<std::string, Tokenizer> loaded;
    auto found = loaded.find(name);
    if (found == loaded.end())
        found = loaded.emplace(name, Tokenizer::fromFile(tokenizerFile(name))).first;
    return found->second;
}

} // namespace

class tst_TokenizerPeers : public QObject {
    Q_OBJECT

private slots:
    void idsOfWholeTextsEqualTheLibrarys_data()
    {
        QTest::addColumn<QString>("tokenizer");
        QTest::addColumn<QString>("text");
        for (const auto &[tokenizer, cases] : fixture()["cases"].items()) {
            for (const auto &[text, expected] : cases.items())
                QTest::addRow("%s: %s", tokenizer.c_str(), text.c_str())
                    << QString::fromStdString(tokenizer) << QString::fromStdString(text);
        }
    }

    void idsOfWholeTextsEqualTheLibrarys()
    {
        QFETCH(QString, tokenizer);
        QFETCH(QString, text);
        const std::string name = tokenizer.toStdString();
        if (!std::filesystem::exists(tokenizerFile(name)))
            QSKIP(qPrintable("The tokenizer " + tokenizer + " is not on this machine (shared data, or SECATEUR_SMOLLM2)."));
        if (!std::filesystem::exists(textFile(text.toStdString())))
            QSKIP(qPrintable("The text " + text + " is not on this machine (shared data)."));
        QCOMPARE(tokenizerNamed(name).hash(), fixture()["tokenizers"][name].get<std::string>());
        const std::string content = textOf(textFile(text.toStdString()));
        QCOMPARE(Sha256::ofText(content), fixture()["texts"][text.toStdString()].get<std::string>());

        const std::vector<TokenId> ids = tokenizerNamed(name).encode(content);
        const json &expected = fixture()["cases"][name][text.toStdString()];
        for (const auto &some : expected["some"]) {
            const auto position = some[0].get<std::size_t>();
            QVERIFY2(position < ids.size() && ids[position] == some[1].get<TokenId>(),
                     qPrintable(QString("The id at %1 differs.").arg(position)));
        }
        QCOMPARE(ids.size(), expected["count"].get<std::size_t>());
        QCOMPARE(hashOf(ids), expected["sha256"].get<std::string>());
        if (name != "qwen2.5") // which normalises the text
            QVERIFY(tokenizerNamed(name).decode(ids) == content);
    }

    void idsEqualTheVectorsOfLlamaCpp_data()
    {
        QTest::addColumn<QString>("vectors");
        QTest::addColumn<QString>("tokenizer");
        QTest::newRow("llama-bpe") << "llama-bpe"
                                   << "llama-3";
        QTest::newRow("llama-spm") << "llama-spm"
                                   << "llama-2";
        QTest::newRow("phi-3") << "phi-3"
                               << "phi-3-mini";
        QTest::newRow("qwen2") << "qwen2"
                               << "qwen2.5";
    }

    void idsEqualTheVectorsOfLlamaCpp()
    {
        QFETCH(QString, vectors);
        QFETCH(QString, tokenizer);
        const std::string stem = kShared + "/tokenizer-vectors/" + vectors.toStdString();
        if (!std::filesystem::exists(stem + ".inp") || !std::filesystem::exists(tokenizerFile(tokenizer.toStdString())))
            QSKIP("The vectors or the tokenizer are not on this machine (shared data).");
        const QStringList texts = QString::fromStdString(test::contentOf(stem + ".inp")).split("\n__ggml_vocab_test__\n");
        const QStringList lines = QString::fromStdString(test::contentOf(stem + ".out")).split('\n');
        QVERIFY(texts.size() > 40);
        for (int i = 0; i < texts.size(); ++i) {
            QStringList ids;
            for (const TokenId id : tokenizerNamed(tokenizer.toStdString()).encode(texts[i].toStdString()))
                ids << QString::number(id);
            QCOMPARE(ids.join(' '), lines.value(i).trimmed());
        }
    }

    void realTokenizersKeepTheirIdsInGguf_data()
    {
        QTest::addColumn<QString>("tokenizer");
        for (const char *name : {"llama-2", "llama-3", "phi-3-mini", "qwen2.5", "sample"})
            QTest::newRow(name) << QString(name);
    }

    /// Written, and read back as llama.cpp does.
    void realTokenizersKeepTheirIdsInGguf()
    {
        QFETCH(QString, tokenizer);
        const std::string name = tokenizer.toStdString();
        if (!std::filesystem::exists(tokenizerFile(name)))
            QSKIP("The tokenizer is not on this machine (shared data).");
        const json file = test::jsonOf(tokenizerFile(name));
        GgufMetadata metadata{{"general.name", name}};
        appendGgufTokenizer(metadata, file, json::object(), name, tokenizerNamed(name).size());
        const json back = ggufTokenizer(jsonOf(metadata), name, GgufReading::AsLlamaCpp).json;
        const Tokenizer theirs = Tokenizer::fromSource({.json = back, .name = name, .hash = {}, .note = {}});
        const GgufDeviations deviations = ggufDeviations(file);
        QCOMPARE(deviations.leavesNfcOut, name == "qwen2.5");
        QCOMPARE(deviations.findsTokensRaw, name == "llama-2");
        QVERIFY(!deviations.hasCoarseLetters && !deviations.prefixesAgain);
        for (const HardLine &line : hardText(file)) {
            if ((deviations.leavesNfcOut && !line.isNormal) || (deviations.findsTokensRaw && line.hasToken))
                continue;
            const auto holds = [&](const std::string &end) { return line.text.find(end) != std::string::npos; };
            if (std::any_of(deviations.ends.begin(), deviations.ends.end(), holds))
                continue;
            QVERIFY2(tokenizerNamed(name).encode(line.text) == theirs.encode(line.text), line.text.c_str());
        }
    }

    void textThatIsNormalisedDecodesToItsNormalForm()
    {
        if (!std::filesystem::exists(tokenizerFile("qwen2.5")))
            QSKIP("The tokenizer qwen2.5 is not on this machine (shared data).");
        const auto ids = tokenizerNamed("qwen2.5").encode("e\u0301 <|im_start|>e\u0301");
        QCOMPARE(QString::fromStdString(tokenizerNamed("qwen2.5").decode(ids)), QString("é <|im_start|>é"));
    }
};

QTEST_GUILESS_MAIN(tst_TokenizerPeers)
#include "tst_TokenizerPeers.moc"
