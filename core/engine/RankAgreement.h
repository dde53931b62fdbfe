// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/ComputeConditions.h"
#include "foundation/Ranks.h"

#include <string>

namespace secateur {

/// Makes sure that all ranks compute alike, as what they find is put together. Every rank calls it. Throws Error in all of them that names the
/// first rank that differs from rank 0, and in what.
void agreeOnConditions(Ranks &ranks, const ComputeConditions &own, const JobContext &context);

/// Makes sure that all ranks are about to do the same, and that all have read what they need before one of them writes. `work` tells model, text and
/// plan. Every rank calls it. Throws Error that names a rank that has others.
void agreeOnWork(Ranks &ranks, const std::string &work, const JobContext &context);

} // namespace secateur
