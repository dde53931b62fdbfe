// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Interruption.h"

#include "cli/ExitCodes.h"
#include "foundation/AtomicPath.h"

#include <ctime>

namespace secateur::cli {
namespace {

constexpr timespec kPatience{.tv_sec = 0, .tv_nsec = 900'000'000};

/// Those that end the program: without SIGHUP where it is ignored.
[[gnu::no_sanitize("address", "undefined")]] sigset_t endSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    struct sigaction hangUp {};
    if (sigaction(SIGHUP, nullptr, &hangUp) == 0 && hangUp.sa_handler != SIG_IGN)
        sigaddset(&signals, SIGHUP);
    return signals;
}

/// Lets them wait for an Interruption. The linker's entry below has it run before the libraries make what they need, which takes LibTorch a
/// quarter of a second; and before the sanitizers do, which therefore keep out.
[[gnu::no_sanitize("address", "undefined")]] void blockEndSignals(int /*argc*/, char ** /*argv*/, char ** /*environment*/)
{
    const sigset_t signals = endSignals();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const beforeLibraries)(int, char **, char **) = blockEndSignals;

} // namespace

Interruption::Interruption(std::string lastWords) : m_lastWords(std::move(lastWords)), m_signals(endSignals())
{
    sigaddset(&m_signals, SIGUSR1); // ours: it wakes the thread at the end
    pthread_sigmask(SIG_BLOCK, &m_signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // a reader that went away is noticed by the reporter, and ends the job like any other stop
    std::signal(SIGXFSZ, SIG_IGN); // ulimit -f
    m_thread = std::thread([this] { wait(); });
}

Interruption::~Interruption()
{
    m_isOver = true;
    pthread_kill(m_thread.native_handle(), SIGUSR1);
    m_thread.join();
}

void Interruption::wait()
{
    int received = 0;
    sigwait(&m_signals, &received);
    if (m_isOver)
        return;
    m_stop.request_stop();
    sigtimedwait(&m_signals, nullptr, &kPatience); // the end of the job, or a second Ctrl+C, or the deadline
    if (m_isOver)
        return;
    AtomicPath::endProcess(kCancelled, m_lastWords);
}

} // namespace secateur::cli
