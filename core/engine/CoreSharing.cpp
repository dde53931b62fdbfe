// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/CoreSharing.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sched.h>
#include <sstream>
#include <stop_token>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace secateur {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

#if defined(_OPENMP) && defined(__GNUC__) && !defined(__clang__)
constexpr bool kIsGnuOpenMp = true;
#else
constexpr bool kIsGnuOpenMp = false;
#endif

/// Cores that this process may use; 0 = unknown.
int coresAllowed(cpu_set_t &set)
{
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

/// Seconds that all programs have computed on those cores since the machine started.
std::optional<double> secondsOfAll(const cpu_set_t &set)
{
    std::ifstream stat("/proc/stat");
    double ticks = 0;
    bool isKnown = false;
    for (std::string line; std::getline(stat, line) && line.starts_with("cpu");) {
        std::istringstream words(line);
        std::string name;
        double user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupts = 0, soft = 0;
        words >> name >> user >> nice >> system >> idle >> wait >> interrupts >> soft;
        if (name == "cpu" || !words)
            continue;
        if (const int core = std::atoi(name.c_str() + 3); core < CPU_SETSIZE && CPU_ISSET(core, &set)) {
            ticks += user + nice + system + interrupts + soft;
            isKnown = true;
        }
    }
    return isKnown ? std::optional(ticks / double(sysconf(_SC_CLK_TCK))) : std::nullopt;
}

/// Threads of this process that run or want to.
int oursNow()
{
    int running = 0;
    std::error_code gone; // threads end while one looks
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
        std::string stat;
        std::getline(std::ifstream(task.path() / "stat"), stat);
        const std::size_t name = stat.rfind(')'); // it may hold anything
        running += name != std::string::npos && stat.compare(name, 3, ") R") == 0 ? 1 : 0;
    }
    return running;
}

/// Threads of others that run or want to at this moment: a first guess, of the whole machine.
double othersNow()
{
    constexpr int kLooks = 5;
    double sum = 0;
    for (int look = 0; look < kLooks; ++look) {
        double load = 0, running = 0;
        std::ifstream("/proc/loadavg") >> load >> load >> load >> running;
        sum += std::max(0.0, running - oursNow());
        std::this_thread::sleep_for(1ms);
    }
    return sum / kLooks;
}

double secondsOfOurs()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int sleepersFor(int threads, int cores)
{
    return std::max(2, cores - threads + 2); // the thread that holds them counts among them
}

} // namespace

/// OpenMP threads that sleep, so that there are more than cores.
class CoreSharing::Sleepers {
public:
    /// Throws std::system_error where the system allows no more threads.
    explicit Sleepers(int count)
    {
        {
            std::vector<std::jthread> tried; // the OpenMP library would end the process
            for (int i = 0; i < count; ++i)
                tried.emplace_back([] {});
        }
        m_thread = std::jthread([this, count](const std::stop_token &stop) { hold(count, stop); });
    }

private:
    void hold(int count, const std::stop_token &stop)
    {
#if defined(_OPENMP)
#pragma omp parallel num_threads(count)
        {}
#else
        (void)count;
#endif
        std::unique_lock lock(m_mutex);
        m_wake.wait(lock, stop, [] { return false; }); // as this thread ends, the library lets go of the others
    }

    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::jthread m_thread;
};

class CoreSharing::Watcher {
public:
    Watcher(int threads, int cores, cpu_set_t set)
        : m_threads(threads),
          m_cores(cores),
          m_set(set),
          m_thread([this](const std::stop_token &stop) {
              try {
                  watch(stop);
              } catch (const std::exception &) { // too few threads or too little memory: it was a convenience
                  m_isYielding = false;
              }
          })
    {
    }
    bool isYielding() const { return m_isYielding; }

private:
    void watch(const std::stop_token &stop)
    {
        constexpr auto kInterval = 150ms;
        // Cores that others take beyond those that we leave. The clock ticks in hundredths of a second on each core, so many cores need more room.
        const double busy = std::max(0.3, 0.01 * m_cores), quiet = busy / 3;
        std::optional<Sleepers> sleepers;
        double all = secondsOfAll(m_set).value_or(0), ours = secondsOfOurs();
        Clock::time_point before = Clock::now();
        double others = m_cores == int(sysconf(_SC_NPROCESSORS_ONLN)) ? othersNow() : 0;
        const auto decide = [&] {
            const double wanted = others + m_threads - m_cores;
            if (!sleepers && wanted > busy)
                sleepers.emplace(sleepersFor(m_threads, m_cores));
            else if (sleepers && wanted < quiet)
                sleepers.reset();
            m_isYielding = sleepers.has_value();
        };
        decide();
        std::unique_lock lock(m_mutex);
        while (!m_wake.wait_for(lock, stop, kInterval, [&] { return stop.stop_requested(); })) {
            const double allNow = secondsOfAll(m_set).value_or(all), oursNow = secondsOfOurs();
            const Clock::time_point now = Clock::now();
            const double interval = std::chrono::duration<double>(now - before).count();
            const double share = ((allNow - all) - (oursNow - ours)) / interval;
            others = 0.5 * others + 0.5 * share;
            all = allNow;
            ours = oursNow;
            before = now;
            decide();
        }
    }

    int m_threads, m_cores;
    cpu_set_t m_set;
    std::atomic<bool> m_isYielding = false;
    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::jthread m_thread;
};

CoreSharing::CoreSharing(int threads, const std::string &waiting)
{
    cpu_set_t set;
    const int cores = coresAllowed(set);
    for (const char *name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"})
        if (const char *value = std::getenv(name)) {
            m_policy = std::string(name) + "=" + value;
            return;
        }
    if (threads < 2) {
        m_policy = "one thread";
    } else if (!kIsGnuOpenMp) {
        m_policy = "as its OpenMP library does";
    } else if (waiting == "spin") {
        m_policy = waiting;
    } else if (waiting == "sleep") {
        m_policy = waiting;
        m_sleepers = std::make_unique<Sleepers>(sleepersFor(threads, std::max(cores, threads)));
    } else if (cores == 0 || !secondsOfAll(set)) {
        m_policy = "load unknown";
    } else if (threads <= cores / 2) { // others have the other half
        m_policy = "spin";
    } else {
        m_policy = "by load";
        m_watcher = std::make_unique<Watcher>(threads, cores, set);
    }
}

CoreSharing::~CoreSharing() = default;

bool CoreSharing::isYielding() const
{
    return m_sleepers || (m_watcher && m_watcher->isYielding());
}

} // namespace secateur
