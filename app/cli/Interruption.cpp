// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Interruption.h"

#include "cli/ExitCodes.h"
#include "foundation/AtomicPath.h"

#include <csignal>
#include <ctime>
#include <unistd.h>

namespace secateur::cli {
namespace {

constexpr timespec kPatience{.tv_sec = 0, .tv_nsec = 900'000'000};

sigset_t watchedSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) // SIGUSR1 is ours: it wakes the thread at the end
        sigaddset(&signals, signal);
    return signals;
}

} // namespace

Interruption::Interruption()
{
    const sigset_t signals = watchedSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
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
    const sigset_t signals = watchedSignals();
    int received = 0;
    sigwait(&signals, &received);
    if (m_isOver)
        return;
    m_stop.request_stop();
    sigtimedwait(&signals, nullptr, &kPatience); // the end of the job, or a second Ctrl+C, or the deadline
    if (m_isOver)
        return;
    AtomicPath::removeAllPending();
    _exit(kCancelled);
}

} // namespace secateur::cli
