// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Interruption.h"

#include "cli/ExitCodes.h"
#include "foundation/AtomicPath.h"

#include <ctime>

namespace secateur::cli {
namespace {

constexpr timespec kPatience{.tv_sec = 0, .tv_nsec = 900'000'000};

} // namespace

Interruption::Interruption(std::string lastWords) : m_lastWords(std::move(lastWords))
{
    sigemptyset(&m_signals);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) // SIGUSR1 is ours: it wakes the thread at the end
        sigaddset(&m_signals, signal);
    struct sigaction hangUp {};
    if (sigaction(SIGHUP, nullptr, &hangUp) == 0 && hangUp.sa_handler != SIG_IGN)
        sigaddset(&m_signals, SIGHUP);
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
