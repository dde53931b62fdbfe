// SPDX-License-Identifier: GPL-3.0-or-later
// Folders whose tokens stand in several files, against AutoTokenizer of transformers (tests/fixtures/make_tokenizer_folders.py).
#include "tokenizer/TokenizerFiles.h"

#include "../text/TextFixtures.h"
#include "checkpoint/ModelFolder.h"
#include "foundation/Error.h"

#include <QElapsedTimer>
#include <sys/stat.h>

using namespace secateur;
using nlohmann::json;

namespace {

const json &fixture()
{
    static const json kFixture = test::jsonOf(SECATEUR_FIXTURES "/tokenizer-folders.json");
    return kFixture;
}

void writeFolder(const QTemporaryDir &folder, const json &files, const json &postProcessor = {})
{
    json tokenizer = fixture()["tokenizer"];
    tokenizer["post_processor"] = postProcessor;
    test::write(folder, "tokenizer.json", tokenizer.dump());
    for (const auto &[name, content] : files.items())
        test::write(folder, name, content.dump());
}

std::filesystem::path pathOf(const QTemporaryDir &folder)
{
    return folder.path().toStdString();
}

std::string failureOf(const json &files)
{
    const QTemporaryDir folder;
    writeFolder(folder, files);
    return test::messageOf<Error>([&] { tokenizerOfFolder(ModelFolder(pathOf(folder))); });
}

} // namespace

class tst_TokenizerFiles : public QObject {
    Q_OBJECT

private slots:
    void idsAndPromptsAreAutoTokenizers_data()
    {
        QTest::addColumn<QString>("name");
        for (const auto &[name, folder] : fixture()["folders"].items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    void idsAndPromptsAreAutoTokenizers()
    {
        QFETCH(QString, name);
        const json &expected = fixture()["folders"][name.toStdString()];
        const QTemporaryDir folder;
        writeFolder(folder, expected["files"], expected.value("post_processor", json()));
        const Tokenizer tokenizer = Tokenizer::fromSource(tokenizerOfFolder(ModelFolder(pathOf(folder))));
        const json &texts = fixture()["texts"];
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const auto text = texts[i].get<std::string>();
            QCOMPARE(tokenizer.encode(text), expected["ids"][i].get<std::vector<TokenId>>());
            QCOMPARE(tokenizer.encodePrompt(text), expected["prompts"][i].get<std::vector<TokenId>>());
        }
    }

    void tokensOfOtherFilesChangeTheHash()
    {
        const QTemporaryDir plain, more;
        writeFolder(plain, {});
        writeFolder(more, {{"tokenizer_config.json", {{"pad_token", "<x>"}}}});
        QCOMPARE(tokenizerOfFolder(ModelFolder(pathOf(plain))).hash, Tokenizer::fromFile(pathOf(plain) / "tokenizer.json").hash());
        QVERIFY(tokenizerOfFolder(ModelFolder(pathOf(more))).hash != tokenizerOfFolder(ModelFolder(pathOf(plain))).hash);
    }

    void contradictionsAreRefused()
    {
        const json other = {{"added_tokens_decoder", {{"305", {{"content", "<x>"}}}}}};
        VERIFY_CONTAINS(failureOf({{"tokenizer_config.json", other}}), "tokenizer_config.json gives the token '<x>' the id 305");
        VERIFY_CONTAINS(failureOf({{"tokenizer_config.json", other}}), "it has the id 300");
        const json known = {{"added_tokens_decoder", {{"5", {{"content", "<|end|>"}}}}}};
        VERIFY_CONTAINS(failureOf({{"tokenizer_config.json", known}}), "the id 5, but in or behind tokenizer.json it has the id 1");
        VERIFY_CONTAINS(failureOf({{"added_tokens.json", {{"<x>", 7}}}}), "added_tokens.json gives the token '<x>' the id 7");
        const json noNumber = {{"added_tokens_decoder", {{"three", {{"content", "<x>"}}}}}};
        VERIFY_CONTAINS(failureOf({{"tokenizer_config.json", noNumber}}), "the token id 'three', which is not a number");
    }

    void damagedFilesAreNamed()
    {
        const QTemporaryDir folder;
        const auto failure = [&] { return test::messageOf<Error>([&] { tokenizerOfFolder(ModelFolder(pathOf(folder))); }); };
        VERIFY_CONTAINS(failure(), "tokenizer.json");
        test::write(folder, "tokenizer.json", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
        VERIFY_CONTAINS(failure(), "Git LFS pointer");
        test::write(folder, "tokenizer.json", std::string(100'000, '['));
        VERIFY_CONTAINS(failure(), "nested too deeply");
        writeFolder(folder, {});
        test::write(folder, "tokenizer_config.json", std::string(100'000, '['));
        VERIFY_CONTAINS(failure(), "tokenizer_config.json' is nested too deeply");
        test::write(folder, "tokenizer_config.json", R"({"added_tokens_decoder": {"300": {"special": true}}})");
        VERIFY_CONTAINS(failure(), "it has no field 'content'");
        test::write(folder, "tokenizer_config.json", R"({"added_tokens_decoder": [1, 2]})");
        QVERIFY(!failure().empty());
    }

    void aPipeIsNotWaitedFor()
    {
        const QTemporaryDir folder;
        QCOMPARE(::mkfifo((folder.path() + "/tokenizer.json").toLocal8Bit().constData(), 0600), 0);
        VERIFY_CONTAINS(test::messageOf<Error>([&] { tokenizerOfFolder(ModelFolder(pathOf(folder))); }), "pipe");
        VERIFY_CONTAINS(test::messageOf<Error>([&] { Tokenizer::fromFile(pathOf(folder) / "tokenizer.json"); }), "pipe");
    }

    void unknownPostProcessorIsRefusedInPromptsOnly()
    {
        const QTemporaryDir folder;
        writeFolder(folder, {}, {{"type", "Special"}});
        const Tokenizer tokenizer = Tokenizer::fromSource(tokenizerOfFolder(ModelFolder(pathOf(folder))));
        QVERIFY(!tokenizer.encode("Once").empty());
        VERIFY_CONTAINS(test::messageOf<Error>([&] { tokenizer.encodePrompt("Once"); }), "the post-processor 'Special' is not supported");
    }
};

QTEST_GUILESS_MAIN(tst_TokenizerFiles)
#include "tst_TokenizerFiles.moc"
