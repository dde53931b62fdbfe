// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/SafetensorsFile.h"

#include "Complaint.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cstring>
#include <functional>

using namespace secateur;

namespace {

const std::string kFixtures = SECATEUR_FIXTURES "/safetensors/";

/// A file with that header and a buffer of zeros.
QByteArray fileOf(const QByteArray &header, qsizetype bufferSize = 0)
{
    const quint64 length = quint64(header.size());
    return QByteArray(reinterpret_cast<const char *>(&length), 8) + header + QByteArray(bufferSize, '\0');
}

QByteArray contentOf(const std::string &file)
{
    QFile stream(QString::fromStdString(file));
    return stream.open(QIODevice::ReadOnly) ? stream.readAll() : QByteArray();
}

float floatAt(const TensorView &tensor, std::size_t i)
{
    float value = 0;
    std::memcpy(&value, tensor.bytes.data() + i * sizeof value, sizeof value);
    return value;
}

} // namespace

class TestSafetensorsFile : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    std::filesystem::path write(const QByteArray &content)
    {
        QFile file(m_folder.filePath("x.safetensors"));
        const bool isWritten = file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
        return isWritten ? file.fileName().toStdString() : std::string();
    }

    /// Opens what may be damaged and reads every byte of it. Whether it opened.
    bool openAndRead(const QByteArray &content)
    {
        const auto path = write(content);
        try {
            const SafetensorsFile file(path);
            std::size_t total = 0;
            unsigned sum = 0;
            for (const TensorView &tensor : file.tensors()) {
                total += tensor.bytes.size();
                for (const std::byte b : tensor.bytes)
                    sum += unsigned(b);
                if (tensor.bytes.size() != std::size_t(elementCount(tensor.shape)) * bytesPerElement(tensor.dtype))
                    qFatal("a tensor's bytes do not fit its shape");
            }
            return total < file.bytes().size() && sum < ~0U;
        } catch (const Error &error) {
            if (std::strlen(error.what()) == 0 || error.hint().empty())
                qFatal("an error without a sentence or a hint");
            return false;
        }
    }

private slots:
    void readsWhatTheLibraryWrote();
    void readsFilesWithoutMetadata();
    void readsUnalignedBuffers();
    void readsAnEmptyFile();
    void keepsItsBytesWhenMovedAndReleased();
    void refusesWithAReason_data();
    void refusesWithAReason();
    void refusesWhatIsNoFile();
    void deepNestingDoesNotOverflowTheStack();
    void survivesAnyDamagedByte();
    void survivesAnyLength();
};

void TestSafetensorsFile::readsWhatTheLibraryWrote()
{
    const SafetensorsFile file(kFixtures + "mixed.safetensors");
    QCOMPARE(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
    std::map<std::string, TensorView> tensors;
    for (const TensorView &tensor : file.tensors())
        tensors.emplace(tensor.name, tensor);
    QCOMPARE(tensors.size(), std::size_t(6));

    const TensorView &f32 = tensors.at("weights.f32");
    QCOMPARE(f32.dtype, DType::Float32);
    QCOMPARE(f32.shape, (Shape{2, 3}));
    for (std::size_t i = 0; i < 6; ++i)
        QCOMPARE(floatAt(f32, i), float(i) / 4);
    const TensorView &f16 = tensors.at("weights.f16");
    QCOMPARE(f16.dtype, DType::Float16);
    QCOMPARE(f16.bytes[1], std::byte(0xc1)); // -2.5 is c100
    QCOMPARE(f16.bytes.size(), std::size_t(12));
    const TensorView &bf16 = tensors.at("weights.bf16");
    QCOMPARE(bf16.dtype, DType::BFloat16);
    QCOMPARE(bf16.bytes[3], std::byte(0x42)); // 100 is 42c8
    QCOMPARE(tensors.at("scalar").shape, Shape{});
    QCOMPARE(floatAt(tensors.at("scalar"), 0), -1.5F);
    QCOMPARE(tensors.at("empty").shape, (Shape{0, 3}));
    QVERIFY(tensors.at("empty").bytes.empty());
    QVERIFY(tensors.contains("name with \"quotes\", \\ and \u00e9\u4e2d"));

    const std::byte *end = nullptr;
    for (const TensorView &tensor : file.tensors()) { // in the order of their bytes
        QVERIFY(!end || tensor.bytes.data() == end);
        end = tensor.bytes.data() + tensor.bytes.size();
    }
}

void TestSafetensorsFile::readsFilesWithoutMetadata()
{
    const SafetensorsFile file(kFixtures + "plain.safetensors");
    QVERIFY(file.metadata().empty());
    QCOMPARE(file.tensors().size(), std::size_t(2));
}

void TestSafetensorsFile::readsUnalignedBuffers()
{
    const SafetensorsFile file(kFixtures + "unaligned.safetensors");
    QVERIFY(reinterpret_cast<std::uintptr_t>(file.tensors()[0].bytes.data()) % 2 != 0);
    QCOMPARE(floatAt(file.tensors()[0], 1), 2.0F);
}

void TestSafetensorsFile::readsAnEmptyFile()
{
    QVERIFY(SafetensorsFile(write(fileOf("{}"))).tensors().empty());
    QCOMPARE(SafetensorsFile(write(fileOf(R"({"__metadata__":{"a":"b"}}  )"))).metadata().at("a"), std::string("b"));
}

void TestSafetensorsFile::keepsItsBytesWhenMovedAndReleased()
{
    SafetensorsFile first(kFixtures + "mixed.safetensors");
    const TensorView tensor = first.tensors().back();
    const std::vector<std::byte> before(tensor.bytes.begin(), tensor.bytes.end());
    const SafetensorsFile second = std::move(first);
    second.releasePages();
    QVERIFY(std::equal(before.begin(), before.end(), tensor.bytes.begin()));
    QCOMPARE(second.path(), std::filesystem::path(kFixtures + "mixed.safetensors"));
}

void TestSafetensorsFile::refusesWithAReason_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QStringList>("parts");
    const auto row = [](const char *name, const QByteArray &content, const QStringList &parts) { QTest::newRow(name) << content << parts; };
    const QByteArray one = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    const auto entry = [](const char *dtype, const char *shape, const char *offsets) {
        return QByteArray(R"({"x":{"dtype":")") + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
    };
    const auto damaged = QStringLiteral("download or write it again");
    const auto again = QStringLiteral("Download the file again");

    row("empty", "", {"is empty", again});
    row("a web page", "<!DOCTYPE html>\n<html><body>401</body></html>", {"is a web page (HTML), not a safetensors file", "download it again"});
    row("a plan", "{\"format\": 1, \"settings\": {}}", {"is JSON, not a safetensors file"});
    row("another format", QByteArray("PK\3\4") + QByteArray(30, '\0'), {"is a zip archive, not a safetensors file"});
    row("shorter than the length", "1234567", {"truncated", "it has 7 bytes, a safetensors file has at least 8", again});
    row("header longer than the file", fileOf("{}").left(9), {"truncated", "needs 10 bytes", "has 9", again});
    row("header above the cap", QByteArray(8, 'x') + "{}", {"not a valid safetensors file", "at most 100,000,000", damaged});
    row("Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", {"Git LFS pointer", "git lfs pull"});
    row("not JSON", fileOf("{?}"), {"not valid JSON", "at byte 2", damaged});
    row("JSON ends early", fileOf(R"({"x":{"dtype")"), {"not valid JSON", damaged});
    row("text after the object", fileOf("{} {}"), {"not valid JSON", damaged});
    row("invalid UTF-8", fileOf("{\"\xff\":1}"), {"not valid JSON", damaged});
    row("header is a list", fileOf("[1]"), {"not a JSON object", damaged});
    row("header is empty", fileOf(""), {"not a JSON object", damaged});
    row("entry is a number", fileOf(R"({"x":3})"), {"the entry 'x'", "3", damaged});
    row("duplicate name", fileOf(R"({"x":)" + one + R"(,"x":)" + one + "}", 8), {"the name 'x' appears twice", damaged});
    row("duplicate field", fileOf(R"({"x":{"dtype":"F32","dtype":"F32"}})"), {"tensor 'x'", "'dtype' twice", damaged});
    row("duplicate metadata key", fileOf(R"({"__metadata__":{"a":"1","a":"2"}})"), {"'a'", "__metadata__", "twice", damaged});
    row("duplicate metadata", fileOf(R"({"__metadata__":{},"__metadata__":{}})"), {"'__metadata__' appears twice", damaged});
    row("metadata of another type", fileOf(R"({"__metadata__":{"a":1}})"), {"'a'", "must be a string", "1", damaged});
    row("missing dtype", fileOf(R"({"x":{"shape":[],"data_offsets":[0,4]}})", 4), {"'x'", "no field 'dtype'", damaged});
    row("missing shape", fileOf(R"({"x":{"dtype":"F32","data_offsets":[0,4]}})", 4), {"'x'", "no field 'shape'", damaged});
    row("missing offsets", fileOf(R"({"x":{"dtype":"F32","shape":[]}})", 4), {"'x'", "no field 'data_offsets'", damaged});
    row("unknown field", fileOf(R"({"x":{"stride":[1]}})"), {"'x'", "unknown field 'stride'", damaged});
    row("unknown dtype", fileOf(entry("F17", "[2]", "[0,8]"), 8), {"'x'", "unknown type 'F17'", damaged});
    row("metadata is a list", fileOf(R"({"__metadata__":[]})"), {"'__metadata__'", "may not be a list", damaged});
    row("integers of another size", fileOf(entry("I64", "[2]", "[0,8]"), 8), {"'x'", "type I64 takes 16 bytes", damaged});
    row("dtype is a number", fileOf(R"({"x":{"dtype":1}})"), {"'dtype' of tensor 'x' may not be 1", damaged});
    row("negative size", fileOf(entry("F32", "[-2]", "[0,8]"), 8), {"'shape' of tensor 'x' may not be -2", damaged});
    row("fraction as size", fileOf(entry("F32", "[2.0]", "[0,8]"), 8), {"'shape' of tensor 'x' may not be 2.0", damaged});
    row("text as size", fileOf(entry("F32", "[\"2\"]", "[0,8]"), 8), {"'shape' of tensor 'x'", damaged});
    row("null as shape", fileOf(entry("F32", "null", "[0,8]"), 8), {"'shape' of tensor 'x' may not be null", damaged});
    row("list in shape", fileOf(entry("F32", "[[2]]", "[0,8]"), 8), {"'shape' of tensor 'x' may not be a list", damaged});
    row("size above 63 bits", fileOf(entry("F32", "[9223372036854775808]", "[0,8]"), 8), {"'x'", "out of range", damaged});
    row("size above 64 bits", fileOf(entry("F32", "[99999999999999999999]", "[0,8]"), 8),
        {"'shape' of tensor 'x'", "99999999999999999999"});
    row("shape overflows", fileOf(entry("F32", "[4294967296,4294967296]", "[0,0]")),
        {"shape [4294967296, 4294967296]", "'x'", "too large"});
    row("shape overflows to a fit", fileOf(entry("F32", "[4611686018427387905,1]", "[0,4]"), 4), {"'x'", "too large", damaged});
    row("overflow before a zero", fileOf(entry("F32", "[9223372036854775807,4,0]", "[0,0]")), {"'x'", "too large", damaged});
    row("too many dimensions", fileOf(entry("F32", "[" + QByteArray("1,").repeated(64) + "1]", "[0,4]"), 4), {"'x'", "more than 64"});
    row("span too short", fileOf(entry("F32", "[2]", "[0,4]"), 4), {"'x' of shape [2] and type F32 takes 8 bytes", "span 4", damaged});
    row("span too long", fileOf(entry("BF16", "[2]", "[0,8]"), 8), {"'x'", "takes 4 bytes", "span 8", damaged});
    row("span backwards", fileOf(entry("F32", "[2]", "[8,0]"), 8), {"'x' ends before it begins", "[8, 0]", damaged});
    row("one offset", fileOf(entry("F32", "[2]", "[0]"), 8), {"'data_offsets' of tensor 'x'", "two numbers, it has 1", damaged});
    row("three offsets", fileOf(entry("F32", "[2]", "[0,8,8]"), 8), {"'data_offsets' of tensor 'x'", "two numbers, it has more", damaged});
    row("negative offset", fileOf(entry("F32", "[2]", "[-8,0]"), 8), {"'data_offsets' of tensor 'x' may not be -8", damaged});
    row("beyond the buffer", fileOf(entry("F32", "[2]", "[0,8]"), 7), {"is truncated", "cut off is 'x'", again});
    row("far beyond", fileOf(entry("F32", "[1000000]", "[0,4000000]"), 7), {"promises 4,000,074 bytes", "it has 81", again});
    row("hole at the start", fileOf(entry("F32", "[2]", "[4,12]"), 12), {"a hole of 4 bytes before tensor 'x'", damaged});
    const QByteArray other = R"({"dtype":"F32","shape":[2],"data_offsets":[)";
    row("overlap", fileOf(R"({"x":)" + one + R"(,"y":)" + other + "4,12]}}", 12), {"'x' and 'y' overlap", damaged});
    row("same bytes", fileOf(R"({"x":)" + one + R"(,"y":)" + one + "}", 8), {"'x' and 'y' overlap", damaged});
    row("hole between", fileOf(R"({"x":)" + one + R"(,"y":)" + other + "9,17]}}", 17), {"a hole of 1 byte before tensor 'y'", damaged});
    row("trailing bytes", fileOf(entry("F32", "[2]", "[0,8]"), 10), {"after the last tensor there are 2 bytes more", damaged});
    row("trailing bytes without tensors", fileOf("{}", 3), {"after the last tensor there are 3 bytes more", damaged});
    row("control characters in a name", fileOf("{\"a\\u001b[31m\":3}"), {"'a\\x1b[31m'", damaged});
}

void TestSafetensorsFile::refusesWithAReason()
{
    QFETCH(QByteArray, content);
    QFETCH(QStringList, parts);
    const auto path = write(content);
    const QString text = complaint([&] { SafetensorsFile file(path); });
    const QString fault = lacking(text, parts << "x.safetensors'");
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestSafetensorsFile::refusesWhatIsNoFile()
{
    const std::string folder = m_folder.path().toStdString();
    const QString missing = complaint([&] { SafetensorsFile file(folder + "/missing.safetensors"); });
    QVERIFY2(missing.contains("missing.safetensors' cannot be read: it does not exist."), qPrintable(missing));
    const QString directory = complaint([&] { SafetensorsFile file{folder}; });
    QVERIFY2(directory.contains("is a folder, not a file"), qPrintable(directory));
    QVERIFY(complaint([] { SafetensorsFile file("/dev/zero"); }).contains("is a device, not a file"));
}

void TestSafetensorsFile::deepNestingDoesNotOverflowTheStack()
{
    constexpr int kDepth = 2'000'000;
    const QByteArray lists = QByteArray(R"({"x":{"shape":)") + QByteArray(kDepth, '[') + QByteArray(kDepth, ']') + "}}";
    QVERIFY(!openAndRead(fileOf(lists)));
    QVERIFY(!openAndRead(fileOf(QByteArray(R"({"x":)").repeated(kDepth))));
}

void TestSafetensorsFile::survivesAnyDamagedByte()
{
    for (const char *name : {"mixed", "plain"}) {
        const QByteArray valid = contentOf(kFixtures + name + ".safetensors");
        QVERIFY(openAndRead(valid));
        const qsizetype headerEnd = valid.lastIndexOf('}') + 1;
        int refused = 0;
        for (qsizetype i = 0; i < valid.size(); ++i) {
            for (const int value :
                 {valid[i] ^ 1, valid[i] ^ 2, valid[i] ^ 16, valid[i] ^ 128, 0, 255, int('9'), int('"'), int('['), int('}')}) {
                QByteArray damaged = valid;
                damaged[i] = char(value);
                refused += !openAndRead(damaged);
            }
        }
        QVERIFY(refused > headerEnd); // names may change unnoticed, structure may not
    }
}

void TestSafetensorsFile::survivesAnyLength()
{
    const QByteArray valid = contentOf(kFixtures + "mixed.safetensors");
    for (qsizetype length = 0; length < valid.size(); ++length)
        QVERIFY2(!openAndRead(valid.left(length)), qPrintable(QString::number(length)));
    QVERIFY(!openAndRead(valid + '\0'));
}

QTEST_GUILESS_MAIN(TestSafetensorsFile)
#include "tst_SafetensorsFile.moc"
