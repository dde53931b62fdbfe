// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/Options.h"
#include "cli/Reporter.h"

#include <stop_token>

namespace secateur::cli {

/// Does what the command line asks for. Throws Error and Cancelled.
void run(const Options &options, std::stop_token stop, Reporter &reporter);

} // namespace secateur::cli
