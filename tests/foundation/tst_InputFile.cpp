// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"
#include "foundation/InputFile.h"

#include <QTemporaryDir>
#include <QtTest>
#include <array>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace secateur;

class tst_InputFile : public QObject {
    Q_OBJECT

private slots:
    void filesAreReadWhole();
    void whatIsNoFileIsRefusedAtOnce();
    void sizesAreBounded();
};

namespace {

QString complaintOf(const std::filesystem::path &file, std::uint64_t largest = 1000)
{
    try {
        readWholeFile(file, largest, "hint");
    } catch (const Error &problem) {
        return problem.what();
    }
    return {};
}

} // namespace

void tst_InputFile::filesAreReadWhole()
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("a").toStdString(), link = folder.filePath("link").toStdString();
    const std::string content = "one\0two\n" + std::string(3'000'000, 'x');
    std::ofstream(file, std::ios::binary) << content;
    std::filesystem::create_symlink("a", link);
    QCOMPARE(readWholeFile(link, 10'000'000, {}), content);
    InputFile input(file);
    QCOMPARE(input.size(), std::uint64_t(content.size()));
    std::array<char, 3> beginning{};
    QCOMPARE(input.read(beginning), std::size_t(3));
    QCOMPARE(std::string(beginning.data(), 3), std::string("one"));
    QCOMPARE(input.readRest(10'000'000, {}), content.substr(3));
    QCOMPARE(input.read(beginning), std::size_t(0));
    QVERIFY(readWholeFile("/proc/self/status", 1'000'000, {}).starts_with("Name:")); // says that it has no bytes
}

void tst_InputFile::whatIsNoFileIsRefusedAtOnce()
{
    QTemporaryDir folder;
    const auto name = [&](const char *entry) { return folder.filePath(entry).toStdString(); };
    QCOMPARE(mkfifo(name("pipe").c_str(), 0600), 0);
    std::filesystem::create_symlink("/dev/zero", name("zero"));
    std::filesystem::create_symlink("nothing", name("broken"));
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    name("socket").copy(address.sun_path, sizeof address.sun_path - 1);
    QCOMPARE(bind(server, reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);

    QVERIFY(complaintOf(name("pipe")).endsWith("/pipe' is a pipe, not a file."));
    QVERIFY(complaintOf(name("zero")).endsWith("/zero' is a device, not a file."));
    QVERIFY(complaintOf(name("socket")).endsWith("/socket' is a socket, not a file."));
    QVERIFY(complaintOf(folder.path().toStdString()).endsWith("' is a folder, not a file."));
    QVERIFY(complaintOf(name("broken")).endsWith("/broken' cannot be read: it does not exist."));
    close(server);
}

void tst_InputFile::sizesAreBounded()
{
    QTemporaryDir folder;
    const std::string file = folder.filePath("a").toStdString();
    std::ofstream(file) << std::string(1001, 'x');
    QVERIFY(complaintOf(file).endsWith("/a' is 1,001 bytes long, at most 1,000 are allowed."));
    std::filesystem::resize_file(file, std::uintmax_t(1) << 40); // sparse: is not read
    QVERIFY(complaintOf(file).contains("is 1,099,511,627,776 bytes long"));
}

QTEST_GUILESS_MAIN(tst_InputFile)
#include "tst_InputFile.moc"
