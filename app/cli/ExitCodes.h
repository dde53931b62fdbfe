// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace secateur::cli {

/// What the process ends with; scripts rely on it.
enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kCancelled = 130 };

} // namespace secateur::cli
