// SPDX-License-Identifier: GPL-3.0-or-later
// A library for LD_PRELOAD: sends the process the signal whose number is in SECATEUR_EARLY_SIGNAL while its libraries are being made ready,
// before main.
#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace {

[[gnu::constructor]] void send()
{
    if (const char *number = std::getenv("SECATEUR_EARLY_SIGNAL"))
        ::kill(::getpid(), std::atoi(number)); // the process: one for this thread alone could not be waited for by another
}

} // namespace
