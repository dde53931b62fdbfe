// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <string>
#include <thread>

namespace secateur::cli {

/// Turns SIGINT, SIGTERM and SIGHUP (unless it was ignored, as under nohup) into a stop request, for as long as it lives.
///
/// Jobs stop between units of work, within a fraction of a second for small models. For a unit that takes longer there is a deadline: a
/// second after the signal the process removes what is half written, prints `lastWords` and ends with the exit code for cancelled
/// (AtomicPath::endProcess); of a search, the finished steps are kept then, the losses of the step under way are not. Make it before any
/// other thread, so that all inherit the blocked signals.
///
/// A signal that comes while the program starts waits for it: the signals are blocked from the moment on at which the libraries are loaded. Before that
/// (some 30 ms) a signal ends the process as it ends every other; nothing was begun then.
///
/// A reader that went away and a file that grew beyond a limit send no signals any more: the calls that write fail instead.
class Interruption {
public:
    /// Throws std::system_error when the system allows no thread.
    explicit Interruption(std::string lastWords);
    ~Interruption();
    Interruption(const Interruption &) = delete;
    Interruption &operator=(const Interruption &) = delete;

    std::stop_token token() const { return m_stop.get_token(); }

private:
    void wait();

    const std::string m_lastWords;
    sigset_t m_signals;
    std::stop_source m_stop;
    std::atomic<bool> m_isOver{false};
    std::thread m_thread;
};

} // namespace secateur::cli
