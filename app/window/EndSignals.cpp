// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/EndSignals.h"

#include <QApplication>
#include <QSocketNotifier>

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::array kSignals = {SIGTERM, SIGINT, SIGHUP};
std::array<int, 2> ends{-1, -1}; ///< of a pipe: a handler may do little more than write

void tell(int /*signal*/)
{
    const int before = errno;
    [[maybe_unused]] const auto written = ::write(ends[1], "x", 1);
    errno = before;
}

void setHandlers(void (*handler)(int))
{
    for (const int signal : kSignals) {
        struct sigaction action {};
        if (::sigaction(signal, nullptr, &action) != 0 || (signal == SIGHUP && action.sa_handler == SIG_IGN)) // under nohup
            continue;
        action = {};
        action.sa_handler = handler;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        ::sigaction(signal, &action, nullptr);
    }
}

} // namespace

EndSignals::EndSignals(QObject *parent) : QObject(parent)
{
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    auto *heard = new QSocketNotifier(ends[0], QSocketNotifier::Read, this);
    connect(heard, &QSocketNotifier::activated, this, [] {
        std::array<char, 64> rest{};
        while (::read(ends[0], rest.data(), rest.size()) > 0)
            continue;
        QApplication::closeAllWindows();
    });
    setHandlers(tell);
}

EndSignals::~EndSignals()
{
    if (ends[0] < 0)
        return;
    setHandlers(SIG_DFL);
    for (int &end : ends)
        ::close(std::exchange(end, -1));
}

} // namespace secateur::ui
