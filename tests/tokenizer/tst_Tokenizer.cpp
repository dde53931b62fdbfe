// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Tokenizer.h"

#include "../text/TextFixtures.h"
#include "foundation/Error.h"
#include "foundation/Sha256.h"

#include <thread>

using namespace secateur;
using nlohmann::json;

namespace {

const json &smallTokenizers()
{
    static const json kFixture = test::jsonOf(SECATEUR_FIXTURES "/small-tokenizers.json");
    return kFixture;
}

/// The same over characters.
const json &characterTokenizers()
{
    static const json kFixture = test::jsonOf(SECATEUR_FIXTURES "/character-tokenizers.json");
    return kFixture;
}

/// The vocabulary and merges of a variant, which may do without some tokens.
json modelOf(const json &variant, const json &fixture)
{
    const auto dropped = variant.value("drops", std::vector<std::string>());
    const auto isDropped = [&](const std::string &token) { return std::find(dropped.begin(), dropped.end(), token) != dropped.end(); };
    json model = {{"type", "BPE"},
                  {"unk_token", variant.value("unk_token", json())},
                  {"fuse_unk", variant.value("fuse_unk", false)},
                  {"byte_fallback", variant.value("byte_fallback", false)},
                  {"ignore_merges", variant.value("ignore_merges", false)},
                  {"vocab", json::object()},
                  {"merges", json::array()}};
    for (const auto &[token, id] : fixture["vocab"].items()) {
        if (!isDropped(token))
            model["vocab"][token] = id;
    }
    for (const auto &pair : fixture["merges"]) {
        const auto left = pair[0].get<std::string>();
        const auto right = pair[1].get<std::string>();
        if (!isDropped(left) && !isDropped(right))
            model["merges"].push_back(variant["merges_as_strings"].get<bool>() ? json(left + " " + right) : pair);
    }
    return model;
}

/// A whole tokenizer.json, put together as tests/fixtures/make_small_tokenizers.py and make_character_tokenizers.py do.
json fileOf(const json &variant, const json &fixture = smallTokenizers())
{
    return {{"version", "1.0"},
            {"added_tokens", variant.value("added_tokens", json::array())},
            {"normalizer", variant.value("normalizer", json())},
            {"pre_tokenizer", variant["pre_tokenizer"]},
            {"post_processor", variant.value("post_processor", json())},
            {"decoder", variant.value("decoder", json{{"type", "ByteLevel"}})},
            {"model", modelOf(variant, fixture)}};
}

json plainVariant()
{
    return smallTokenizers()["tokenizers"]["gpt2"];
}

Tokenizer tokenizerOf(const json &file)
{
    return Tokenizer::fromJson(file.dump(), "small.json");
}

std::string failureOf(const json &file)
{
    return test::messageOf<Error>([&] { tokenizerOf(file); });
}

QString idsText(const std::vector<TokenId> &ids)
{
    QStringList list;
    for (const TokenId id : ids)
        list << QString::number(id);
    return list.join(' ');
}

} // namespace

class tst_Tokenizer : public QObject {
    Q_OBJECT

private slots:
    void idsAndTextsEqualTheLibrarys_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("isOfCharacters");
        for (const auto &[name, variant] : smallTokenizers()["tokenizers"].items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name) << false;
        for (const auto &[name, variant] : characterTokenizers()["tokenizers"].items())
            QTest::newRow(("characters, " + name).c_str()) << QString::fromStdString(name) << true;
    }

    void idsAndTextsEqualTheLibrarys()
    {
        QFETCH(QString, name);
        QFETCH(bool, isOfCharacters);
        const json &fixture = isOfCharacters ? characterTokenizers() : smallTokenizers();
        const Tokenizer tokenizer = tokenizerOf(fileOf(fixture["tokenizers"][name.toStdString()], fixture));
        const json &inputs = fixture["inputs"];
        const json &expected = fixture["expected"][name.toStdString()];
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const QByteArray bytes = QByteArray::fromHex(QByteArray::fromStdString(inputs[i].get<std::string>()));
            const std::vector<TokenId> ids = tokenizer.encode(bytes.toStdString());
            const QByteArray context = "input " + QByteArray::number(qulonglong(i)) + ": " + bytes;
            QVERIFY2(ids == expected[i][0].get<std::vector<TokenId>>(),
                     qPrintable(context + "\n  gives " + idsText(ids) + "\n  and not " + QString::fromStdString(expected[i][0].dump())));
            const std::string decoded = expected[i][1].is_null() ? bytes.toStdString() : expected[i][1].get<std::string>();
            QVERIFY2(tokenizer.decode(ids, true) == decoded,
                     qPrintable(context + "\n  decodes to " + QByteArray::fromStdString(tokenizer.decode(ids, true))));
        }
    }

    void beginningsSettleIdsThatStay_data() { idsAndTextsEqualTheLibrarys_data(); }

    void beginningsSettleIdsThatStay()
    {
        QFETCH(QString, name);
        QFETCH(bool, isOfCharacters);
        const json &fixture = isOfCharacters ? characterTokenizers() : smallTokenizers();
        const Tokenizer tokenizer = tokenizerOf(fileOf(fixture["tokenizers"][name.toStdString()], fixture));
        std::string inputs;
        for (const auto &input : fixture["inputs"])
            inputs += QByteArray::fromHex(QByteArray::fromStdString(input.get<std::string>())).toStdString() + "\n\n";
        std::string text;
        while (text.size() < 80'000)
            text += inputs;
        const std::string ends[] = {"", "and", "12345", "\n \n", std::string(3000, ' '), std::string(5000, '\n'), "e\u0301", "<|end"};
        const std::string goings[] = {"\n\nOnce", "\n\n\u0301\u0301", "67890", "   \n", "oftext|>", "\u2581\u2581x"};
        std::size_t settledInAll = 0;
        for (const std::string &end : ends) {
            const auto beginning = tokenizer.encodeBeginning(text + end);
            QVERIFY(beginning.ids == tokenizer.encode(text + end));
            settledInAll += beginning.settled;
            for (const std::string &going : goings) {
                const auto whole = tokenizer.encode(text + end + going);
                QVERIFY(whole.size() >= beginning.settled);
                QVERIFY2(std::equal(beginning.ids.begin(), beginning.ids.begin() + std::ptrdiff_t(beginning.settled), whole.begin()),
                         qPrintable(QString::fromStdString("'" + end + "' goes on with '" + going + "'")));
            }
        }
        if (name == "gpt2" || name == "llama2")
            QVERIFY(settledInAll > 0);
    }

    void nothingIsSettledBeforeARunOfSpace()
    {
        const Tokenizer tokenizer = tokenizerOf(fileOf(plainVariant()));
        std::string text;
        for (int i = 0; i < 20'000; ++i)
            text += "one\ntwo ";
        QVERIFY(tokenizer.encodeBeginning(text).settled > 20'000);
        QCOMPARE(tokenizer.encodeBeginning(text + std::string(5000, ' ')).settled, 0U); // a pattern may look through all of it
        QCOMPARE(tokenizer.encodeBeginning("one\ntwo").settled, 0U);
        QCOMPARE(tokenizer.encodeBeginning("").settled, 0U);
    }

    void sampleTextsSurviveTheRoundTrip_data()
    {
        QTest::addColumn<QString>("text");
        for (const auto &entry : std::filesystem::directory_iterator(SECATEUR_SOURCE_DIR "/resources/sample/text"))
            QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().string());
    }

    void sampleTextsSurviveTheRoundTrip()
    {
        QFETCH(QString, text);
        const auto tokenizer = Tokenizer::fromFile(SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json");
        const std::string content = test::contentOf(text.toStdString());
        QVERIFY(!content.empty());
        QVERIFY(tokenizer.decode(tokenizer.encode(content)) == content);
    }

    void everyCharacterSurvivesTheRoundTrip()
    {
        const Tokenizer tokenizer = tokenizerOf(fileOf(plainVariant()));
        QString all;
        for (char32_t c = 0; c < 0x110000; ++c) {
            if (c < 0xD800 || c > 0xDFFF)
                all += QString::fromUcs4(&c, 1);
        }
        const std::string text = all.toStdString();
        QVERIFY(tokenizer.decode(tokenizer.encode(text)) == text);
    }

    void decodingLeavesSpecialTokensOutWhenAskedAndAlwaysIdsThatDoNotExist()
    {
        json variant = plainVariant();
        variant["added_tokens"] = {{{"content", "<|end|>"}, {"special", true}}, {{"content", "<|other|>"}, {"special", false}}};
        const Tokenizer tokenizer = tokenizerOf(fileOf(variant));
        auto ids = tokenizer.encode("a<|end|>b<|other|>");
        ids.insert(ids.begin(), {-1, 1 << 30});
        QCOMPARE(tokenizer.decode(ids), std::string("a<|end|>b<|other|>"));
        QCOMPARE(tokenizer.decode(ids, true), std::string("ab<|other|>"));
    }

    void tokensOfWhichNothingIsLeftAreLeftOut()
    {
        // tokenizers 0.23.3: encode("a<x>\nb").tokens == ['a', '<x>', 'b'], encode("a\n\nb") of the second == ['a', '\n', 'b']
        json variant = plainVariant();
        variant["added_tokens"] = {{{"content", "<x>"}, {"rstrip", true}}, {{"content", "\n"}, {"lstrip", true}}};
        const Tokenizer tokenizer = tokenizerOf(fileOf(variant));
        const auto idOf = [&](const char *token) { return *tokenizer.idOf(token); };
        QVERIFY(tokenizer.encode("a<x>\nb") == (std::vector{idOf("a"), idOf("<x>"), idOf("b")}));
        variant["added_tokens"] = {{{"content", "\n"}, {"lstrip", true}, {"rstrip", true}}};
        const Tokenizer both = tokenizerOf(fileOf(variant));
        QVERIFY(both.encode("a\n\nb") == (std::vector{*both.idOf("a"), *both.idOf("\n"), *both.idOf("b")}));
    }

    void decodingTurnsBytesThatAreNoTextIntoReplacements()
    {
        const Tokenizer tokenizer = tokenizerOf(fileOf(plainVariant()));
        QCOMPARE(tokenizer.decode(std::vector{*tokenizer.idOf("a"), *tokenizer.idOf("Ã"), *tokenizer.idOf("b")}), std::string("a\uFFFDb"));
    }

    void tokensAreFoundByNameAndCounted()
    {
        json variant = plainVariant();
        variant["added_tokens"] = {{{"content", "<|end|>"}, {"special", true}}};
        const Tokenizer tokenizer = tokenizerOf(fileOf(variant));
        const auto count = std::int64_t(smallTokenizers()["vocab"].size());
        QCOMPARE(tokenizer.size(), count + 1);
        QVERIFY(tokenizer.idOf("<|end|>") == TokenId(count));
        QVERIFY(tokenizer.idOf("Ġqzxj") == smallTokenizers()["vocab"]["Ġqzxj"].get<TokenId>());
        QVERIFY(!tokenizer.idOf("no such token"));
    }

    void theHashIsThatOfTheFile()
    {
        const std::string file = SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json";
        QCOMPARE(Tokenizer::fromFile(file).hash(), Sha256::ofFile(file));
    }

    void severalThreadsMayEncodeAtOnce()
    {
        const auto tokenizer = Tokenizer::fromFile(SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json");
        const std::string text = test::contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt");
        const auto expected = tokenizer.encode(text);
        std::vector<std::vector<TokenId>> results(4);
        std::vector<std::thread> threads;
        for (auto &result : results)
            threads.emplace_back([&] { result = tokenizer.encode(text); });
        for (auto &thread : threads)
            thread.join();
        for (const auto &result : results)
            QVERIFY(result == expected);
    }

    void aPatternThatCannotBeTranslatedIsAnErrorOfTheFile()
    {
        json file = fileOf(plainVariant());
        file["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "[a&&b]"}}}, {"behavior", "Isolated"}, {"invert", false}};
        const std::string message = failureOf(file);
        VERIFY_CONTAINS(message, std::string("'small.json'"));
        VERIFY_CONTAINS(message, std::string("[a&&b]"));
    }

    void unsupportedComponentsAreRefusedByName_data()
    {
        QTest::addColumn<QString>("place");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("name");
        QTest::newRow("model") << "/model/type"
                               << R"("WordPiece")"
                               << "model 'WordPiece'";
        QTest::newRow("byte fallback") << "/model/byte_fallback"
                                       << "true"
                                       << "'byte_fallback'";
        QTest::newRow("normalizer") << "/normalizer"
                                    << R"({"type": "StripAccents"})"
                                    << "normalizer 'StripAccents'";
        QTest::newRow("normalizer in a sequence") << "/normalizer"
                                                  << R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]})"
                                                  << "normalizer 'Lowercase'";
        QTest::newRow("pre-tokenizer") << "/pre_tokenizer"
                                       << R"({"type": "Whitespace"})"
                                       << "pre-tokenizer 'Whitespace'";
        QTest::newRow("prepend scheme") << "/pre_tokenizer"
                                        << R"({"type": "Metaspace", "prepend_scheme": "last"})"
                                        << "prepend_scheme 'last'";
        QTest::newRow("no mark for spaces") << "/pre_tokenizer"
                                            << R"({"type": "Metaspace", "replacement": ""})"
                                            << "replacement '' of the pre-tokenizer 'Metaspace', which must be one character,";
        QTest::newRow("no mark to make spaces of") << "/decoder"
                                                   << R"({"type": "Metaspace", "replacement": ""})"
                                                   << "replacement '' of the decoder 'Metaspace', which must be one character,";
        QTest::newRow("nothing to strip") << "/decoder"
                                          << R"({"type": "Strip", "content": "", "start": 9000000000000000000, "stop": 0})"
                                          << "content '' of the decoder 'Strip', which must be one character,";
        QTest::newRow("pre-tokenizer in a sequence") << "/pre_tokenizer"
                                                     << R"({"type": "Sequence", "pretokenizers": [{"type": "Punctuation"}]})"
                                                     << "pre-tokenizer 'Punctuation'";
        QTest::newRow("digits behind byte level")
            << "/pre_tokenizer"
            << R"({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Digits", "individual_digits": true}]})"
            << "'Digits' after 'ByteLevel'";
        QTest::newRow("split behavior") << "/pre_tokenizer"
                                        << R"({"type": "Split", "pattern": {"String": " "}, "behavior": "Elsewhere"})"
                                        << "behavior 'Elsewhere'";
        QTest::newRow("decoder") << "/decoder"
                                 << R"({"type": "WordPiece"})"
                                 << "decoder 'WordPiece'";
        QTest::newRow("decoder in a sequence") << "/decoder"
                                               << R"({"type": "Sequence", "decoders": [{"type": "ByteLevel"}, {"type": "CTC"}]})"
                                               << "decoder 'CTC'";
    }

    void unsupportedComponentsAreRefusedByName()
    {
        QFETCH(QString, place);
        QFETCH(QString, value);
        QFETCH(QString, name);
        json file = fileOf(plainVariant());
        file[json::json_pointer(place.toStdString())] = json::parse(value.toStdString());
        const std::string message = failureOf(file);
        VERIFY_CONTAINS(message, std::string("'small.json'"));
        VERIFY_CONTAINS(message, name.toStdString());
    }

    void malformedFilesAreRefused_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("empty") << "";
        QTest::newRow("no JSON") << "hello";
        QTest::newRow("an array") << "[]";
        QTest::newRow("nested deeply") << QString(200'000, '[');
        QTest::newRow("normalizers in normalizers")
            << R"({"normalizer": )" + QString(R"({"type": "Sequence", "normalizers": [)").repeated(10'000);
        QTest::newRow("no model") << "{}";
        QTest::newRow("no merges") << R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {}}})";
        QTest::newRow("an id that is text")
            << R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": "b"}, "merges": []}})";
        QTest::newRow("a negative id")
            << R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}})";
        QTest::newRow("an enormous id")
            << R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": 1e18}, "merges": []}})";
        QTest::newRow("an added token without content")
            << R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "added_tokens": [{}]})";
    }

    void malformedFilesAreRefused()
    {
        QFETCH(QString, text);
        VERIFY_CONTAINS(test::messageOf<Error>([&] { Tokenizer::fromJson(text.toStdString(), "bad.json"); }),
                        std::string("The tokenizer 'bad.json'"));
    }

    void aMissingFileIsNamed()
    {
        VERIFY_CONTAINS(test::messageOf<Error>([] { Tokenizer::fromFile("/nowhere/tokenizer.json"); }),
                        std::string("'/nowhere/tokenizer.json'"));
        VERIFY_CONTAINS(test::messageOf<Error>([] { Tokenizer::fromFile("/"); }), std::string("is a folder"));
    }
};

QTEST_GUILESS_MAIN(tst_Tokenizer)
#include "tst_Tokenizer.moc"
