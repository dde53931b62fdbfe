// SPDX-License-Identifier: GPL-3.0-or-later
#include "TorchWatch.h"

#include <ATen/record_function.h>
#include <atomic>
#include <memory>
#include <thread>

namespace secateur {
namespace {

std::thread::id watched;
std::atomic<std::int64_t> here{0}, elsewhere{0};

std::unique_ptr<at::ObserverContext> count(const at::RecordFunction &)
{
    ++(std::this_thread::get_id() == watched ? here : elsewhere);
    return nullptr;
}

} // namespace

void watchTorch()
{
    watched = std::this_thread::get_id();
    at::addGlobalCallback(at::RecordFunctionCallback(count));
}

std::int64_t torchCallsHere()
{
    return here;
}

std::int64_t torchCallsElsewhere()
{
    return elsewhere;
}

} // namespace secateur
