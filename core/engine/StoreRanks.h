// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Ranks.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace secateur {

/// Where this process stands among those that were started together.
struct RankPlace {
    int rank = 0, size = 1;
    int localRank = 0, localSize = 1; ///< among those on this machine
    std::string host;                 ///< of rank 0
    int port = 0;
    bool hasAgent = false; ///< a store is served at that place already (torchrun's own)
};

/// From the environment that torchrun sets (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT), or Slurm (SLURM_PROCID,
/// SLURM_NTASKS, SLURM_LOCALID, SLURM_NTASKS_PER_NODE, with MASTER_ADDR and MASTER_PORT set by hand). Neither: one process. Throws Error that
/// names a variable that is missing or no number.
RankPlace rankPlaceFromEnvironment();

/// The device that a process is meant to use: one of its own where there are several ("auto" and "cuda"); others as they are.
std::string deviceOf(const RankPlace &place, const std::string &name);

/// How ranks find each other.
struct RankMeeting {
    std::chrono::milliseconds patience = std::chrono::seconds(30); ///< a rank that was not heard of for so long is taken for dead
    std::chrono::milliseconds joining = std::chrono::minutes(10);  ///< until all have come
    JobContext context{};                                          ///< to stop the waiting
    std::function<void(const std::string &)> tell{};               ///< gets a sentence when the waiting takes long: who is missing
};

/// Ranks that exchange through a store of torch.distributed (TCPStore), which rank 0 serves unless torchrun does: at the address that it was
/// given and at no other. The store asks nobody who he is, so it is for networks that are trusted. A rank that ends says so; rank 0 stays
/// until all have ended.
///
/// Waits for all ranks to come. Throws Error that names those who do not, or when rank 0 cannot be reached or the port cannot be used, and
/// Cancelled.
std::unique_ptr<Ranks> connectRanks(const RankPlace &place, RankMeeting meeting = {});

} // namespace secateur
