// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "foundation/Error.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace secateur {

/// Runs a job under Torch's inference mode and turns what Torch throws into our Error. The one place where that happens.
template <typename Job>
auto underTorch(Job &&job) -> decltype(job())
{
    const c10::InferenceMode guard;
    try {
        return std::forward<Job>(job)();
    } catch (const c10::OutOfMemoryError &) {
        throw Error("The memory of the device is not enough.", "Use fewer or shorter windows, a 16-bit --dtype, or --device cpu.");
    } catch (const c10::Error &problem) {
        const std::string what = problem.what_without_backtrace();
        if (what.find("not enough memory") != std::string::npos || what.find("can't allocate memory") != std::string::npos)
            throw Error("The memory is not enough.", "Use fewer or shorter windows, or a 16-bit --dtype.");
        throw Error("This should not happen. LibTorch says: " + what, "Please report it, with the command that led here.");
    } catch (const std::exception &problem) {
        // What oneDNN, which multiplies, says when it gets no memory for its code or its operands.
        const std::string_view what = problem.what();
        const bool isOneDnnShort =
            what == "could not create a primitive" || what == "could not create a memory object" || what == "could not execute a primitive";
        if (isOneDnnShort || dynamic_cast<const std::bad_alloc *>(&problem))
            throw Error("The memory is not enough.", "Use fewer or shorter windows, or a 16-bit --dtype.");
        throw;
    }
}

} // namespace secateur
