// SPDX-License-Identifier: GPL-3.0-or-later
// Chat templates, against what transformers renders (tests/fixtures/chat-templates).
#include "foundation/Error.h"
#include "tokenizer/ChatTemplate.h"

#include <QtTest>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace secateur;

namespace {

const std::filesystem::path kTokenizers = SECATEUR_SHARED_DATA "/tokenizers";

nlohmann::json jsonIn(const std::filesystem::path &file)
{
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

std::vector<ChatMessage> messagesOf(const nlohmann::json &conversation)
{
    std::vector<ChatMessage> messages;
    for (const nlohmann::json &turn : conversation)
        messages.push_back({.role = turn.at("role"), .content = turn.at("content")});
    return messages;
}

QString complaint(const std::string &text, const std::vector<ChatMessage> &messages = {})
{
    try {
        (void)ChatTemplate(text, nlohmann::json::object(), "/models/tiny").render(messages);
    } catch (const Error &problem) {
        return QString::fromUtf8(problem.what());
    }
    return {};
}

} // namespace

class tst_ChatTemplate : public QObject {
    Q_OBJECT

private slots:
    void everyPromptIsThatOfTransformers_data()
    {
        QTest::addColumn<QString>("name");
        const nlohmann::json all = jsonIn(SECATEUR_FIXTURES "/chat-templates/prompts.json");
        for (const auto &[name, one] : all.at("templates").items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    /// Of every conversation, with the answer asked for and without; what is null is refused.
    void everyPromptIsThatOfTransformers()
    {
        QFETCH(QString, name);
        const nlohmann::json all = jsonIn(SECATEUR_FIXTURES "/chat-templates/prompts.json"),
                             &one = all.at("templates").at(name.toStdString());
        std::string text;
        if (!one.at("template").is_null()) {
            text = one.at("template");
        } else { // "tokenizers/llama-3"
            const std::filesystem::path file = kTokenizers / name.section('/', 1).toStdString() / "tokenizer_config.json";
            if (!std::filesystem::exists(file))
                QSKIP("The tokenizers of ../shared/data are not there.");
            text = jsonIn(file).at("chat_template");
        }
        const ChatTemplate chat(text, one.at("tokens"), name.toStdString());
        int compared = 0;
        for (const auto &[key, expected] : one.at("prompts").items()) {
            const bool asks = key.ends_with(" asked");
            const auto messages = messagesOf(all.at("conversations").at(asks ? key.substr(0, key.size() - 6) : key));
            if (expected.is_null())
                QVERIFY_THROWS_EXCEPTION(Error, chat.render(messages, asks));
            else
                QCOMPARE(QString::fromStdString(chat.render(messages, asks)), QString::fromStdString(expected));
            ++compared;
        }
        QCOMPARE(compared, 10);
    }

    void whatATemplateRaisesIsSaid()
    {
        const QString said = complaint("{{ raise_exception('Roles must alternate') }}");
        QVERIFY2(said.startsWith("The chat template of '/models/tiny' refuses this conversation: Roles must alternate") &&
                     said.endsWith("."),
                 qPrintable(said));
        QVERIFY(complaint("{{ no_such_function() }}").contains("refuses this conversation"));
    }

    void whatIsNoTemplateIsRefused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("said");
        QTest::newRow("no end") << QByteArray("{% for m in messages %}x") << QByteArray("for");
        QTest::newRow("no expression") << QByteArray("{{ }}") << QByteArray("xpected");
        QTest::newRow("unknown block") << QByteArray("{% include 'x' %}") << QByteArray("xpected");
        QTest::newRow("large") << QByteArray(70'000, 'x') << QByteArray("it has 70,000 bytes");
        QTest::newRow("deep") << "{{ " + QByteArray(200, '(') + "1" + QByteArray(200, ')') + " }}" << QByteArray("more than 100 deep");
        QTest::newRow("long range") << QByteArray("{% for i in range(1000000000) %}x{% endfor %}") << QByteArray("longer than 10000");
    }
    void whatIsNoTemplateIsRefused()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, said);
        const QString told = complaint(text.toStdString());
        QVERIFY2(told.startsWith("The chat template of '/models/tiny' ") && told.contains(said), qPrintable(told));
    }

    /// Read and rendered by recursion: a thread's usual stack would not do.
    void longChainsDoNotOverflowTheStack()
    {
        QCOMPARE(complaint("{{ " + QByteArray("not ").repeated(15'000).toStdString() + "1 }}"), QString());
        QCOMPARE(complaint("{{ " + QByteArray("1+").repeated(30'000).toStdString() + "1 }}"), QString());
        QVERIFY(!complaint(QByteArray("{% if x %}").repeated(5'000).toStdString()).isEmpty());
    }
};

QTEST_GUILESS_MAIN(tst_ChatTemplate)
#include "tst_ChatTemplate.moc"
