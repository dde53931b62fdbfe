// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufFile.h"

#include "Complaint.h"
#include "checkpoint/SafetensorsFile.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cstring>
#include <functional>

using namespace secateur;

namespace {

const std::string kFixtures = SECATEUR_FIXTURES "/gguf/";

std::vector<std::byte> contentOf(const std::string &file)
{
    QFile stream(QString::fromStdString(file));
    const QByteArray content = stream.open(QIODevice::ReadOnly) ? stream.readAll() : QByteArray();
    std::vector<std::byte> bytes(std::size_t(content.size()));
    std::memcpy(bytes.data(), content.data(), bytes.size());
    return bytes;
}

/// A file put together by hand.
class Bytes {
public:
    template <typename T>
    Bytes &number(T value)
    {
        const auto *bytes = reinterpret_cast<const std::byte *>(&value);
        m_bytes.insert(m_bytes.end(), bytes, bytes + sizeof value);
        return *this;
    }
    Bytes &u32(std::uint32_t value) { return number(value); }
    Bytes &u64(std::uint64_t value) { return number(value); }
    Bytes &raw(std::string_view text)
    {
        for (const char c : text)
            m_bytes.push_back(std::byte(c));
        return *this;
    }
    Bytes &text(std::string_view text) { return u64(text.size()).raw(text); }
    Bytes &pad()
    {
        m_bytes.resize((m_bytes.size() + 31) / 32 * 32);
        return *this;
    }
    Bytes &zeros(std::size_t count)
    {
        m_bytes.resize(m_bytes.size() + count);
        return *this;
    }
    Bytes &beginning(std::uint64_t tensors, std::uint64_t values) { return raw("GGUF").u32(3).u64(tensors).u64(values); }
    /// A description of a tensor of one dimension.
    Bytes &tensor(std::string_view name, std::uint64_t size, std::uint32_t type, std::uint64_t offset)
    {
        return text(name).u32(1).u64(size).u32(type).u64(offset);
    }

    QByteArray array() const { return {reinterpret_cast<const char *>(m_bytes.data()), qsizetype(m_bytes.size())}; }

private:
    std::vector<std::byte> m_bytes;
};

GgufContent parsed(const QByteArray &content)
{
    return parseGguf(std::as_bytes(std::span(content.data(), std::size_t(content.size()))), "x.gguf");
}

/// Parses what may be damaged and reads everything in it.
void parseAndRead(std::span<const std::byte> bytes)
{
    try {
        const GgufContent content = parseGguf(bytes, "x.gguf");
        std::size_t sum = 0;
        for (const auto &[key, value] : content.metadata) {
            sum += value.integer().has_value() + value.number().has_value() + value.flag().has_value() + value.text().has_value();
            sum += value.integers().value_or(std::vector<std::int64_t>()).size() + value.numbers().value_or(std::vector<double>()).size();
            sum += value.texts().value_or(std::vector<std::string_view>()).size();
        }
        for (const GgufTensor &tensor : content.tensors) {
            const auto elements = std::size_t(elementCount(tensor.shape));
            if (elements / layoutOf(tensor.type).blockElements * layoutOf(tensor.type).blockBytes != tensor.bytes.size())
                qFatal("a tensor's bytes do not fit its shape");
            std::vector<float> values(elements);
            dequantise(tensor.type, tensor.bytes, values);
        }
        if (sum > bytes.size() * 8)
            qFatal("more was read than the file holds");
    } catch (const Error &error) {
        if (std::strlen(error.what()) == 0 || error.hint().empty())
            qFatal("an error without a sentence or a hint");
    }
}

} // namespace

class TestGgufFile : public QObject {
    Q_OBJECT

private slots:
    void readsEveryTypeOfValue();
    void readsTensorsAndAlignment();
    void readsVersion2();
    void dequantisesAsTheLibrary_data();
    void dequantisesAsTheLibrary();
    void refusesWithAReason_data();
    void refusesWithAReason();
    void refusesWhatIsNoFile();
    void survivesAnyDamagedByte();
    void survivesAnyLength();
};

void TestGgufFile::readsEveryTypeOfValue()
{
    const GgufFile file(kFixtures + "values.gguf");
    const auto &values = file.content().metadata;
    QCOMPARE(*values.at("general.architecture").text(), std::string_view("sample"));
    QCOMPARE(*values.at("u8").integer(), std::int64_t(255));
    QCOMPARE(*values.at("i8").integer(), std::int64_t(-128));
    QCOMPARE(*values.at("u16").integer(), std::int64_t(65535));
    QCOMPARE(*values.at("i16").integer(), std::int64_t(-32768));
    QCOMPARE(*values.at("u32").integer(), std::int64_t(4294967295));
    QCOMPARE(*values.at("i32").integer(), std::int64_t(-2147483648));
    QCOMPARE(*values.at("f32").number(), double(0.1F));
    QCOMPARE(*values.at("f64").number(), 0.1);
    QCOMPARE(*values.at("u32").number(), 4294967295.0);
    QCOMPARE(*values.at("bool").flag(), false);
    QCOMPARE(*values.at("text").text(), std::string_view("one\0two", 7));
    QCOMPARE(*values.at("i64").integer(), std::numeric_limits<std::int64_t>::min());
    QCOMPARE(*values.at("u8s").integers(), (std::vector<std::int64_t>{1, 2, 3}));
    QCOMPARE(*values.at("f64s").numbers(), (std::vector<double>{0.25, 1e300}));
    QCOMPARE(*values.at("texts").texts(), (std::vector<std::string_view>{"", "x", "\u00e9"}));
    QCOMPARE(values.at("bools").count, std::uint64_t(2));
    QVERIFY(values.at("nested").isArray);

    QVERIFY(!values.at("u64").integer()); // 2^64 - 1
    QVERIFY(!values.at("f32").integer());
    QVERIFY(!values.at("u8").flag() && !values.at("u8").text() && !values.at("u8").integers());
    QVERIFY(!values.at("u8s").integer() && !values.at("u8s").texts() && !values.at("texts").numbers());
}

void TestGgufFile::readsTensorsAndAlignment()
{
    const GgufFile file(kFixtures + "values.gguf");
    QCOMPARE(file.content().version, 3U);
    QCOMPARE(file.content().alignment, std::uint64_t(64));
    QCOMPARE(file.content().tensors.size(), std::size_t(2));
    const GgufTensor &last = file.content().tensors[1];
    QCOMPARE(last.name, std::string_view("u"));
    QCOMPARE(last.shape, (Shape{1, 2, 3}));
    QCOMPARE((last.bytes.data() - file.bytes().data()) % 64, 0);
    std::vector<float> values(6);
    dequantise(last.type, last.bytes, values);
    QCOMPARE(values, std::vector<float>(6, 1.0F));
}

void TestGgufFile::readsVersion2()
{
    std::vector<std::byte> bytes = contentOf(kFixtures + "written.gguf");
    bytes[4] = std::byte(2);
    const GgufContent content = parseGguf(bytes, "x.gguf");
    QCOMPARE(content.version, 2U);
    QCOMPARE(content.tensors.size(), std::size_t(3));
}

void TestGgufFile::dequantisesAsTheLibrary_data()
{
    QTest::addColumn<int>("type");
    for (const GgufType type : {GgufType::F32, GgufType::F16, GgufType::BF16, GgufType::Q8_0, GgufType::Q4_0, GgufType::Q4_1,
                                GgufType::Q5_0, GgufType::Q5_1, GgufType::Q4_K, GgufType::Q5_K, GgufType::Q6_K})
        QTest::newRow(std::string(layoutOf(type).name).c_str()) << int(type);
}

void TestGgufFile::dequantisesAsTheLibrary()
{
    QFETCH(int, type);
    const GgufFile file(kFixtures + "types.gguf");
    const SafetensorsFile expected(kFixtures + "types.safetensors");
    QCOMPARE(file.content().tensors.size(), expected.tensors().size());
    const std::string_view name = layoutOf(GgufType(type)).name;
    const auto isNamed = [&](const auto &tensor) { return tensor.name == name; };
    const auto found = std::find_if(file.content().tensors.begin(), file.content().tensors.end(), isNamed);
    const auto wanted = std::find_if(expected.tensors().begin(), expected.tensors().end(), isNamed);
    QVERIFY(found != file.content().tensors.end() && wanted != expected.tensors().end());
    QCOMPARE(int(found->type), type);
    QCOMPARE(found->shape, wanted->shape);
    std::vector<float> values(std::size_t(elementCount(found->shape)));
    dequantise(found->type, found->bytes, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
        float want = 0;
        std::memcpy(&want, wanted->bytes.data() + i * sizeof want, sizeof want);
        if (std::memcmp(&want, &values[i], sizeof want) != 0)
            QFAIL(qPrintable(QString("element %1 is %2 instead of %3").arg(i).arg(double(values[i])).arg(double(want))));
    }
}

void TestGgufFile::refusesWithAReason_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QStringList>("parts");
    const auto row = [](const char *name, const Bytes &content, const QStringList &parts) {
        QTest::newRow(name) << content.array() << (QStringList{"x.gguf"} + parts);
    };
    const std::uint64_t huge = std::uint64_t(1) << 63;
    row("empty", Bytes(), {"is truncated", "magic number"});
    row("another format", Bytes().raw("PK\3\4").zeros(30), {"is a zip archive, not a GGUF file", "Download the file again"});
    row("a pointer", Bytes().raw("version https://git-lfs.github.com/spec/v1\n"), {"Git LFS pointer", "git lfs pull"});
    row("version 1", Bytes().raw("GGUF").u32(1).zeros(20), {"version is 1", "supported are 2 and 3"});
    row("big-endian", Bytes().raw("GGUF").u32(0x03000000).zeros(20), {"big-endian", "gguf-convert-endian"});
    row("cut in the counts", Bytes().raw("GGUF").u32(3).u64(1), {"is truncated", "number of metadata values"});
    row("more values than bytes", Bytes().beginning(0, huge).zeros(100), {"promises", "metadata values", "too small"});
    row("more tensors than bytes", Bytes().beginning(huge, 0).zeros(100), {"promises", "tensors", "too small"});
    row("a key beyond the end", Bytes().beginning(0, 1).u64(huge).zeros(20), {"is truncated", "key of metadata value 0"});
    row("a text beyond the end", Bytes().beginning(0, 1).text("k").u32(8).u64(huge).zeros(20), {"is truncated", "'k'"});
    row("an array beyond the end", Bytes().beginning(0, 1).text("k").u32(9).u32(10).u64(huge).zeros(20), {"is truncated", "'k'"});
    row("texts beyond the end", Bytes().beginning(0, 1).text("k").u32(9).u32(8).u64(huge).zeros(20), {"is truncated", "'k'"});
    row("arrays beyond the end", Bytes().beginning(0, 1).text("k").u32(9).u32(9).u64(huge).zeros(20), {"is truncated", "'k'"});
    row("an unknown type of value", Bytes().beginning(0, 1).text("k").u32(13).u64(0), {"'k'", "unknown type 13"});
    Bytes nested = Bytes().beginning(0, 1).text("k").u32(9);
    for (int i = 0; i < 1000; ++i)
        nested.u32(9).u64(1);
    row("an array in arrays", nested.u32(0).u64(0), {"'k'", "nested too deeply"});
    row("a key twice", Bytes().beginning(0, 2).text("k").u32(4).u32(1).text("k").u32(4).u32(1), {"'k'", "is there twice"});
    row("a bad alignment", Bytes().beginning(0, 1).text("general.alignment").u32(4).u32(24), {"general.alignment", "power of two"});
    row("no alignment", Bytes().beginning(0, 1).text("general.alignment").u32(4).u32(0), {"general.alignment", "power of two"});
    row("an unknown type of tensor", Bytes().beginning(1, 0).tensor("t", 4, 99, 0), {"'t'", "unknown type 99"});
    row("an unreadable type", Bytes().beginning(1, 0).tensor("t", 4, 20, 0), {"'t'", "IQ4_NL", "cannot be read", "Q4_K"});
    row("a row of half a block", Bytes().beginning(1, 0).tensor("t", 128, 12, 0), {"'t'", "Q4_K", "128", "multiple of 256"});
    row("no elements", Bytes().beginning(1, 0).tensor("t", 0, 0, 0), {"'t'", "no elements"});
    row("five dimensions", Bytes().beginning(1, 0).text("t").u32(5).zeros(60), {"'t'", "5 dimensions"});
    row("a shape that overflows", Bytes().beginning(1, 0).text("t").u32(3).u64(1 << 30).u64(1 << 30).u64(1 << 30).u32(0).u64(0),
        {"'t'", "too large"});
    row("bytes that overflow", Bytes().beginning(1, 0).tensor("t", (std::uint64_t(1) << 62) + 1, 0, 0), {"'t'", "too large"});
    row("a size beyond the end", Bytes().beginning(1, 0).tensor("t", 100, 0, 0).pad().zeros(64), {"is truncated", "'t'", "400 bytes"});
    row("an offset beyond the end", Bytes().beginning(1, 0).tensor("t", 4, 0, huge).pad().zeros(64), {"is truncated", "'t'"});
    row("an unaligned tensor", Bytes().beginning(1, 0).tensor("t", 4, 0, 8).pad().zeros(64), {"'t'", "multiple of the alignment"});
    row("a tensor twice", Bytes().beginning(2, 0).tensor("t", 4, 0, 0).tensor("t", 4, 0, 32).pad().zeros(64), {"'t'", "is there twice"});
    row("tensors that overlap", Bytes().beginning(2, 0).tensor("t", 12, 0, 0).tensor("u", 4, 0, 32).pad().zeros(64),
        {"'t'", "'u'", "overlap"});
}

void TestGgufFile::refusesWithAReason()
{
    QFETCH(QByteArray, content);
    QFETCH(QStringList, parts);
    const QString text = complaint([&] { parsed(content); });
    QVERIFY(!text.isEmpty());
    const QString fault = lacking(text, parts);
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestGgufFile::refusesWhatIsNoFile()
{
    QTemporaryDir folder;
    const QString missing = complaint([&] { GgufFile file(folder.filePath("no.gguf").toStdString()); });
    QVERIFY2(missing.contains("no.gguf' cannot be read: it does not exist"), qPrintable(missing));
    const QString directory = complaint([&] { GgufFile file(folder.path().toStdString()); });
    QVERIFY2(directory.contains("is a folder, not a file"), qPrintable(directory));
    const QString unreadable = complaint([&] { GgufFile file(kFixtures + "unreadable.gguf"); });
    QVERIFY2(unreadable.contains("IQ4_NL"), qPrintable(unreadable));
}

void TestGgufFile::survivesAnyDamagedByte()
{
    for (const char *name : {"values.gguf", "written.gguf"}) {
        std::vector<std::byte> bytes = contentOf(kFixtures + name);
        for (std::byte &byte : bytes) {
            const std::byte whole = byte;
            for (const int value : {0, 1, 0x7f, 0x80, 0xff, int(whole) ^ 1, int(whole) ^ 8}) {
                byte = std::byte(value);
                parseAndRead(bytes);
            }
            byte = whole;
        }
    }
}

void TestGgufFile::survivesAnyLength()
{
    const std::vector<std::byte> bytes = contentOf(kFixtures + "types.gguf");
    for (std::size_t length = 0; length < bytes.size(); length += length < 1200 ? 1 : 37) {
        const std::vector<std::byte> part(bytes.begin(), bytes.begin() + std::ptrdiff_t(length)); // its own block: a read beyond it is seen
        QVERIFY(!complaint([&] { parseGguf(part, "x.gguf"); }).isEmpty());
    }
}

QTEST_GUILESS_MAIN(TestGgufFile)
#include "tst_GgufFile.moc"
