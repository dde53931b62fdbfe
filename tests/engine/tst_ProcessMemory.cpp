// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ProcessMemory.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <map>

using namespace secateur;

/// A system's files, as kernels write them (cgroups(7), and the kernel's documentation of both memory controllers).
class tst_ProcessMemory : public QObject {
    Q_OBJECT

private slots:
    void withoutGroupsTheMachineCounts();
    void version2LimitsCount();
    void limitsAboveCountToo();
    void version1LimitsCount();
    void containersSeeTheirGroupAtTheTop();
    void nothingKnownIsNothing();
    void thisMachineSaysSomething();
};

namespace {

constexpr const char *kMeminfo = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n";
constexpr const char *kMount2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char *kMount1 = "30 23 0:5 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                                "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";

std::int64_t availableIn(const std::map<std::string, std::string> &files)
{
    QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString();
    for (const auto &[name, content] : files) {
        std::filesystem::create_directories((root / name).parent_path());
        std::ofstream(root / name) << content;
    }
    return availableMemoryBytes(root);
}

} // namespace

void tst_ProcessMemory::withoutGroupsTheMachineCounts()
{
    QCOMPARE(availableIn({{"proc/meminfo", kMeminfo}}), 8'192'000'000);
}

void tst_ProcessMemory::version2LimitsCount()
{
    std::map<std::string, std::string> files = {{"proc/meminfo", kMeminfo},
                                                {"proc/self/cgroup", "0::/user.slice/job\n"},
                                                {"proc/self/mountinfo", kMount2},
                                                {"sys/fs/cgroup/user.slice/memory.max", "max\n"},
                                                {"sys/fs/cgroup/user.slice/memory.current", "3000000000\n"},
                                                {"sys/fs/cgroup/user.slice/job/memory.max", "2000000000\n"},
                                                {"sys/fs/cgroup/user.slice/job/memory.current", "1500000000\n"},
                                                {"sys/fs/cgroup/user.slice/job/memory.stat", "anon 1\nfile 2\ninactive_file 700000000\n"}};
    QCOMPARE(availableIn(files), 1'200'000'000); // files that were read are given back first
    files["sys/fs/cgroup/user.slice/job/memory.max"] = "max\n";
    QCOMPARE(availableIn(files), 8'192'000'000);
    files["sys/fs/cgroup/user.slice/job/memory.max"] = "500000000\n"; // lowered below what is used
    QCOMPARE(availableIn(files), 0);
}

void tst_ProcessMemory::limitsAboveCountToo()
{
    QCOMPARE(availableIn({{"proc/meminfo", kMeminfo},
                          {"proc/self/cgroup", "0::/slurm/job_7/step_0\n"},
                          {"proc/self/mountinfo", kMount2},
                          {"sys/fs/cgroup/slurm/job_7/memory.max", "4000000000\n"},
                          {"sys/fs/cgroup/slurm/job_7/memory.current", "1000000000\n"},
                          {"sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n"},
                          {"sys/fs/cgroup/slurm/job_7/step_0/memory.current", "900000000\n"}}),
             3'000'000'000);
}

void tst_ProcessMemory::version1LimitsCount()
{
    std::map<std::string, std::string> files = {{"proc/meminfo", kMeminfo},
                                                {"proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n"},
                                                {"proc/self/mountinfo", kMount1},
                                                {"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1000000000\n"},
                                                {"sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "400000000\n"},
                                                {"sys/fs/cgroup/memory/docker/abc/memory.stat", "cache 5\ntotal_inactive_file 100000000\n"}};
    QCOMPARE(availableIn(files), 700'000'000);
    files["sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes"] = "9223372036854771712\n"; // no limit, as version 1 says it
    QCOMPARE(availableIn(files), 8'192'000'000);
}

/// Docker mounts the container's group as the top, while /proc/self/cgroup may name it from the host's.
void tst_ProcessMemory::containersSeeTheirGroupAtTheTop()
{
    QCOMPARE(availableIn({{"proc/meminfo", kMeminfo},
                          {"proc/self/cgroup", "4:memory:/docker/abc\n"},
                          {"proc/self/mountinfo", "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
                          {"sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000000\n"},
                          {"sys/fs/cgroup/memory/memory.usage_in_bytes", "400000000\n"}}),
             600'000'000);
    QCOMPARE(availableIn({{"proc/meminfo", kMeminfo},
                          {"proc/self/cgroup", "0::/\n"},
                          {"proc/self/mountinfo", kMount2},
                          {"sys/fs/cgroup/memory.max", "2000000000\n"},
                          {"sys/fs/cgroup/memory.current", "500000000\n"}}),
             1'500'000'000);
}

void tst_ProcessMemory::nothingKnownIsNothing()
{
    QCOMPARE(availableIn({}), 0);
}

void tst_ProcessMemory::thisMachineSaysSomething()
{
    QVERIFY(availableMemoryBytes() > 0);
    QVERIFY(residentBytes() > 0 && residentBytes() <= peakResidentBytes() + 1'000'000);
}

QTEST_GUILESS_MAIN(tst_ProcessMemory)
#include "tst_ProcessMemory.moc"
