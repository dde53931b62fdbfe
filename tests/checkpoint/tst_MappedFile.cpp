// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/MappedFile.h"
#include "foundation/Error.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

using namespace secateur;

class tst_MappedFile : public QObject {
    Q_OBJECT

private slots:
    void init();
    void bytesAreThoseOfTheFile();
    void aFileThatIsCutOffBecomesASentence();
    void aFileThatIsWrittenToBecomesASentence();
    void aFileThatIsReplacedStaysWhatItWas();
    void manyThreadsMayMeetTheEnd();

private:
    static constexpr std::size_t kBytes = 1'000'000;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_file;
};

namespace {

int sumOf(const MappedFile &file)
{
    return std::accumulate(file.bytes().begin(), file.bytes().end(), 0, [](int sum, std::byte b) { return sum + int(b); });
}

QString complaintOf(const MappedFile &file)
{
    try {
        file.checkUnchanged();
    } catch (const Error &problem) {
        return problem.what();
    }
    return {};
}

} // namespace

void tst_MappedFile::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_file = m_folder->filePath("weights").toStdString();
    std::ofstream(m_file, std::ios::binary) << std::string(kBytes, '\1');
}

void tst_MappedFile::bytesAreThoseOfTheFile()
{
    MappedFile file(m_file);
    QCOMPARE(sumOf(file), int(kBytes));
    file.releasePages();
    MappedFile moved = std::move(file);
    QCOMPARE(sumOf(moved), int(kBytes));
    QCOMPARE(complaintOf(moved), QString());
}

void tst_MappedFile::aFileThatIsCutOffBecomesASentence()
{
    const MappedFile file(m_file);
    std::filesystem::resize_file(m_file, 10'000);
    const int sum = sumOf(file); // no signal; what is missing is zeros
    QVERIFY(sum >= 10'000 && sum < int(kBytes));
    QVERIFY(complaintOf(file).endsWith("/weights' changed while it was read."));
    std::filesystem::resize_file(m_file, kBytes); // being as long again does not make it good
    QVERIFY(!complaintOf(file).isEmpty());
    QCOMPARE(complaintOf(MappedFile(m_file)), QString());
}

void tst_MappedFile::aFileThatIsWrittenToBecomesASentence()
{
    const MappedFile file(m_file);
    std::filesystem::last_write_time(m_file, std::filesystem::last_write_time(m_file) + std::chrono::seconds(1));
    QVERIFY(complaintOf(file).endsWith("changed while it was read."));
}

void tst_MappedFile::aFileThatIsReplacedStaysWhatItWas()
{
    const MappedFile file(m_file);
    const std::filesystem::path fresh = m_folder->filePath("fresh").toStdString();
    std::ofstream(fresh) << "another";
    std::filesystem::rename(fresh, m_file);
    QCOMPARE(sumOf(file), int(kBytes));
    QCOMPARE(complaintOf(file), QString());
}

void tst_MappedFile::manyThreadsMayMeetTheEnd()
{
    const MappedFile file(m_file);
    std::filesystem::resize_file(m_file, 0);
    std::vector<std::jthread> threads;
    std::atomic<int> sums = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] { sums += sumOf(file); });
    threads.clear();
    QCOMPARE(sums.load(), 0);
    QVERIFY(!complaintOf(file).isEmpty());
}

QTEST_GUILESS_MAIN(tst_MappedFile)
#include "tst_MappedFile.moc"
