// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room, shows Torch: what ranks that meet in a store have for those who connect them otherwise.
#pragma once

#include "foundation/JobContext.h"

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace secateur {

class RankStore {
public:
    virtual ~RankStore() = default;

    /// A connection of its own to the store, with names that nobody else uses: all ranks get the same when they ask for the same time. Who waits in it does
    /// not keep the others from hearing of this rank.
    virtual c10::intrusive_ptr<c10d::Store> connection() = 0;
    virtual std::string host() const = 0; ///< of rank 0
    virtual int port() const = 0;
    virtual std::chrono::milliseconds patience() const = 0; ///< a rank that was not heard of for so long is taken for dead
    /// Something between the ranks broke: throws Error that names a rank that has ended or does not answer, as soon as one is known, and Cancelled.
    [[noreturn]] virtual void throwLost(const JobContext &context) = 0;
};

} // namespace secateur
