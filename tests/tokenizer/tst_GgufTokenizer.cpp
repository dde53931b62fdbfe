// SPDX-License-Identifier: GPL-3.0-or-later
// Tokenizers of GGUF files against llama.cpp (tests/fixtures/make_gguf_tokenizers.py), and what of a tokenizer.json such a file can hold.
#include "tokenizer/GgufTokenizer.h"

#include "../text/TextFixtures.h"
#include "foundation/Error.h"
#include "tokenizer/GgufPreTokenizers.h"
#include "tokenizer/HardText.h"
#include "tokenizer/TokenizerFiles.h"

using namespace secateur;
using nlohmann::json;

namespace {

const json &fixture()
{
    static const json kFixture = test::jsonOf(SECATEUR_FIXTURES "/gguf-tokenizers.json");
    return kFixture;
}

json byteLevelMetadata(const std::string &name)
{
    json types = json::array();
    const std::size_t tokens = fixture()["tokens"].size();
    for (std::size_t id = 0; id < tokens; ++id)
        types.push_back(id + 1 == tokens ? 4 : id + 3 >= tokens ? 3 : 1);
    json metadata = {{"tokenizer.ggml.model", "gpt2"},
                     {"tokenizer.ggml.tokens", fixture()["tokens"]},
                     {"tokenizer.ggml.token_type", types},
                     {"tokenizer.ggml.merges", fixture()["merges"]},
                     {"tokenizer.ggml.bos_token_id", tokens - 3},
                     {"tokenizer.ggml.eos_token_id", tokens - 2}};
    if (!name.empty())
        metadata["tokenizer.ggml.pre"] = name;
    return metadata;
}

json sentencePieceMetadata(const json &variant)
{
    json metadata = {{"tokenizer.ggml.model", "llama"},
                     {"tokenizer.ggml.tokens", variant["tokens"]},
                     {"tokenizer.ggml.token_type", variant["types"]},
                     {"tokenizer.ggml.scores", variant["scores"]}};
    for (const auto &[key, value] : variant["metadata"].items())
        metadata["tokenizer.ggml." + key] = value;
    return metadata;
}

Tokenizer tokenizerOf(const json &metadata, GgufReading reading = GgufReading::AsLlamaCpp)
{
    return Tokenizer::fromSource({.json = ggufTokenizer(metadata, "x.gguf", reading).json, .name = "x.gguf", .hash = {}, .note = {}});
}

std::string failureOf(const json &metadata)
{
    return test::messageOf<Error>([&] { tokenizerOf(metadata); });
}

QString idsText(const std::vector<TokenId> &ids)
{
    QStringList list;
    for (const TokenId id : ids)
        list << QString::number(id);
    return list.join(' ');
}

void compare(const Tokenizer &tokenizer, const json &expected)
{
    for (std::size_t i = 0; i < fixture()["inputs"].size(); ++i) {
        const auto text = fixture()["inputs"][i].get<std::string>();
        const auto ids = expected[i][0].get<std::vector<TokenId>>(), prompt = expected[i][1].get<std::vector<TokenId>>();
        QVERIFY2(tokenizer.encode(text) == ids,
                 qPrintable(QString::fromStdString(text) + "\n  gives " + idsText(tokenizer.encode(text)) + "\n  and not " + idsText(ids)));
        QVERIFY2(tokenizer.encodePrompt(text) == prompt,
                 qPrintable(idsText(tokenizer.encodePrompt(text)) + "\n and not " + idsText(prompt)));
    }
}

/// A tokenizer.json of the fixture's tokens that cuts as `kind` does.
json byteLevelJson(const char *kind)
{
    return ggufTokenizer(byteLevelMetadata(kind), "x.gguf", GgufReading::AsTrained).json;
}

/// The same after a change: "set" or replaced parts.
json with(json tokenizer, const char *part, const json &value)
{
    tokenizer[part] = value;
    return tokenizer;
}

} // namespace

class tst_GgufTokenizer : public QObject {
    Q_OBJECT

private slots:
    void idsAreLlamaCpps_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("group");
        for (std::size_t group = 0; group < fixture()["byteLevel"].size(); ++group)
            for (const json &name : fixture()["byteLevel"][group]["names"])
                QTest::addRow("%s", name.get<std::string>().c_str()) << QString::fromStdString(name.get<std::string>()) << int(group);
    }

    void idsAreLlamaCpps()
    {
        QFETCH(QString, name);
        QFETCH(int, group);
        compare(tokenizerOf(byteLevelMetadata(name.toStdString())), fixture()["byteLevel"][std::size_t(group)]["expected"]);
    }

    void everyNameIsTried()
    {
        QCOMPARE(fixture()["byteLevel"].size() > 20, true);
        QVERIFY(preTokenizerNamed("llama-v3") == preTokenizerNamed("llama-bpe"));
        QVERIFY(!preTokenizerNamed("") && !preTokenizerNamed("llama") && !preTokenizerNamed("kimi-k2") &&
                !preTokenizerNamed("gpt-2 phi-2"));
    }

    void sentencePieceIsLlamaCpps_data()
    {
        QTest::addColumn<QString>("variant");
        for (const auto &[name, variant] : fixture()["sentencePiece"].items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    void sentencePieceIsLlamaCpps()
    {
        QFETCH(QString, variant);
        const json &expected = fixture()["sentencePiece"][variant.toStdString()];
        compare(tokenizerOf(sentencePieceMetadata(expected)), expected["expected"]);
    }

    void noNameIsTheDefaultAndSaid()
    {
        const GgufTokenizer unnamed = ggufTokenizer(byteLevelMetadata(""), "x.gguf", GgufReading::AsTrained);
        VERIFY_CONTAINS(unnamed.note, "llama.cpp's default is used");
        QVERIFY(ggufTokenizer(byteLevelMetadata("default"), "x.gguf", GgufReading::AsTrained).note.empty());
        QVERIFY(unnamed.json == byteLevelJson("default"));
    }

    void asTrainedHasTheModelsOwnCutsAndNfc()
    {
        QVERIFY(tokenizerOf(byteLevelMetadata("qwen2"), GgufReading::AsTrained).encode("e\u0301") ==
                tokenizerOf(byteLevelMetadata("qwen2")).encode("\u00e9"));
        QVERIFY(byteLevelJson("tekken") != ggufTokenizer(byteLevelMetadata("tekken"), "x", GgufReading::AsLlamaCpp).json);
        QVERIFY(byteLevelJson("llama-bpe") == ggufTokenizer(byteLevelMetadata("llama-bpe"), "x", GgufReading::AsLlamaCpp).json);
    }

    void otherKindsAndOptionsAreRefusedByName()
    {
        for (const char *kind : {"bert", "t5", "rwkv", "plamo2", "gemma4", "hybriddna"}) {
            json metadata = byteLevelMetadata("gpt-2");
            metadata["tokenizer.ggml.model"] = kind;
            VERIFY_CONTAINS(failureOf(metadata), std::string("of the kind '") + kind + "'");
        }
        VERIFY_CONTAINS(failureOf(byteLevelMetadata("kimi-k2")), "the pre-tokenizer 'kimi-k2', which is not known");
        json metadata = sentencePieceMetadata(fixture()["sentencePiece"]["plain"]);
        const auto failureWith = [&](const char *key, const json &value) {
            json changed = metadata;
            changed[std::string("tokenizer.ggml.") + key] = value;
            return failureOf(changed);
        };
        for (const char *key : {"remove_extra_whitespaces", "treat_whitespace_as_suffix", "normalizer.lowercase"}) {
            VERIFY_CONTAINS(failureWith(key, true), std::string("'tokenizer.ggml.") + key + "'");
            QVERIFY(failureWith(key, false).empty());
        }
        VERIFY_CONTAINS(failureWith("precompiled_charsmap", json::array({1, 2, 3})), "'tokenizer.ggml.precompiled_charsmap'");
        QVERIFY(failureWith("precompiled_charsmap", json::array()).empty());
        VERIFY_CONTAINS(failureWith("escape_whitespaces", false), "'tokenizer.ggml.escape_whitespaces' off");
        metadata["tokenizer.ggml.model"] = "none";
        VERIFY_CONTAINS(failureOf(metadata), "has no tokenizer");
    }

    void writtenAndReadBackGivesTheSameIds_data()
    {
        QTest::addColumn<QString>("kind");
        for (const char *kind : {"llama-bpe", "smaug-bpe", "qwen2", "smollm", "gpt-2", "tekken", "gpt-4o", "deepseek-v3", "deepseek-llm",
                                 "deepseek-coder", "bloom", "viking", "qwen35", "seed-coder", "exaone-moe"})
            QTest::newRow(kind) << QString(kind);
        for (const auto &[name, variant] : fixture()["sentencePiece"].items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    void writtenAndReadBackGivesTheSameIds()
    {
        QFETCH(QString, kind);
        const auto &pieces = fixture()["sentencePiece"];
        const json from =
            pieces.contains(kind.toStdString()) ? sentencePieceMetadata(pieces[kind.toStdString()]) : byteLevelMetadata(kind.toStdString());
        const json source = ggufTokenizer(from, "x.gguf", GgufReading::AsTrained).json;
        GgufMetadata metadata{{"general.name", std::string("x")}};
        const auto size = std::int64_t(from["tokenizer.ggml.tokens"].size());
        appendGgufTokenizer(metadata, source, json::object(), "x.json", size + 3);
        const json back = jsonOf(metadata);
        QCOMPARE(back["tokenizer.ggml.tokens"].size(), std::size_t(size + 3)); // filled up
        if (!pieces.contains(kind.toStdString()))
            QCOMPARE(back["tokenizer.ggml.pre"].get<std::string>(), kind.toStdString());
        const Tokenizer ours = Tokenizer::fromSource({.json = source, .name = "x", .hash = {}, .note = {}}),
                        theirs = tokenizerOf(back, GgufReading::AsTrained);
        for (const HardLine &line : hardText(source)) {
            QVERIFY2(ours.encode(line.text) == theirs.encode(line.text), line.text.c_str());
            QVERIFY2(ours.encodePrompt(line.text) == theirs.encodePrompt(line.text), line.text.c_str());
        }
    }

    void whatAFileCannotHoldIsNamed()
    {
        const json gpt2 = byteLevelJson("gpt-2");
        QCOMPARE(beyondGgufTokenizer(gpt2), std::string());
        QCOMPARE(beyondGgufTokenizer(with(gpt2, "normalizer", {{"type", "NFC"}})), std::string());
        for (const json &step :
             {json{{"type", "Lowercase"}}, json{{"type", "NFKC"}}, json{{"type", "Strip"}},
              json{{"type", "Replace"}, {"pattern", {{"String", "  "}}}, {"content", " "}}, json{{"type", "Prepend"}, {"prepend", " "}}}) {
            VERIFY_CONTAINS(beyondGgufTokenizer(with(gpt2, "normalizer", step)),
                            "the normalizer '" + step["type"].get<std::string>() + "'");
            VERIFY_CONTAINS(
                beyondGgufTokenizer(with(gpt2, "normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, step}}})),
                "the normalizer '" + step["type"].get<std::string>() + "'");
        }
        for (const char *flag : {"single_word", "lstrip", "rstrip"}) {
            json flagged = gpt2;
            flagged["added_tokens"].back()[flag] = true;
            VERIFY_CONTAINS(beyondGgufTokenizer(flagged), "the token '<|user|>' with the flag '" + std::string(flag) + "'");
        }
        json prefixed = gpt2;
        prefixed["pre_tokenizer"]["add_prefix_space"] = true;
        VERIFY_CONTAINS(beyondGgufTokenizer(prefixed), "cuts texts into words in a way");

        const json pieces = ggufTokenizer(sentencePieceMetadata(fixture()["sentencePiece"]["plain"]), "x", GgufReading::AsTrained).json;
        QCOMPARE(beyondGgufTokenizer(pieces), std::string());
        const json marking = pieces["normalizer"]["normalizers"][1];
        QCOMPARE(beyondGgufTokenizer(with(pieces, "normalizer", marking)), std::string());
        for (const json &step : {json{{"type", "Lowercase"}}, json{{"type", "Prepend"}, {"prepend", "x"}},
                                 json{{"type", "Replace"}, {"pattern", {{"String", "``"}}}, {"content", "\""}}})
            VERIFY_CONTAINS(beyondGgufTokenizer(with(pieces, "normalizer", {{"type", "Sequence"}, {"normalizers", {step, marking}}})),
                            "the normalizer '" + step["type"].get<std::string>() + "'");
        VERIFY_CONTAINS(beyondGgufTokenizer(with(pieces, "normalizer", json())), "does not turn spaces into marks");
        json withoutBytes = pieces;
        withoutBytes["model"]["byte_fallback"] = false;
        VERIFY_CONTAINS(beyondGgufTokenizer(withoutBytes), "byte_fallback");
    }

    void tokensBehindTheRowsAreLeftOut()
    {
        json source = byteLevelJson("gpt-2");
        const std::size_t rows = fixture()["tokens"].size();
        source["added_tokens"].push_back({{"content", "<image_soft_token>"}, {"id", rows}, {"special", true}});
        GgufMetadata metadata;
        appendGgufTokenizer(metadata, source, json::object(), "x.json", std::int64_t(rows));
        QVERIFY(jsonOf(metadata)["tokenizer.ggml.tokens"] == fixture()["tokens"]);
    }

    void promptsFollowTheTemplate()
    {
        const json gpt2 = byteLevelJson("gpt-2");
        const auto flags = [&](const json &tokenizer, const json &config) {
            GgufMetadata metadata;
            appendGgufTokenizer(metadata, tokenizer, config, "x.json", std::int64_t(fixture()["tokens"].size()));
            const json all = jsonOf(metadata);
            return QString("%1 %2 %3")
                .arg(all["tokenizer.ggml.add_bos_token"].get<bool>())
                .arg(all["tokenizer.ggml.add_eos_token"].get<bool>())
                .arg(all.value("tokenizer.ggml.bos_token_id", -1));
        };
        const json config = {{"bos_token_id", 7}, {"eos_token_id", json::array({8, 9})}};
        QCOMPARE(flags(gpt2, config), QString("0 0 7"));
        // A template without special tokens, though the word is in it, is none.
        const json idle = {{"type", "TemplateProcessing"},
                           {"single", {{{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
                           {"special_tokens", {{"SpecialToken", {{"ids", {1}}}}}}};
        QCOMPARE(flags(with(gpt2, "post_processor", idle), config), QString("0 0 7"));
        json begins = idle;
        begins["single"].insert(begins["single"].begin(), json{{"SpecialToken", {{"id", "SpecialToken"}, {"type_id", 0}}}});
        QCOMPARE(flags(with(gpt2, "post_processor", begins), config), QString("1 0 1"));
        json two = begins;
        two["single"].insert(two["single"].begin(), json{{"SpecialToken", {{"id", "SpecialToken"}, {"type_id", 0}}}});
        VERIFY_CONTAINS(beyondGgufTokenizer(with(gpt2, "post_processor", two)), "post_processor");
    }

    void phi3sTokensAreKnownByTheName()
    {
        json source = ggufTokenizer(sentencePieceMetadata(fixture()["sentencePiece"]["plain"]), "x", GgufReading::AsTrained).json;
        for (json &token : source["added_tokens"])
            token["rstrip"] = !keepsSpaceBehind(token["content"].get<std::string>());
        QCOMPARE(beyondGgufTokenizer(source), std::string());
        for (const char *name : {"Phi-3-mini, pruned", "mine"}) {
            GgufMetadata metadata{{"general.name", std::string(name)}};
            appendGgufTokenizer(metadata, source, json::object(), "x.json", 700);
            const json back = jsonOf(metadata);
            QVERIFY(stripsBehindTokens(back["general.name"].get<std::string>()));
            const Tokenizer ours = Tokenizer::fromSource({.json = source, .name = "x", .hash = {}, .note = {}}), theirs = tokenizerOf(back);
            QVERIFY(ours.encode("a<|end|>  \n b <s> c") == theirs.encode("a<|end|>  \n b <s> c"));
        }
    }
};

QTEST_GUILESS_MAIN(tst_GgufTokenizer)
#include "tst_GgufTokenizer.moc"
