// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/SafetensorsWriter.h"

#include "Complaint.h"
#include "checkpoint/SafetensorsFile.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace secateur;

namespace {

QByteArray contentOf(const QString &file)
{
    QFile stream(file);
    return stream.open(QIODevice::ReadOnly) ? stream.readAll() : QByteArray();
}

std::vector<SafetensorsWriter::Declaration> declarationsOf(const SafetensorsFile &file)
{
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const TensorView &tensor : file.tensors())
        declarations.push_back({.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape});
    return declarations;
}

} // namespace

class TestSafetensorsWriter : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

private slots:
    void writesTheLibrarysBytes_data();
    void writesTheLibrarysBytes();
    void alignsTheBuffer();
    void tellsWhyItCannotWrite();
    void tellsThatTheDiskIsFull();
    void closesWithoutFinishing();
};

void TestSafetensorsWriter::writesTheLibrarysBytes_data()
{
    QTest::addColumn<QString>("fixture");
    QTest::newRow("every type") << "safetensors/mixed.safetensors";
    QTest::newRow("no metadata") << "safetensors/plain.safetensors";
    QTest::newRow("a model") << "tiny-llamas/bf16/model.safetensors";
}

void TestSafetensorsWriter::writesTheLibrarysBytes()
{
    QFETCH(QString, fixture);
    const QString source = QStringLiteral(SECATEUR_FIXTURES "/") + fixture;
    const QString copy = m_folder.filePath("copy.safetensors");
    const SafetensorsFile file(source.toStdString());
    SafetensorsWriter writer(copy.toStdString(), declarationsOf(file), file.metadata());
    for (const TensorView &tensor : file.tensors())
        writer.write(tensor.name, tensor.bytes);
    writer.finish();
    QCOMPARE(contentOf(copy), contentOf(source));
}

void TestSafetensorsWriter::alignsTheBuffer()
{
    const std::string path = m_folder.filePath("aligned.safetensors").toStdString();
    const std::array<std::byte, 2> bytes{std::byte(1), std::byte(2)};
    for (std::string name = "n"; name.size() < 10; name += "n") {
        SafetensorsWriter writer(path, {{.name = name, .dtype = DType::BFloat16, .shape = {1}}}, {});
        writer.write(name, bytes);
        writer.finish();
        const SafetensorsFile file(path);
        QCOMPARE((file.tensors()[0].bytes.data() - file.bytes().data()) % 8, 0);
        QCOMPARE(file.tensors()[0].bytes[1], std::byte(2));
    }
}

void TestSafetensorsWriter::tellsWhyItCannotWrite()
{
    const std::string path = m_folder.filePath("no/folder/x.safetensors").toStdString();
    const QString text = complaint([&] { SafetensorsWriter writer(path, {}, {}); });
    const QString fault = lacking(text, {"x.safetensors' cannot be written", "it does not exist", "may write to it"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestSafetensorsWriter::tellsThatTheDiskIsFull()
{
    if (!QFile::exists("/dev/full"))
        QSKIP("there is no /dev/full");
    for (const std::int64_t count : {1, 1'000'000}) { // found at the end, and on the way
        const std::vector<std::byte> bytes(std::size_t(count) * 4);
        const QString text = complaint([&] {
            SafetensorsWriter writer("/dev/full", {{.name = "x", .dtype = DType::Float32, .shape = {count}}}, {});
            writer.write("x", bytes);
            writer.finish();
        });
        const QString fault = lacking(text, {"'/dev/full' cannot be written", "the disk is full", "Free some space"});
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }
}

void TestSafetensorsWriter::closesWithoutFinishing()
{
    const QString path = m_folder.filePath("half.safetensors");
    {
        SafetensorsWriter writer(path.toStdString(), {{.name = "x", .dtype = DType::Float32, .shape = {2}}}, {});
    }
    const QString text = complaint([&] { SafetensorsFile file(path.toStdString()); });
    QVERIFY2(text.contains("is truncated"), qPrintable(text));
}

QTEST_GUILESS_MAIN(TestSafetensorsWriter)
#include "tst_SafetensorsWriter.moc"
