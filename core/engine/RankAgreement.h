// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/ComputeConditions.h"
#include "foundation/Ranks.h"

#include <string>
#include <vector>

namespace secateur {

/// Makes sure that all ranks compute alike, as what they find is put together. Every rank calls it. Throws Error in all of them that names the
/// first rank that differs from rank 0, and in what.
void agreeOnConditions(Ranks &ranks, const ComputeConditions &own, const JobContext &context);

/// Something that decides what ranks find together.
struct SharedSetting {
    std::string name;  ///< as it follows "another": "norm (--norm)"
    std::string value; ///< a hash, where it is long
};

/// Makes sure that all ranks are about to do the same, and that all have read what they need before one of them writes. `work` tells everything that
/// decides what they find, in the same order on every rank. Every rank calls it. Throws Error in all of them that names the first rank that differs from
/// rank 0, and in what.
void agreeOnWork(Ranks &ranks, const std::vector<SharedSetting> &work, const JobContext &context);

} // namespace secateur
