// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufWriter.h"

#include "Complaint.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace secateur;

namespace {

const std::string kFixtures = SECATEUR_FIXTURES "/gguf/";

QByteArray contentOf(const QString &file)
{
    QFile stream(file);
    return stream.open(QIODevice::ReadOnly) ? stream.readAll() : QByteArray();
}

std::vector<GgufWriter::Declaration> declarationsOf(const GgufFile &file)
{
    std::vector<GgufWriter::Declaration> declarations;
    for (const GgufTensor &tensor : file.content().tensors)
        declarations.push_back({.name = std::string(tensor.name), .dtype = plainType(tensor.type).value(), .shape = tensor.shape});
    return declarations;
}

} // namespace

class TestGgufWriter : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

private slots:
    void writesTheLibrarysBytes();
    void copiesValuesOfAnotherFile();
    void tellsWhyItCannotWrite();
    void tellsThatTheDiskIsFull();
};

void TestGgufWriter::writesTheLibrarysBytes()
{
    const GgufWriter::Metadata metadata{{"general.architecture", "sample"},
                                        {"x.u32", std::uint32_t(4'000'000'000)},
                                        {"x.i32", std::int32_t(-7)},
                                        {"x.u64", std::uint64_t(1) << 40},
                                        {"x.f32", 1e-5F},
                                        {"x.bool", true},
                                        {"x.text", "pr\u00fcne \u5eab"},
                                        {"x.i32s", std::vector<std::int32_t>{3, 0, -1}},
                                        {"x.f32s", std::vector<float>{0.5F, -2.0F}},
                                        {"x.texts", std::vector<std::string>{"a b", "", "c"}}};
    const GgufFile expected(kFixtures + "written.gguf");
    const QString copy = m_folder.filePath("copy.gguf");
    GgufWriter writer(copy.toStdString(), metadata, declarationsOf(expected));
    for (const GgufTensor &tensor : expected.content().tensors)
        writer.write(tensor.name, tensor.bytes);
    writer.finish();
    QCOMPARE(contentOf(copy), contentOf(QString::fromStdString(kFixtures + "written.gguf")));
}

void TestGgufWriter::copiesValuesOfAnotherFile()
{
    const GgufFile source(kFixtures + "values.gguf");
    GgufWriter::Metadata metadata;
    for (const auto &[key, value] : source.content().metadata)
        if (key != "general.alignment")
            metadata.emplace_back(std::string(key), value);
    const std::string path = m_folder.filePath("values.gguf").toStdString();
    GgufWriter writer(path, metadata, {});
    writer.finish();
    const GgufFile copy(path);
    QCOMPARE(copy.content().metadata.size(), metadata.size());
    for (const auto &[key, value] : copy.content().metadata) {
        const GgufValue &original = source.content().metadata.at(key);
        QVERIFY(value.type == original.type && value.isArray == original.isArray && value.count == original.count);
        QVERIFY(std::equal(value.bytes.begin(), value.bytes.end(), original.bytes.begin(), original.bytes.end()));
    }
}

void TestGgufWriter::tellsWhyItCannotWrite()
{
    const std::string path = m_folder.filePath("no/folder/x.gguf").toStdString();
    const QString text = complaint([&] { GgufWriter writer(path, {}, {}); });
    const QString fault = lacking(text, {"x.gguf' cannot be written", "it does not exist", "may write to it"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestGgufWriter::tellsThatTheDiskIsFull()
{
    if (!QFile::exists("/dev/full"))
        QSKIP("there is no /dev/full");
    for (const std::int64_t count : {1, 1'000'000}) { // found at the end, and on the way
        const std::vector<std::byte> bytes(std::size_t(count) * 4);
        const QString text = complaint([&] {
            GgufWriter writer("/dev/full", {}, {{.name = "x", .dtype = DType::Float32, .shape = {count}}});
            writer.write("x", bytes);
            writer.finish();
        });
        const QString fault = lacking(text, {"'/dev/full' cannot be written", "the disk is full", "Free some space"});
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }
}

QTEST_GUILESS_MAIN(TestGgufWriter)
#include "tst_GgufWriter.moc"
