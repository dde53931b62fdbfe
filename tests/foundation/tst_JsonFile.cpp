// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"

#include <QtTest>
#include <cmath>
#include <filesystem>
#include <new>
#include <system_error>

using namespace secateur;

class tst_JsonFile : public QObject {
    Q_OBJECT

private slots:
    void whatPythonWritesIsRead();
    void wordsInStringsStay();
    void halvesOfSurrogatePairsAreReplaced();
    void mistakesHaveTheirPlace();
    void depthIsBounded();
    void whatIsBehindANulIsNotLeftOut();
    void memoryIsBounded();
    void otherFilesAreNamed();
    void problemsAreSaidInOurWords();
    void whateverIsThrownIsASentence();
};

namespace {

QString complaintOf(std::string_view text, int deepest = 64)
{
    try {
        parseJson(text, "'x.json'", "hint", deepest);
    } catch (const Error &problem) {
        return problem.what();
    }
    return {};
}

QString problemIn(const char *text, const char *field)
{
    try {
        [[maybe_unused]] const std::string value = nlohmann::json::parse(text).at(field);
    } catch (const nlohmann::json::exception &problem) {
        return QString::fromStdString(problemOf(problem));
    }
    return {};
}

} // namespace

void tst_JsonFile::whatPythonWritesIsRead()
{
    // json.dumps({"a": float("nan"), "b": [float("inf"), -float("inf"), -1.5]})
    const nlohmann::json value = parseJson(R"({"a": NaN, "b": [Infinity, -Infinity, -1.5]})", "", "");
    QVERIFY(value.at("a").is_number_float() && std::isnan(value.at("a").get<double>()));
    QCOMPARE(value.at("b")[0].get<double>(), std::numeric_limits<double>::infinity());
    QCOMPARE(value.at("b")[1].get<double>(), -std::numeric_limits<double>::infinity());
    QCOMPARE(value.at("b")[2].get<double>(), -1.5);
    QCOMPARE(parseJson("[1e999, -1e999, 1e-999]", "", ""),
             (nlohmann::json{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), 0.0}));
    QCOMPARE(parseJson("\xEF\xBB\xBF[1]", "", ""), nlohmann::json({1})); // with a byte order mark
}

void tst_JsonFile::wordsInStringsStay()
{
    const nlohmann::json value = parseJson(R"({"NaN": "NaN, \"Infinity\" \\", "c": NaN})", "", "");
    QCOMPARE(value.at("NaN").get<std::string>(), std::string(R"(NaN, "Infinity" \)"));
    QVERIFY(!complaintOf("{\"a\": NaNa}").isEmpty());
    QVERIFY(!complaintOf("{\"a\": Inf}").isEmpty());
}

void tst_JsonFile::halvesOfSurrogatePairsAreReplaced()
{
    // Python: json.loads(...) keeps the halves; encode("utf-16", "surrogatepass").decode("utf-16", "replace") has U+FFFD in their places.
    const nlohmann::json value = parseJson(R"(["\ud83d\ude00", "a\ud83db", "\ude00", "\ud83d", "\\ud83d", "\uD83D\u0041"])", "", "");
    QCOMPARE(value, (nlohmann::json{"😀", "a\uFFFDb", "\uFFFD", "\uFFFD", "\\ud83d", "\uFFFDA"}));
}

void tst_JsonFile::mistakesHaveTheirPlace()
{
    QCOMPARE(complaintOf("{\n  \"a\": 1,\n  oops\n}"), QString("'x.json' is not valid JSON: there is a mistake at line 3, column 3."));
    QCOMPARE(complaintOf("[NaN, Infinity,\nNaN, oops]"), QString("'x.json' is not valid JSON: there is a mistake at line 2, column 6."));
    QCOMPARE(complaintOf(""), QString("'x.json' is empty."));
    QCOMPARE(complaintOf("[\"what  DUCK\"]"), QString()); // as a DuckDB database has at that place
    QCOMPARE(complaintOf(" <!DOCTYPE html>\n<html></html>"), QString("'x.json' is a web page (HTML), not JSON."));
    QCOMPARE(complaintOf("\x89PNG\r\n\x1A\n"), QString("'x.json' is a PNG image, not JSON."));
}

void tst_JsonFile::whatIsBehindANulIsNotLeftOut()
{
    using namespace std::string_view_literals;
    QCOMPARE(complaintOf("[1]\0 oops"sv), QString("'x.json' is not valid JSON: there is a NUL at line 1, column 4."));
    QVERIFY(complaintOf("{\"a\": \"b\0c\"}"sv).contains("NUL"));
}

void tst_JsonFile::memoryIsBounded()
{
    std::string many = "[[]";
    for (int i = 0; i < 100'000; ++i)
        many += ",[]";
    many += "]";
    QCOMPARE(complaintOf(many), QString());
    limitJsonMemory(1 << 20);
    QVERIFY(complaintOf(many).startsWith("'x.json' holds so many values that reading it takes about 14"));
    QCOMPARE(complaintOf("[\"" + std::string(100'000, ',') + "\"]"), QString()); // in a string
    limitJsonMemory(std::int64_t(8) << 30);
}

void tst_JsonFile::depthIsBounded()
{
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    QCOMPARE(complaintOf(nested(64)), QString());
    QCOMPARE(complaintOf(nested(65)), QString("'x.json' is nested too deeply: 65 levels, at most 64 are allowed."));
    QVERIFY(complaintOf(std::string(10'000'000, '[')).contains("nested too deeply"));
    QCOMPARE(complaintOf("[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]"), QString()); // brackets in a string
}

void tst_JsonFile::otherFilesAreNamed()
{
    QCOMPARE(complaintOf("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
             QString("'x.json' is a Git LFS pointer, not the file itself."));
    QCOMPARE(complaintOf(std::string_view("\xFF\xFE{\0}\0", 6)), QString("'x.json' is written in UTF-16; JSON is read in UTF-8."));
}

void tst_JsonFile::problemsAreSaidInOurWords()
{
    QCOMPARE(problemIn("{}", "layers"), QString("it has no field 'layers'"));
    QCOMPARE(problemIn(R"({"a": 5})", "a"), QString("a field holds a number where a string is expected"));
    QCOMPARE(problemIn(R"({"a": []})", "a"), QString("a field holds an array where a string is expected"));
    QCOMPARE(problemIn(R"({"a": null})", "a"), QString("a field holds null where a string is expected"));
    QCOMPARE(problemIn("[5]", "a"), QString("a field holds a value of another kind than expected"));
}

void tst_JsonFile::whateverIsThrownIsASentence()
{
    QCOMPARE(QString(asError(Error("Ours.")).what()), QString("Ours."));
    QCOMPARE(QString(asError(std::bad_alloc()).what()), QString("The memory is not enough."));
    QCOMPARE(QString(asError(std::system_error(EAGAIN, std::generic_category(), "words")).what()),
             QString("The system allows this program no more threads."));
    QCOMPARE(QString(asError(std::filesystem::filesystem_error("words", "/a/b", std::error_code(ENOENT, std::generic_category()))).what()),
             QString("'/a/b' cannot be used: it does not exist."));
}

QTEST_GUILESS_MAIN(tst_JsonFile)
#include "tst_JsonFile.moc"
